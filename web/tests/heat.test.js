import assert from "node:assert/strict";
import test from "node:test";

import { certainty, colourOf, nearest, plane, relative, similarity } from "../page/studio/heat.js";

const near = (found, expected) => assert.ok(Math.abs(found - expected) < 1e-5, `${found} for ${expected}`);

test("confidence is the winner's probability, entropy that of all", () => {
  const values = Float32Array.from([0, Math.log(3), 0, 0]); // two patches, two classes
  const { confidence, entropy, classes } = certainty({ rows: 1, cols: 2, classes: 2, values }, 1);
  near(confidence.values[0], 0.75);
  near(confidence.values[1], 0.5);
  near(entropy.values[0], -(0.75 * Math.log2(0.75) + 0.25 * Math.log2(0.25)));
  near(entropy.values[1], 1);
  assert.deepEqual([...classes], [1, 0]);
});

test("between patches, scores are interpolated; beyond the outer ones they stay", () => {
  const values = Float32Array.from([0, 4, 0, 0]);
  const { confidence } = certainty({ rows: 1, cols: 2, classes: 2, values }, 2);
  assert.equal(confidence.cols, 4);
  [4, 3, 1, 0].forEach((score, i) => near(confidence.values[i], 1 / (1 + Math.exp(-score))));
});

test("alike are patches whose features differ from the mean in the same way", () => {
  const values = Float32Array.from([1, 0, 3, 0, -4, 0, 0, 0]); // mean 0, 0
  const { values: alike } = similarity({ rows: 2, cols: 2, width: 2, values }, 0);
  [1, 1, 0, 0].forEach((value, i) => near(alike[i], value));
});

test("a map is relative to its highest value, but for outliers", () => {
  const many = new Float32Array(100).fill(0.1);
  many[3] = 9;
  many[4] = 0.2;
  const { values } = relative(10, 10, many);
  near(values[0], 1);
  near(values[3], 1);
  assert.deepEqual([...relative(1, 3, Float32Array.from([0, 1, 2])).values], [0, 0.5, 1]);
  assert.deepEqual([...relative(1, 2, new Float32Array(2)).values], [0, 0]);
});

test("colours run from the first of the scale to the last, and no further", () => {
  assert.deepEqual(colourOf(0), [0x44, 0x01, 0x54, 255]);
  assert.deepEqual(colourOf(1), [0xfd, 0xe7, 0x25, 255]);
  assert.deepEqual(colourOf(2), colourOf(1));
  assert.deepEqual(colourOf(3 / 7), [0x27, 0x7f, 0x8e, 255]);
});

test("a plane keeps the distances of vectors that lie in one", () => {
  const vectors = Float32Array.from([4, 0, 1, -4, 0, 1, 0, 1, 1, 0, -1, 1]);
  const places = plane(vectors, 4);
  const far = (a, b) => Math.hypot(places[a].x - places[b].x, places[a].y - places[b].y);
  near(far(0, 1) / far(2, 3), 4);
  near(far(0, 2), far(1, 2));
  near(Math.max(...places.flatMap(({ x, y }) => [Math.abs(x), Math.abs(y)])), 1);
  assert.deepEqual(plane(new Float32Array(6), 2), [{ x: 0, y: 0 }, { x: 0, y: 0 }]);
});

test("the nearest class has the largest cosine", () => {
  const vectors = Float32Array.from([1, 0, 0, 1, 0.6, 0.8]);
  assert.deepEqual(nearest(vectors, 3, 1).map(({ id }) => id), [2, 0]);
});
