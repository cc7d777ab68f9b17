// The importer's messages: what importer.d.ts promises against what Go writes, and what Go reads
// against what the worker sends.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const messages = read("wasm/importer/messages.go");
const types = read("web/library/importer.d.ts");
const worker = read("web/library/importer.worker.js");

const all = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name).sort();
const between = (text, from, to) => text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from)));

test("Go writes the fields of a description", () => {
  const written = all(between(messages, "return map[string]any{\n\t\t\"name\"", "\n\t}\n}"), /^\t\t"(\w+)":/gm);
  assert.deepEqual(written, all(between(types, "interface ImportDescription", "\n}"), /^ {2}(\w+):/gm));
});

test("Go's notes have the codes of the type", () => {
  const codes = all(read("checkpoint/describe.go"), /^\tNote\w+ += "([\w-]+)"/gm);
  assert.deepEqual(codes, all(between(types, "code: ", ";"), /"([\w-]+)"/g));
});

test("Go reads the fields that the worker sends", () => {
  const sent = between(worker, "convert({", "});");
  assert.deepEqual(all(between(messages, "func readRequest", "\n}"), /m\.Get\("(\w+)"\)/g), all(sent, /^ {6}(\w+)[:,]/gm));
  assert.deepEqual(all(messages, /\bf\.Get\("(\w+)"\)/g), all(between(worker, "return { name:", "}"), /(?:\{|,) (\w+)/g));
});
