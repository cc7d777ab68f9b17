// Files of photos: what their bytes say of kind, size and orientation.
//
// It owns nothing. photo.js sends it a file that the browser could not decode, for the error; and a
// bitmap of a file that the browser may have left on its side, for one that is upright.

import { SegmenterError } from "./errors.js";
import { tooLarge } from "./photo.js";

const OPENS = "PNG, JPEG, WebP, GIF, BMP and AVIF can be opened";

// Every browser has a limit of its own. A photo above this that fails was probably too large.
const LARGE_PIXELS = 64e6;

/** The head of a file: what tells its kind and, in all but odd files, its size. */
const HEAD_BYTES = 1 << 18;

/** The names for a file that has changed, or is gone, since it was chosen. */
const CHANGED = ["NotReadableError", "NotFoundError"];

/**
 * Why a file could not be decoded.
 *
 * @param {Blob} file
 * @param {Error} cause  that the browser gave
 * @returns {Promise<SegmenterError>}
 */
export async function fileError(file, cause) {
  const name = file instanceof File && file.name ? `“${file.name}”` : "The file";
  const values = { file: file.name ?? "" };
  const error = (reason, sentence, more = {}) =>
    new SegmenterError("no-image", `${name} ${sentence}`, { cause, reason, values: { ...values, ...more } });

  let head;
  try {
    const part = file.size > 0 ? file.slice(0, HEAD_BYTES) : file; // one that is gone has no size
    head = new Uint8Array(await part.arrayBuffer());
  } catch ({ name }) {
    if (CHANGED.includes(name)) return error("changed", "has changed on disk, or is gone, since you chose it: choose it again.");
    return error("unreadable", "could not be read: choose another file.");
  }
  if (file.size === 0) return error("empty", "is empty: choose another file.");
  const size = statedSize(head);
  if (size && size.width * size.height > LARGE_PIXELS) return tooLarge(size, cause);
  if (size) return error("damaged", "is damaged or cut short: open another copy of it.");
  const kind = kindOf(head) ?? kindByName(file);
  if (kind === "HEIC") return error("heic", "is a HEIC photo, which this browser cannot open: export it as JPEG and try again.");
  if (kind) return error("kind", `is a file of the kind ${kind}, which this browser cannot open: save it as JPEG or PNG and try again.`, { kind });
  return error("unknown", `is not a picture that this browser can open: ${OPENS}.`);
}

/** Kinds of files that browsers cannot open, or not all, by their first characters. */
const KINDS = [
  [/^(II\*\0|MM\0\*|II\+\0|MM\0\+)/, "TIFF or camera raw"],
  [/^(\xff\x0a|\0\0\0\x0cJXL )/, "JPEG XL"],
  [/^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/, "JPEG 2000"],
  [/^8BPS/, "Photoshop"],
  [/^%PDF/, "PDF"],
  [/^\s*(<\?xml[^]*)?(<!--[^]*)?(<!DOCTYPE svg[^]*)?<svg/i, "SVG"],
  [/^FUJIFILM/, "camera raw"],
];

/**
 * The kind of a file that browsers cannot open, or not all.
 *
 * @param {Uint8Array} head
 * @returns {string | undefined}
 */
export function kindOf(head) {
  const text = textOf(head.subarray(0, 1024));
  const brands = brandsOf(head);
  if (brands.some((brand) => /^avi[fs]$/.test(brand))) return "AVIF";
  if (brands.some((brand) => /^(he[iv][cxms]|m[is][fa][1f]|jpeg)$/.test(brand))) return "HEIC";
  if (brands.includes("crx ")) return "camera raw";
  if (brands.length > 0) return "video";
  return KINDS.find(([pattern]) => pattern.test(text))?.[1];
}

function kindByName({ type = "", name = "" }) {
  return /hei[cf]$/i.test(type) || /\.hei[cf]$/i.test(name) ? "HEIC" : undefined;
}

/** The brands of an ISO media file (its box ftyp): the major one, then those that it is compatible with. */
function brandsOf(head) {
  if (head.length < 16 || textOf(head.subarray(4, 8)) !== "ftyp") return [];
  const end = Math.min(viewOf(head).getUint32(0), head.length);
  const all = textOf(head.subarray(8, end)).match(/[^]{4}/g) ?? [];
  return all.filter((_, i) => i !== 1); // which is the version
}

/**
 * The size that a file of a kind that browsers open states in its head.
 *
 * @param {Uint8Array} head
 * @returns {{ width: number, height: number } | undefined}
 */
export function statedSize(head) {
  const view = viewOf(head);
  const text = textOf(head.subarray(0, 16));
  if (head.length >= 24 && text.startsWith("\x89PNG")) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (head.length >= 10 && text.startsWith("GIF8")) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (head.length >= 26 && text.startsWith("BM")) return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
  if (head.length >= 30 && /^RIFF[^]{4}WEBP/.test(text)) return webpSize(view, text.slice(12));
  return text.startsWith("\xff\xd8") ? jpegSize(head, view) : undefined;
}

function webpSize(view, chunk) {
  const uint24 = (at) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (chunk === "VP8X") return { width: 1 + uint24(24), height: 1 + uint24(27) };
  if (chunk === "VP8 ") return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  const bits = view.getUint32(21, true); // VP8L
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
}

/** The start-of-frame segment has it. */
function jpegSize(head, view) {
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = head[at + 1];
    const startsFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (startsFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
  }
  return undefined;
}

// Orientation.

/**
 * A bitmap of a file, turned as the file says unless the browser has done so. Browsers turn a JPEG, but
 * none turns a WebP, and WebKit neither a PNG nor an AVIF.
 *
 * @param {Blob} file
 * @param {ImageBitmap} bitmap  of the file; closed if another replaces it
 * @returns {Promise<ImageBitmap>}
 */
export async function upright(file, bitmap) {
  const kind = turnedKindOf(new Uint8Array(await file.slice(0, 256).arrayBuffer()));
  if (!kind || (await turns(kind))) return bitmap;
  const orientation = orientationOf(new Uint8Array(await file.arrayBuffer()));
  return orientation === 1 ? bitmap : turned(bitmap, orientation);
}

/**
 * The orientation of a file, 1 to 8 as EXIF counts: WebP, PNG or AVIF. 1 is upright.
 *
 * @param {Uint8Array} bytes
 */
export function orientationOf(bytes) {
  try {
    const orientation = ORIENTATIONS[turnedKindOf(bytes)]?.(bytes);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  } catch {
    return 1; // it is damaged there
  }
}

const ORIENTATIONS = {
  webp: (bytes) => exifOrientation(chunkOf(bytes, 12, "EXIF", true)),
  png: (bytes) => exifOrientation(chunkOf(bytes, 8, "eXIf", false)),
  avif: avifOrientation,
};

function turnedKindOf(head) {
  const text = textOf(head.subarray(0, 16));
  if (/^RIFF[^]{4}WEBPVP8X/.test(text)) return "webp"; // others have no EXIF data
  if (text.startsWith("\x89PNG")) return "png";
  return brandsOf(head).some((brand) => /^avi[fs]$/.test(brand)) ? "avif" : undefined;
}

/** Files of 2 × 1 pixels that are 1 × 2 upright: in Base64. */
const SAMPLES = {
  webp:
    "UklGRlIAAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TBEAAAAvAQAAAA8Q87//8x8OMqL/AQBFWElGGgAAAElJKgAIAAAAAQAS" +
    "AQMAAQAAAAYAAAAAAAAA",
  png:
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAGmVYSWZJSSoACAAAAAEAEgEDAAEAAAAGAAAAAAAAALdIESkAAAAL" +
    "SURBVHjaY2D4DwABAgEA0RrLjwAAAABJRU5ErkJggg==",
  avif:
    "AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAANxtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA" +
    "AA5waXRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAAQAAAAAtAAAAI2lpbmYAAAAAAAEAAAAVaW5mZQIAAAAAAQAAYXYw" +
    "MQAAAABgaXBycAAAAEFpcGNvAAAADGF2MUOBIAIAAAAAFGlzcGUAAAAAAAAAAgAAAAEAAAAQcGl4aQAAAAADCAgIAAAACWlyb3QD" +
    "AAAAF2lwbWEAAAAAAAAAAQABBIECA4QAAAA1bWRhdBIACgc4ACaQENBpMiAZQmMEwAA0CizsJ5n2i/irtlP7lAwORH6kWCJ8Qmgw" +
    "tw==",
};

/** Whether this browser turns files of a kind; by kind. @type {Map<string, Promise<boolean>>} */
const known = new Map();

function turns(kind) {
  if (!known.has(kind)) known.set(kind, turnsSample(SAMPLES[kind]).catch(() => true));
  return known.get(kind);
}

async function turnsSample(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes]), { imageOrientation: "from-image" });
  const { width, height } = bitmap;
  bitmap.close();
  return height > width;
}

/** Where the picture's right and its bottom lie, upright, by orientation: columns of a matrix. */
const MATRICES = [
  undefined,
  [1, 0, 0, 1],
  [-1, 0, 0, 1],
  [-1, 0, 0, -1],
  [1, 0, 0, -1],
  [0, 1, 1, 0],
  [0, 1, -1, 0],
  [0, -1, -1, 0],
  [0, -1, 1, 0],
];

/** Closes the bitmap and returns a turned one. */
function turned(bitmap, orientation) {
  const { width: w, height: h } = bitmap;
  const [width, height] = orientation >= 5 ? [h, w] : [w, h];
  const [a, b, c, d] = MATRICES[orientation];
  try {
    const context = new OffscreenCanvas(width, height).getContext("2d");
    requireCanvas(context);
    context.setTransform(a, b, c, d, (width - a * w - c * h) / 2, (height - b * w - d * h) / 2);
    context.drawImage(bitmap, 0, 0);
    return context.canvas.transferToImageBitmap();
  } catch (cause) {
    throw tooLarge({ width, height }, cause);
  } finally {
    bitmap.close();
  }
}

/** Beyond their limits, which differ, browsers draw nothing on a canvas and report nothing. */
function requireCanvas(context) {
  context.fillRect(0, 0, 1, 1);
  const [, , , alpha] = context.getImageData(0, 0, 1, 1).data;
  if (alpha === 0) throw new RangeError("The canvas draws nothing.");
  context.clearRect(0, 0, 1, 1);
}

/**
 * The data of a chunk. Chunks follow each other from a place on, with their length and their name:
 * of RIFF the name first, and an even number of bytes; of PNG the length first, and a checksum.
 */
function chunkOf(bytes, at, wanted, isRiff) {
  const view = viewOf(bytes);
  while (at + 8 <= bytes.length) {
    const name = textOf(bytes.subarray(isRiff ? at : at + 4, isRiff ? at + 4 : at + 8));
    const length = view.getUint32(isRiff ? at + 4 : at, isRiff);
    if (name === wanted) return bytes.subarray(at + 8, at + 8 + length);
    at += 8 + length + (isRiff ? length % 2 : 4);
  }
  return undefined;
}

/** Tag 274, a SHORT, of the first directory of EXIF data, a TIFF structure; 1 if it states none. */
function exifOrientation(exif) {
  if (!exif) return 1;
  const tiff = textOf(exif.subarray(0, 6)) === "Exif\0\0" ? exif.subarray(6) : exif;
  if (tiff.length < 8) return 1;
  const view = viewOf(tiff);
  const isLittle = tiff[0] === 0x49;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > tiff.length) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let at = directory + 2; at < directory + 2 + 12 * count && at + 12 <= tiff.length; at += 12) {
    const isOrientation = view.getUint16(at, isLittle) === 274 && view.getUint16(at + 2, isLittle) === 3;
    if (isOrientation) return view.getUint16(at + 8, isLittle);
  }
  return 1;
}

/** An AVIF's orientation by its quarter turns, anticlockwise, and the axis of its mirror after them. */
const BY_TURNS = { none: [1, 8, 3, 6], 0: [4, 5, 2, 7], 1: [2, 7, 4, 5] };

/** AVIF has properties for that, irot and imir, of the primary item; its EXIF data do not count. */
function avifOrientation(bytes) {
  const nothing = new Uint8Array(0);
  const { meta = nothing } = boxesOf(bytes);
  const { pitm = nothing, iprp = nothing } = boxesOf(meta.subarray(4));
  const { ipco = nothing, ipma = nothing } = boxesOf(iprp);
  if (pitm.length < 6 || ipma.length < 8) return 1;
  const primary = pitm[0] === 0 ? viewOf(pitm).getUint16(4) : viewOf(pitm).getUint32(4);
  const properties = [...boxes(ipco)];
  let [turnCount, mirror] = [0, "none"];
  for (const index of propertiesOf(primary, ipma)) {
    const [name, data] = properties[index - 1] ?? [];
    if (name === "irot") turnCount = data[0] & 3;
    if (name === "imir") mirror = data[0] & 1;
  }
  return BY_TURNS[mirror][turnCount];
}

/** The numbers, from 1, of the properties of an item, by a box ipma. */
function propertiesOf(item, ipma) {
  const view = viewOf(ipma);
  const [idBytes, isWide] = [ipma[0] === 0 ? 2 : 4, (ipma[3] & 1) === 1];
  for (let at = 8, n = view.getUint32(4); n > 0 && at + idBytes < ipma.length; n--) {
    const id = idBytes === 2 ? view.getUint16(at) : view.getUint32(at);
    const count = ipma[at + idBytes];
    const first = at + idBytes + 1;
    at = first + count * (isWide ? 2 : 1);
    if (id !== item || at > ipma.length) continue;
    return Array.from({ length: count }, (_, i) => (isWide ? view.getUint16(first + 2 * i) & 0x7fff : ipma[first + i] & 0x7f));
  }
  return [];
}

/** The data of the first box of each name. */
function boxesOf(bytes) {
  return Object.fromEntries([...boxes(bytes)].reverse());
}

/** The boxes of an ISO media file: their names and data. */
function* boxes(bytes) {
  const view = viewOf(bytes);
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    if (length < 8) return; // 0: the rest of the file; 1: a long length: data, not what is looked for
    yield [textOf(bytes.subarray(at + 4, at + 8)), bytes.subarray(at + 8, at + length)];
    at += length;
  }
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Bytes as characters of the same codes. */
function textOf(bytes) {
  return String.fromCharCode(...bytes);
}
