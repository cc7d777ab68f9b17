// Sizes: what the page offers as detail.
//
// It owns nothing. settings.js sends it a model's size.

/**
 * A faster size, the model's own, and one that shows more detail.
 *
 * @param {number} best  in pixels
 * @returns {number[]}
 */
export function sizesAround(best) {
  const near = (size) => 16 * Math.max(1, Math.round(size / 16));
  return [near((best * 2) / 3), best, near((best * 4) / 3)];
}
