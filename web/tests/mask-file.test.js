import assert from "node:assert/strict";
import test from "node:test";
import * as zlib from "node:zlib";

import { encodeMask } from "../page/png.js";
import { readMask } from "../page/studio/mask-file.js";

const classes = Array.from({ length: 40 }, (_, id) => ({ id, colour: "#102030" }));
const picture = { width: 33, height: 21, classes: 40 };
const mask = Uint8Array.from({ length: 33 * 21 }, (_, i) => (i * 7 + Math.floor(i / 33)) % 40);

/** A PNG file of rows that begin with the byte of their filter. */
function pngOf({ width, height, depth = 8, colours = 3, interlace = 0 }, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colours, 0, 0, interlace], 8);
  const chunk = (type, data) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const head = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return new Blob([head, chunk("IHDR", header), chunk("IDAT", zlib.deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

test("a mask that was saved is read again", async () => {
  const file = await encodeMask({ width: 33, height: 21, mask }, classes);
  assert.deepEqual(await readMask(file, picture), mask);
});

test("every filter of other programs is read", async () => {
  const rows = Buffer.alloc(21 * 34);
  for (let y = 0; y < 21; y++) {
    const filter = y % 5;
    rows[y * 34] = filter;
    for (let x = 0; x < 33; x++) {
      const value = (dx, dy) => (x < dx || y < dy ? 0 : mask[(y - dy) * 33 + x - dx]);
      const [left, above, corner] = [value(1, 0), value(0, 1), value(1, 1)];
      const paeth = [left, above, corner].sort((a, b) => Math.abs(left + above - corner - a) - Math.abs(left + above - corner - b))[0];
      rows[y * 34 + 1 + x] = value(0, 0) - [0, left, above, (left + above) >> 1, paeth][filter];
    }
  }
  assert.deepEqual(await readMask(pngOf(picture, rows), picture), mask);
});

test("masks of few values may have several in a byte", async () => {
  for (const depth of [1, 2, 4]) {
    const few = mask.map((value) => value % 2 ** depth);
    const rowBytes = Math.ceil((33 * depth) / 8);
    const rows = Buffer.alloc(21 * (1 + rowBytes));
    few.forEach((value, i) => {
      const bit = (i % 33) * depth;
      rows[Math.floor(i / 33) * (1 + rowBytes) + 1 + (bit >> 3)] |= value << (8 - depth - (bit & 7));
    });
    assert.deepEqual(await readMask(pngOf({ ...picture, depth, colours: depth === 4 ? 0 : 3 }, rows), picture), few, `${depth}`);
  }
});

test("what is no mask of the photo is refused, with a reason", async () => {
  const rows = Buffer.alloc(21 * 34);
  const refused = async (file, key) => assert.rejects(readMask(file, picture), (error) => error.key === key && error.code === "no-image", key);
  await refused(new Blob(["no picture"]), "mask.kind");
  await refused(new Blob([]), "mask.kind");
  await refused(pngOf({ ...picture, colours: 2 }, rows), "mask.kind");
  await refused(pngOf({ ...picture, depth: 16, colours: 0 }, rows), "mask.kind");
  await refused(pngOf({ ...picture, interlace: 1 }, rows), "mask.kind");
  await refused(pngOf({ width: 21, height: 33 }, rows), "mask.size");
  await refused(pngOf({ width: 2 ** 31, height: 2 ** 31 }, rows), "mask.size");
  await refused(pngOf(picture, rows.subarray(1)), "mask.damaged");
  await refused(pngOf(picture, Buffer.alloc(21 * 34, 5)), "mask.damaged");
  await refused(pngOf(picture, Buffer.alloc(21 * 34, 0).fill(40, 1, 2)), "mask.classes");
  const whole = Buffer.from(await pngOf(picture, rows).arrayBuffer());
  await refused(new Blob([whole.subarray(0, 33)]), "mask.damaged");
});

test("damaged files are refused, whatever is wrong with them", async () => {
  const whole = new Uint8Array(await (await encodeMask({ width: 33, height: 21, mask }, classes)).arrayBuffer());
  let seed = 1;
  const random = (n) => (seed = (seed * 48271) % 0x7fffffff) % n;
  for (let i = 0; i < 600; i++) {
    const bytes = whole.slice(0, i % 3 === 0 ? random(whole.length) : whole.length);
    for (let n = random(4); n >= 0; n--) bytes[random(bytes.length)] = random(256);
    try {
      assert.equal((await readMask(new Blob([bytes]), picture)).length, 33 * 21);
    } catch (error) {
      assert.match(error.key ?? error.message, /^mask\./);
    }
  }
});
