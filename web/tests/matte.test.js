import assert from "node:assert/strict";
import test from "node:test";

import { average, Edges, matteOf, sharpened, shrinkMatte } from "../library/matte.js";

test("the engine's matte counts where it agrees with the mask", () => {
  const mask = Uint8Array.of(0, 1, 1, 2, 2, 0);
  assert.deepEqual([...matteOf({ mask, classes: [1] })], [0, 255, 255, 0, 0, 0]);
  const matte = Uint8Array.of(100, 130, 120, 127, 200, 0);
  assert.deepEqual([...matteOf({ mask, classes: [1], matte })], [100, 130, 255, 127, 0, 0]);
  const selection = Uint8Array.of(1, 1, 0, 0, 1, 0);
  assert.deepEqual([...matteOf({ mask, selection, matte })], [255, 130, 120, 127, 200, 0]);
});

test("a matte is shrunk by means", () => {
  const values = Uint8Array.of(255, 255, 0, 0, 255, 0, 0, 255, 51, 51, 51, 51);
  const small = shrinkMatte({ width: 4, height: 3, values }, { width: 2, height: 1 });
  assert.ok(Math.abs(small[0] - (3 * 255 + 102) / 6 / 255) < 1e-6 && Math.abs(small[1] - (255 + 102) / 6 / 255) < 1e-6);
  const same = shrinkMatte({ width: 4, height: 3, values }, { width: 4, height: 3 });
  assert.deepEqual([...same].map((value) => Math.round(255 * value)), [...values]);
});

test("means are over what lies within the picture", () => {
  for (const [width, height, radius] of [[7, 5, 1], [3, 9, 4], [1, 1, 2], [12, 1, 3], [4, 6, 50]]) {
    const values = Float32Array.from({ length: width * height }, (_, i) => (i * 37) % 11);
    const means = average(values.slice(), { width, height }, radius);
    for (let i = 0; i < values.length; i++) {
      let [sum, count] = [0, 0];
      for (let j = 0; j < values.length; j++) {
        const isNear = Math.abs((i % width) - (j % width)) <= radius && Math.abs(Math.floor(i / width) - Math.floor(j / width)) <= radius;
        if (isNear) [sum, count] = [sum + values[j], count + 1];
      }
      assert.ok(Math.abs(means[i] - sum / count) < 1e-4, `${width}×${height}, ${radius}`);
    }
  }
});

test("the curve reaches nothing and all, and keeps the middle", () => {
  assert.deepEqual([sharpened(-0.2), sharpened(0.1), sharpened(0.9), sharpened(1.3)], [0, 0, 1, 1]);
  assert.ok(Math.abs(sharpened(0.5) - 0.5) < 1e-9);
  for (let i = 1; i < 100; i++) assert.ok(sharpened(i / 100) >= sharpened((i - 1) / 100));
});

const [WIDTH, HEIGHT, SCALE] = [80, 60, 5];

/** Red in front, up to x = edge, of blue: of a photo, or its small copy. */
function photoOf(width, height, edge) {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) data.set(i % width < edge ? [200, 40, 30, 255] : [20, 60, 190, 255], 4 * i);
  return { width, height, data };
}

/** What is kept of a photo whose edge lies at 200, while the mask's lies elsewhere. */
function keptOf(maskEdge, feather = 0) {
  const matte = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => Number(i % WIDTH < maskEdge));
  const edges = new Edges(photoOf(WIDTH, HEIGHT, 40), matte, feather);
  const photo = photoOf(WIDTH * SCALE, HEIGHT * SCALE, 200);
  const half = photo.data.length / 2;
  edges.apply(photo.data.subarray(0, half), photo, 0); // in two strips
  edges.apply(photo.data.subarray(half), photo, (HEIGHT * SCALE) / 2);
  return (x, y = 150) => [...photo.data.subarray(4 * (y * photo.width + x), 4 * (y * photo.width + x) + 4)];
}

test("edges follow the photo, where the mask is off by a little", () => {
  for (const maskEdge of [38, 40, 42]) {
    const at = keptOf(maskEdge);
    assert.deepEqual(at(50), [200, 40, 30, 255]);
    assert.ok(at(196)[3] > 200, `${maskEdge}: ${at(196)}`);
    assert.ok(at(204)[3] < 60, `${maskEdge}: ${at(204)}`);
    assert.deepEqual(at(300), [0, 0, 0, 0], "nothing of the background is left");
  }
});

test("a feathered edge is soft, and shows nothing of the background", () => {
  const at = keptOf(40, 8);
  const alphas = [120, 160, 190, 200, 210, 240, 280].map((x) => at(x)[3]);
  assert.ok(alphas[0] === 255 && alphas[6] === 0, `${alphas}`);
  assert.ok(alphas.every((value, i) => i === 0 || value <= alphas[i - 1]) && alphas[2] < 230 && alphas[4] > 25, `${alphas}`);
  const [red, , blue] = at(202);
  assert.ok(red > 90 && blue < 140, `behind the edge, the colour is that in front: ${at(202)}`);
});

test("a photo of one pixel, or without an edge, is kept or not", () => {
  for (const value of [0, 1]) {
    const edges = new Edges({ width: 1, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255) }, Float32Array.of(value));
    const pixels = Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255);
    edges.apply(pixels, { width: 2, height: 1 }, 0);
    assert.deepEqual([...pixels], value ? [1, 2, 3, 255, 4, 5, 6, 255] : [0, 0, 0, 0, 0, 0, 0, 0]);
  }
});
