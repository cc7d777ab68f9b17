// The worker of photo effects: decodes a photo, draws the effect and writes a file, in strips, so that of
// the full resolution there is the decoded photo in memory, and no other picture unless the kind of file
// needs one.
//
// It is sent one photo by photo-effects.js, in several messages: { photo }, { mask }, { selection },
// { matte } and { effect, kept, type, quality }. It posts
//   { type: "progress", payload: { done, total } }   any number of times: rows
//   { type: "result", payload: Blob }
//   { type: "error", payload: { code, message, reason, values } }
// The page ends it then, or when nobody wants the file any more.

import { drawBackground } from "./effects.js";
import { SegmenterError } from "./errors.js";
import { average, Edges, matteOf, shrinkMatte } from "./matte.js";
import { sample } from "./painting.js";
import { decodePhoto, tooLarge } from "./photo.js";
import { PngWriter } from "./png.js";

/** Edges are found, and backgrounds blurred, on a copy of the photo of about so many pixels. */
const SMALL_PIXELS = 3e5;

/** Of the mask, so many pixels count along each side of a pixel of that copy. */
const SAMPLES = 2;

/** Pixels of a strip. */
const STRIP = 1 << 20;

/** Beyond their limits, which differ, browsers draw nothing on a canvas and report nothing. */
const WIDEST_CANVAS = 16384;

/** Pixels of a canvas from which on memory counts more than time. All browsers have canvases of this size. */
const LARGEST_CANVAS = 16e6;

/** How often a background is averaged: after three times, it looks as if a Gaussian had blurred it. */
const SPREADS = 3;

const parts = {};

self.addEventListener("message", async ({ data }) => {
  Object.assign(parts, data);
  if (!data.kept) return; // which comes last
  const { photo, mask, selection, matte, ...others } = parts;
  try {
    postMessage({ type: "result", payload: await apply({ photo, ...others, kept: { ...others.kept, mask, selection, matte } }) });
  } catch ({ code, message, reason = "", values = {} }) {
    postMessage({ type: "error", payload: { code: typeof code === "string" ? code : "internal", message, reason, values } });
  }
});

async function apply({ photo, effect, kept, type, quality }) {
  const picture = photo instanceof ImageBitmap ? photo : await decodePhoto(photo);
  const { width, height } = picture;
  if (width > WIDEST_CANVAS) throw tooLarge({ width, height });
  const draw = drawerOf(picture, effect, kept);
  const out = writerFor({ width, height }, effect, type, quality);
  const rows = Math.max(1, Math.floor(STRIP / width));
  const strip = newContext(width, Math.min(rows, height));
  for (let top = 0; top < height; top += rows) {
    postMessage({ type: "progress", payload: { done: top, total: height } });
    const count = Math.min(rows, height - top);
    strip.setTransform(1, 0, 0, 1, 0, 0);
    strip.clearRect(0, 0, width, rows);
    strip.drawImage(picture, 0, top, width, count, 0, 0, width, count);
    await out.write(draw(strip, top, count).data);
  }
  picture.close();
  return out.finish();
}

/** A canvas writes PNGs several times as fast as strips are compressed; but it holds all of the picture. */
function writerFor(size, { kind }, type, quality) {
  const isLarge = size.width * size.height > LARGEST_CANVAS;
  if (type === "image/png" && isLarge) return new PngWriter(size, kind === "cut" ? "rgba" : "rgb");
  return new CanvasWriter(size, type, quality);
}

/**
 * What draws the rows of a photo with an effect: from a strip that has the photo's.
 *
 * @returns {(strip: OffscreenCanvasRenderingContext2D, top: number, count: number) => ImageData}
 */
function drawerOf(picture, effect, kept) {
  const { width, height } = picture;
  if (effect.kind === "none") return (strip, top, count) => strip.getImageData(0, 0, width, count);
  if (effect.kind === "tint") return (strip, top, count) => tinted(strip.getImageData(0, 0, width, count), { width, height }, top, effect, kept);
  const small = smallCopy(picture, kept);
  const matte = smallMatte(kept, small);
  const behind = effect.kind === "blur" ? { kind: "picture", picture: blurred(small, matte, (effect.radius * small.width) / width) } : effect;
  const edges = new Edges(small, matte, (kept.feather * small.width) / width);
  return (strip, top, count) => {
    const front = strip.getImageData(0, 0, width, count);
    edges.apply(front.data, { width, height }, top);
    if (effect.kind === "cut") return front;
    const layer = newContext(width, count);
    layer.putImageData(front, 0, 0);
    strip.clearRect(0, 0, width, count);
    strip.setTransform(1, 0, 0, 1, 0, -top);
    drawBackground(strip, picture, behind, { width, height });
    strip.setTransform(1, 0, 0, 1, 0, 0);
    strip.drawImage(layer.canvas, 0, 0);
    return strip.getImageData(0, 0, width, count);
  };
}

/** The pixels of a small copy of the photo, no larger than the mask. */
function smallCopy(picture, mask) {
  const scale = Math.min(1, Math.sqrt(SMALL_PIXELS / (picture.width * picture.height)));
  const fit = (side, most) => Math.max(1, Math.min(Math.round(side * scale), most));
  const [width, height] = [fit(picture.width, mask.width), fit(picture.height, mask.height)];
  const context = newContext(width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/** The matte at the size of the small copy: means of a few of the mask's pixels each. */
function smallMatte({ width, height, mask, classes, selection, matte }, small) {
  const fit = (side, most) => Math.min(side, SAMPLES * most);
  const size = { width: fit(width, small.width), height: fit(height, small.height) };
  const sampled = (values) => values && sample({ width, height, mask: values }, size).mask;
  const values = matteOf({ mask: sampled(mask), classes, selection: sampled(selection), matte: sampled(matte) });
  return shrinkMatte({ ...size, values }, small);
}

/** Blends rows of a photo with the colours of the classes that are kept. */
function tinted(image, photo, top, { opacity, colours }, { width, height, mask, classes = [], selection }) {
  const { data } = image;
  const inside = new Set(classes);
  const rgb = Array.from({ length: 256 }, (_, id) => {
    if (!colours[id] || (!selection && !inside.has(id))) return null;
    const value = parseInt(colours[id].slice(1, 7), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
  const columns = Uint32Array.from({ length: photo.width }, (_, x) => Math.floor((x * width) / photo.width));
  for (let at = 0, y = top; at < data.length; y++) {
    const row = Math.floor((y * height) / photo.height) * width;
    for (let x = 0; x < photo.width; x++, at += 4) {
      const i = row + columns[x];
      const colour = rgb[mask[i]];
      if (!colour || (selection && !selection[i])) continue;
      for (let c = 0; c < 3; c++) data[at + c] += (colour[c] - data[at + c]) * opacity;
    }
  }
  return image;
}

/**
 * A blurred background. What is kept does not shine into it: colours are averaged over the background
 * alone where there is some near.
 */
function blurred({ width, height, data }, matte, radius) {
  const size = { width, height };
  const reach = Math.max(1, Math.round(radius)); // three averages have the variance of a Gaussian of this deviation
  const spread = (values) => {
    for (let i = 0; i < SPREADS; i++) average(values, size, reach);
    return values;
  };
  const weights = spread(matte.map((value) => 1 - value + 1e-3)); // where there is none, all counts alike
  const context = newContext(width, height);
  const image = context.createImageData(width, height);
  for (let c = 0; c < 3; c++) {
    const sums = spread(matte.map((value, i) => data[4 * i + c] * (1 - value + 1e-3)));
    for (let i = 0; i < sums.length; i++) image.data[4 * i + c] = sums[i] / weights[i];
  }
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255;
  context.putImageData(image, 0, 0);
  return context.canvas;
}

/** Writes a kind of file that only a canvas can. */
class CanvasWriter {
  #context;
  #top = 0;
  #options;

  constructor({ width, height }, type, quality) {
    this.#options = { type, quality };
    this.#context = newContext(width, height);
  }

  write(pixels) {
    const { width } = this.#context.canvas;
    const image = new ImageData(pixels, width);
    this.#context.putImageData(image, 0, this.#top);
    this.#top += image.height;
  }

  async finish() {
    const { type } = this.#options;
    const blob = await this.#context.canvas.convertToBlob(this.#options);
    if (blob.type === type) return blob;
    throw new SegmenterError("unsupported", `This browser cannot write files of the type ${type}: take image/png.`);
  }
}

function newContext(width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillRect(0, 0, 1, 1);
  if (context.getImageData(0, 0, 1, 1).data[3] === 0) throw tooLarge({ width, height });
  context.clearRect(0, 0, 1, 1);
  return context;
}
