// PNG: writes a picture row by row, which a canvas cannot: it never holds all of the picture.
//
// It owns nothing but the file that it writes. It is sent pixels; it sends back a PNG file. The format is
// that of the PNG specification (third edition): a signature, then chunks of length, type, data, CRC.

import { crc32 } from "./crc.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Filters of rows: none, and each byte less the one above it. */
const [NONE, UP] = [0, 2];

/** Chunks of data are at least so long, but for the last. */
const LEAST_CHUNK = 1 << 20;

/** Types of pixels in the header, and their bytes. */
const TYPES = { palette: [3, 1], rgb: [2, 3], rgba: [6, 4] };

export class PngWriter {
  #type;
  #width;
  #before; // the last row, without its filter
  #parts = [];
  #deflate = new CompressionStream("deflate");
  #input = this.#deflate.writable.getWriter();
  #output = this.#collect();

  /**
   * @param {{ width: number, height: number }} size
   * @param {"palette" | "rgb" | "rgba"} type
   * @param {Uint8Array} [palette]  R, G, B of each value
   */
  constructor({ width, height }, type, palette) {
    const [code, bytes] = TYPES[type];
    this.#type = type;
    this.#width = width;
    this.#before = new Uint8Array(bytes * width);
    const header = new Uint8Array(13);
    const view = new DataView(header.buffer);
    view.setUint32(0, width);
    view.setUint32(4, height);
    header.set([8, code], 8); // 8 bits
    this.#parts.push(Uint8Array.from(SIGNATURE), chunk("IHDR", header));
    if (palette) this.#parts.push(chunk("PLTE", palette));
    this.#output.catch(() => {}); // write reports it
  }

  /**
   * Adds rows.
   *
   * @param {Uint8Array | Uint8ClampedArray} pixels  a value for each with a palette; else R, G, B, A
   * @returns {Promise<void>}  settles when there is room for more
   */
  async write(pixels) {
    await this.#input.write(this.#filtered(pixels));
  }

  /** The rows as they are compressed: before each, the byte of its filter. */
  #filtered(pixels) {
    const bytes = this.#before.length;
    const step = this.#type === "palette" ? 1 : 4; // bytes of a pixel that come in
    const used = bytes / this.#width; // and go out
    const rows = pixels.length / (step * this.#width);
    const out = new Uint8Array(rows * (1 + bytes));
    for (let row = 0, from = 0, to = 0; row < rows; row++) {
      out[to++] = this.#type === "palette" ? NONE : UP;
      for (let i = 0; i < bytes; from += step) {
        for (let c = 0; c < used; c++, i++, to++) {
          const value = pixels[from + c];
          out[to] = value - this.#before[i];
          if (step > 1) this.#before[i] = value;
        }
      }
    }
    return out;
  }

  /** @returns {Promise<Blob>}  the file */
  async finish() {
    await this.#input.close();
    await this.#output;
    return new Blob([...this.#parts, chunk("IEND", new Uint8Array(0))], { type: "image/png" });
  }

  /** Takes what is compressed into chunks, which the browser may keep on the disk. */
  async #collect() {
    const reader = this.#deflate.readable.getReader();
    let pieces = [];
    let length = 0;
    for (let done = false; !done; ) {
      const next = await reader.read();
      done = next.done;
      if (!done) {
        pieces.push(next.value);
        length += next.value.length;
      }
      if (length === 0 || (!done && length < LEAST_CHUNK)) continue;
      this.#parts.push(new Blob([chunk("IDAT", ...pieces)]));
      [pieces, length] = [[], 0];
    }
  }
}

function chunk(type, ...pieces) {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = new Uint8Array(12 + length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length);
  bytes.set(new TextEncoder().encode(type), 4);
  let at = 8;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  view.setUint32(at, crc32(bytes.subarray(4, at)));
  return bytes;
}
