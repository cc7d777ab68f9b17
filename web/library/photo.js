// Photos: from whatever holds a picture in a browser to an ImageBitmap.
//
// It owns nothing. It is sent a file, an element, a canvas or pixels; it sends back an upright sRGB
// bitmap for the caller to close, or a SegmenterError that says what is wrong with the photo. It also
// says which sizes a photo has on its way through the engine.

import { SegmenterError } from "./errors.js";
import { bitmapOf } from "./frame.js";

const OPENS = "PNG, JPEG, WebP, GIF, BMP and AVIF can be opened";

// Every browser has a limit of its own. A photo above this that fails was probably too large.
const LARGE_PIXELS = 64e6;

/**
 * Decodes a photo: EXIF orientation applied, colours converted to sRGB, an animation's first frame.
 *
 * @param {import("./segmenter.js").Photo} photo
 * @returns {Promise<ImageBitmap | VideoFrame>}  close() it when done
 */
export async function decodePhoto(photo) {
  if (globalThis.VideoFrame && photo instanceof VideoFrame) return photo.clone(); // copies no pixels
  await requireLoaded(photo);
  return toBitmap(photo);
}

/**
 * Shrinks a photo that is larger than the limits; returns others as they are.
 *
 * @param {ImageBitmap} bitmap  closed if a smaller one replaces it
 * @param {{ maxPixels: number, maxSide: number }} limits
 * @returns {Promise<ImageBitmap>}
 */
export async function shrinkPhoto(bitmap, { maxPixels, maxSide }) {
  const { width, height } = bitmap;
  const scale = Math.min(Math.sqrt(maxPixels / (width * height)), maxSide / Math.max(width, height));
  if (scale >= 1) return bitmap;
  try {
    return await createImageBitmap(bitmap, {
      resizeWidth: Math.max(1, Math.floor(width * scale)),
      resizeHeight: Math.max(1, Math.floor(height * scale)),
      resizeQuality: "high",
    });
  } catch (cause) {
    throw tooLarge({ width, height }, cause);
  } finally {
    bitmap.close();
  }
}

// A mask is larger than the network's frame, so that its edges look smooth when it is drawn larger
// still. Whole patches give whole pixels. A scale of 2 costs two frames a second.
const MASK_SCALE = 1.5;

// The longest side for the network, in short sides.
const STRIP_ASPECT = 4;

/**
 * The size of a picture as the engine gets it, and the size of its mask. With the mask's size
 * "photo", both are the picture's own; with "network", the browser resizes the picture for the network.
 *
 * @param {ImageBitmap | VideoFrame} picture
 * @param {{ maskSize: "photo" | "network", size: number, patch: number }} options
 * @returns {{ frame: { width: number, height: number }, mask: { width: number, height: number } }}
 */
export function engineSizes(picture, { maskSize, size, patch }) {
  const own = sizeOf(picture);
  if (maskSize === "photo" || size === 0) return { frame: own, mask: own };
  const frame = fit(own, size, patch);
  return { frame, mask: { width: MASK_SCALE * frame.width, height: MASK_SCALE * frame.height } };
}

/**
 * The size at which the network sees a picture: short × 1 to short × 4, in whole patches. This is
 * package photo's Fit; web/tests/cases/fit.json holds both to the same sizes.
 *
 * @param {{ width: number, height: number }} picture
 * @param {number} short  the short side in pixels; 0 keeps the picture's size
 * @param {number} patch
 */
export function fit({ width, height }, short, patch) {
  if (short === 0) return { width, height };
  const side = Math.max(1, Math.min(width, height));
  const longest = Math.max(patch, Math.floor((STRIP_ASPECT * short) / patch) * patch);
  const fitted = (n) => {
    const patches = Math.floor((2 * n * short + side * patch) / (2 * side * patch)); // n·short/side/patch, rounded
    return Math.min(Math.max(1, patches) * patch, longest);
  };
  return { width: fitted(width), height: fitted(height) };
}

/** @param {ImageBitmap | VideoFrame} picture */
export function sizeOf({ width, height, displayWidth, displayHeight }) {
  return { width: displayWidth ?? width, height: displayHeight ?? height };
}

async function toBitmap(photo) {
  try {
    if (globalThis.HTMLVideoElement && photo instanceof HTMLVideoElement) return await bitmapOf(photo);
    return await createImageBitmap(photo, {
      imageOrientation: "from-image",
      colorSpaceConversion: "default",
    });
  } catch (cause) {
    throw photo instanceof Blob ? await fileError(photo, cause) : sourceError(cause);
  }
}

/** Elements may still be loading: waits for an image; a video must show a frame. */
async function requireLoaded(photo) {
  if (globalThis.HTMLImageElement && photo instanceof HTMLImageElement) {
    await photo.decode().catch((cause) => {
      throw new SegmenterError("no-image", "The image element holds no picture: check its src.", { cause });
    });
  }
  if (globalThis.HTMLVideoElement && photo instanceof HTMLVideoElement) {
    if (photo.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) {
      throw new SegmenterError("no-image", "The video shows no frame yet: wait for its loadeddata event.");
    }
  }
}

function sourceError(cause) {
  if (cause instanceof TypeError) {
    return new SegmenterError(
      "no-image",
      "That is no photo: give a File, a Blob, an ImageBitmap, ImageData, a canvas, an image or a video element.",
      { cause },
    );
  }
  if (cause?.name === "SecurityError") return foreignPixels(cause);
  return new SegmenterError("no-image", "The picture could not be read: it has no pixels.", { cause });
}

/** The error for a picture of another site, whose pixels the browser keeps from scripts. */
export function foreignPixels(cause) {
  return new SegmenterError(
    "no-image",
    "The picture comes from another site, which does not allow its pixels to be read: download it and open the file.",
    { cause },
  );
}

/** @param {Blob} file */
async function fileError(file, cause) {
  const name = file instanceof File && file.name ? `“${file.name}”` : "The file";
  const values = { file: file.name ?? "" };
  if (file.size === 0) {
    return new SegmenterError("no-image", `${name} is empty: choose another file.`, { cause, reason: "empty", values });
  }
  if (/hei[cf]$/i.test(file.type) || /\.hei[cf]$/i.test(file.name ?? "")) {
    return new SegmenterError(
      "no-image",
      `${name} is a HEIC photo, which this browser cannot open: export it as JPEG and try again.`,
      { cause, reason: "heic", values },
    );
  }
  const head = new Uint8Array(await file.slice(0, 1 << 18).arrayBuffer().catch(() => new ArrayBuffer(0)));
  const size = statedSize(head);
  if (size && size.width * size.height > LARGE_PIXELS) {
    return tooLarge(size, cause);
  }
  const [reason, sentence] = size
    ? ["damaged", `${name} is damaged or cut short: open another copy of it.`]
    : ["unknown", `${name} is not a picture that this browser can open: ${OPENS}.`];
  return new SegmenterError("no-image", sentence, { cause, reason, values });
}

function tooLarge({ width, height }, cause) {
  return new SegmenterError(
    "too-large",
    `The photo has ${width} × ${height} pixels, more than this browser can open: make it smaller and try again.`,
    { cause, reason: "pixels", values: { width, height } },
  );
}

/**
 * The size that a PNG (its IHDR chunk) or a JPEG (its start-of-frame segment) states in its head.
 *
 * @param {Uint8Array} head
 * @returns {{ width: number, height: number } | undefined}
 */
export function statedSize(head) {
  const view = new DataView(head.buffer);
  if (head.length >= 24 && view.getUint32(0) === 0x89504e47) {
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (head.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = head[at + 1];
    const startsFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (startsFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
  }
  return undefined;
}
