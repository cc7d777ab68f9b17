// Gives Node.js WebGPU, as a browser has it: Dawn, from the package "webgpu".
//
//   node --import ./bench/gpu/dawn.mjs …
//
// The environment's DAWN_OPTIONS are Dawn's, such as backend=vulkan.

import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
globalThis.navigator ??= {};
const options = (process.env.DAWN_OPTIONS ?? "").split(" ").filter(Boolean);
Object.defineProperty(navigator, "gpu", { value: create(options), configurable: true });
