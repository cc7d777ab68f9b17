// Segmenter: semantic segmentation in the browser, as a library.
//
//   import { Segmenter } from "./segmenter.js";
//   const segmenter = await Segmenter.create();
//   const { width, height, mask, classes } = await segmenter.segment(file);
//
// It owns the public class and what a photo goes through: options.js checks what is asked for, queue.js
// gives it its turn, photo.js decodes it, and the engine of engine-host.js segments it. Nothing leaves
// the browser.

import { disposedError, EngineHost } from "./engine-host.js";
import { eitherOf, pictureUnlessAborted, SegmenterError, unlessAborted } from "./errors.js";
import { engineOptions, modelOptions, paintingOptions, requireClass, requireClasses, requireDevice, requireOption, segmentOptions } from "./options.js";
import { decodePhoto, pictureOf, shrinkPhoto } from "./photo.js";
import { Queue } from "./queue.js";
import { usableThreads } from "./workers.js";

export { decodePhoto, SegmenterError, shrinkPhoto };

export class Segmenter {
  #threads;
  #host;
  #queue = new Queue();
  #endTeacher;
  #last = null; // what the engine segmented last, where that is whole and stays as it is
  #switch = new AbortController(); // of the last call of useModel, until the engine takes the model in

  /**
   * Use `Segmenter.create`, which waits for the engine and the model.
   *
   * @param {import("./segmenter.js").SegmenterOptions} options
   */
  constructor(options) {
    requireBrowser();
    const { threads, ...others } = engineOptions(options);
    this.#threads = usableThreads(threads);
    this.#host = new EngineHost({ ...others, threads: this.#threads });
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
      const run = async (signal, afterwards) => {
        await segmenter.#host.retried(() => segmenter.#host.running(signal));
        afterwards((signal) => segmenter.#host.warmUp(signal));
      };
      await segmenter.#inLine(run, options.signal);
    } catch (error) {
      segmenter.dispose();
      throw error;
    }
    return segmenter;
  }

  /** What the model file says of itself: name, decoders, classes, licence, patch size, parameters. */
  get model() {
    return this.#host.model;
  }

  /**
   * Changes the model. Until the new one has arrived, the one before goes on.
   *
   * @param {string | URL | Blob | ArrayBuffer | Uint8Array} model
   * @param {import("./segmenter.js").ModelOptions} [options]
   */
  async useModel(model, options) {
    const { signal, onProgress, ...wanted } = modelOptions(model, options);
    if (this.disposed.aborted) throw this.disposed.reason;
    this.#switch.abort(new SegmenterError("aborted", "Another model was asked for."));
    const mine = (this.#switch = eitherOf(signal, this.disposed));
    try {
      const file = await unlessAborted(this.#host.read(wanted, onProgress, mine.signal), mine.signal);
      await this.#queue.add((_, afterwards, commit) => {
        commit(); // an engine cannot be asked to forget half a model
        return this.#host.switchTo(wanted, file);
      }, mine.signal);
    } finally {
      mine.abort(); // lets go of the signals
    }
  }

  /** The device that computes: "cpu" or "webgpu". */
  get device() {
    return this.#host.device;
  }

  /**
   * Changes the device, as the option `device` would have chosen it.
   *
   * @param {"auto" | "cpu" | "webgpu"} device
   */
  async useDevice(device) {
    requireDevice(device);
    return this.#inLine((signal) => this.#host.use(device, signal));
  }

  /** How many threads compute. */
  get threads() {
    return this.#threads;
  }

  /** Aborts when dispose is called. */
  get disposed() {
    return this.#queue.closed;
  }

  /**
   * Segments a photo: every pixel gets a class.
   *
   * @param {import("./segmenter.js").Photo} photo
   * @param {import("./segmenter.js").SegmentOptions} [options]
   * @returns {Promise<import("./segmenter.js").Segmentation>}
   */
  async segment(photo, given = {}) {
    const wanted = { ...given };
    const { model } = this;
    const checked = segmentOptions(wanted, model);
    const { signal } = checked;
    // Whatever may change before its turn is copied now. A file cannot: many that wait hold no pixels.
    const copy = photo instanceof Blob ? null : timed(pictureOf(photo));
    copy?.catch(() => {}); // a failure is reported at its turn
    const release = () => {
      copy?.then(({ value }) => value.close(), () => {});
    };
    let isItsTurn = false;

    const segmentation = this.#inLine(async (signal, afterwards) => {
      isItsTurn = true;
      afterwards(async () => release());
      const { signal: _, onProgress, ...options } = model === this.model ? checked : this.#optionsNow(wanted);
      const { value: source, elapsed } = copy ? await unlessAborted(copy, signal) : { value: photo, elapsed: 0 };
      const result = await this.#host.retried(() => this.#segment(source, options, elapsed, { signal, onProgress }));
      this.#keepLast(photo, options, result);
      const mustCompare = this.#host.isUndecided && options.window === 0;
      afterwards(async (signal) => {
        if (mustCompare) await this.#host.compareDevices(source, options, signal).finally(release);
        else release();
        await this.#host.warmUp(signal);
      });
      return result;
    }, signal);
    segmentation.catch(() => isItsTurn || release());
    return segmentation;
  }

  /** Remembers what the engine segmented, where that is whole and stays as it is. */
  #keepLast(photo, options, { width, height, network }) {
    const stays = options.window === 0 && options.maskSize === "photo" && (photo instanceof Blob || photo instanceof ImageBitmap);
    if (stays) this.#last = { photo, size: options.size, engine: this.#host.engine, result: { width, height, network } };
  }

  /** Options of a request that waited while the model changed. Its decoder may be gone. */
  #optionsNow({ decoder, ...others }) {
    const isThere = this.model.decoders.includes(decoder);
    return segmentOptions({ ...others, ...(isThere && { decoder }) }, this.model);
  }

  /** Segments a file or a bitmap. The engine gets a copy, which in Chromium shares the pixels. */
  async #segment(source, options, copying, { signal, onProgress }) {
    const start = performance.now();
    const bitmap = await pictureUnlessAborted(pictureOf(source), signal);
    const decode = copying + performance.now() - start;
    let engine;
    this.#last = null;
    try {
      engine = await this.#host.running(signal);
      signal.throwIfAborted();
    } catch (error) {
      bitmap.close();
      throw error;
    }
    const { value: result, elapsed } = await timed(engine.segment(bitmap, options, { signal, onProgress }));
    if (signal.aborted) result.overlay?.close(); // nobody gets it
    return this.#segmentation(result, decode, decode + elapsed);
  }

  #segmentation({ areas, timings, ...result }, decode, total) {
    const pixels = result.width * result.height;
    const classes = this.model.classes
      .map(({ id, name, colour }) => ({ id, name, colour, area: areas[id], share: areas[id] / pixels }))
      .filter(({ area }) => area > 0)
      .sort((a, b) => b.area - a.area);
    return { ...result, classes, timings: { decode, ...timings, total } };
  }

  /**
   * Paints the mask that the last photo left with the engine.
   *
   * @param {import("./segmenter.js").Painting} [painting]
   * @returns {Promise<ImageBitmap>}
   */
  async paint(painting = {}) {
    const request = { painting: paintingOptions(painting, this.model.classes) };
    return this.#inLine(async (signal) => {
      const picture = await (await this.#host.running(signal)).request("paint", request);
      if (signal.aborted) picture.close(); // nobody gets it
      return picture;
    });
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
    requireClass("classId", classId, this.model.classes);
    return this.#ask("probabilities", { classId });
  }

  /**
   * How each pixel of the last photo belongs to a set of classes, with soft edges.
   *
   * @param {number[]} classIds
   * @returns {Promise<Uint8Array>}  height × width values from 0 to 255, row by row
   */
  async matte(classIds) {
    requireClasses("classIds", classIds, this.model.classes);
    return this.#ask("matte", { classIds: Uint8Array.from(classIds) });
  }

  /**
   * The network's scores of the last photo.
   *
   * @returns {Promise<import("./segmenter.js").Scores>}
   */
  async scores() {
    return this.#ask("scores", {});
  }

  /**
   * What the encoder made of each patch of the last photo.
   *
   * @returns {Promise<import("./segmenter.js").Features>}
   */
  async features() {
    const { rows, cols, width, values } = await this.#inLine((signal) => this.#inner("features", signal));
    return { rows, cols, width, values };
  }

  /**
   * What attention looked at in a window of the last photo.
   *
   * @param {{ window?: number, signal?: AbortSignal, onProgress?: (share: number) => void }} [options]
   * @returns {Promise<import("./segmenter.js").Attention>}
   */
  async attention({ window = 0, signal, onProgress } = {}) {
    const { Attention } = await import("./attention.js");
    return this.#inLine(async (signal) => {
      const { depth, heads } = this.model;
      const blocks = [];
      for (let block = 0; block < depth; block++) {
        signal.throwIfAborted();
        blocks.push(ofWindow(await this.#inner("attention", signal, block), window));
        onProgress?.((block + 1) / depth);
      }
      return new Attention(blocks, heads);
    }, signal);
  }

  /**
   * What the mask transformer made of the class embeddings for the last photo.
   *
   * @returns {Promise<import("./segmenter.js").ClassEmbeddings>}
   */
  async classEmbeddings() {
    const hasMask = this.model.decoders.includes("mask");
    requireOption(hasMask, "model", "one with a mask transformer", "one without");
    const { tokens, width, values } = ofWindow(await this.#inLine((signal) => this.#inner("classes", signal)), 0);
    return { classes: tokens, width, values };
  }

  /** The classes that were taught, in the order in which they were. */
  get taught() {
    return this.#host.taught.classes.map(infoOf);
  }

  /**
   * Teaches a class: from the next photo on, masks show it.
   *
   * @param {import("./segmenter.js").Lesson} lesson
   * @returns {Promise<import("./segmenter.js").TaughtClass>}
   */
  async teach(lesson) {
    const { checkedLesson, learn } = await this.#teaching();
    const { photo, options, signal, ...shown } = checkedLesson(lesson, this);
    const copy = photo instanceof Blob || photo === this.#last?.photo ? photo : await pictureOf(photo); // as segment does
    try {
      return await this.#inLine((signal) => this.#host.retried(async () => {
        const { last, engine } = { last: this.#last, engine: await this.#host.running(signal) };
        const isThere = last?.photo === photo && last.size === options.size && last.engine === engine;
        const result = isThere ? last.result : await this.#segment(copy, options, 0, { signal, onProgress() {} });
        if (!isThere) this.#keepLast(photo, options, result);
        return infoOf(await learn(this.#host, { photo, result, ...shown }));
      }), signal);
    } finally {
      if (copy !== photo) copy.close();
    }
  }

  /**
   * Renames a class that was taught, gives it another colour, or switches it off or on.
   *
   * @param {string} name
   * @param {{ name?: string, colour?: string, off?: boolean }} change
   */
  async changeTaught(name, change) {
    const { revised } = await this.#teaching();
    await this.#inLine(() => this.#host.retried(() => revised(this.#host, name, { ...change, remove: false })));
  }

  /** Forgets a class that was taught. @param {string} name */
  async forget(name) {
    const { revised } = await this.#teaching();
    await this.#inLine(() => this.#host.retried(() => revised(this.#host, name, { remove: true })));
  }

  /** The classes that were taught, as a file. @returns {Blob} */
  exportTaught() {
    return new Blob([this.#host.taught.file], { type: "application/octet-stream" });
  }

  /**
   * Adds the classes of a file, in place of those of the same names.
   *
   * @param {Blob | ArrayBuffer | Uint8Array} file
   * @param {{ own?: boolean }} [options]
   */
  async importTaught(file, { own = false } = {}) {
    const { merged, taken } = await this.#teaching();
    const bytes = new Uint8Array(await new Blob([file]).arrayBuffer());
    await this.#inLine(() => this.#host.retried(() => (own ? taken : merged)(this.#host, bytes)));
  }

  async #teaching() {
    const teaching = await import("./teaching.js");
    this.#endTeacher ??= () => teaching.endTeacher(this.#host);
    this.disposed.addEventListener("abort", this.#endTeacher); // once, whatever is added again
    return teaching;
  }

  /** Values inside the network, of the last photo: see protocol.js. */
  async #inner(kind, signal, block = 0) {
    const engine = await this.#host.running(signal);
    return engine.requestOfAll("inner", { kind, block }, { signal });
  }

  /** Asks the engine for something about the last photo. */
  #ask(type, payload) {
    return this.#inLine(async (signal) => (await this.#host.running(signal)).request(type, payload));
  }

  #inLine(task, signal) {
    return this.#queue.add(task, signal);
  }

  /** Gives up the running request and all that wait; their promises reject with code "aborted". */
  abort() {
    this.#switch.abort();
    this.#queue.abort();
  }

  /** Ends the engine and frees its memory. The object is of no more use. */
  dispose() {
    this.#queue.close(disposedError());
    this.#host.dispose();
  }
}

/** Without its row. */
function infoOf({ name, colour, off, strokes, id }) {
  return { name, colour, off, strokes, id };
}

/**
 * The models of a list, such as the site's models.json.
 *
 * @param {string | URL} list
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<import("./segmenter.js").ListedModel[]>}
 */
export async function listModels(list, options) {
  const models = await import("./model-list.js");
  return models.listModels(list, options);
}

/** The values of one window, as a copy. */
function ofWindow({ tokens, width, values, ...rest }, window) {
  const count = values.length / tokens / width;
  const isOne = Number.isInteger(window) && window >= 0 && window < count;
  requireOption(isOne, "window", `0 to ${count - 1}`, window);
  return { ...rest, tokens, width, values: values.slice(window * tokens * width, (window + 1) * tokens * width) };
}

function requireBrowser() {
  const needed = ["WebAssembly", "Worker", "createImageBitmap", "OffscreenCanvas"];
  const missing = needed.filter((name) => !(name in globalThis));
  if (missing.length > 0) {
    throw new SegmenterError(
      "unsupported",
      `This browser has no ${missing.join(", no ")}, which Segmenter needs: update it.`,
    );
  }
}

async function timed(promise) {
  const start = performance.now();
  const value = await promise;
  return { value, elapsed: performance.now() - start };
}
