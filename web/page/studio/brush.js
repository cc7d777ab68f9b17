// The brush: which pixels a stroke covers.
//
// It owns nothing. edit-model.js sends it the pieces of a stroke; it fills in pixels.

/** Circles of a stroke follow each other at this part of their radius: closer ones look the same. */
const SPACING = 0.25;

/**
 * The box of a piece of a stroke, within the picture.
 *
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box  right and bottom are outside
 *
 * @param {{ x: number, y: number, radius: number }} from
 * @param {{ x: number, y: number, radius: number }} to
 * @param {{ width: number, height: number }} size
 * @returns {Box}
 */
export function boxOf(from, to, { width, height }) {
  const radius = Math.max(from.radius, to.radius) + 1;
  const inside = (value, most) => Math.max(0, Math.min(value, most));
  return {
    left: inside(Math.floor(Math.min(from.x, to.x) - radius), width),
    top: inside(Math.floor(Math.min(from.y, to.y) - radius), height),
    right: inside(Math.ceil(Math.max(from.x, to.x) + radius), width),
    bottom: inside(Math.ceil(Math.max(from.y, to.y) + radius), height),
  };
}

/**
 * Fills the pixels that a piece of a stroke covers: those with their centre inside; at least one.
 *
 * @param {{ width: number, height: number, pixels: Uint8Array }} layer
 * @param {{ x: number, y: number, radius: number }} from
 * @param {{ x: number, y: number, radius: number }} to
 * @param {number | Uint8Array} value  of all pixels, or a picture whose pixels come back
 */
export function fillStroke(layer, from, to, value) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const steps = Math.max(1, Math.ceil(length / Math.max(1, SPACING * Math.min(from.radius, to.radius))));
  for (let i = 0; i <= steps; i++) {
    const at = i / steps;
    const mix = (a, b) => a + (b - a) * at;
    fillCircle(layer, mix(from.x, to.x), mix(from.y, to.y), mix(from.radius, to.radius), value);
  }
}

function fillCircle({ width, height, pixels }, x, y, radius, value) {
  const fill = (row, first, last) => {
    const [from, to] = [row * width + Math.max(0, first), row * width + Math.min(width - 1, last) + 1];
    if (to <= from || row < 0 || row >= height) return;
    if (typeof value === "number") pixels.fill(value, from, to);
    else pixels.set(value.subarray(from, to), from);
  };
  fill(Math.floor(y), Math.floor(x), Math.floor(x));
  const bottom = Math.min(height - 1, Math.floor(y + radius - 0.5));
  for (let row = Math.max(0, Math.ceil(y - radius - 0.5)); row <= bottom; row++) {
    const half = Math.sqrt(radius ** 2 - (row + 0.5 - y) ** 2);
    fill(row, Math.ceil(x - half - 0.5), Math.floor(x + half - 0.5));
  }
}
