// The keeper worker: makes what the queue keeps of a photo, for keeper.js.
//
// It is sent and posts
//   { file }                                 { thumbnail }, a Blob
//   { file, width, height, mask, colours }   { thumbnail, packed }, Blobs
//   { packed }                               { mask }
// or { error }.

import { NO_BORDER, paint, paletteOf } from "../../library/painting.js";
import { decodePhoto } from "../../library/photo.js";

/** The longer side of a small picture, in pixels. */
const LONGEST = 320;
const OPACITY = 0.5; // of the classes

self.addEventListener("message", async ({ data: { file, packed: before, mask, ...picture } }) => {
  try {
    if (before) return await unpack(before);
    const thumbnail = await thumbnailOf(file, mask ? { ...picture, mask } : null);
    postMessage({ thumbnail, ...(mask && { packed: await pack(mask) }) });
  } catch ({ message }) {
    postMessage({ error: message });
  }
});

async function thumbnailOf(file, picture) {
  const photo = await decodePhoto(file);
  const scale = Math.min(1, LONGEST / Math.max(photo.width, photo.height));
  const [width, height] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true }); // which is read at once
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(photo, 0, 0, width, height);
  photo.close();
  if (picture) {
    const classes = new OffscreenCanvas(width, height);
    const painting = { width, height, palette: paletteOf(picture.colours), border: NO_BORDER };
    classes.getContext("2d", { willReadFrequently: true }).putImageData(paint(picture, painting), 0, 0);
    context.globalAlpha = OPACITY;
    context.drawImage(classes, 0, 0);
  }
  return context.canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
}

/** A mask is a few areas: 50 megabytes become some ten kilobytes. */
function pack(mask) {
  return new Response(new Blob([mask]).stream().pipeThrough(new CompressionStream("deflate-raw"))).blob();
}

async function unpack(packed) {
  const mask = new Uint8Array(await new Response(packed.stream().pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer());
  postMessage({ mask }, [mask.buffer]);
}
