// Attention: how much the tokens of a photo look at each other, block by block.
//
// It owns what is computed from the queries and keys that the engine sends. segmenter.js makes it;
// segmenter.d.ts describes it.

import { requireOption } from "./options.js";

/** How long it computes before it lets others have their turn: in milliseconds. */
const TURN = 12;

export class Attention {
  #blocks; // (tokens, 3 × heads × width): queries, keys and values
  #width; // of a head
  #tokens;
  #means = []; // by block: (tokens, tokens), the mean of the heads

  /**
   * @param {{ rows: number, cols: number, tokens: number, width: number, values: Float32Array }[]} blocks  the
   *   answers to "inner" in protocol.js, kind "attention", for the blocks of one window
   * @param {number} heads
   */
  constructor(blocks, heads) {
    const [{ rows, cols, tokens, width }] = blocks;
    Object.assign(this, { rows, cols, heads, blocks: blocks.length });
    this.#blocks = blocks.map(({ values }) => values);
    this.#tokens = tokens;
    this.#width = width / 3 / heads;
  }

  /**
   * What a patch looks at: softmax(q·kᵀ/√d) of its query.
   *
   * @param {number | "class"} patch  row by row, or the class token
   * @param {{ block?: number, head?: number | "mean" }} [options]
   * @returns {Float32Array}  rows × cols, which sum to 1 together with what tokens get that are no patches
   */
  map(patch, { block = this.blocks - 1, head = "mean" } = {}) {
    const token = this.#tokenOf(patch);
    requireOption(isIndex(block, this.blocks), "block", `0 to ${this.blocks - 1}`, block);
    requireOption(head === "mean" || isIndex(head, this.heads), "head", `"mean" or 0 to ${this.heads - 1}`, head);
    const row = new Float32Array(this.#tokens);
    const heads = head === "mean" ? Array.from({ length: this.heads }, (_, i) => i) : [head];
    for (const one of heads) this.#addAttention(row, block, one, token, 1 / heads.length);
    return row.slice(0, this.rows * this.cols);
  }

  /**
   * What a patch's last token is made of: attention multiplied over all blocks, with the residual
   * connections as half of each (Abnar and Zuidema, 2020). The first call for a photo takes long; it
   * lets the page do other things meanwhile.
   *
   * @param {number | "class"} patch
   * @param {{ signal?: AbortSignal, onProgress?: (share: number) => void }} [options]
   * @returns {Promise<Float32Array>}  rows × cols
   */
  async rollout(patch, { signal, onProgress } = {}) {
    let row = new Float32Array(this.#tokens);
    row[this.#tokenOf(patch)] = 1;
    for (let block = this.blocks - 1; block >= 0; block--) {
      const mean = await this.#mean(block, signal);
      row = step(row, mean);
      onProgress?.(1 - block / this.blocks);
    }
    return row.slice(0, this.rows * this.cols);
  }

  #tokenOf(patch) {
    const patches = this.rows * this.cols;
    const hasClass = this.#tokens > patches;
    const expected = `0 to ${patches - 1}${hasClass ? ', or "class"' : ""}`;
    requireOption(isIndex(patch, patches) || (patch === "class" && hasClass), "patch", expected, patch);
    return patch === "class" ? patches : patch; // the class token comes first of those that are no patches
  }

  /** Computes the mean of a block's heads once, a few rows at a time. */
  async #mean(block, signal) {
    if (this.#means[block]) return this.#means[block];
    const mean = new Float32Array(this.#tokens ** 2);
    let since = performance.now();
    for (let token = 0; token < this.#tokens; token++) {
      const row = mean.subarray(token * this.#tokens, (token + 1) * this.#tokens);
      for (let head = 0; head < this.heads; head++) this.#addAttention(row, block, head, token, 1 / this.heads);
      if (performance.now() - since < TURN) continue;
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
      since = performance.now();
    }
    return (this.#means[block] = mean);
  }

  /** Adds to row, times weight, what a token looks at. */
  #addAttention(row, block, head, token, weight) {
    const tokens = this.#tokens;
    const width = this.#width;
    const values = this.#blocks[block];
    const stride = 3 * width * this.heads;
    const query = token * stride + head * width;
    const scale = 1 / Math.sqrt(width);
    const logits = new Float32Array(tokens);
    let highest = -Infinity;
    for (let other = 0; other < tokens; other++) {
      const key = other * stride + (this.heads + head) * width;
      let sum = 0;
      for (let i = 0; i < width; i++) sum += values[query + i] * values[key + i];
      logits[other] = sum * scale;
      if (logits[other] > highest) highest = logits[other];
    }
    let total = 0;
    for (let other = 0; other < tokens; other++) total += logits[other] = Math.exp(logits[other] - highest);
    for (let other = 0; other < tokens; other++) row[other] += (logits[other] / total) * weight;
  }
}

/** A row vector times (attention + identity)/2. */
function step(row, attention) {
  const n = row.length;
  const next = row.map((value) => value / 2);
  for (let i = 0; i < n; i++) {
    const weight = row[i] / 2;
    if (weight === 0) continue;
    for (let j = 0, at = i * n; j < n; j++, at++) next[j] += weight * attention[at];
  }
  return next;
}

function isIndex(value, count) {
  return Number.isInteger(value) && value >= 0 && value < count;
}
