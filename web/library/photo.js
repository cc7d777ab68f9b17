// Photos: from whatever holds a picture in a browser to an ImageBitmap.
//
// It owns nothing. It is sent a file, an element, a canvas or pixels; it sends back an upright sRGB
// bitmap for the caller to close, or a SegmenterError that says what is wrong with the photo. It also
// says which sizes a photo has on its way through the engine. What few photos need is loaded when
// they do: files.js and video.js.

import { pictureUnlessAborted, SegmenterError } from "./errors.js";
import { drawn, hasFrame, SHOWS_FRAMES } from "./frame.js";

/** Files of these kinds may have an orientation that browsers ignore: see files.js. */
const MAY_LIE = /^(\x89PNG|RIFF....WEBP|....ftyp)/s;

/**
 * Decodes a photo: orientation applied, colours converted to sRGB, an animation's first frame.
 *
 * @param {import("./segmenter.js").Photo} photo
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<ImageBitmap>}  close() it when done
 */
export async function decodePhoto(photo, { signal } = {}) {
  const picture = await pictureUnlessAborted(pictureOf(photo), signal);
  if (!isA("VideoFrame", picture)) return picture;
  try {
    return bitmapOf(picture);
  } finally {
    picture.close();
  }
}

/**
 * decodePhoto for the engine, which also takes a VideoFrame: to copy it copies no pixels.
 *
 * @param {import("./segmenter.js").Photo} photo
 * @returns {Promise<ImageBitmap | VideoFrame>}  close() it when done
 */
export async function pictureOf(photo) {
  try {
    if (isA("VideoFrame", photo)) return SHOWS_FRAMES ? photo.clone() : bitmapOf(photo);
    if (isA("HTMLImageElement", photo)) await untilLoaded(photo);
    if (isA("HTMLVideoElement", photo)) {
      if (!hasFrame(photo)) await (await videos()).untilFrame(photo);
      return bitmapOf(photo);
    }
    if (photo instanceof Blob) return await bitmapOfFile(photo);
    return await toBitmap(photo);
  } catch (cause) {
    throw cause instanceof SegmenterError ? cause : sourceError(cause);
  }
}

/** @param {HTMLVideoElement | VideoFrame} picture */
function bitmapOf(picture) {
  const bitmap = drawn(picture);
  if (!bitmap) throw new SegmenterError("no-image", "The browser drew nothing of the video: try again.");
  return bitmap;
}

// Parts of the library that are loaded when they are needed.

const files = () => import("./files.js").catch(missing);
const videos = () => import("./video.js").catch(missing);

function missing(cause) {
  throw new SegmenterError("network", "A part of Segmenter could not be downloaded: check the connection and try again.", { cause });
}

/** Whether a value is of a class that this browser, or this worker, may not have. */
function isA(name, value) {
  return name in globalThis && value instanceof globalThis[name];
}

/**
 * Shrinks a photo that is larger than the limits; returns others as they are.
 *
 * @param {ImageBitmap} bitmap  closed if a smaller one replaces it
 * @param {{ maxPixels: number, maxSide: number }} limits
 * @returns {Promise<ImageBitmap>}
 */
export async function shrinkPhoto(bitmap, { maxPixels, maxSide }) {
  const { width, height } = sizeOf(bitmap);
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

function toBitmap(photo) {
  return createImageBitmap(photo, { imageOrientation: "from-image", colorSpaceConversion: "default" });
}

async function bitmapOfFile(file) {
  let bitmap;
  try {
    bitmap = await toBitmap(file);
    const head = String.fromCharCode(...new Uint8Array(await file.slice(0, 12).arrayBuffer()));
    return MAY_LIE.test(head) ? await (await files()).upright(file, bitmap) : bitmap;
  } catch (cause) {
    bitmap?.close();
    throw cause instanceof SegmenterError ? cause : await (await files()).fileError(file, cause);
  }
}

/** Elements may still be loading, and lazy ones may never begin. */
async function untilLoaded(image) {
  if (image.loading === "lazy" && !image.complete) image.loading = "eager";
  await image.decode().catch((cause) => {
    throw new SegmenterError("no-image", "The image element holds no picture: check its src.", { cause });
  });
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

/**
 * The error for a picture of more pixels than the browser can open.
 *
 * @param {{ width: number, height: number }} size
 */
export function tooLarge({ width, height }, cause) {
  return new SegmenterError(
    "too-large",
    `The photo has ${width} × ${height} pixels, more than this browser can open: make it smaller and try again.`,
    { cause, reason: "pixels", values: { width, height } },
  );
}
