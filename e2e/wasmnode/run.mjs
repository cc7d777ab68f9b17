// Runs a Go program that was compiled for js/wasm in Node.js, as Go's own go_js_wasm_exec does, and
// gives it the kernels, which every program with package cpu imports:
//
//   node run.mjs GOROOT PROGRAM.wasm [ARGUMENT…]
//
// Node.js before 22 has no relaxed SIMD, or one behind a flag that computes other sums: there the
// kernels without it run.

import { randomFillSync } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [goroot, program, ...args] = process.argv.slice(2);

// What Go's support file expects of its surroundings.
Object.assign(globalThis, { require, fs, path });
globalThis.crypto ??= { getRandomValues: (array) => randomFillSync(array) };
require(path.join(goroot, "lib", "wasm", "wasm_exec.js"));

// A file of the web page: a module without a package.json that says so.
const source = fs.readFileSync(new URL("../../web/library/kernel.js", import.meta.url));
const { Kernels } = await import(`data:text/javascript;base64,${source.toString("base64")}`);

const go = new globalThis.Go();
go.argv = [program, ...args];
go.env = { TMPDIR: os.tmpdir(), ...process.env };
go.exit = process.exit;
const kernels = new Kernels();
const imports = { ...go.importObject, kernel: kernels.imports };
const { instance } = await WebAssembly.instantiate(fs.readFileSync(program), imports);
kernels.memory = instance.exports.mem;
process.on("exit", (status) => {
  if (status !== 0 || go.exited) return;
  // Nothing is left to wait for: let Go print where its goroutines hang.
  go._pendingEvent = { id: 0 };
  go._resume();
});
await go.run(instance);
