import assert from "node:assert/strict";
import test from "node:test";

import { engineSizes, fit, statedSize } from "../library/photo.js";
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

test("a PNG and a JPEG state their sizes", () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 1, 2, 0, 0, 3, 4, 8, 2);
  assert.deepEqual(statedSize(png), { width: 0x102, height: 0x304 });
  const comment = [0xff, 0xfe, 0, 4, 1, 2];
  const tables = [0xff, 0xc4, 0, 3, 9]; // Huffman tables, whose marker is among those of frames
  const frame = [0xff, 0xc2, 0, 11, 8, 1, 2, 3, 4, 1, 0];
  assert.deepEqual(statedSize(Uint8Array.of(0xff, 0xd8, ...comment, ...tables, ...frame)), { width: 0x304, height: 0x102 });
  for (const head of [[], [0xff, 0xd8], [1, 2, 3, 4], [0xff, 0xd8, ...comment]]) {
    assert.equal(statedSize(Uint8Array.from(head)), undefined, `${head}`);
  }
});
