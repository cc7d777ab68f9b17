// The choice between the processor and the graphics processor (WebGPU).
//
// It owns which of the two photos go to. It is sent an engine by segmenter.js whenever one has
// started, has seen its first photo, or has lost the graphics processor; it calls onChange when the
// choice has become another, or could not be what was asked for.

/**
 * @typedef {object} DeviceChange
 * @property {"cpu" | "webgpu"} device  what computes from now on
 * @property {string} name     of the graphics processor, "" where the browser does not tell
 * @property {string} message  why it is not the graphics processor that was asked for, "" otherwise
 */

export class DeviceChoice {
  /** Where photos go. @type {"cpu" | "webgpu"} */
  current = "cpu";
  #wanted;
  #onChange;

  /**
   * @param {"auto" | "cpu" | "webgpu"} wanted
   * @param {(change: DeviceChange) => void} onChange
   */
  constructor(wanted, onChange) {
    this.#wanted = wanted;
    this.#onChange = onChange;
  }

  /** Wants another device from now on. @param {"auto" | "cpu" | "webgpu"} wanted */
  async change(wanted, engine) {
    this.#wanted = wanted;
    this.current = "cpu";
    await this.begin(engine);
  }

  /** Readies an engine that has just loaded its model. */
  async begin(engine) {
    if (this.#wanted === "webgpu" || this.current === "webgpu") await this.#open(engine);
  }

  /**
   * After the first photo, so that nobody waits for it: lets both segment a picture of that size,
   * and keeps the faster.
   */
  async compare(engine, how) {
    if (this.#wanted !== "auto" || this.current !== "cpu") return;
    this.#wanted = "cpu"; // decided, one way or the other
    if (!navigator.gpu) return;
    try {
      const { name, software } = await engine.request("openGraphics", {});
      if (software) return; // a program on the processor is no match for one made for it
      const onProcessor = await warmTime(engine, how, "cpu");
      const onGraphics = await warmTime(engine, how, "webgpu");
      if (onGraphics < onProcessor) this.#take("webgpu", name);
    } catch (error) {
      if (error.code !== "graphics") throw error;
    }
  }

  /** The graphics processor has failed: the processor goes on. */
  failed(error) {
    this.#wanted = "cpu";
    this.#take("cpu", "", `The graphics processor failed, so the processor computes. ${error.message}`);
  }

  async #open(engine) {
    try {
      const { name } = await engine.request("openGraphics", {});
      this.#take("webgpu", name);
    } catch (error) {
      if (error.code !== "graphics") throw error;
      this.#wanted = "cpu";
      this.#take("cpu", "", `WebGPU cannot be used, so the processor computes. ${error.message}`);
    }
  }

  #take(device, name, message = "") {
    if (device === this.current && !message) return;
    this.current = device;
    this.#onChange({ device, name, message });
  }
}

/** Milliseconds of the second of two frames; the first makes ready. */
async function warmTime(engine, how, device) {
  let elapsed = 0;
  for (let i = 0; i < 2; i++) {
    const bitmap = testPicture(how.size || 512);
    const start = performance.now();
    await engine.request("segment", { bitmap, options: { ...how, window: 0, stride: 0, device } }, { transfer: [bitmap] });
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
