// Go's side of the protocol against library/protocol.js: a request, a field, a constant or a code that
// exists on one side only fails here.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { Kernels } from "../library/kernel.js";
import { checked, CODES, EXCHANGE, RECORDS, REQUESTS } from "../library/protocol.js";

const root = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, root), "utf8");
const engine = Object.fromEntries(
  readdirSync(new URL("wasm", root))
    .filter((name) => name.endsWith(".go") && !name.endsWith("_test.go"))
    .map((name) => [name, read(`wasm/${name}`)]),
);
const source = Object.values(engine).join("\n");

/** The bodies of the functions whose names begin with a word, by the rest of their names. */
function functions(prefix) {
  const pattern = new RegExp(`^func ${prefix}([A-Z]\\w*)\\(.*\\n?((?:\\t.*\\n|\\n)*)\\}?`, "gm");
  const found = {};
  for (const [text, name] of source.matchAll(pattern)) found[name.toLowerCase()] = text;
  return found;
}

const all = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name);
const sorted = (names) => [...new Set(names)].sort();
const bare = (fields) => sorted(Object.keys(fields).map((name) => name.replace("?", "")));

const readers = functions("read");
const writers = functions("write");
const fieldsRead = (body) => sorted(all(body, /\bm\.\w+\("(\w+)"\)/g));
const fieldsWritten = (body) => sorted(all(body, /"(\w+)":/g));

test("Go answers every request, on the devices that the protocol names", () => {
  const requests = (file) => all(engine[file], /^\t\t"(\w+)": +e\.\w+,$/gm);
  const expected = (device) => Object.keys(REQUESTS).filter((name) => REQUESTS[name].on === device);
  assert.deepEqual(sorted(requests("engine.go")), sorted([...expected(undefined), "abort"]));
  assert.deepEqual(sorted(requests("cpu.go")), sorted(expected("cpu")));
  assert.deepEqual(sorted(requests("webgpu.go")), sorted(expected("webgpu")));
});

for (const [name, { request, engine: fields = request }] of Object.entries(REQUESTS)) {
  test(`Go reads the fields of the request ${name}`, () => {
    assert.deepEqual(fieldsRead(readers[name.toLowerCase()] ?? ""), bare(fields));
  });
}

for (const [name, { answer }] of Object.entries(REQUESTS)) {
  if (!answer) continue;
  test(`Go writes the fields of the answer to ${name}`, () => {
    assert.deepEqual(fieldsWritten(writers[name.toLowerCase()] ?? ""), bare(answer));
  });
}

for (const [name, record] of Object.entries(RECORDS)) {
  test(`Go has the fields of the record ${name}`, () => {
    const reader = readers[name.toLowerCase()];
    const writer = writers[name.toLowerCase()];
    assert.ok(reader || writer, `no Go function reads or writes a ${name}`);
    assert.deepEqual(reader ? fieldsRead(reader) : fieldsWritten(writer), bare(record));
  });
}

test("Go has no readers and writers but those of the protocol", () => {
  const known = [...Object.keys(REQUESTS), ...Object.keys(RECORDS)].map((name) => name.toLowerCase());
  assert.deepEqual([...Object.keys(readers), ...Object.keys(writers)].filter((name) => !known.includes(name)), []);
});

test("Go names fields in its readers and writers only", () => {
  const bodies = [...Object.values(readers), ...Object.values(writers)];
  const named = all(source, /\b(?:m|request)\.(?:Get|number|float|text|has|object)\("(\w+)"\)/g).length;
  assert.equal(named, bodies.flatMap((body) => all(body, /\bm\.\w+\("(\w+)"\)/g)).length);
});

test("Go's errors have codes of the protocol, and so has the type", () => {
  const codes = all(engine["errors.go"], /return "([\w-]+)"/g);
  assert.ok(codes.length > 5);
  assert.deepEqual(codes.filter((code) => !CODES.includes(code)), []);
  const union = read("web/library/segmenter.d.ts").match(/type SegmenterErrorCode =([^;]+);/)[1];
  assert.deepEqual(sorted(all(union, /"([\w-]+)"/g)), sorted(CODES));
});

test("the shared memory is laid out in the same way", () => {
  const constants = Object.fromEntries(
    [...engine["exchange.go"].matchAll(/^\t(\w+) += (-?\d+)/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  const { halfBytes, ...words } = EXCHANGE; // Go goes by the length of the buffer
  assert.deepEqual(constants, words);
  assert.ok(halfBytes > 0);
});

test("the kernels have the names and the numbers of arguments that Go imports", () => {
  const imports = [...read("compute/cpu/kernel/wasm.go").matchAll(/^\/\/go:wasmimport kernel (\w+)\nfunc \w+\((.*?)\)/gm)];
  const expected = Object.fromEntries(imports.map(([, name, list]) => [name, list.split(",").length]));
  const found = Object.entries(new Kernels().imports).map(([name, { length }]) => [name, length]);
  assert.deepEqual(Object.fromEntries(found), expected);
});

test("a message with a field too many or too few is refused", () => {
  const { request } = REQUESTS.classAt;
  assert.deepEqual(checked(request, { x: 1, y: 2 }), { x: 1, y: 2 });
  assert.throws(() => checked(request, { x: 1 }), /lacks the field y/);
  assert.throws(() => checked(request, { x: 1, y: 2, z: 3 }), /no field z/);
  const painting = { palette: new Uint8Array(4), border: -1 };
  assert.ok(checked(REQUESTS.paint.request, { painting }));
  assert.throws(() => checked(REQUESTS.paint.request, { painting: { ...painting, colour: 1 } }), /no field colour/);
  const { answer } = REQUESTS.load;
  const model = Object.fromEntries(Object.keys(answer).map((name) => [name, null]));
  assert.throws(() => checked(answer, { ...model, classes: [{ id: 1, name: "cat" }] }), /lacks the field colour/);
});
