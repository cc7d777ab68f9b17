import assert from "node:assert/strict";
import test from "node:test";

import { engineOptions, liveOptions, paintingOptions, segmentOptions } from "../library/options.js";
import { ALL_BORDERS, NO_BORDER } from "../library/painting.js";
import { hasCode, readCases } from "./cases.js";

const { patch, decoders, valid, invalid } = readCases("options");
const colours = readCases("colours");
const classes = ["#101112", "#202122", "#303132"].map((colour, id) => ({ id, name: `class ${id}`, colour }));
const model = { decoders, patch, classes, size: 384 };
const isBad = hasCode("bad-option");
const isSmoothing = (options) => Object.keys(options).join() === "smoothing";

for (const options of valid) {
  test(`segment takes ${JSON.stringify(options)}`, () => {
    const complete = segmentOptions(options, model);
    for (const [name, value] of Object.entries(options)) assert.equal(complete[name], value);
    if (isSmoothing(options)) assert.equal(liveOptions(options, model).smoothing, options.smoothing);
  });
}

for (const options of invalid) {
  test(`segment refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => segmentOptions(options, model), isBad);
    if (isSmoothing(options)) assert.throws(() => liveOptions(options, model), isBad);
  });
}

test("segment refuses values of other types", () => {
  const bad = [
    { size: "256" }, { size: 1.5 }, { size: NaN }, { size: 20000 }, { refine: 1 }, { maskSize: "screen" }, { smoothing: "0.5" }, { smoothing: NaN },
    { window: 512, stride: 384, maskSize: "network" }, { window: "512", stride: 384 }, { mask: "no" }, { overlay: "yes" }, { overlay: 1 },
    { onProgress: null }, { signal: {} }, { signal: null },
  ];
  for (const options of bad) assert.throws(() => segmentOptions(options, model), isBad, JSON.stringify(options));
});

test("the default decoder is the model's first", () => {
  for (const decoders of [["mask", "linear"], ["linear", "mask"], ["linear"]]) {
    assert.equal(segmentOptions({}, { ...model, decoders }).decoder, decoders[0]);
    assert.equal(segmentOptions({ decoder: undefined }, { ...model, decoders }).decoder, decoders[0]);
  }
  assert.equal(liveOptions({}, model).decoder, undefined);
});

test("the default size is the model's", () => {
  assert.equal(segmentOptions({}, { ...model, size: 224 }).size, 224);
  assert.equal(segmentOptions({ size: undefined }, { ...model, size: 224 }).size, 224);
  assert.equal(segmentOptions({ size: 0 }, model).size, 0);
});

test("segment gives a mask and no painting by default", () => {
  const { mask, painting, size, maskSize, refine } = segmentOptions({}, model);
  assert.deepEqual({ mask, painting, size, maskSize, refine }, { mask: true, painting: null, size: 384, maskSize: "photo", refine: false });
  assert.equal(segmentOptions({ mask: false }, model).mask, false);
  assert.equal(segmentOptions({ overlay: true }, model).painting.border, ALL_BORDERS);
});

test("a painting has the model's colours by default", () => {
  const { palette, border } = paintingOptions({ borders: "none" }, classes);
  assert.equal(border, NO_BORDER);
  assert.deepEqual([...palette.slice(0, 16)], [0x10, 0x11, 0x12, 255, 0x20, 0x21, 0x22, 255, 0x30, 0x31, 0x32, 255, 0, 0, 0, 0]);
});

test("a painting takes colours, borders and a size", () => {
  const { palette, ...rest } = paintingOptions({ width: 3, height: 8192, borders: 2, colours: { 1: "#01020304" } }, classes);
  assert.deepEqual(rest, { width: 3, height: 8192, border: 2 });
  assert.deepEqual([...palette.slice(0, 8)], [0, 0, 0, 0, 1, 2, 3, 4]);
  for (const { colour } of colours.valid) assert.ok(paintingOptions({ colours: { 0: colour } }, classes));
});

test("a painting refuses what it cannot have", () => {
  const bad = [{ width: 0 }, { height: 8193 }, { width: 1.5 }, { width: "3" }, { borders: "some" }, { borders: 3 }, { borders: -1 }, { colours: "#ffffff" }, null, 1];
  const badColours = colours.invalid.map((colour) => ({ colours: { 0: colour } }));
  const badClasses = ["3", "-1", "1.5", "sky"].map((id) => ({ colours: { [id]: "#ffffff" } }));
  for (const painting of [...bad, ...badColours, ...badClasses]) {
    assert.throws(() => paintingOptions(painting, classes), isBad, JSON.stringify(painting));
  }
});

test("create takes addresses, files and bytes for a model", () => {
  const source = "https://example.org/model.safetensors";
  assert.deepEqual(Object.keys(engineOptions({ model: source })).sort(), ["arithmetic", "device", "model", "onDevice", "onProgress", "profile", "threads"]);
  assert.equal(engineOptions({ model: new URL(source) }).model.source, source);
  assert.match(engineOptions().model.source, /\/library\/models\/everyday\.safetensors$/);
  for (const model of [new ArrayBuffer(8), new Uint8Array(8), new Blob(["bytes"])]) assert.equal(engineOptions({ model }).model.source, model);
});

test("an address is relative to the page, or to the worker where there is no page", (t) => {
  t.after(() => delete globalThis.document);
  globalThis.location = { href: "https://example.org/worker/w.js" };
  t.after(() => delete globalThis.location);
  assert.equal(engineOptions({ model: "m" }).model.source, "https://example.org/worker/m");
  globalThis.document = { baseURI: "https://example.org/page/" };
  assert.equal(engineOptions({ model: "m" }).model.source, "https://example.org/page/m");
});

test("create refuses what it cannot have", () => {
  const bad = [
    { device: "tpu" }, { arithmetic: "int4" }, { threads: 0 }, { threads: 1.5 }, { threads: 65 }, { threads: "2" }, { profile: "yes" },
    { model: 5 }, { model: null }, { model: {} }, { model: "relative, where there is no page" }, { model: new Float32Array(1) },
    { onProgress: 1 }, { onDevice: "x" }, { signal: true },
  ];
  for (const options of bad) assert.throws(() => engineOptions(options), isBad, JSON.stringify(options));
});

test("a live picture keeps the options that are not given", () => {
  const first = liveOptions({ rate: 10, onFrame: () => {}, size: undefined }, model);
  assert.deepEqual([first.rate, first.size, first.onFrame], [10, "auto", undefined]);
  assert.deepEqual(first.effect, { kind: "tint", opacity: 0.6, radius: 16, colour: "#00b140" });
  const next = liveOptions({ effect: { kind: "blur", radius: 4 } }, model, first);
  assert.deepEqual([next.rate, next.effect.kind, next.effect.radius], [10, "blur", 4]);
});

test("a live picture refuses what it cannot have", () => {
  const bad = [
    { size: 0 }, { size: 16385 }, { size: "large" }, { rate: 0 }, { rate: Infinity }, { rate: "30" }, { decoder: "other" }, { smoothing: 1 },
    { refine: 1 }, { mask: "yes" }, { mirror: 0 }, { effect: null }, { effect: "blur" }, { effect: {} }, { effect: { kind: "melt" } },
    { effect: { kind: "picture" } }, { effect: { kind: "picture", picture: "a.png" } }, { effect: { kind: "blur", radius: -1 } },
    { effect: { kind: "blur", radius: Infinity } }, { effect: { kind: "tint", opacity: 2 } }, { effect: { kind: "tint", opacity: NaN } },
    { effect: { kind: "colour", colour: 7 } }, { effect: { kind: "cut", classes: [3] } }, { effect: { kind: "cut", classes: 1 } },
  ];
  for (const options of bad) assert.throws(() => liveOptions(options, model), isBad, JSON.stringify(options));
});
