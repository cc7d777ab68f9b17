// Adds a browser's WebGPU to Node.js: Dawn, from the package "webgpu".
//
//   node --import ./bench/gpu/dawn.mjs …
//
// The environment variable DAWN_OPTIONS passes options to Dawn, such as backend=vulkan.

import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
globalThis.navigator ??= {};
const options = (process.env.DAWN_OPTIONS ?? "").split(" ").filter(Boolean);
Object.defineProperty(navigator, "gpu", { value: create(options), configurable: true });
