// Preprocessing that the peers' pages must do themselves: from a photo to the network's input.

/**
 * @param {Blob} photo
 * @returns {Promise<{ pixels: Uint8ClampedArray, count: number }>}  RGBA and the number of pixels
 */
export async function readPixels(photo) {
  const bitmap = await createImageBitmap(photo);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { alpha: false, willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return { pixels: context.getImageData(0, 0, width, height).data, count: width * height };
}

/** Returns the pixels normalised to −1…1, in the order NHWC. */
export async function interleaved(photo) {
  const { pixels, count } = await readPixels(photo);
  const values = new Float32Array(3 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) values[3 * i + c] = pixels[4 * i + c] / 127.5 - 1;
  }
  return values;
}

/** Returns the pixels normalised to −1…1, in the order NCHW. */
export async function planar(photo) {
  const { pixels, count } = await readPixels(photo);
  const values = new Float32Array(3 * count);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) values[count * c + i] = pixels[4 * i + c] / 127.5 - 1;
  }
  return values;
}
