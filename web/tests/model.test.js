import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { Download, statedLength } from "../library/model.js";

const weights = new URL("../../model/weights/", import.meta.url);

/** A safetensors file: a header, and as many bytes as its tensors take. */
function fileOf(header) {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const ends = typeof header === "string" ? [0] : Object.values(header).map(({ data_offsets }) => data_offsets?.[1] ?? 0);
  const file = new Uint8Array(8 + text.length + Math.max(0, ...ends));
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  for (let i = 8 + text.length; i < file.length; i++) file[i] = i;
  return file;
}

const small = fileOf({
  __metadata__: { format: "segmenter/1" },
  b: { dtype: "F32", shape: [2], data_offsets: [4, 12] },
  a: { dtype: "I8", shape: [4], data_offsets: [0, 4] },
});

for (const name of readdirSync(weights).filter((name) => name.endsWith(".safetensors"))) {
  test(`${name}, which Go wrote, states its length`, () => {
    const file = readFileSync(new URL(name, weights));
    assert.equal(statedLength(file.subarray(0, 1 << 20)), file.length);
  });
}

test("a head that is too short leaves the length open", () => {
  for (const length of [0, 7, 8, 40]) assert.equal(statedLength(small.subarray(0, length)), undefined, `${length}`);
  assert.equal(statedLength(small), small.length);
});

test("a head that lies in a larger buffer is read where it is", () => {
  const buffer = new Uint8Array(small.length + 3);
  buffer.set(small, 3);
  assert.equal(statedLength(buffer.subarray(3)), small.length);
});

test("a head that makes no sense states nothing", () => {
  const long = new Uint8Array(8).fill(255);
  for (const head of [long, fileOf("no JSON"), fileOf("[]"), fileOf("null"), fileOf({ a: { data_offsets: "x" } })]) {
    assert.ok([0, head.length].includes(statedLength(head)), `${head}`);
  }
});

const response = (headers = {}) => ({ headers: new Headers(headers) });

test("a download is put together from chunks of any size", () => {
  for (const size of [1, 5, 64, 1000]) {
    const download = new Download(response());
    for (let at = 0; at < small.length; at += size) download.add(small.slice(at, at + size));
    assert.deepEqual(download.bytes(), small);
    assert.deepEqual([download.loaded, download.total], [small.length, small.length]);
  }
});

test("a download may be longer or shorter than it states", () => {
  const download = new Download(response());
  download.add(small.slice(0, -2));
  assert.deepEqual([download.loaded, download.total], [small.length - 2, small.length]);
  assert.deepEqual(download.bytes(), small.slice(0, -2));
  download.add(Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual([...download.bytes()], [...small.slice(0, -2), 1, 2, 3, 4]);
});

test("the length in the headers counts only where nothing is compressed", () => {
  assert.equal(new Download(response({ "Content-Length": "12" })).total, 12);
  assert.equal(new Download(response({ "Content-Length": "12", "Content-Encoding": "br" })).total, 0);
});
