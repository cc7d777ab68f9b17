// The worker's JavaScript: the part that Go cannot do at the edge.
//
// It owns the Go program (main.go), one for all requests of an isolate. It passes the platform's
// requests to the program, and opens streams of the platform's files for it.

import { env } from "cloudflare:workers";
import "./wasm_exec.js";
import files from "./files.txt";
import module from "./worker.wasm";

// Starting the program takes a hundred times as long as answering a request. So it starts, and
// answers once, before the first request: the platform does not count that time.
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
      program = undefined; // after a failure it answers no more requests
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
  // Go wants random numbers for its maps, but the platform has none before the first request.
  gojs["runtime.getRandomData"] = (sp) => starting || fill(sp);
  go.importObject.workers = { ready() {} };
  go.run(new WebAssembly.Instance(module, go.importObject));
  return binding;
}

/** Restores the visitor's Accept-Encoding, which the platform replaces by its own. */
function asSent(request) {
  const headers = new Headers(request.headers);
  headers.set("Accept-Encoding", request.cf?.clientAcceptEncoding ?? headers.get("Accept-Encoding") ?? "");
  return new Request(request.url, { method: request.method, headers });
}

/** Marks the body as encoded: the site's build has compressed the files. */
function encoded({ status, statusText, headers, body }) {
  return new Response(body, { status, statusText, headers, encodeBody: "manual" });
}

/** Returns a range of a file as a stream. A whole file does not pass through JavaScript either. */
async function open(name, size, from, length) {
  const response = await env.ASSETS.fetch(`https://assets.invalid/${name}`);
  if (!response.ok) throw new Error(`cannot read the file ${name}: status ${response.status}`);
  if (length === size) return response.body;
  return response.body.pipeThrough(cut(from, length)).pipeThrough(new FixedLengthStream(length));
}

/** Passes only a range; the platform's store has no ranges. */
function cut(from, length) {
  let [toSkip, toSend] = [from, length];
  return new TransformStream({
    transform(chunk, controller) {
      const part = chunk.subarray(toSkip, toSkip + toSend);
      toSkip -= Math.min(toSkip, chunk.length);
      toSend -= part.length;
      if (part.length > 0) controller.enqueue(part);
      if (toSend === 0) controller.terminate();
    },
  });
}
