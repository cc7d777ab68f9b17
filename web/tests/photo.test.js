import assert from "node:assert/strict";
import test from "node:test";

import { engineSizes, fit } from "../library/photo.js";
import { readCases } from "./cases.js";

for (const { height, width, short, patch, fit: [h, w] } of readCases("fit")) {
  test(`${width} × ${height} fits ${short} by patches of ${patch}`, () => {
    assert.deepEqual(fit({ width, height }, short, patch), { width: w, height: h });
  });
}

test("a mask has the photo's size, or 1.5 times the network's", () => {
  const picture = { width: 400, height: 100 };
  const sizes = (maskSize, size) => engineSizes(picture, { maskSize, size, patch: 16 });
  assert.deepEqual(sizes("photo", 130), { frame: picture, mask: picture });
  assert.deepEqual(sizes("network", 0), { frame: picture, mask: picture });
  assert.deepEqual(sizes("network", 130), { frame: { width: 512, height: 128 }, mask: { width: 768, height: 192 } });
});

test("a video's frame has the size at which it is displayed", () => {
  const frame = { displayWidth: 640, displayHeight: 480 };
  assert.deepEqual(engineSizes(frame, { maskSize: "photo", size: 256, patch: 16 }).mask, { width: 640, height: 480 });
});
