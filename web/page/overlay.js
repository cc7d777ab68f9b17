// Painting: from a mask of class ids to pixels of colour.
//
// It owns nothing. It is sent masks and colours; it sends back ImageData. A view is a mask sampled
// down to what a screen shows, so that painting it again takes a few milliseconds for any photo.

const VIEW_PIXELS = 2e6;
const WHITE = 0xffffffff;
const SHADE = 0xb8100c08; // dark, mostly opaque, as the canvas has it in memory: A B G R

/**
 * @typedef {object} View
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} mask  class ids, height × width
 */

/**
 * Samples a result's mask for the screen.
 *
 * @param {View} result
 * @returns {View}
 */
export function viewOf({ width, height, mask }) {
  const scale = Math.min(1, Math.sqrt(VIEW_PIXELS / (width * height)));
  if (scale === 1) return { width, height, mask };
  const view = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const columns = Uint32Array.from({ length: view.width }, (_, x) => Math.floor(((x + 0.5) * width) / view.width));
  view.mask = new Uint8Array(view.width * view.height);
  for (let y = 0, to = 0; y < view.height; y++) {
    const row = Math.floor(((y + 0.5) * height) / view.height) * width;
    for (const x of columns) view.mask[to++] = mask[row + x];
  }
  return view;
}

/**
 * Every pixel in the colour of its class, and the borders between classes in white.
 *
 * @param {View} view
 * @param {{ id: number, colour: string }[]} classes
 * @returns {ImageData}
 */
export function paintClasses(view, classes) {
  const colours = new Uint32Array(256);
  for (const { id, colour } of classes) colours[id] = pixelOf(colour);
  return paint(view, (mask, i) => colours[mask[i]], () => true);
}

/**
 * Everything but one class in the dark, and a white line around the class.
 *
 * @param {View} view
 * @param {number} classId
 * @returns {ImageData}
 */
export function paintSpotlight(view, classId) {
  return paint(view, (mask, i) => (mask[i] === classId ? 0 : SHADE), (a, b) => a === classId || b === classId);
}

/** Fills by `fill`, and draws a border between neighbours a and b of different class where `parts(a, b)`. */
function paint({ width, height, mask }, fill, parts) {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const line = Math.max(1, Math.round(Math.max(width, height) / 900));
  for (let y = 0, i = 0; y < height; y++) {
    const below = y + line < height ? line * width : 0;
    for (let x = 0; x < width; x++, i++) {
      const here = mask[i];
      const right = x + line < width ? mask[i + line] : here;
      const under = mask[i + below];
      const border = (right !== here && parts(here, right)) || (under !== here && parts(here, under));
      pixels[i] = border ? WHITE : fill(mask, i);
    }
  }
  return image;
}

/** "#rrggbb" as the canvas has it in memory, opaque. */
function pixelOf(colour) {
  const rgb = parseInt(colour.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}
