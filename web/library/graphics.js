// Whether the graphics processor (WebGPU) is worth its while.
//
// It owns nothing. It is asked by segmenter.js before an engine for the graphics processor is
// downloaded, and sent engines to time.

import { decodePhoto } from "./photo.js";

/** Whether the browser has a graphics processor that is not itself a program on the processor. */
export async function hasGraphics() {
  try {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    return Boolean(adapter) && !adapter.info?.isFallbackAdapter;
  } catch {
    return false;
  }
}

/**
 * How long an engine takes for a photo that it is ready for: the second of two times.
 *
 * @param {import("./ranks.js").Ranks} engine
 * @param {Blob | ImageBitmap} source
 * @param {object} how  as the engine is sent it with a photo
 * @returns {Promise<number>} milliseconds
 */
export async function warmTime(engine, source, how) {
  let elapsed = 0;
  for (let i = 0; i < 2; i++) {
    const bitmap = await decodePhoto(source);
    const start = performance.now();
    await engine.segment(bitmap, how);
    elapsed = performance.now() - start;
  }
  return elapsed;
}
