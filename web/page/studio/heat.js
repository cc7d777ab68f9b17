// Heat: from what the network says of patches to maps of colours, and to places on a plane.
//
// It owns nothing. views.js sends it scores, features, maps and class embeddings; it sends back values
// from 0 to 1, pixels, and places.

/**
 * @typedef {object} Map  of a photo
 * @property {number} rows
 * @property {number} cols
 * @property {Float32Array} values  rows × cols, from 0 to 1
 */

/** Colours from low to high, evenly apart, that keep their order in grey and for the colour-blind. */
const SCALE = ["#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725"].map((text) => parseInt(text.slice(1), 16));

/**
 * How sure the network is of the class that wins, and how much it doubts: the highest of the
 * probabilities, and their entropy relative to that of all classes alike. Between the middles of
 * patches, scores are interpolated, as for the mask.
 *
 * @param {import("../../library/segmenter.js").Scores} scores  of one window
 * @param {number} finer  values a patch and axis
 * @returns {{ confidence: Map, entropy: Map, classes: Uint8Array }}
 */
export function certainty({ rows, cols, classes, values }, finer) {
  const size = { rows: rows * finer, cols: cols * finer };
  const confidence = new Float32Array(size.rows * size.cols);
  const entropy = new Float32Array(confidence.length);
  const winners = new Uint8Array(confidence.length);
  const scores = new Float32Array(classes);
  for (let y = 0, to = 0; y < size.rows; y++) {
    const [top, bottom, down] = between(y, finer, rows);
    for (let x = 0; x < size.cols; x++, to++) {
      const [left, right, across] = between(x, finer, cols);
      const corners = [[top, left], [top, right], [bottom, left], [bottom, right]].map(([row, col]) => (row * cols + col) * classes);
      const weights = [(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across];
      let highest = -Infinity;
      for (let c = 0; c < classes; c++) {
        let score = 0;
        for (let i = 0; i < 4; i++) score += weights[i] * values[corners[i] + c];
        scores[c] = score;
        if (score > highest) [highest, winners[to]] = [score, c];
      }
      let sum = 0;
      let weighted = 0; // Σ e·(score − highest)
      for (const score of scores) {
        const e = Math.exp(score - highest);
        sum += e;
        weighted += e * (score - highest);
      }
      confidence[to] = 1 / sum;
      entropy[to] = classes > 1 ? (Math.log(sum) - weighted / sum) / Math.log(classes) : 0;
    }
  }
  return { confidence: { ...size, values: confidence }, entropy: { ...size, values: entropy }, classes: winners };
}

/** The two patches around a place, and how far it is from the first to the second. */
function between(i, finer, count) {
  const at = Math.max(0, Math.min((i + 0.5) / finer - 0.5, count - 1));
  const first = Math.floor(at);
  return [first, Math.min(first + 1, count - 1), at - first];
}

/**
 * How alike a patch and each other are: the cosine of their features without the mean of all, 0 where
 * they have nothing in common or are opposed.
 *
 * @param {import("../../library/segmenter.js").Features} features  of one window
 * @param {number} patch
 * @returns {Map}
 */
export function similarity({ rows, cols, width, values }, patch) {
  const patches = rows * cols;
  const mean = new Float32Array(width);
  for (let i = 0; i < patches * width; i++) mean[i % width] += values[i] / patches;
  const centred = values.map((value, i) => value - mean[i % width]);
  const one = centred.subarray(patch * width, (patch + 1) * width);
  const length = Math.hypot(...one);
  const cosines = new Float32Array(patches);
  for (let i = 0; i < patches; i++) {
    const other = centred.subarray(i * width, (i + 1) * width);
    let dot = 0;
    let square = 0;
    for (let j = 0; j < width; j++) {
      dot += one[j] * other[j];
      square += other[j] ** 2;
    }
    cosines[i] = Math.max(0, dot / (length * Math.sqrt(square) || 1));
  }
  return { rows, cols, values: cosines };
}

/** Transformers keep notes in a few patches of no interest, which get most of the attention. */
const OUTLIERS = 0.02;

/**
 * A map relative to its highest value, but for a few outliers.
 *
 * @param {number} rows
 * @param {number} cols
 * @param {Float32Array} values
 * @returns {Map}
 */
export function relative(rows, cols, values) {
  const sorted = values.slice().sort();
  const highest = sorted[sorted.length - 1 - Math.floor(sorted.length * OUTLIERS)];
  return { rows, cols, values: values.map((value) => Math.min(1, value / (highest || 1))) };
}

/** @param {Map} map @returns {ImageData} */
export function coloured({ rows, cols, values }) {
  const image = new ImageData(cols, rows);
  for (let i = 0; i < values.length; i++) image.data.set(colourOf(values[i]), 4 * i);
  return image;
}

/** @param {number} value  from 0 to 1 @returns {number[]}  R, G, B, A */
export function colourOf(value) {
  const at = Math.max(0, Math.min(value, 1)) * (SCALE.length - 1);
  const first = Math.min(Math.floor(at), SCALE.length - 2);
  const channel = (shift) => {
    const [a, b] = [SCALE[first], SCALE[first + 1]].map((colour) => (colour >> shift) & 255);
    return Math.round(a + (b - a) * (at - first));
  };
  return [channel(16), channel(8), channel(0), 255];
}

/** For a style sheet: the scale from left to right. */
export function gradient() {
  return `linear-gradient(90deg, ${SCALE.map((colour) => `#${colour.toString(16).padStart(6, "0")}`).join(", ")})`;
}

/**
 * Vectors on a plane: their first two principal components, as the paper draws its class embeddings.
 *
 * @param {Float32Array} vectors  count × width
 * @param {number} count
 * @returns {{ x: number, y: number }[]}  from -1 to 1, with the same scale on both axes
 */
export function plane(vectors, count) {
  const width = vectors.length / count;
  const mean = new Float64Array(width);
  for (let i = 0; i < vectors.length; i++) mean[i % width] += vectors[i] / count;
  // (count, count): dot products of the centred vectors. Their eigenvectors are the places.
  const gram = Array.from({ length: count }, (_, a) => Float64Array.from({ length: count }, (_, b) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += (vectors[a * width + i] - mean[i]) * (vectors[b * width + i] - mean[i]);
    return sum;
  }));
  const axes = [0, 1].map(() => deflate(gram));
  const middles = axes.map((values) => (Math.max(...values) + Math.min(...values)) / 2);
  const reach = Math.max(...axes.map((values, axis) => Math.max(...values) - middles[axis])) || 1;
  return Array.from({ length: count }, (_, i) => ({ x: (axes[0][i] - middles[0]) / reach, y: (axes[1][i] - middles[1]) / reach }));
}

/** Takes the largest eigenvalue out of a matrix. Gives back its eigenvector times its root. */
function deflate(matrix) {
  const count = matrix.length;
  let vector = Array.from({ length: count }, (_, i) => Math.cos(i + 1)); // nothing is orthogonal to it by chance
  let value = 0;
  for (let i = 0; i < 200; i++) {
    const next = matrix.map((row) => row.reduce((sum, entry, j) => sum + entry * vector[j], 0));
    value = Math.hypot(...next);
    if (value < 1e-12) return Array(count).fill(0);
    vector = next.map((entry) => entry / value);
  }
  for (let a = 0; a < count; a++) for (let b = 0; b < count; b++) matrix[a][b] -= value * vector[a] * vector[b];
  return vector.map((entry) => entry * Math.sqrt(value));
}

/**
 * The classes that are nearest to one, by the cosine of their embeddings.
 *
 * @param {Float32Array} vectors  count × width, of length 1 each
 * @param {number} count
 * @param {number} id
 * @returns {{ id: number, cosine: number }[]}  the nearest first
 */
export function nearest(vectors, count, id) {
  const width = vectors.length / count;
  const cosine = (other) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += vectors[id * width + i] * vectors[other * width + i];
    return sum;
  };
  return Array.from({ length: count }, (_, other) => ({ id: other, cosine: cosine(other) }))
    .filter((other) => other.id !== id)
    .sort((a, b) => b.cosine - a.cosine);
}
