// PNG: writes a mask as a paletted picture, which a canvas cannot.
//
// It owns nothing. It is sent class ids and their colours; it sends back a PNG file.

import { PngWriter } from "../library/png.js";

/**
 * Encodes a mask: 8 bits a pixel, the value of a pixel is its class id, the palette is the classes'.
 *
 * @param {{ width: number, height: number, mask: Uint8Array }} picture
 * @param {{ id: number, colour: string }[]} classes
 * @returns {Promise<Blob>}
 */
export async function encodeMask({ width, height, mask }, classes) {
  const writer = new PngWriter({ width, height }, "palette", palette(classes));
  await writer.write(mask);
  return writer.finish();
}

function palette(classes) {
  const bytes = new Uint8Array(3 * (1 + Math.max(...classes.map(({ id }) => id))));
  for (const { id, colour } of classes) {
    const rgb = parseInt(colour.slice(1), 16);
    bytes.set([rgb >> 16, rgb >> 8, rgb], 3 * id);
  }
  return bytes;
}
