// WebGPU: whether the browser has it, and how an engine on it compares with one on the CPU.
//
// It owns nothing. engine-host.js asks it before the engine for WebGPU is downloaded, and sends it
// engines to time.

import { decodePhoto } from "./photo.js";

/** Whether the browser has WebGPU on a GPU, rather than computed by the CPU. */
export async function hasWebGPU() {
  try {
    const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
    return Boolean(adapter) && !adapter.info?.isFallbackAdapter;
  } catch {
    return false;
  }
}

/**
 * How long an engine takes for a photo, once it is warm: the second of two times.
 *
 * @param {import("./ranks.js").Ranks} engine
 * @param {Blob | ImageBitmap} source
 * @param {object} options  as segmentOptions makes them
 * @returns {Promise<number>} milliseconds
 */
export async function warmTime(engine, source, options) {
  let elapsed = 0;
  for (let i = 0; i < 2; i++) {
    const bitmap = await decodePhoto(source);
    const start = performance.now();
    await engine.segment(bitmap, options);
    elapsed = performance.now() - start;
  }
  return elapsed;
}
