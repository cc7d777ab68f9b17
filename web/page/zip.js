// ZIP: an archive that is written while its files come, so that memory holds none of them.
//
// It owns the archive's directory. It is sent files, and a function that takes the archive's bytes one
// after the other. The format is that of PKWARE's APPNOTE.TXT 6.3.3: each file behind a header of its
// own, then the directory; zip64 where 16 or 32 bits do not suffice.

import { crc32 } from "../library/crc.js";

const STORED = 0;
const DEFLATED = 8;
const UTF8_NAMES = 0x0800; // a flag
const VERSION = 20;
const VERSION_64 = 45;
const MOST_16 = 0xffff;
const MOST_32 = 0xffffffff;

const PIECE = 1 << 16;

/** What deflating makes no smaller. */
const PACKED = /\.(png|jpe?g|webp|avif|gif|zip)$/i;

export class ZipWriter {
  #write;
  #at = 0; // bytes so far
  #entries = [];

  /** @param {(bytes: Uint8Array | Blob) => Promise<void> | void} write */
  constructor(write) {
    this.#write = write;
  }

  /**
   * @param {string} name  a path with slashes
   * @param {Blob} blob
   * @param {Date} [date]
   */
  async add(name, blob, date = new Date()) {
    const isPacked = PACKED.test(name);
    const { content, crc } = isPacked ? { content: blob, crc: await checksum(blob) } : await deflated(blob);
    const entry = {
      name: new TextEncoder().encode(name),
      method: isPacked ? STORED : DEFLATED,
      ...dosTime(date),
      crc,
      packed: content.size,
      size: blob.size,
      at: this.#at,
    };
    this.#entries.push(entry);
    await this.#put(localHeader(entry));
    await this.#put(content);
  }

  /** Writes the directory, after which nothing comes. */
  async close() {
    const at = this.#at;
    for (const entry of this.#entries) await this.#put(directoryEntry(entry));
    await this.#put(ending({ count: this.#entries.length, size: this.#at - at, at }));
  }

  async #put(bytes) {
    this.#at += bytes.size ?? bytes.length;
    await this.#write(bytes);
  }
}

/** Deflates into a Blob, since the browser may keep that on disk. */
async function deflated(blob) {
  const { readable, writable } = new CompressionStream("deflate-raw");
  const content = new Response(readable).blob();
  const writer = writable.getWriter();
  let crc = 0;
  for await (const piece of piecesOf(blob)) {
    crc = crc32(piece, crc);
    await writer.write(piece);
  }
  await writer.close();
  return { content: await content, crc };
}

async function checksum(blob) {
  let crc = 0;
  for await (const piece of piecesOf(blob)) crc = crc32(piece, crc);
  return crc;
}

/** Pieces so small that a page stays responsive between them: browsers deflate on its thread. */
async function* piecesOf(blob) {
  for (let at = 0; at < blob.size; at += PIECE) yield new Uint8Array(await blob.slice(at, at + PIECE).arrayBuffer());
}

/** In local time, in steps of two seconds, from 1980 on. */
function dosTime(date) {
  return {
    time: (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1),
    date: (Math.max(0, date.getFullYear() - 1980) << 9) | ((date.getMonth() + 1) << 5) | date.getDate(),
  };
}

/**
 * @typedef {object} Entry
 * @property {Uint8Array} name
 * @property {number} method
 * @property {number} time
 * @property {number} date
 * @property {number} crc
 * @property {number} packed  bytes in the archive
 * @property {number} size    bytes of the file
 * @property {number} at      the place of its header
 */

/** What stands before a file. @param {Entry} entry */
export function localHeader({ name, method, time, date, crc, packed, size }) {
  const isLarge = Math.max(packed, size) >= MOST_32;
  const extra = isLarge ? record([2, 1], [2, 16], [8, size], [8, packed]) : record();
  const header = record([4, 0x04034b50], [2, isLarge ? VERSION_64 : VERSION], [2, UTF8_NAMES], [2, method], [2, time], [2, date], [4, crc],
    [4, isLarge ? MOST_32 : packed], [4, isLarge ? MOST_32 : size], [2, name.length], [2, extra.length]);
  return joined(header, name, extra);
}

/** What the directory has of a file. @param {Entry} entry */
export function directoryEntry({ name, method, time, date, crc, packed, size, at }) {
  const large = [size, packed, at].filter((value) => value >= MOST_32);
  const extra = large.length > 0 ? record([2, 1], [2, 8 * large.length], ...large.map((value) => [8, value])) : record();
  const version = large.length > 0 ? VERSION_64 : VERSION;
  const within = (value) => [4, Math.min(value, MOST_32)];
  const header = record([4, 0x02014b50], [2, version], [2, version], [2, UTF8_NAMES], [2, method], [2, time], [2, date], [4, crc],
    within(packed), within(size), [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, 0], within(at));
  return joined(header, name, extra);
}

/** What stands behind the directory. @param {{ count: number, size: number, at: number }} directory */
export function ending({ count, size, at }) {
  const isLarge = count >= MOST_16 || size >= MOST_32 || at >= MOST_32;
  const large = isLarge
    ? record([4, 0x06064b50], [8, 44], [2, VERSION_64], [2, VERSION_64], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, at],
        [4, 0x07064b50], [4, 0], [8, at + size], [4, 1])
    : record();
  const few = [2, Math.min(count, MOST_16)];
  const end = record([4, 0x06054b50], [2, 0], [2, 0], few, few, [4, Math.min(size, MOST_32)], [4, Math.min(at, MOST_32)], [2, 0]);
  return joined(large, end);
}

/** Numbers of 2, 4 or 8 bytes, the lowest byte first. @param {...[number, number]} fields */
function record(...fields) {
  const bytes = new Uint8Array(fields.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}

function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
