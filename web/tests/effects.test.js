import assert from "node:assert/strict";
import test from "node:test";

import { blurSteps, paintingFor } from "../library/effects.js";
import { EFFECTS } from "../library/options.js";

const classes = [{ id: 0, colour: "#101112" }, { id: 1, colour: "#202122" }, { id: 2, colour: "#303132" }];

test("a tint paints classes in their colours", () => {
  assert.deepEqual(paintingFor({ kind: "tint" }, classes), { borders: "none", colours: { 0: "#101112", 1: "#202122", 2: "#303132" } });
  assert.deepEqual(paintingFor({ kind: "tint", classes: [2] }, classes).colours, { 2: "#303132" });
  assert.deepEqual(paintingFor({ kind: "tint", classes: [] }, classes).colours, {});
});

test("every other effect paints a matte of the classes it keeps", () => {
  for (const kind of EFFECTS.filter((kind) => kind !== "tint")) {
    assert.deepEqual(paintingFor({ kind, classes: [1, 7] }, classes).colours, { 1: "#ffffff" }, kind);
  }
});

test("a blur shrinks by halves, the more the stronger it is", () => {
  const view = { width: 1280, height: 720 };
  const { sizes, distance } = blurSteps(view, 16);
  assert.deepEqual(sizes, [{ width: 640, height: 360 }, { width: 320, height: 180 }, { width: 160, height: 90 }]);
  assert.ok(Math.abs(distance - 1.24) < 0.01, `${distance}`);
  assert.equal(blurSteps(view, 64).sizes.length, 5);
  for (const radius of [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]) {
    const { sizes, distance } = blurSteps(view, radius);
    assert.ok(distance < 1.5, `radius ${radius} leaves gaps: ${distance}`);
    assert.ok(radius < 4 || distance > 0.5, `radius ${radius} is coarse: ${distance}`);
    assert.ok(sizes.length > 0, `radius ${radius} leaves the picture as it is`);
  }
});

test("a blur of any radius shrinks any picture to no less than a pixel", () => {
  for (const radius of [0, 0.1, 1e6]) {
    const { sizes, distance } = blurSteps({ width: 3, height: 1 }, radius);
    assert.ok(sizes.length > 0 && sizes.every(({ width, height }) => width >= 1 && height >= 1), `${radius}`);
    assert.ok(Number.isFinite(distance), `${radius}`);
  }
});
