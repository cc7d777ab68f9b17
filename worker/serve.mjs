// Serves the worker and the site on this machine, on Cloudflare's runtime:
//
//   node worker/serve.mjs PORT
//
// Like `wrangler dev --local`, with the same configuration, but without its debugger, which logs
// every 4096 bytes sent. Contacts no other host.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as describe } from "wrangler";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const built = (name) => here(`../dist/worker/${name}`);

const { workerOptions } = describe(here("wrangler.jsonc"));
const types = { "worker.mjs": "ESModule", "wasm_exec.js": "ESModule", "files.txt": "Text", "worker.wasm": "CompiledWasm" };
const modules = Object.entries(types).map(async ([name, type]) => ({ type, path: built(name), contents: await readFile(built(name)) }));

const server = new Miniflare({
  ...workerOptions,
  modules: await Promise.all(modules),
  modulesRoot: built(""),
  host: "127.0.0.1",
  port: Number(process.argv[2] ?? 8787),
  cf: false,
  log: new Log(LogLevel.WARN),
});
console.log(`Segmenter is at ${await server.ready}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.dispose().then(() => process.exit(0)));
