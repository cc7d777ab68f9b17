// The pixels of a photo, for Go: read from the browser in strips, so that one strip, not the photo,
// lies in memory as RGBA. Transparent pixels lie over white.
//
// It owns the canvases that it reads from. It is sent pictures by engine.worker.js; Go calls read.

import { SegmenterError } from "./errors.js";
import { sizeOf } from "./photo.js";

// Beyond their limits, which differ, browsers draw nothing and report nothing.
const WIDEST_CANVAS = 16384;

// Some browsers change what pages read, against fingerprinting: a few pixels by a level or two, which
// does no harm, or all of them to noise.
const KNOWN = [[200, 100, 50], [40, 180, 230]];
const HARMLESS = 8; // levels

export class PhotoRows {
  /** Why reading failed; Go only learns that it did. */
  failure = undefined;

  /** The picture at the wanted size: the one that was given, or a canvas. */
  picture;

  #width;

  /**
   * @param {ImageBitmap | VideoFrame} picture
   * @param {{ width: number, height: number }} size  to which the picture is shrunk
   */
  constructor(picture, size) {
    this.picture = shrunk(picture, size);
    this.#width = size.width;
    this.context = (PhotoRows.#shared ??= newContext());
    const width = Math.min(size.width, WIDEST_CANVAS);
    if (this.context.canvas.width !== width) this.context.canvas.width = width;
  }

  /** One canvas for all photos: making it takes longer than reading a small photo. */
  static #shared;

  /** One buffer for all strips: Go holds on to every new one until it collects garbage. */
  static #buffer = new ArrayBuffer(0);

  /**
   * @param {number} y
   * @param {number} n
   * @returns {Uint8ClampedArray}  RGBA of n rows from row y
   */
  read(y, n) {
    if (y === 0) this.#requirePixels();
    try {
      const pixels = this.#width <= WIDEST_CANVAS ? this.#readBlock(0, y, this.#width, n) : this.#readWide(y, n);
      if (PhotoRows.#buffer.byteLength < pixels.length) PhotoRows.#buffer = new ArrayBuffer(pixels.length);
      const strip = new Uint8ClampedArray(PhotoRows.#buffer, 0, pixels.length);
      strip.set(pixels);
      return strip;
    } catch (cause) {
      const { width, height } = sizeOf(this.picture);
      this.failure = new SegmenterError(
        "too-large",
        `This browser cannot read a photo of ${width} × ${height} pixels: make it smaller.`,
        { cause },
      );
      throw this.failure;
    }
  }

  /** Throws where the browser gives other pixels than were drawn. */
  #requirePixels() {
    const { context } = this;
    for (const colour of KNOWN) {
      context.fillStyle = `rgb(${colour})`;
      context.fillRect(0, 0, 1, 1);
      const { data } = context.getImageData(0, 0, 1, 1);
      if (colour.every((level, i) => Math.abs(data[i] - level) <= HARMLESS)) continue;
      this.failure = new SegmenterError(
        "unsupported",
        "This browser hides the pixels of photos from pages, against fingerprinting: allow this page to read canvases, with the button beside the address, and try again.",
        { reason: "hidden-pixels" },
      );
      throw this.failure;
    }
  }

  /** Joins the rows of blocks that lie side by side. */
  #readWide(y, n) {
    const width = this.#width;
    const rows = new Uint8ClampedArray(4 * width * n);
    for (let x = 0; x < width; x += WIDEST_CANVAS) {
      const blockWidth = Math.min(WIDEST_CANVAS, width - x);
      const block = this.#readBlock(x, y, blockWidth, n);
      for (let row = 0; row < n; row++) {
        rows.set(block.subarray(4 * blockWidth * row, 4 * blockWidth * (row + 1)), 4 * (width * row + x));
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

let small; // the context of the canvas that holds shrunk pictures

/** A picture at another size, valid until the next; or the picture itself, if it has that size. */
function shrunk(picture, { width, height }) {
  const own = sizeOf(picture);
  if (own.width === width && own.height === height) return picture;
  small ??= newContext();
  if (small.canvas.width !== width || small.canvas.height !== height) Object.assign(small.canvas, { width, height });
  small.fillStyle = "white"; // under transparent pixels
  small.fillRect(0, 0, width, height);
  small.imageSmoothingQuality = "medium";
  small.drawImage(picture, 0, 0, width, height);
  return small.canvas;
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
