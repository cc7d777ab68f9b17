// LiteRT.js, with its WebAssembly back end (XNNPACK) or its WebGPU back end.

import { requireOk } from "./page.js";
import { interleaved } from "./pixels.js";

const CORE = "/node_modules/@litertjs/core/";

export async function start({ model, size, threads, device, photo }) {
  const onGPU = device === "webgpu"; // needs another build
  // Starts all downloads at once, as a fast page does.
  const runtime = import(`${CORE}dist/index.js`).then(async (module) => {
    await module.loadLiteRt(`${CORE}wasm/`, onGPU ? { jspi: true } : { threads: threads > 1 });
    return module;
  });
  const [{ Tensor, loadAndCompile }, bytes, pixels] = await Promise.all([
    runtime,
    fetch(model).then(requireOk).then((response) => response.bytes()),
    photo.then(interleaved),
  ]);
  const network = await loadAndCompile(bytes, {
    accelerator: onGPU ? "webgpu" : "wasm",
    cpuOptions: { numThreads: threads },
  });
  let scores;
  return {
    async segment() {
      const input = new Tensor(pixels, [1, size, size, 3]);
      const [output] = await network.run(input);
      scores = await output.data();
      input.delete();
      output.delete();
    },
    scores: () => {
      const [, rows, cols, classes] = network.getOutputDetails()[0].shape;
      return { rows, cols, classes, values: scores };
    },
  };
}
