// Runs a js/wasm Go program in Node.js, like Go's own go_js_wasm_exec, but with the kernels that
// every program with package cpu imports:
//
//   node run.mjs GOROOT PROGRAM.wasm [ARGUMENT…]
//
// Node.js before 22 lacks relaxed SIMD, or has it behind a flag with different sums. There, the
// kernels without relaxed SIMD run.

import { randomFillSync } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createRequire } from "node:module";
import { Kernels } from "../../web/library/kernel.js";

const require = createRequire(import.meta.url);
const [goroot, program, ...args] = process.argv.slice(2);

// The globals that wasm_exec.js expects.
Object.assign(globalThis, { require, fs, path });
globalThis.crypto ??= { getRandomValues: (array) => randomFillSync(array) };
require(path.join(goroot, "lib", "wasm", "wasm_exec.js"));

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
  // A deadlock: make Go print its goroutines.
  go._pendingEvent = { id: 0 };
  go._resume();
});
await go.run(instance);
