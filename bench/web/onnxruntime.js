// onnxruntime-web, with its WebAssembly provider (in the build without others) or its WebGPU provider.

import { requireOk } from "./page.js";
import { planar } from "./pixels.js";

const DIST = "/node_modules/onnxruntime-web/dist/";

export async function start({ model, size, threads, device, photo }) {
  // Starts all downloads at once, as a fast page does.
  const [ort, bytes, pixels] = await Promise.all([
    import(`${DIST}${device === "webgpu" ? "ort.webgpu" : "ort.wasm"}.min.mjs`),
    fetch(model).then(requireOk).then((response) => response.arrayBuffer()),
    photo.then(planar),
  ]);
  ort.env.wasm.wasmPaths = DIST;
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [device === "webgpu" ? "webgpu" : "wasm"],
    graphOptimizationLevel: "all",
  });
  let scores;
  return {
    async segment() {
      ({ scores } = await session.run({ image: new ort.Tensor("float32", pixels, [1, 3, size, size]) }));
      await scores.getData();
    },
    async scores() {
      const [, patches, classes] = scores.dims;
      const side = Math.sqrt(patches);
      return { rows: side, cols: side, classes, values: (await scores.getData()).slice() };
    },
  };
}
