// Teaching: what Go reads and writes against what the worker sends, and rows out of a file.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { checkedLesson, classesOf } from "../library/teaching.js";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const messages = read("wasm/teacher/messages.go");
const worker = read("web/library/teacher.worker.js");

const all = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
const between = (text, from, to) => text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from)));

test("Go reads the fields that the worker sends", () => {
  const sent = all(between(worker, "const NOTHING = {", "\n};"), /^ {2}(\w+):/gm);
  assert.deepEqual(all(between(messages, "func readRequest", "\n}"), /\bm\.Get\("(\w+)"\)/g), sent);
});

test("Go knows the actions of the worker", () => {
  const named = between(worker, "action:", "\n").split("//")[1].match(/\w+/g).filter((word) => word !== "or");
  assert.deepEqual(all(read("wasm/teacher/main.go"), /case "(\w+)"/g), named.sort());
});

/** A file as package teach writes it, of two classes with two features. */
function file({ encoder = "abc" } = {}) {
  const header = JSON.stringify({
    __metadata__: { encoder, format: "segmenter-taught/1", off: "0 1", strokes: "3,2 ", classes: '[{"name":"a","colour":"#ff0000"},{"name":"b","colour":"#00ff00"}]' },
    rows: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
    bias: { dtype: "F32", shape: [2], data_offsets: [16, 24] },
  });
  const bytes = new Uint8Array(8 + header.length + 24);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer), 8 + header.length);
  return bytes;
}

test("rows are read out of a file", () => {
  assert.deepEqual(classesOf(file(), "abc"), [
    { name: "a", colour: "#ff0000", off: false, strokes: 5, weights: Float32Array.of(1, 2), bias: 5 },
    { name: "b", colour: "#00ff00", off: true, strokes: 0, weights: Float32Array.of(3, 4), bias: 6 },
  ]);
  assert.throws(() => classesOf(file({ encoder: "other" }), "abc"), { code: "bad-option" });
});

test("lessons are checked, and classes get colours that differ", () => {
  const model = { decoders: ["mask"], classes: [], patch: 16, size: 384 };
  const lesson = { photo: {}, name: "x", strokes: [{ points: [{ x: 1, y: 2 }], width: 3 }] };
  const colours = [0, 1, 2, 3].map((count) => {
    const taught = Array.from({ length: count }, (_, i) => ({ name: `${i}`, colour: "#123456" }));
    return checkedLesson(lesson, { model, taught }).colour;
  });
  assert.equal(new Set(colours).size, 4);
  for (const colour of colours) assert.match(colour, /^#[\da-f]{6}$/);
  assert.equal(checkedLesson({ ...lesson, name: "0" }, { model, taught: [{ name: "0", colour: "#123456" }] }).colour, "#123456");
  for (const wrong of [{ name: "" }, { name: 7 }, { strokes: {} }, { strokes: [{ points: [], width: 3 }] }, { strokes: [{ points: [{ x: NaN, y: 0 }], width: 3 }] }, { photo: null }, { colour: "red" }, { size: -1 }]) {
    assert.throws(() => checkedLesson({ ...lesson, ...wrong }, { model, taught: [] }), { code: "bad-option" }, JSON.stringify(wrong));
  }
});
