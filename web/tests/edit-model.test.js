import assert from "node:assert/strict";
import test from "node:test";

import { EditModel } from "../page/studio/edit-model.js";

const [WIDTH, HEIGHT] = [90, 60];
const classes = ["sky", "cat", "dog"].map((name, id) => ({ id, name, colour: "#000000" }));

/** Sky, with a cat on the left and another on the right. */
function pictureOf() {
  const mask = new Uint8Array(WIDTH * HEIGHT);
  for (let y = 20; y < 40; y++) {
    mask.fill(1, y * WIDTH + 10, y * WIDTH + 30);
    mask.fill(1, y * WIDTH + 60, y * WIDTH + 80);
  }
  const areas = [WIDTH * HEIGHT - 800, 800];
  const found = areas.map((area, id) => ({ ...classes[id], area, share: area / mask.length }));
  return { classes, result: { width: WIDTH, height: HEIGHT, mask, classes: found } };
}

function counted({ mask: { pixels } }) {
  const areas = [0, 0, 0];
  for (const id of pixels) areas[id]++;
  return areas;
}

const areasOf = (model) => classes.map(({ id }) => model.classes.find((found) => found.id === id)?.area ?? 0);
const selected = ({ selection: { pixels } }) => pixels.reduce((sum, value) => sum + value, 0);

test("clicks select things, add and remove them", () => {
  const boxes = [];
  const model = new EditModel(pictureOf(), (box) => boxes.push(box));
  assert.equal(model.hasSelection, false);
  assert.equal(model.pick(15, 25, "new").classId, 1);
  assert.equal(selected(model), 400);
  model.pick(65, 25, "add");
  assert.equal(selected(model), 800);
  assert.deepEqual(model.selectedClasses, [1]);
  model.pick(15, 25, "remove");
  assert.equal(selected(model), 400);
  model.pick(0, 0, "new");
  assert.deepEqual([selected(model), model.selectedClasses], [WIDTH * HEIGHT - 800, [0]]);
  model.clearSelection();
  assert.deepEqual([model.hasSelection, selected(model), model.isUnsaved], [false, 0, false]);
  for (const count of [WIDTH * HEIGHT - 800, 400, 800, 400, 0]) {
    model.undo();
    assert.equal(selected(model), count);
    assert.equal(model.hasSelection, count > 0);
  }
  assert.ok(!model.canUndo && model.canRedo);
  assert.ok(boxes.length === 10 && boxes.every(({ left, right }) => left >= 0 && right <= WIDTH));
});

const at = (x, y, radius = 4) => ({ x, y, radius });

test("strokes paint classes, and areas follow", () => {
  const picture = pictureOf();
  const original = picture.result.mask.slice();
  const model = new EditModel(picture, () => {});
  model.beginStroke(2, false, at(20, 30), []);
  model.moveStroke([at(40, 30), at(45, 35)]);
  model.endStroke();
  assert.ok(counted(model)[2] > 150);
  assert.deepEqual(areasOf(model), counted(model));
  assert.ok(model.isUnsaved);
  model.noteSaved();
  assert.equal(model.isUnsaved, false);
  model.undo();
  assert.deepEqual(picture.result.mask, original);
  assert.deepEqual(areasOf(model), counted(model));
  assert.ok(model.isUnsaved, "what was saved is another mask");
  model.redo();
  assert.equal(model.isUnsaved, false);
  model.beginStroke(0, true, at(30, 30, 40), []);
  model.endStroke();
  assert.deepEqual(picture.result.mask, original, "the eraser brings the network's classes back");
  assert.deepEqual(areasOf(model), counted(model));
});

test("strokes paint the selection, which begins with what is kept", () => {
  const model = new EditModel(pictureOf(), () => {});
  model.beginStroke("selection", true, at(20, 30), [1]);
  assert.ok(model.hasSelection, "while it is painted, too");
  model.endStroke();
  assert.ok(model.hasSelection && selected(model) > 700 && selected(model) < 800, `${selected(model)}`);
  assert.deepEqual(counted(model), [WIDTH * HEIGHT - 800, 800, 0]);
  model.beginStroke("selection", false, at(20, 30, 4), [0]);
  model.endStroke();
  assert.equal(selected(model), 800);
  model.undo();
  model.undo();
  assert.deepEqual([model.hasSelection, selected(model)], [false, 0]);
  model.pick(65, 25, "remove", [1]);
  assert.equal(selected(model), 400, "a thing is taken from what is kept");
  model.undo();
  model.beginStroke("selection", true, at(45, 30, 200), [1]);
  model.cancelStroke();
  assert.equal(model.hasSelection, false);
});

test("a stroke that is given up leaves nothing", () => {
  const model = new EditModel(pictureOf(), () => {});
  const before = model.mask.pixels.slice();
  model.beginStroke(2, false, at(20, 30), []);
  model.moveStroke([at(50, 50)]);
  model.cancelStroke();
  assert.deepEqual(model.mask.pixels, before);
  assert.ok(!model.canUndo && !model.isUnsaved);
  model.moveStroke([at(1, 1)]); // of a finger that is still there
  model.endStroke();
  assert.deepEqual(model.mask.pixels, before);
});

test("another mask is a change like others", () => {
  const picture = pictureOf();
  const model = new EditModel(picture, () => {});
  model.replaceMask(new Uint8Array(WIDTH * HEIGHT).fill(2));
  assert.deepEqual(areasOf(model), [0, 0, WIDTH * HEIGHT]);
  assert.ok(model.isOf(picture) && model.isUnsaved);
  model.undo();
  assert.deepEqual(areasOf(model), [WIDTH * HEIGHT - 800, 800, 0]);
});
