import assert from "node:assert/strict";
import test from "node:test";
import * as zlib from "node:zlib";

import { PngWriter } from "../library/png.js";
import { encodeMask } from "../page/png.js";
import { readCases } from "./cases.js";

const { valid } = readCases("colours");

/** The chunks of a PNG file, by type. */
async function chunksOf(blob) {
  const file = Buffer.from(await blob.arrayBuffer());
  assert.deepEqual([...file.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const chunks = new Map();
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const end = at + 8 + length;
    if (zlib.crc32) assert.equal(file.readUInt32BE(end), zlib.crc32(file.subarray(at + 4, end))); // Node 22 has it
    chunks.set(file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, end));
    at = end + 4;
  }
  return chunks;
}

test("a mask is written as a paletted PNG", async () => {
  const width = 3;
  const height = 2;
  const mask = Uint8Array.of(0, 1, 2, 3, 2, 1);
  const classes = valid.map(({ colour }, id) => ({ id, colour }));
  const file = await encodeMask({ width, height, mask }, classes);
  assert.equal(file.type, "image/png");
  const chunks = await chunksOf(file);
  assert.deepEqual([...chunks.keys()], ["IHDR", "PLTE", "IDAT", "IEND"]);
  assert.deepEqual([...chunks.get("IHDR")], [0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0, 0]);
  assert.deepEqual([...chunks.get("PLTE")], valid.flatMap(({ rgb }) => rgb));
  assert.deepEqual([...zlib.inflateSync(chunks.get("IDAT"))], [0, 0, 1, 2, 0, 3, 2, 1]);
});

test("the chunk IEND has the checksum that every PNG has", async () => {
  const file = Buffer.from(await (await encodeMask({ width: 1, height: 1, mask: Uint8Array.of(0) }, [{ id: 0, colour: "#000000" }])).arrayBuffer());
  assert.equal(file.subarray(-4).toString("hex"), "ae426082");
});

test("colours are written strip by strip", async () => {
  const [width, height] = [5, 7];
  const pixels = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => (i * 31) % 256);
  const writer = new PngWriter({ width, height });
  for (let y = 0; y < height; y += 3) await writer.write(pixels.subarray(4 * width * y, 4 * width * (y + 3)));
  const chunks = await chunksOf(await writer.finish());
  assert.deepEqual([...chunks.get("IHDR")], [0, 0, 0, 5, 0, 0, 0, 7, 8, 6, 0, 0, 0]);
  const rows = zlib.inflateSync(chunks.get("IDAT"));
  const found = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < height; y++) {
    assert.equal(rows[y * (1 + 4 * width)], 2);
    for (let x = 0; x < 4 * width; x++, to++) found[to] = rows[y * (1 + 4 * width) + 1 + x] + (y > 0 ? found[to - 4 * width] : 0);
  }
  assert.deepEqual([...found], [...pixels]);
});
