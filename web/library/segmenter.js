// Segmenter: semantic segmentation in the browser, as a library.
//
//   import { Segmenter } from "./segmenter.js";
//   const segmenter = await Segmenter.create();
//   const { width, height, mask, classes } = await segmenter.segment(file);
//
// It owns the order of the requests and the engine's life: one request runs at a time, the others
// wait in line; an engine that died is started again, and the photo it was at work on repeated. It
// is sent photos by the page; it sends requests to ranks.js and decodes photos with photo.js.
// Nothing leaves the browser.

import { SegmenterError } from "./errors.js";
import { hasGraphics, warmTime } from "./graphics.js";
import { ALL_BORDERS, LONGEST_SIDE, NO_BORDER, paletteOf } from "./painting.js";
import { decodePhoto, shrinkPhoto } from "./photo.js";
import { Ranks, usableThreads } from "./ranks.js";

export { decodePhoto, SegmenterError, shrinkPhoto };

const DEFAULT_MODEL = new URL("./models/everyday.safetensors", import.meta.url).href;
const WHOLE = { decoder: "mask", size: 512, window: 0, stride: 0, smoothing: 0, refine: false, maskSize: "photo" };

export class Segmenter {
  #source;
  #onProgress;
  #threads;
  #arithmetic;
  #profile;
  #device; // "cpu" or "webgpu": where the engine computes
  #undecided; // whether to try the other after the first photo
  #afterTurn = null; // what is to be done before the next in line
  #onDevice;
  #engine = null; // Ranks
  #model = null; // what the engine says of the model
  #requests = new Set(); // an AbortController for each request that is running or waiting
  #last = Promise.resolve(); // settles when the request at the end of the line has
  #disposed = false;

  /**
   * Use `Segmenter.create`, which waits for the engine and the model.
   *
   * @param {import("./segmenter.js").SegmenterOptions} options
   */
  constructor({
    model = DEFAULT_MODEL,
    device = "auto",
    arithmetic,
    threads,
    profile = false,
    onProgress = () => {},
    onDevice = () => {},
  } = {}) {
    requireBrowser();
    requireDevice(device);
    requireOption([undefined, "int8", "float"].includes(arithmetic), "arithmetic", `"int8" or "float"`, arithmetic);
    const isNumber = threads === undefined || (Number.isInteger(threads) && threads > 0);
    requireOption(isNumber, "threads", "a whole number above 0", threads);
    const isUrl = typeof model === "string" || model instanceof URL;
    this.#source = isUrl ? new URL(model, document.baseURI).href : model;
    this.#onProgress = onProgress;
    this.#onDevice = onDevice;
    this.#choose(device);
    this.#arithmetic = arithmetic;
    this.#profile = profile;
    this.#threads = usableThreads(threads);
  }

  /**
   * Starts the engine and loads a model.
   *
   * @param {import("./segmenter.js").SegmenterOptions} [options]
   * @returns {Promise<Segmenter>}
   */
  static async create(options = {}) {
    const segmenter = new Segmenter(options);
    try {
      await segmenter.#inLine(options.signal, () => segmenter.#repeated(() => segmenter.#startedEngine()));
    } catch (error) {
      segmenter.dispose();
      throw error;
    }
    return segmenter;
  }

  /** What the model file says of itself: name, decoders, classes, licence, patch size, parameters. */
  get model() {
    return this.#model;
  }

  /** The device that computes: "cpu" or "webgpu". */
  get device() {
    return this.#device;
  }

  /**
   * Changes the device, as the option `device` would have chosen it.
   *
   * @param {"auto" | "cpu" | "webgpu"} device
   */
  async useDevice(device) {
    requireDevice(device);
    return this.#inLine(undefined, async () => {
      this.#engine?.close(disposedError());
      this.#choose(device);
      await this.#startedEngine();
    });
  }

  #choose(device) {
    this.#device = device === "webgpu" ? "webgpu" : "cpu";
    this.#undecided = device === "auto";
  }

  /** How many threads compute. */
  get threads() {
    return this.#threads;
  }

  /**
   * Segments a photo: every pixel gets a class.
   *
   * @param {import("./segmenter.js").Photo} photo
   * @param {import("./segmenter.js").SegmentOptions} [options]
   * @returns {Promise<import("./segmenter.js").Segmentation>}
   */
  async segment(photo, { signal, onProgress, ...options } = {}) {
    const how = segmentOptions(options, this.#model);
    // What may change before its turn is copied now; a file is not, so that a long line of files
    // holds one decoded photo.
    const copy = photo instanceof Blob ? null : timed(decodePhoto(photo));
    copy?.catch(() => {}); // reported at its turn

    return this.#inLine(signal, async (signal) => {
      const { value: source, elapsed } = (await copy) ?? { value: photo, elapsed: 0 };
      const release = () => copy && source.close();
      try {
        const result = await this.#repeated(() => this.#segment(source, how, elapsed, { signal, onProgress }));
        if (!this.#undecided || how.window > 0) return result;
        this.#afterTurn = () => this.#tryGraphics(source, how).catch(() => {}).then(release);
        return result;
      } finally {
        if (!this.#afterTurn) release();
      }
    });
  }

  /**
   * Segments a file or a bitmap, of which the engine gets a copy, so that it can be repeated. (In
   * Chromium, bitmaps that are copies share their pixels.)
   */
  async #segment(source, how, copying, { signal, onProgress }) {
    const { value: bitmap, elapsed } = await timed(decodePhoto(source));
    const engine = await this.#startedEngine();
    signal.throwIfAborted();
    const { value: result, elapsed: computing } = await timed(engine.segment(bitmap, how, { signal, onProgress }));
    const decode = copying + elapsed;
    return this.#segmentation(result, decode, decode + computing);
  }

  /**
   * After the first photo, so that nobody waits for it: has the graphics processor segment it too,
   * and keeps the faster. The next request waits for that. If either engine fails at it, the one that
   * is there stays, or is started again when it is needed.
   */
  async #tryGraphics(source, how) {
    this.#undecided = false;
    const engine = this.#engine;
    if (this.#disposed || !engine.alive || !(await hasGraphics())) return;
    let rival = this.#newRanks("webgpu", () => {});
    try {
      const { gpu } = await rival.load(this.#source);
      const unpainted = { ...how, painting: null };
      const onProcessor = await warmTime(engine, source, unpainted);
      const onGraphics = await warmTime(rival, source, unpainted);
      if (this.#disposed || onGraphics >= onProcessor) return;
      [this.#engine, rival] = [rival, engine];
      this.#device = "webgpu";
      this.#onDevice({ device: "webgpu", name: gpu.name, message: "" });
    } finally {
      rival.close(disposedError());
    }
  }

  /** From now on the processor computes. */
  #giveUpGraphics(error) {
    this.#engine.close(error);
    this.#choose("cpu");
    this.#onDevice({ device: "cpu", name: "", message: `WebGPU failed, so the processor computes. ${error.message}` });
  }

  /**
   * Paints the mask that the last photo left with the engine.
   *
   * @param {import("./segmenter.js").Painting} [painting]
   * @returns {Promise<ImageBitmap>}
   */
  async paint(painting = {}) {
    return this.#ask("paint", { painting: paintingOf(painting, this.#model.classes) });
  }

  /**
   * The class of one pixel of the mask that the last photo left with the engine.
   *
   * @param {number} x
   * @param {number} y
   * @returns {Promise<number>}
   */
  async classAt(x, y) {
    const isPixel = [x, y].every((value) => Number.isInteger(value) && value >= 0);
    requireOption(isPixel, "x, y", "a pixel", `${x}, ${y}`);
    return this.#ask("classAt", { x, y });
  }

  /**
   * The mask that the last photo left with the engine.
   *
   * @returns {Promise<Uint8Array>}
   */
  async readMask() {
    return this.#ask("mask", {});
  }

  /**
   * What operations took since the last call, the longest first, where they are timed.
   *
   * @returns {Promise<import("./segmenter.js").OperationTime[]>}
   */
  async times() {
    return this.#ask("times", {});
  }

  /**
   * How sure the model is of a class, at every pixel of the last photo.
   *
   * @param {number} classId
   * @returns {Promise<Float32Array>}  height × width values from 0 to 1, row by row
   */
  async probabilities(classId) {
    requireOption(Number.isInteger(classId) && classId >= 0, "classId", "a class's id", classId);
    return this.#ask("probabilities", { classId });
  }

  /**
   * The network's scores of the last photo.
   *
   * @returns {Promise<import("./segmenter.js").Scores>}
   */
  async scores() {
    return this.#ask("scores", {});
  }

  /** Asks the engine for something about the last photo, in line. */
  #ask(type, payload) {
    return this.#inLine(undefined, async () => {
      const engine = await this.#startedEngine();
      return engine.request(type, payload);
    });
  }

  /** Gives up the running request and all that wait; their promises reject with code "aborted". */
  abort() {
    for (const request of this.#requests) request.abort();
  }

  /** Ends the engine and frees its memory. The object is of no more use. */
  dispose() {
    this.#disposed = true;
    this.#engine?.close(disposedError());
  }

  /**
   * Runs a task when all before it have ended. Its promise rejects as soon as it is aborted; the
   * next in line still waits until the engine is free.
   */
  #inLine(signal, task) {
    if (this.#disposed) return Promise.reject(disposedError());
    const request = new AbortController();
    const aborted = signal ? AbortSignal.any([signal, request.signal]) : request.signal;
    const turn = this.#last.then(() => {
      aborted.throwIfAborted();
      return task(aborted);
    });
    this.#requests.add(request);
    this.#last = turn.catch(() => {}).then(() => {
      this.#requests.delete(request);
      const after = this.#afterTurn;
      this.#afterTurn = null;
      return after?.();
    });
    return Promise.race([turn, rejectWhenAborted(aborted)]);
  }

  async #startedEngine() {
    if (this.#disposed) throw disposedError();
    if (this.#engine?.alive) return this.#engine;
    const engine = this.#newRanks(this.#device, this.#onProgress);
    this.#engine = engine;
    try {
      const { gpu, ...model } = await engine.load(this.#source);
      this.#model = model;
      if (gpu) this.#onDevice({ device: "webgpu", name: gpu.name, message: "" });
      return engine;
    } catch (error) {
      if (error.code === "graphics") {
        this.#giveUpGraphics(error);
        return this.#startedEngine();
      }
      engine.close(error);
      throw error;
    }
  }

  #newRanks(device, onProgress) {
    const options = { device, threads: this.#threads, arithmetic: this.#arithmetic, profile: this.#profile };
    return new Ranks(options, onProgress);
  }

  /** Does something once more if the engine dies, or the graphics processor fails, at it the first time. */
  async #repeated(task) {
    try {
      return await task();
    } catch (error) {
      if (error.code === "graphics") {
        this.#giveUpGraphics(error);
        return task();
      }
      const hasDied = error.code === "internal" && this.#engine?.alive === false;
      if (!hasDied) throw error;
      return task();
    }
  }

  #segmentation({ areas, timings, ...result }, decode, total) {
    const pixels = result.width * result.height;
    const classes = this.#model.classes
      .map(({ id, name, colour }) => ({ id, name, colour, area: areas[id], share: areas[id] / pixels }))
      .filter(({ area }) => area > 0)
      .sort((a, b) => b.area - a.area);
    return { ...result, classes, timings: { decode, ...timings, total } };
  }
}

/** Options of segment as the engine takes them. */
function segmentOptions({ mask = true, overlay = false, ...options }, { decoders, classes, patch }) {
  const how = { ...WHOLE, ...definedOnly(options), patch };
  how.mask = mask;
  how.painting = overlay ? paintingOf(overlay === true ? {} : overlay, classes) : null;
  const isCount = (value) => Number.isInteger(value) && value >= 0;
  requireOption(decoders.includes(how.decoder), "decoder", `one of ${decoders.join(", ")}`, how.decoder);
  for (const name of ["size", "window", "stride"]) {
    requireOption(isCount(how[name]), name, "a whole number of pixels, or 0", how[name]);
  }
  requireOption(how.smoothing >= 0 && how.smoothing < 1, "smoothing", "0 to below 1", how.smoothing);
  requireOption(typeof how.refine === "boolean", "refine", "true or false", how.refine);
  requireOption(["photo", "network"].includes(how.maskSize), "maskSize", `"photo" or "network"`, how.maskSize);
  const alone = how.window === 0 || (how.smoothing === 0 && how.maskSize === "photo");
  requireOption(alone, "window", "0 with smoothing, or a mask of the network's size", how.window);
  requireOption(how.window === 0 || how.stride > 0, "stride", "above 0 when there is a window", how.stride);
  return how;
}

/**
 * A painting as the engine worker takes it. Where its size is missing, that is the mask's.
 *
 * @param {import("./segmenter.js").Painting} painting
 * @param {import("./segmenter.js").ClassInfo[]} classes
 */
function paintingOf({ width, height, colours, borders = "all" }, classes) {
  const isSide = (value) => value === undefined || (Number.isInteger(value) && value > 0 && value <= LONGEST_SIDE);
  requireOption(isSide(width), "width", `1 to ${LONGEST_SIDE} pixels`, width);
  requireOption(isSide(height), "height", `1 to ${LONGEST_SIDE} pixels`, height);
  const border = { all: ALL_BORDERS, none: NO_BORDER }[borders] ?? borders;
  requireOption(Number.isInteger(border), "borders", `"all", "none" or a class's id`, borders);
  const given = colours ? Object.entries(colours) : classes.map(({ id, colour }) => [id, colour]);
  for (const [id, colour] of given) {
    requireOption(id >= 0 && id < classes.length, "colours", "of classes that the model has", id);
    requireOption(/^#([\da-f]{2}){3,4}$/i.test(colour), "colours", `"#rrggbb" or "#rrggbbaa"`, colour);
  }
  return definedOnly({ width, height, border, palette: paletteOf(given) });
}

function definedOnly(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function requireDevice(device) {
  requireOption(["auto", "cpu", "webgpu"].includes(device), "device", `"auto", "cpu" or "webgpu"`, device);
}

function requireOption(holds, name, expected, found) {
  if (!holds) throw new SegmenterError("bad-option", `The option ${name} must be ${expected}, not ${found}.`);
}

function requireBrowser() {
  const needed = ["WebAssembly", "Worker", "createImageBitmap", "OffscreenCanvas"];
  const missing = needed.filter((name) => !(name in globalThis));
  if (!("any" in AbortSignal)) missing.push("AbortSignal.any");
  if (missing.length > 0) {
    throw new SegmenterError(
      "unsupported",
      `This browser has no ${missing.join(", no ")}, which Segmenter needs: update it.`,
    );
  }
}

function disposedError() {
  return new SegmenterError("disposed", "This Segmenter was disposed of: create another.");
}

function rejectWhenAborted(signal) {
  return new Promise((_, reject) => {
    const fail = () => reject(new SegmenterError("aborted", "The request was aborted.", { cause: signal.reason }));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}

async function timed(promise) {
  const start = performance.now();
  const value = await promise;
  return { value, elapsed: performance.now() - start };
}
