// Sends many requests to the worker's program, without the platform. Prints the CPU time per request
// and the memory before and after, in bytes: { milliseconds, before, after }.
//
//   node soak.mjs WORKER-FOLDER

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";

const built = (name) => `${process.argv[2]}/${name}`;
await import(pathToFileURL(built("wasm_exec.js")));

const binding = {};
const open = async (name, size, from, length) => new Blob([new Uint8Array(Math.min(length, 1000))]).stream();
globalThis.context = { binding, edge: { files: await readFile(built("files.txt"), "utf8"), open } };
const go = new Go();
go.importObject.workers = { ready() {} };
const { instance } = await WebAssembly.instantiate(await readFile(built("worker.wasm")), go.importObject);
go.run(instance);

const model = "https://site.invalid/models/everyday.safetensors?v=0";
const requests = [
  ["https://site.invalid/healthz", {}],
  ["https://site.invalid/missing", {}],
  [model, { "Accept-Encoding": "br" }],
  [model, { Range: "bytes=1000-1999" }],
  [model, { "If-None-Match": "*" }],
];

async function ask(times) {
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    const [address, headers] = requests[i % requests.length];
    const response = await binding.handleRequest(new Request(address, { headers }));
    await response.body?.cancel();
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / times;
}

const memory = () => instance.exports.mem.buffer.byteLength;
await ask(2000);
const before = memory();
const milliseconds = await ask(10000);
console.log(JSON.stringify({ milliseconds, before, after: memory() }));
process.exit(0);
