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

/** What the header says of pixels: indices into a palette, or R, G, B and A. */
const [INDEXED, COLOURS] = [3, 6];

export class PngWriter {
  #isIndexed;
  #before; // the last row, without its filter
  #parts = [];
  #deflate = new CompressionStream("deflate");
  #input = this.#deflate.writable.getWriter();
  #output = this.#collect();

  /**
   * @param {{ width: number, height: number }} size
   * @param {Uint8Array} [palette]  R, G, B of each value; without it, pixels have R, G, B and A
   */
  constructor({ width, height }, palette) {
    this.#isIndexed = Boolean(palette);
    this.#before = new Uint8Array(palette ? width : 4 * width);
    const header = new Uint8Array(13);
    const view = new DataView(header.buffer);
    view.setUint32(0, width);
    view.setUint32(4, height);
    header.set([8, palette ? INDEXED : COLOURS], 8); // 8 bits
    this.#parts.push(Uint8Array.from(SIGNATURE), chunk("IHDR", header));
    if (palette) this.#parts.push(chunk("PLTE", palette));
    this.#output.catch(() => {}); // write reports it
  }

  /**
   * Adds rows.
   *
   * @param {Uint8Array | Uint8ClampedArray} pixels
   * @returns {Promise<void>}  settles when there is room for more
   */
  async write(pixels) {
    await this.#input.write(this.#filter(pixels));
  }

  /** The rows as they are compressed: before each, the byte of its filter. */
  #filter(pixels) {
    const before = this.#before;
    const rows = pixels.length / before.length;
    const out = new Uint8Array(rows + pixels.length);
    for (let row = 0, from = 0, to = 0; row < rows; row++) {
      out[to++] = this.#isIndexed ? NONE : UP;
      for (let i = 0; i < before.length; i++, from++, to++) {
        out[to] = pixels[from] - before[i];
        if (!this.#isIndexed) before[i] = pixels[from];
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
