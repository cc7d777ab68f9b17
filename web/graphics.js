// Whether the graphics processor (WebGPU) is worth its while.
//
// It owns nothing. It is asked by segmenter.js before an engine for the graphics processor is
// downloaded, and sent engines to time.

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
 * How long an engine takes for a frame that it is ready for: the second of two.
 *
 * @param {import("./ranks.js").Ranks} engine
 * @param {object} how  as the engine is sent it with a photo
 * @returns {Promise<number>} milliseconds
 */
export async function warmTime(engine, how) {
  let elapsed = 0;
  for (let i = 0; i < 2; i++) {
    const bitmap = testPicture(how.size || 512);
    const start = performance.now();
    await engine.request("segment", { bitmap, options: { ...how, window: 0, stride: 0 } }, { transfer: [bitmap] });
    elapsed = performance.now() - start;
  }
  return elapsed;
}

function testPicture(size) {
  const context = new OffscreenCanvas(size, size).getContext("2d");
  const gradient = context.createLinearGradient(0, 0, size, size);
  gradient.addColorStop(0, "skyblue");
  gradient.addColorStop(1, "olive");
  context.fillStyle = gradient;
  context.fillRect(0, 0, size, size);
  return context.canvas.transferToImageBitmap();
}
