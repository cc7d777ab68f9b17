// Painting: from a mask of class ids to pixels of colour.
//
// It owns nothing. It is sent masks and paintings; it sends back ImageData. The engine worker paints
// with it what the processor found, and the page photos; compute/webgpu/shaders/paint.wgsl does the
// same for what the graphics processor found.

/** Which borders between classes are drawn, besides those of one class: its id. */
export const ALL_BORDERS = -1;
export const NO_BORDER = -2;

/** How long a side of a picture may be, since every browser can have a canvas of that in WebGPU. */
export const LONGEST_SIDE = 8192;

const BORDER = 0xffffffff; // white, opaque

/**
 * @typedef {object} Mask
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} mask  class ids, height × width
 *
 * @typedef {object} Painting
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} palette  R, G, B, A of each class
 * @property {number} border       a class's id, ALL_BORDERS or NO_BORDER
 */

/**
 * A painting with its size, where that is missing: the mask's, or what of it fits.
 *
 * @param {Partial<Painting>} painting
 * @param {{ width: number, height: number }} mask
 * @returns {Painting}
 */
export function sized(painting, { width, height }) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const fit = (side) => Math.max(1, Math.round(side * scale));
  return { width: fit(width), height: fit(height), ...painting };
}

/**
 * Samples a mask to another size.
 *
 * @param {Mask} mask
 * @param {{ width: number, height: number }} size
 * @returns {Mask}
 */
export function sample({ width, height, mask }, size) {
  if (size.width === width && size.height === height) return { width, height, mask };
  const columns = Uint32Array.from({ length: size.width }, (_, x) => Math.floor(((x + 0.5) * width) / size.width));
  const sampled = new Uint8Array(size.width * size.height);
  for (let y = 0, to = 0; y < size.height; y++) {
    const row = Math.floor(((y + 0.5) * height) / size.height) * width;
    for (const x of columns) sampled[to++] = mask[row + x];
  }
  return { width: size.width, height: size.height, mask: sampled };
}

/**
 * Paints every pixel in the colour of its class, and the borders between classes in white.
 *
 * @param {Mask} mask
 * @param {Painting} painting
 * @returns {ImageData}
 */
export function paint(mask, { width, height, palette, border }) {
  const view = sample(mask, { width, height });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = new Uint32Array(256);
  new Uint8Array(colours.buffer).set(palette);
  fill(pixels, view, colours);
  if (border !== NO_BORDER) drawBorders(pixels, view, border);
  return image;
}

function fill(pixels, { mask }, colours) {
  for (let i = 0; i < mask.length; i++) pixels[i] = colours[mask[i]];
}

/** A pixel is border if the class is another as far to the right, or below, as the border is wide. */
function drawBorders(pixels, { width, height, mask }, border) {
  const line = Math.max(1, Math.round(Math.max(width, height) / 900));
  const drawn = (a, b) => a !== b && (border === ALL_BORDERS || a === border || b === border);
  for (let y = 0, i = 0; y < height; y++) {
    const below = y + line < height ? line * width : 0;
    for (let x = 0; x < width; x++, i++) {
      const right = x + line < width ? line : 0;
      if (drawn(mask[i], mask[i + right]) || drawn(mask[i], mask[i + below])) pixels[i] = BORDER;
    }
  }
}

/**
 * Colours as a painting takes them.
 *
 * @param {Iterable<[number, string]>} colours  "#rrggbb" or "#rrggbbaa" of a class's id
 * @param {string} [others]  of all other classes
 * @returns {Uint8Array}
 */
export function paletteOf(colours, others = "#00000000") {
  const palette = new Uint8Array(4 * 256);
  const rest = bytesOf(others);
  for (let id = 0; id < 256; id++) palette.set(rest, 4 * id);
  for (const [id, colour] of colours) palette.set(bytesOf(colour), 4 * id);
  return palette;
}

function bytesOf(colour) {
  const rgba = parseInt(colour.slice(1).padEnd(8, "f"), 16);
  return [rgba >>> 24, (rgba >>> 16) & 255, (rgba >>> 8) & 255, rgba & 255];
}
