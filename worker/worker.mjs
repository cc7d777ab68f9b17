// The worker's JavaScript: what only JavaScript can do at the edge.
//
// It owns the Go program (main.go), one for all requests that an isolate gets. It is sent requests
// by the platform, which it hands to the program. It sends the program streams of the platform's
// files.

import { env } from "cloudflare:workers";
import "./wasm_exec.js";
import files from "./files.txt";
import module from "./worker.wasm";

// To start the program takes a hundred times as long as to answer a request. So it starts, and
// answers once, before there are any: that time is the platform's.
let starting = true;
let program = start();
program.handleRequest(new Request("https://warm.invalid/", { method: "HEAD" }));
starting = false;

export default {
  async fetch(request) {
    program ??= start();
    try {
      return encoded(await program.handleRequest(asSent(request)));
    } catch (error) {
      program = undefined; // one that has failed answers nothing any more
      throw error;
    }
  },
};

function start() {
  const binding = {};
  globalThis.context = { env, binding, edge: { files, open } };
  const go = new Go();
  const { gojs } = go.importObject;
  const fill = gojs["runtime.getRandomData"];
  // Before the first request the platform has no random numbers. Go wants some for its maps.
  gojs["runtime.getRandomData"] = (sp) => starting || fill(sp);
  go.importObject.workers = { ready() {} };
  go.run(new WebAssembly.Instance(module, go.importObject));
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
