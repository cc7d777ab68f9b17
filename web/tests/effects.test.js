import assert from "node:assert/strict";
import test from "node:test";

import { EFFECTS, paintingFor } from "../library/effects.js";

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
