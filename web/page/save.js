// Saving: the picture as the visitor sees it, and the mask.
//
// It owns nothing. app.js sends it a photo and its result; it makes PNG files and has the browser
// download them.

import { ALL_BORDERS, paint, paletteOf } from "../library/painting.js";
import { download } from "./download.js";
import { encodeMask } from "./png.js";

/**
 * Saves the photo with its classes over it, at the photo's size.
 *
 * @param {{ name: string, photo: ImageBitmap, result: import("../library/segmenter.js").Segmentation }} picture
 * @param {number} opacity  of the overlay, from 0 to 1
 */
export async function savePicture({ name, photo, result }, opacity) {
  const { width, height } = result;
  const overlay = new OffscreenCanvas(width, height);
  const palette = paletteOf(result.classes.map(({ id, colour }) => [id, colour]));
  overlay.getContext("2d").putImageData(paint(result, { width, height, palette, border: ALL_BORDERS }), 0, 0);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(photo, 0, 0);
  context.globalAlpha = opacity;
  context.drawImage(overlay, 0, 0);
  download(await canvas.convertToBlob({ type: "image/png" }), `${name}-classes.png`);
}

/**
 * Saves the mask, at the photo's size.
 *
 * @param {{ name: string, result: import("../library/segmenter.js").Segmentation, classes: import("../library/segmenter.js").ClassInfo[] }} picture
 *   with all classes of the model
 */
export async function saveMask({ name, result, classes }) {
  download(await encodeMask(result, classes), `${name}-mask.png`);
}
