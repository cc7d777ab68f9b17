// Mattes: how much of each pixel of a photo is kept, 0 to 255.
//
// It owns nothing. It is sent masks, selections and the engine's mattes, and pixels of photos; it sends
// back mattes with edges that follow the photo at its full resolution, and colours without their
// background.
//
// Edges are those of a guided filter (He, Sun and Tang, "Guided image filtering", TPAMI 2013, which calls
// this feathering): within a window, the matte is a linear function of the colour. The functions are
// found on a small copy of the photo and applied to all of it ("Fast guided filter", 2015). The engine's
// refined mask does the same for scores; its guide has a few hundred pixels a side, this one the photo's.

/** Half the side of a window, in pixels of the small copy. */
const RADIUS = 7;

/** Keeps functions from following noise: colours are 0 to 1. */
const EPS = 2e-4;

/** Below the first a matte is 0, above the second 1: a guided filter reaches neither where colours vary. */
const CLEAR = 0.2;
const SOLID = 0.8;

/**
 * The matte of what is kept. An engine's matte counts where it agrees with the mask or the selection on
 * which side a pixel is. Elsewhere the visitor has decided.
 *
 * @param {object} kept
 * @param {Uint8Array} kept.mask  class ids
 * @param {Iterable<number>} [kept.classes]  that are kept
 * @param {Uint8Array} [kept.selection]  instead of classes: 1 for each pixel that is kept
 * @param {Uint8Array} [kept.matte]  of the engine
 * @param {Uint8Array} [out]
 * @returns {Uint8Array}
 */
export function matteOf({ mask, classes = [], selection, matte }, out = new Uint8Array(mask.length)) {
  const inside = new Uint8Array(256);
  for (const id of classes) inside[id] = 1;
  for (let i = 0; i < out.length; i++) {
    const isIn = selection ? selection[i] : inside[mask[i]];
    const soft = matte ? matte[i] : 255 * isIn;
    out[i] = soft >> 7 === isIn ? soft : 255 * isIn;
  }
  return out;
}

/**
 * A matte at another size: each value is the mean of what it covers.
 *
 * @param {{ width: number, height: number, values: Uint8Array }} matte
 * @param {{ width: number, height: number }} size  no larger
 * @returns {Float32Array}  0 to 1
 */
export function shrinkMatte({ width, height, values }, size) {
  const out = new Float32Array(size.width * size.height);
  const counts = new Uint32Array(size.width);
  const columns = Uint32Array.from({ length: width }, (_, x) => Math.floor((x * size.width) / width));
  for (const column of columns) counts[column]++;
  for (let y = 0, from = 0; y < size.height; y++) {
    const row = out.subarray(y * size.width, (y + 1) * size.width);
    const first = from;
    for (; from < height && Math.floor((from * size.height) / height) === y; from++) {
      for (let x = 0, at = from * width; x < width; x++, at++) row[columns[x]] += values[at];
    }
    for (let x = 0; x < size.width; x++) row[x] /= 255 * counts[x] * (from - first);
  }
  return out;
}

/**
 * Means over squares, in place.
 *
 * @param {Float32Array} values
 * @param {{ width: number, height: number }} size
 * @param {number} radius  half the side
 */
export function average(values, { width, height }, radius) {
  const line = new Float32Array(width);
  for (let y = 0; y < height; y++) averageRow(values, line, y * width, width, radius);
  // All columns side by side, so that memory is read in rows.
  const before = values.slice();
  const sums = new Float64Array(width);
  for (let y = -radius; y < height; y++) {
    const [enters, leaves] = [y + radius, y - radius - 1];
    if (enters < height) for (let x = 0, at = enters * width; x < width; x++, at++) sums[x] += before[at];
    if (leaves >= 0) for (let x = 0, at = leaves * width; x < width; x++, at++) sums[x] -= before[at];
    if (y < 0) continue;
    const share = 1 / (Math.min(enters, height - 1) - Math.max(leaves, -1));
    for (let x = 0, at = y * width; x < width; x++, at++) values[at] = sums[x] * share;
  }
  return values;
}

function averageRow(values, line, first, length, radius) {
  for (let i = 0; i < length; i++) line[i] = values[first + i];
  let sum = 0;
  for (let i = 0; i < Math.min(radius, length); i++) sum += line[i];
  for (let i = 0; i < length; i++) {
    const [enters, leaves] = [i + radius, i - radius - 1];
    if (enters < length) sum += line[enters];
    if (leaves >= 0) sum -= line[leaves];
    values[first + i] = sum / (Math.min(enters, length - 1) - Math.max(leaves, -1));
  }
}

/** Values of a point of Edges: the factors of red, green and blue and the constant of its function; how far red, green and blue in front are from those behind. */
const VALUES = 7;

/** What a point is, if no edge is near: the matte's value, 0 to 1; or an edge. */
const EDGE = 2;

/** How often a matte that is feathered is averaged: after three times, its edge looks like a Gaussian. */
const SPREADS = 3;

/** The edges of a matte, for a photo of any size: a function of the colour at each point of a grid. */
export class Edges {
  #size;
  #isFeathered;
  #values;
  #kinds;

  /**
   * @param {{ width: number, height: number, data: Uint8ClampedArray }} picture  the photo, small: RGBA
   * @param {Float32Array} matte  of that size, 0 to 1; changed
   * @param {number} [feather]  the breadth of a soft edge that does not follow the photo, in pixels of the
   *   picture; below 1, edges follow it
   */
  constructor({ width, height, data }, matte, feather = 0) {
    this.#size = { width, height };
    this.#isFeathered = feather >= 1;
    this.#values = new Float32Array(VALUES * width * height);
    decide(matte, this.#size);
    const means = meansOf(data, matte, this.#size);
    setDifferences(this.#values, means);
    for (let i = 0; i < SPREADS && this.#isFeathered; i++) average(matte, this.#size, Math.max(1, Math.round(feather / 2)));
    const functions = this.#isFeathered ? [matte] : functionsOf(means, this.#size);
    const first = 4 - functions.length; // of a matte that is feathered, there is only the constant
    for (const [k, values] of functions.entries()) {
      for (let i = 0; i < values.length; i++) this.#values[VALUES * i + first + k] = values[i];
    }
    this.#kinds = kindsOf(this.#isFeathered ? matte : means.m, this.#size);
  }

  /**
   * Keeps of some rows of the photo what the matte does. At edges, colours lose what shines through of the
   * background; pixels that are not kept have none.
   *
   * @param {Uint8ClampedArray} pixels  RGBA of rows of the photo
   * @param {{ width: number, height: number }} photo  its size
   * @param {number} top  the first of the rows
   */
  apply(pixels, { width, height }, top) {
    const small = this.#size;
    const columns = places(width, small.width);
    const line = new Float32Array(VALUES * small.width);
    const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4);
    for (let row = 0, y = top; row < words.length; row += width, y++) {
      const { low, high, share } = place(y, height, small.height);
      const [upper, lower] = [low * small.width, high * small.width];
      for (let i = 0; i < line.length; i++) line[i] = this.#values[VALUES * upper + i] * (1 - share) + this.#values[VALUES * lower + i] * share;
      for (let x = 0; x < width; ) {
        const left = columns.low[x];
        const right = Math.min(left + 1, small.width - 1);
        const first = x;
        while (x < width && columns.low[x] === left) x++;
        const kind = this.#kindOf(upper + left, upper + right, lower + left, lower + right);
        if (kind === 0) words.fill(0, row + first, row + x);
        if (kind !== EDGE) continue;
        for (let i = first; i < x; i++) applyFunction(pixels, 4 * (row + i), line, VALUES * left, VALUES * right, columns.share[i], this.#isFeathered);
      }
    }
  }

  #kindOf(a, b, c, d) {
    const kinds = this.#kinds;
    return kinds[a] === kinds[b] && kinds[a] === kinds[c] && kinds[a] === kinds[d] ? kinds[a] : EDGE;
  }
}

/** Away from edges, nothing is kept in part: that the engine is not sure of a class makes nothing transparent. */
function decide(matte, size) {
  const near = matte.map((value) => Number(value > 0.5));
  average(near, size, RADIUS);
  for (let i = 0; i < matte.length; i++) if (isFlat(near[i])) matte[i] = Number(near[i] > 0.5);
}

/** The means, over windows, of colours, the matte, and their products. */
function meansOf(data, matte, size) {
  const channels = [0, 1, 2].map((c) => {
    const channel = new Float32Array(matte.length);
    for (let i = 0, at = c; i < channel.length; i++, at += 4) channel[i] = data[at] / 255;
    return channel;
  });
  channels.push(matte);
  const mean = (x, y) => {
    const products = new Float32Array(matte.length);
    for (let i = 0; i < products.length; i++) products[i] = x[i] * y[i];
    return average(products, size, RADIUS);
  };
  const [r, g, b, m] = channels;
  const own = channels.map((channel) => average(channel.slice(), size, RADIUS));
  return {
    r: own[0], g: own[1], b: own[2], m: own[3],
    rr: mean(r, r), rg: mean(r, g), rb: mean(r, b), gg: mean(g, g), gb: mean(g, b), bb: mean(b, b),
    rm: mean(r, m), gm: mean(g, m), bm: mean(b, m),
  };
}

/** The functions of points: their factors of red, green and blue, and their constants. */
function functionsOf({ r, g, b, m, rr, rg, rb, gg, gb, bb, rm, gm, bm }, size) {
  const functions = [0, 1, 2, 3].map(() => new Float32Array(m.length));
  const [p, q, s, constant] = functions;
  for (let i = 0; i < m.length; i++) {
    constant[i] = m[i];
    if (isFlat(m[i])) continue;
    const [x, y, z] = [r[i], g[i], b[i]];
    // (Σ + εI)⁻¹·cov(colour, matte): the inverse of a symmetric matrix, by its cofactors.
    const [A, B, C] = [rr[i] - x * x + EPS, rg[i] - x * y, rb[i] - x * z];
    const [D, E, F] = [gg[i] - y * y + EPS, gb[i] - y * z, bb[i] - z * z + EPS];
    const [u, v, w] = [rm[i] - x * m[i], gm[i] - y * m[i], bm[i] - z * m[i]];
    const [a, b0, c] = [D * F - E * E, C * E - B * F, B * E - C * D];
    const scale = 1 / (A * a + B * b0 + C * c);
    p[i] = (a * u + b0 * v + c * w) * scale;
    q[i] = (b0 * u + (A * F - C * C) * v + (B * C - A * E) * w) * scale;
    s[i] = (c * u + (B * C - A * E) * v + (A * D - B * B) * w) * scale;
    constant[i] = m[i] - p[i] * x - q[i] * y - s[i] * z;
  }
  return functions.map((values) => average(values, size, RADIUS));
}

/** Points near which the matte is nothing, or all; and the others. */
function kindsOf(means, size) {
  const near = new Float32Array(means.length);
  for (let i = 0; i < means.length; i++) near[i] = Number(!isFlat(means[i]));
  average(near, size, RADIUS);
  const kinds = new Uint8Array(means.length);
  for (let i = 0; i < means.length; i++) kinds[i] = near[i] > 1e-6 ? EDGE : Number(means[i] > 0.5);
  return kinds;
}

/** How far the mean colour of what is kept is from that of the rest, where both are near: -255 to 255. */
function setDifferences(values, { r, g, b, m, rm, gm, bm }) {
  for (let i = 0; i < m.length; i++) {
    if (m[i] < 0.02 || m[i] > 0.98) continue;
    const [front, behind] = [255 / m[i], 255 / (1 - m[i])];
    values[VALUES * i + 4] = rm[i] * front - (r[i] - rm[i]) * behind;
    values[VALUES * i + 5] = gm[i] * front - (g[i] - gm[i]) * behind;
    values[VALUES * i + 6] = bm[i] * front - (b[i] - bm[i]) * behind;
  }
}

/** Nothing, or all, within a float's error. */
function isFlat(mean) {
  return mean < 1e-4 || mean > 1 - 1e-4;
}

function applyFunction(pixels, at, line, left, right, share, isFeathered) {
  const [r, g, b] = [pixels[at], pixels[at + 1], pixels[at + 2]];
  const before = (line[left] * r + line[left + 1] * g + line[left + 2] * b) / 255 + line[left + 3];
  const after = (line[right] * r + line[right + 1] * g + line[right + 2] * b) / 255 + line[right + 3];
  const value = before * (1 - share) + after * share;
  const alpha = isFeathered ? value : sharpened(value);
  if (alpha >= 1) return;
  if (alpha <= 0) {
    pixels[at] = pixels[at + 1] = pixels[at + 2] = pixels[at + 3] = 0;
    return;
  }
  pixels[at + 3] = Math.round(pixels[at + 3] * alpha);
  // A pixel is alpha of the colour in front and the rest of the one behind.
  const rest = 1 - alpha;
  pixels[at] = r + rest * (line[left + 4] * (1 - share) + line[right + 4] * share);
  pixels[at + 1] = g + rest * (line[left + 5] * (1 - share) + line[right + 5] * share);
  pixels[at + 2] = b + rest * (line[left + 6] * (1 - share) + line[right + 6] * share);
}

/** A matte's value, 0 to 1, with 0 and 1 reached away from the edge. */
export function sharpened(value) {
  const t = Math.max(0, Math.min((value - CLEAR) / (SOLID - CLEAR), 1));
  return t * t * (3 - 2 * t);
}

/** Between which points of a grid of n a pixel of an axis lies, and how far from the first. */
function place(i, length, n) {
  const at = Math.max(0, Math.min(((i + 0.5) * n) / length - 0.5, n - 1));
  const low = Math.floor(at);
  return { low, high: Math.min(low + 1, n - 1), share: at - low };
}

function places(length, n) {
  const low = new Uint32Array(length);
  const share = new Float32Array(length);
  for (let i = 0; i < length; i++) ({ low: low[i], share: share[i] } = place(i, length, n));
  return { low, share };
}
