// Mask files: reads a mask that was saved, an indexed PNG whose values are class ids.
//
// It owns nothing. edit.js sends it a file and the size that it must have; it sends back the ids. A
// canvas would give colours, which several classes may share.

import { SegmenterError } from "../../library/errors.js";

const SIGNATURE = "\x89PNG\r\n\x1a\n";

/** Bytes of a file at most; an uncompressed mask of 12 megapixels has less. */
const LARGEST = 64e6;

/**
 * @param {Blob} file
 * @param {{ width: number, height: number, classes: number }} picture  the size of its mask, and how many classes there are
 * @returns {Promise<Uint8Array>}  height × width class ids
 */
export async function readMask(file, picture) {
  if (file.size > LARGEST) throw refusal("mask.damaged");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { header, data } = chunksOf(bytes);
  const { width, height, depth } = header;
  if (width !== picture.width || height !== picture.height) {
    throw refusal("mask.size", { width, height, photoWidth: picture.width, photoHeight: picture.height });
  }
  const rowBytes = Math.ceil((width * depth) / 8);
  const mask = unpacked(unfiltered(await inflated(data, height * (1 + rowBytes)), height, rowBytes), header, rowBytes);
  const highest = mask.reduce((most, id) => Math.max(most, id), 0);
  if (highest >= picture.classes) throw refusal("mask.classes", { id: highest, classes: picture.classes });
  return mask;
}

/** The header of a PNG file, and its data: the contents of its chunks of those names. */
function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 8) !== SIGNATURE) throw refusal("mask.kind");
  let header = null;
  const data = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const [length, type] = [view.getUint32(at), text(at + 4, at + 8)];
    if (at + 12 + length > bytes.length) break;
    if (type === "IHDR" && length >= 13) header = headerOf(view, at + 8);
    if (type === "IDAT") data.push(bytes.subarray(at + 8, at + 8 + length));
    if (type === "IEND") break;
    at += 12 + length;
  }
  if (!header || data.length === 0) throw refusal("mask.damaged");
  return { header, data };
}

/** Grey pictures count as indexed ones: their values are ids, too. */
function headerOf(view, at) {
  const [depth, colours, interlace] = [view.getUint8(at + 8), view.getUint8(at + 9), view.getUint8(at + 12)];
  if (![0, 3].includes(colours) || ![1, 2, 4, 8].includes(depth) || interlace !== 0) throw refusal("mask.kind");
  return { width: view.getUint32(at), height: view.getUint32(at + 4), depth };
}

/** Inflates no more than there should be. */
async function inflated(pieces, length) {
  const out = new Uint8Array(length);
  let at = 0;
  try {
    const reader = new Blob(pieces).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    while (at < length) {
      const { done, value } = await reader.read();
      if (done) break;
      out.set(value.subarray(0, length - at), at);
      at += value.length;
    }
    reader.cancel().catch(() => {});
  } catch {
    throw refusal("mask.damaged");
  }
  if (at < length) throw refusal("mask.damaged");
  return out;
}

/** Undoes the filters of rows: of one byte before each. Pixels have at most a byte. */
function unfiltered(bytes, height, rowBytes) {
  const out = new Uint8Array(height * rowBytes);
  for (let y = 0; y < height; y++) {
    const filter = bytes[y * (1 + rowBytes)];
    if (filter > 4) throw refusal("mask.damaged");
    if (filter === 0) {
      out.set(bytes.subarray(y * (1 + rowBytes) + 1, (y + 1) * (1 + rowBytes)), y * rowBytes);
      continue;
    }
    for (let x = 0, from = y * (1 + rowBytes) + 1, to = y * rowBytes; x < rowBytes; x++, from++, to++) {
      const left = x > 0 ? out[to - 1] : 0;
      const above = y > 0 ? out[to - rowBytes] : 0;
      const corner = x > 0 && y > 0 ? out[to - rowBytes - 1] : 0;
      out[to] = bytes[from] + predicted(filter, left, above, corner);
    }
  }
  return out;
}

function predicted(filter, left, above, corner) {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(left + above - corner - value)); // Paeth
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

function unpacked(rows, { width, height, depth }, rowBytes) {
  if (depth === 8) return rows;
  const mask = new Uint8Array(width * height);
  const most = (1 << depth) - 1;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const bit = x * depth;
      mask[to] = (rows[y * rowBytes + (bit >> 3)] >> (8 - depth - (bit & 7))) & most;
    }
  }
  return mask;
}

/** An error with a text of the page. */
function refusal(key, values = {}) {
  return Object.assign(new SegmenterError("no-image", `The file holds no mask for this photo (${key}).`, { values }), { key });
}
