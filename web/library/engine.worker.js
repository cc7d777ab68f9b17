// The engine worker: Go, compiled to WebAssembly, off the page's thread.
//
// It owns a Go instance with the model's weights: one rank of those that segment a photo together;
// and, if it is the first rank, the pixels of the photo being segmented and, where it was asked to
// keep it, the mask of the last.
// It is sent { id, type, payload }:
//   start          { module, rank, ranks, memory }  the WebAssembly, and what the ranks share
//   load           { bytes, arithmetic, profile }   a model file; "int8" or "float"; whether to time
//   segment        { bitmap, options }              a photo, as bitmap or frame of a video, and what
//                                                     segmentOptions in segmenter.js makes of options
//   follow         { mask, options }                the same photo, for the ranks after the first:
//                                                     the size of its mask
//   probabilities  { classId }                      of the last photo
//   scores         {}                               of the last photo
//   paint          { painting }                     the mask that was kept; see painting.js
//   classAt        { x, y }                         in the mask that was kept
//   mask           {}                               the mask that was kept
//   times          {}                               what operations took since the last time
//   abort          (none)                           id is that of the request to give up
// It sends, with the request's id:
//   progress       { done, total }, while at it
//   result         the answer
//   error          { code, message }
// and with id 0, once:
//   locked         (none)       it holds the lock of its own name, for as long as it lives
//   stopped        { message }  the Go instance is dead and the worker of no more use

import { Kernels } from "./kernel.js";
import "./wasm_exec.js";
import { SegmenterError } from "./errors.js";
import { paint as paintMask, sized } from "./painting.js";
import { engineSizes, sizeOf } from "./photo.js";

// Beyond their limits, which differ, browsers draw nothing and say nothing.
const WIDEST_CANVAS = 16384;

/** Requests by type. Each returns the answer and what of it is handed over instead of copied. */
const requests = { start, load, segment, follow, probabilities, scores, paint, classAt, mask, times };

let running = 0; // id of the request being answered, 0 if none

let engine; // Go's side, once it has started

/** The mask that was kept. Without pixels it lies with the graphics processor. @type {import("./painting.js").Mask | null} */
let kept = null;

const locked = holdLock();

self.addEventListener("message", async ({ data: { id, type, payload } }) => {
  if (type === "abort") {
    if (id === running) engine.abort();
    return;
  }
  running = id;
  try {
    const report = (progress) => postMessage({ id, type: "progress", payload: progress });
    const [answer, ...transfer] = await requests[type](payload, report);
    postMessage({ id, type: "result", payload: answer }, transfer);
  } catch (error) {
    if (isFatal(error)) stop(error);
    const payload = { code: error.code ?? "internal", message: sentence(error.message) };
    postMessage({ id, type: "error", payload });
  }
  running = 0;
});

self.addEventListener("error", (event) => {
  event.preventDefault(); // the page hears of it by the message
  stop(event.error);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  stop(event.reason);
});

async function start({ module, rank, ranks, memory }) {
  const started = new Promise((resolve) => (globalThis.onSegmenterEngine = resolve));
  const go = new globalThis.Go();
  const kernels = new Kernels();
  const instance = await WebAssembly.instantiate(module, { ...go.importObject, kernel: kernels.imports });
  kernels.memory = instance.exports.mem;
  go.run(instance).then(() => stop());
  engine = await started;
  if (ranks > 1) await engine.start(rank, ranks, memory);
  await locked; // from now on the page hears of its death
  return [];
}

async function load({ bytes, arithmetic, profile }) {
  return [await engine.load(bytes, arithmetic, profile)];
}

async function segment({ bitmap, options }, report) {
  const { frame, mask } = engineSizes(bitmap, options);
  const painting = options.painting && sized(options.painting, mask);
  const size = options.maskSize === "photo" ? options.size : 0; // the browser resizes it
  kept = null;
  let rows;
  try {
    const picture = shrunk(bitmap, frame);
    rows = new PhotoRows(picture, frame);
    const result = await engine.segment(
      { ...frame, bitmap: picture, ...options, size, maskWidth: mask.width, maskHeight: mask.height, painting },
      (y, n) => rows.read(y, n),
      (done, total) => report({ done, total }),
    );
    if (painting) result.overlay ??= toBitmap(paintMask(result, painting));
    if (options.leave) {
      kept = { ...mask, mask: result.mask };
      delete result.mask;
    }
    const handedOver = [result.areas.buffer, result.mask?.buffer, result.overlay];
    return [result, ...handedOver.filter(Boolean)];
  } catch (error) {
    throw rows?.failure ?? error;
  } finally {
    bitmap.close();
  }
}

async function follow({ mask, options }) {
  return [await engine.follow({ maskWidth: mask.width, maskHeight: mask.height, ...options })];
}

async function probabilities({ classId }) {
  const values = await engine.probabilities(classId);
  return [values, values.buffer];
}

async function scores() {
  const answer = await engine.scores();
  return [answer, answer.values.buffer];
}

async function paint({ painting }) {
  const mask = keptMask();
  const whole = sized(painting, mask);
  const bitmap = mask.mask ? toBitmap(paintMask(mask, whole)) : await engine.paint(whole);
  return [bitmap, bitmap];
}

async function classAt({ x, y }) {
  const { width, height, mask } = keptMask();
  if (x >= width || y >= height) {
    throw new SegmenterError("bad-option", `There is no pixel ${x}, ${y}: the mask has ${width} × ${height}.`);
  }
  return [mask ? mask[y * width + x] : await engine.classAt(y, x)];
}

async function mask() {
  const { mask } = keptMask();
  const copy = mask ? mask.slice() : await engine.mask();
  return [copy, copy.buffer];
}

function keptMask() {
  if (kept) return kept;
  throw new SegmenterError("bad-photo", "The engine keeps no mask: segment a photo with the option mask: false first.");
}

async function times() {
  return [(await engine.times?.()) ?? []];
}

let small; // the canvas of shrunk pictures, with its context

/** A picture at another size, valid until the next; or the picture itself, if it has that size. */
function shrunk(picture, { width, height }) {
  const own = sizeOf(picture);
  if (own.width === width && own.height === height) return picture;
  small ??= newContext();
  if (small.canvas.width !== width || small.canvas.height !== height) Object.assign(small.canvas, { width, height });
  small.fillStyle = "white"; // under what is transparent
  small.fillRect(0, 0, width, height);
  small.imageSmoothingQuality = "medium";
  small.drawImage(picture, 0, 0, width, height);
  return small.canvas;
}

let canvas; // for all bitmaps

function toBitmap(image) {
  canvas ??= new OffscreenCanvas(1, 1);
  if (canvas.width !== image.width) canvas.width = image.width;
  if (canvas.height !== image.height) canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas.transferToImageBitmap();
}

/**
 * The page waits in line for the lock: that it gets it means that this worker is gone. The promise
 * settles when the lock is held, or cannot be: where storage is forbidden, so are locks.
 */
function holdLock() {
  return new Promise((resolve) => {
    const forever = () => {
      postMessage({ id: 0, type: "locked" });
      resolve();
      return new Promise(() => {});
    };
    if (navigator.locks) navigator.locks.request(self.name, forever).catch(resolve);
    else resolve();
  });
}

/**
 * A photo's rows of pixels, read in strips so that one strip, not the photo, lies in memory as RGBA.
 * Transparent pixels are laid over white.
 */
class PhotoRows {
  /** Why reading failed; Go only learns that it did. */
  failure = undefined;

  /**
   * @param {CanvasImageSource} picture
   * @param {{ width: number, height: number }} size
   */
  constructor(picture, size) {
    this.picture = picture;
    this.size = size;
    this.context = (PhotoRows.#shared ??= newContext());
    const width = Math.min(size.width, WIDEST_CANVAS);
    if (this.context.canvas.width !== width) this.context.canvas.width = width;
  }

  /** One canvas for all photos: of a small one, making it takes longer than reading. */
  static #shared;

  /** One buffer for all that is read: Go holds on to what it is given until it collects garbage. */
  static #buffer = new ArrayBuffer(0);

  /**
   * @param {number} y
   * @param {number} n
   * @returns {Uint8ClampedArray}  RGBA of n rows from row y
   */
  read(y, n) {
    const { width, height } = this.size;
    try {
      const pixels = width <= WIDEST_CANVAS ? this.#readBlock(0, y, width, n) : this.#readWide(y, n);
      if (PhotoRows.#buffer.byteLength < pixels.length) PhotoRows.#buffer = new ArrayBuffer(pixels.length);
      const shared = new Uint8ClampedArray(PhotoRows.#buffer, 0, pixels.length);
      shared.set(pixels);
      return shared;
    } catch (cause) {
      this.failure = new SegmenterError(
        "too-large",
        `This browser cannot read a photo of ${width} × ${height} pixels: make it smaller.`,
        { cause },
      );
      throw this.failure;
    }
  }

  /** Joins the rows of blocks that lie side by side. */
  #readWide(y, n) {
    const { width } = this.size;
    const rows = new Uint8ClampedArray(4 * width * n);
    for (let x = 0; x < width; x += WIDEST_CANVAS) {
      const wide = Math.min(WIDEST_CANVAS, width - x);
      const block = this.#readBlock(x, y, wide, n);
      for (let row = 0; row < n; row++) {
        rows.set(block.subarray(4 * wide * row, 4 * wide * (row + 1)), 4 * (width * row + x));
      }
    }
    return rows;
  }

  #readBlock(x, y, width, height) {
    const { picture, context } = this;
    if (picture === small?.canvas) return small.getImageData(x, y, width, height).data;
    if (context.canvas.height < height) context.canvas.height = height;
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, x, y, width, height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }
}

function newContext() {
  const canvas = globalThis.OffscreenCanvas && new OffscreenCanvas(1, 1);
  const context = canvas?.getContext("2d", { alpha: false, willReadFrequently: true });
  if (!context) {
    throw new SegmenterError(
      "unsupported",
      "This browser has no OffscreenCanvas in workers, which reading a photo needs: update it.",
    );
  }
  return context;
}

/** Errors of Go begin small and end without a full stop. */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** A trap, or memory that could not grow, leaves Go in pieces. */
function isFatal(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

function stop(cause) {
  const reason = cause ? ` (${cause.message ?? cause})` : "";
  const message = `The engine stopped${reason}: try again, with less detail or a smaller photo if memory is short.`;
  postMessage({ id: 0, type: "stopped", payload: { message } });
}
