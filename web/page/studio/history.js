// History: what was changed in pictures of bytes, to be undone and done again.
//
// It owns copies of the parts that changed, as they were before and after, in runs of equal bytes, and
// forgets the oldest changes rather than take more memory than it may. edit-model.js tells it of every
// place before it is written to.

/** Changes are kept in squares of so many pixels a side. */
const SIDE = 256;

/** Bytes that all changes may take. */
const MOST_BYTES = 32e6;

/**
 * @typedef {object} Layer
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} pixels
 *
 * @typedef {import("./brush.js").Box} Box
 *
 * @typedef {object} Step  a change that is finished
 * @property {Part[]} parts
 * @property {any} note  what whoever made it wants to know when it is undone
 * @property {number} bytes
 *
 * @typedef {{ layer: Layer, box: Box, before: Uint8Array, after: Uint8Array }} Part  in runs
 */

/** A change of one or several layers, while it is made. */
export class Change {
  #squares = new Map(); // layer → number of a square → its pixels before

  /** A part of a layer is about to be written to. @param {Layer} layer @param {Box} box */
  touch(layer, { left, top, right, bottom }) {
    if (!this.#squares.has(layer)) this.#squares.set(layer, new Map());
    const known = this.#squares.get(layer);
    const across = Math.ceil(layer.width / SIDE);
    for (let y = Math.floor(top / SIDE); y * SIDE < bottom; y++) {
      for (let x = Math.floor(left / SIDE); x * SIDE < right; x++) {
        const number = y * across + x;
        if (!known.has(number)) known.set(number, copy(layer, squareOf(layer, number)));
      }
    }
  }

  /** Puts everything back. */
  revert() {
    for (const [layer, squares] of this.#squares) {
      for (const [number, before] of squares) paste(layer, squareOf(layer, number), before);
    }
  }

  /**
   * @param {any} [note]
   * @returns {Step | null}  null if nothing has changed
   */
  finish(note) {
    const parts = [];
    for (const [layer, squares] of this.#squares) {
      for (const [number, before] of squares) {
        const box = squareOf(layer, number);
        const after = copy(layer, box);
        if (!areSame(before, after)) parts.push({ layer, box, before: toRuns(before), after: toRuns(after) });
      }
    }
    const bytes = parts.reduce((sum, { before, after }) => sum + before.length + after.length + 64, 0);
    return parts.length > 0 ? { parts, note, bytes } : null;
  }
}

export class History {
  #done = [];
  #undone = [];
  #most;

  /** @param {number} [most]  bytes */
  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** @param {Step | null} step */
  add(step) {
    if (!step) return;
    this.#undone = [];
    this.#done.push(step);
    let bytes = this.#done.reduce((sum, one) => sum + one.bytes, 0);
    while (bytes > this.#most && this.#done.length > 1) bytes -= this.#done.shift().bytes;
  }

  /** @returns {Step | null}  that was undone */
  undo() {
    return move(this.#done, this.#undone, "before");
  }

  /** @returns {Step | null}  that was done again */
  redo() {
    return move(this.#undone, this.#done, "after");
  }
}

function move(from, to, state) {
  const step = from.pop();
  if (!step) return null;
  for (const part of step.parts) paste(part.layer, part.box, fromRuns(part[state], part.box));
  to.push(step);
  return step;
}

/** The box around all parts of a step that are of a layer; null if there is none. @param {Step} step @param {Layer} layer */
export function changedBox({ parts }, layer) {
  const boxes = parts.filter((part) => part.layer === layer).map(({ box }) => box);
  if (boxes.length === 0) return null;
  const ends = (name, pick) => boxes.reduce((end, box) => pick(end, box[name]), boxes[0][name]);
  return { left: ends("left", Math.min), top: ends("top", Math.min), right: ends("right", Math.max), bottom: ends("bottom", Math.max) };
}

function squareOf({ width, height }, number) {
  const across = Math.ceil(width / SIDE);
  const [left, top] = [(number % across) * SIDE, Math.floor(number / across) * SIDE];
  return { left, top, right: Math.min(left + SIDE, width), bottom: Math.min(top + SIDE, height) };
}

function copy({ width, pixels }, { left, top, right, bottom }) {
  const out = new Uint8Array((right - left) * (bottom - top));
  for (let y = top, to = 0; y < bottom; y++, to += right - left) out.set(pixels.subarray(y * width + left, y * width + right), to);
  return out;
}

function paste({ width, pixels }, { left, top, right, bottom }, values) {
  for (let y = top, from = 0; y < bottom; y++, from += right - left) pixels.set(values.subarray(from, from + right - left), y * width + left);
}

function areSame(a, b) {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Pairs of a length, 1 to 255, and a value. */
function toRuns(values) {
  const runs = [];
  for (let i = 0; i < values.length; ) {
    let length = 1;
    while (length < 255 && values[i + length] === values[i]) length++;
    runs.push(length, values[i]);
    i += length;
  }
  return Uint8Array.from(runs);
}

function fromRuns(runs, { left, top, right, bottom }) {
  const values = new Uint8Array((right - left) * (bottom - top));
  for (let i = 0, at = 0; i < runs.length; at += runs[i], i += 2) values.fill(runs[i + 1], at, at + runs[i]);
  return values;
}
