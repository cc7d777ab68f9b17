// The worker's JavaScript: what only JavaScript can do at the edge.
//
// It owns the Go program (main.go), one for all requests that this isolate gets: to start one takes
// longer than to answer. It is sent requests by the platform, which it hands to the program. It
// sends the program streams of the platform's files.

import { env } from "cloudflare:workers";
import "./wasm_exec.js";
import files from "./files.txt";
import program from "./worker.wasm";

let running;

export default {
  async fetch(request) {
    running ??= start();
    try {
      const { handleRequest } = await running;
      return encoded(await handleRequest(asSent(request)));
    } catch (error) {
      running = undefined; // a program that has failed answers nothing any more
      throw error;
    }
  },
};

async function start() {
  const binding = {};
  globalThis.context = { env, binding, edge: { files, open } };
  const go = new Go();
  const ready = new Promise((resolve) => (go.importObject.workers = { ready: resolve }));
  const ended = go.run(await WebAssembly.instantiate(program, go.importObject));
  await Promise.race([ready, ended]);
  return binding;
}

/** The platform puts its own preference in place of the visitor's. */
function asSent(request) {
  const headers = new Headers(request.headers);
  headers.set("Accept-Encoding", request.cf?.clientAcceptEncoding ?? headers.get("Accept-Encoding") ?? "");
  return new Request(request.url, { method: request.method, headers });
}

/** Bodies are files that were compressed when the site was built. */
function encoded({ status, statusText, headers, body }) {
  return new Response(body, { status, statusText, headers, encodeBody: "manual" });
}

/** Part of a file, as a stream. A whole file never passes through JavaScript either. */
async function open(name, size, from, length) {
  const response = await env.ASSETS.fetch(`https://assets.invalid/${name}`);
  if (!response.ok) throw new Error(`the file ${name} cannot be had: ${response.status}`);
  if (length === size) return response.body;
  return response.body.pipeThrough(cut(from, length)).pipeThrough(new FixedLengthStream(length));
}

/** Lets only a range through; the store has none. */
function cut(from, length) {
  let [skipped, left] = [from, length];
  return new TransformStream({
    transform(chunk, controller) {
      const part = chunk.subarray(skipped, skipped + left);
      skipped -= Math.min(skipped, chunk.length);
      left -= part.length;
      if (part.length > 0) controller.enqueue(part);
      if (left === 0) controller.terminate();
    },
  });
}
