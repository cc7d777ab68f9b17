import assert from "node:assert/strict";
import test from "node:test";

import { regionAt } from "../library/regions.js";

/** A mask of class 0 with rectangles of other classes: [class, left, top, width, height]. */
function maskOf(width, height, ...rectangles) {
  const mask = new Uint8Array(width * height);
  for (const [id, left, top, w, h] of rectangles) {
    for (let y = top; y < top + h; y++) mask.fill(id, y * width + left, y * width + left + w);
  }
  return { width, height, mask };
}

function has({ left, top, width, height, pixels }, x, y) {
  return x >= left && y >= top && x < left + width && y < top + height && pixels[(y - top) * width + x - left] === 1;
}

test("a thing is the pixels of its class that hang together", () => {
  const mask = maskOf(60, 40, [3, 5, 5, 10, 10], [3, 15, 14, 10, 10], [3, 40, 5, 10, 10], [4, 50, 5, 5, 10]);
  const region = regionAt(mask, 7, 7);
  assert.deepEqual([region.classId, region.area], [3, 200]);
  assert.ok(has(region, 20, 20), "corners that touch side by side connect");
  assert.ok(!has(region, 45, 8) && !has(region, 52, 8));
  assert.deepEqual([region.left, region.top, region.width, region.height], [5, 5, 20, 19]);
  assert.equal(regionAt(mask, 0, 0).area, 60 * 40 - 350, "the background is one, too");
});

test("the whole picture and a single pixel are things", () => {
  assert.equal(regionAt(maskOf(33, 7), 5, 5).area, 33 * 7);
  assert.equal(regionAt(maskOf(1, 1), 0, 0).area, 1);
  assert.equal(regionAt(maskOf(20, 20, [1, 3, 3, 1, 1]), 3, 3).area, 1);
});

for (const factor of [1, 4]) {
  const times = (...rectangle) => [rectangle[0], ...rectangle.slice(1).map((value) => value * factor)];
  const two = (thickness) => maskOf(
    400 * factor, 300 * factor, times(1, 40, 60, 100, 150), times(1, 240, 60, 100, 150), times(1, 140, 100, 100, thickness),
  );

  test(`a hair between two things is cut in its middle, ${factor} times as large`, () => {
    const mask = two(2);
    const region = regionAt(mask, 60 * factor, 80 * factor);
    assert.ok(has(region, 139 * factor, 209 * factor) && has(region, 150 * factor, 101 * factor));
    assert.ok(!has(region, 250 * factor, 80 * factor) && !has(region, 230 * factor, 101 * factor));
    assert.ok(Math.abs(region.area / factor ** 2 - 15100) < 200, `${region.area}`);
    const other = regionAt(mask, 300 * factor, 80 * factor);
    assert.ok(Math.abs(region.area + other.area - factor ** 2 * 30200) <= 8 * factor ** 2, "together they have everything");
  });

  test(`a broad connection stays, ${factor} times as large`, () => {
    assert.equal(regionAt(two(30), 60 * factor, 80 * factor).area, factor ** 2 * 33000);
  });
}

test("thin limbs stay with the body that they hang on", () => {
  const mask = maskOf(400, 300, [1, 100, 50, 150, 100], [1, 110, 150, 2, 80], [1, 230, 150, 2, 80]);
  const region = regionAt(mask, 150, 100);
  assert.ok(has(region, 110, 220) && has(region, 231, 220));
  assert.equal(regionAt(mask, 110, 225).area, region.area, "a click on a limb takes the body, too");
});

test("a small thing is not taken apart", () => {
  const mask = maskOf(800, 600, [1, 400, 300, 6, 6], [1, 402, 306, 2, 2], [1, 400, 308, 6, 12]);
  assert.equal(regionAt(mask, 402, 302).area, 36 + 4 + 72);
});
