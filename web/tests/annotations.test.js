// The annotator's messages: what annotations.d.ts promises against what Go writes, and what Go reads
// against what the worker sends.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { FORMATS, POLYGONS } from "../library/annotations.js";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const messages = read("wasm/annotator/messages.go");
const types = read("web/library/annotations.d.ts");
const worker = read("web/library/annotator.worker.js");

const all = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
const between = (text, from, to) => text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from)));

test("Go reads the fields that the worker sends", () => {
  const sent = between(worker, "annotate({", "});");
  assert.deepEqual(all(between(messages, "func readRequest", "\n}"), /m\.Get\("(\w+)"\)/g), all(sent, /^ {4}(\w+)[:,]/gm));
});

test("Go knows the tasks that the library sets", () => {
  assert.deepEqual(all(messages, /^\ttask\w+ += "(\w+)"/gm), all(read("web/library/annotations.js"), /task: "(\w+)"/g));
});

test("the worker uses what Go answers", () => {
  assert.deepEqual(all(between(messages, "func writeAnswer", "\n}"), /"(\w+)":/g), all(worker, /answer\.(?!error)(\w+)/g));
});

test("the formats are those that Go writes and the types name", () => {
  const written = all(between(read("annotation/annotation.go"), "var Formats", "\n}"), /^\t\{"([\w-]+)"/gm);
  assert.deepEqual([...FORMATS].sort(), written);
  assert.deepEqual(all(between(types, "type AnnotationFormat", ";"), /"([\w-]+)"/g), written);
  assert.ok(POLYGONS.every((format) => FORMATS.includes(format)));
});
