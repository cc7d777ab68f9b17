import assert from "node:assert/strict";
import test from "node:test";

import { Attention } from "../library/attention.js";
import { hasCode } from "./cases.js";

/** Three tokens, of which two are patches; two heads of width 1. A row: q of each head, k, and v, which does not matter. */
const block = (...rows) => ({ rows: 1, cols: 2, tokens: 3, width: 6, values: Float32Array.from(rows.flatMap((row) => [...row, 7, 7])) });
const blocks = [
  block([0, 1, 1, 0], [0, 1, 1, Math.log(2)], [0, 1, 1, 0]),
  block([1, 0, 0, 1], [1, 0, Math.log(3), 1], [0, 0, 0, 1]),
];
const near = (found, expected) => {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => assert.ok(Math.abs(found[i] - value) < 1e-6, `${found} for ${expected}`));
};

test("a head's attention is the softmax of its query and all keys, the mean that of all heads", () => {
  const attention = new Attention(blocks, 2);
  near(attention.map(0, { block: 0, head: 0 }), [1 / 3, 1 / 3]);
  near(attention.map(0, { block: 0, head: 1 }), [1 / 4, 2 / 4]);
  near(attention.map(0, { block: 0 }), [7 / 24, 10 / 24]);
  near(attention.map(1, { head: 0 }), [1 / 5, 3 / 5]);
  near(attention.map("class", { head: 0 }), [1 / 3, 1 / 3]);
});

test("rollout multiplies the blocks, with half of each token kept", async () => {
  const attention = new Attention(blocks, 2);
  const rows = (block) => [0, 1, "class"].map((token) => {
    const [a, b] = attention.map(token, { block });
    return [a, b, 1 - a - b];
  });
  const half = (matrix) => matrix.map((row, i) => row.map((value, j) => value / 2 + (i === j ? 0.5 : 0)));
  const [first, last] = [rows(0), rows(1)].map(half);
  const expected = [0, 1].map((j) => last[1].reduce((sum, value, i) => sum + value * first[i][j], 0));
  const shares = [];
  near(await attention.rollout(1, { onProgress: (share) => shares.push(share) }), expected);
  assert.deepEqual(shares, [0.5, 1]);
});

test("what is not there is refused", async () => {
  const attention = new Attention(blocks, 2);
  assert.throws(() => attention.map(2), hasCode("bad-option"));
  assert.throws(() => attention.map(0, { block: 2 }), hasCode("bad-option"));
  assert.throws(() => attention.map(0, { head: -1 }), hasCode("bad-option"));
  await assert.rejects(attention.rollout(0.5), hasCode("bad-option"));
  assert.throws(() => new Attention(blocks.map((one) => ({ ...one, cols: 3 })), 2).map("class"), hasCode("bad-option"));
});
