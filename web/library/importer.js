// Checkpoints of PyTorch and other programs, made models that this library opens.
//
//   import { importCheckpoint } from "./importer.js";
//
//   const { blob, description } = await importCheckpoint([checkpoint, variant]); // Files
//   const segmenter = await Segmenter.create({ model: blob }); // or segmenter.useModel(blob)
//
// It owns a worker for each import, which it ends. The program for it is downloaded when the first
// checkpoint is imported. importer.d.ts describes everything.

import { compileProgram } from "./compile.js";
import { explained, SegmenterError, sentence, unlessAborted } from "./errors.js";

const PROGRAM = new URL("./importer.wasm", import.meta.url).href;
const WORKER = new URL("./importer.worker.js", import.meta.url).href;

/**
 * @param {File | File[]} files  a checkpoint, and the variant.yml beside it if there is one
 * @param {import("./importer.js").ImportOptions} [options]
 * @returns {Promise<import("./importer.js").Import>}
 */
export async function importCheckpoint(files, { quantise = true, weights = "", signal, onProgress } = {}) {
  const module = await compileProgram(PROGRAM, signal);
  const worker = new Worker(new URL("./importer.worker.js", import.meta.url), { type: "module", name: "importer" });
  try {
    return await unlessAborted(answer(worker, { module, files: [files].flat(), weights, quantise }, onProgress), signal);
  } finally {
    worker.terminate();
  }
}

/** Sends a worker its import, and waits for what comes of it. */
function answer(worker, request, onProgress) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data: { type, payload } }) => {
      if (type === "progress") onProgress?.(payload);
      else if (type === "result") resolve(payload);
      else reject(new SegmenterError(payload.code, sentenceOn(request.files, payload.message)));
    });
    worker.addEventListener("error", async (event) => {
      event.preventDefault();
      const message = `The importer stopped${event.message ? ` (${event.message})` : ""}: close other tabs if memory is short, and try again.`;
      reject(await explained(new SegmenterError("internal", message), WORKER, "worker"));
    });
    worker.postMessage(request);
  });
}

/** Go's errors may begin with the name of a file, which stays as it is. */
function sentenceOn(files, text) {
  const isNamed = files.some(({ name }) => name && text.startsWith(name));
  return (isNamed ? text.charAt(0) : "") + sentence(text).slice(isNamed ? 1 : 0);
}
