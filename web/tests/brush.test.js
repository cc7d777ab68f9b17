import assert from "node:assert/strict";
import test from "node:test";

import { boxOf, fillStroke } from "../page/studio/brush.js";
import { Change, changedBox, History } from "../page/studio/history.js";

const layerOf = (width, height, value = 0) => ({ width, height, pixels: new Uint8Array(width * height).fill(value) });
const at = ({ width, pixels }, x, y) => pixels[y * width + x];

test("a stroke covers the pixels with their centre within its radius", () => {
  const layer = layerOf(40, 30);
  fillStroke(layer, { x: 10, y: 10, radius: 5 }, { x: 30, y: 12, radius: 3 }, 7);
  for (let y = 0; y < 30; y++) {
    for (let x = 0; x < 40; x++) {
      // The nearest point of the axis, and the radius there.
      const t = Math.max(0, Math.min(((x + 0.5 - 10) * 20 + (y + 0.5 - 10) * 2) / 404, 1));
      const distance = Math.hypot(x + 0.5 - 10 - 20 * t, y + 0.5 - 10 - 2 * t);
      const radius = 5 - 2 * t;
      if (Math.abs(distance - radius) > 0.6) assert.equal(at(layer, x, y), distance < radius ? 7 : 0, `${x}, ${y}`);
    }
  }
});

test("a stroke ends at the picture's edges, and covers at least a pixel", () => {
  const layer = layerOf(10, 8);
  fillStroke(layer, { x: -3, y: 4, radius: 5 }, { x: -3, y: 4, radius: 5 }, 1);
  assert.equal(at(layer, 0, 4), 1);
  assert.equal(at(layer, 9, 3), 0, "nothing wraps around");
  fillStroke(layer, { x: 5.2, y: 5.9, radius: 0.1 }, { x: 5.2, y: 5.9, radius: 0.1 }, 2);
  assert.equal(at(layer, 5, 5), 2);
  fillStroke(layer, { x: 100, y: 100, radius: 4 }, { x: 200, y: 1e4, radius: 4 }, 3);
  assert.ok(!layer.pixels.includes(3));
});

test("an eraser brings the pixels of another picture back", () => {
  const original = Uint8Array.from({ length: 100 }, (_, i) => i);
  const layer = { width: 10, height: 10, pixels: new Uint8Array(100).fill(200) };
  fillStroke(layer, { x: 5, y: 5, radius: 2 }, { x: 5, y: 5, radius: 2 }, original);
  assert.equal(at(layer, 5, 5), 55);
  assert.equal(at(layer, 0, 0), 200);
});

test("the box of a stroke has all its pixels", () => {
  const size = { width: 50, height: 40 };
  for (const [x, y, radius] of [[10, 10, 3], [0, 0, 9], [49.5, 39.5, 0.2], [-20, 5, 4], [25, 20, 60]]) {
    const [from, to] = [{ x, y, radius }, { x: x + 7, y: y - 5, radius: radius / 2 }];
    const layer = layerOf(50, 40);
    fillStroke(layer, from, to, 1);
    const { left, top, right, bottom } = boxOf(from, to, size);
    assert.ok(left >= 0 && top >= 0 && right <= 50 && bottom <= 40);
    layer.pixels.forEach((value, i) => {
      const [px, py] = [i % 50, Math.floor(i / 50)];
      if (value) assert.ok(px >= left && px < right && py >= top && py < bottom, `${px}, ${py}`);
    });
  }
});

/** Paints a rectangle as a change. */
function paint(layer, box, value, note) {
  const change = new Change();
  change.touch(layer, box);
  for (let y = box.top; y < box.bottom; y++) layer.pixels.fill(value, y * layer.width + box.left, y * layer.width + box.right);
  return change.finish(note);
}

const box = (left, top, right, bottom) => ({ left, top, right, bottom });

test("changes are undone and done again, in any number", () => {
  const layer = layerOf(150, 130);
  layer.pixels.forEach((_, i) => (layer.pixels[i] = i % 5));
  const history = new History();
  const states = [layer.pixels.slice()];
  for (let i = 0; i < 20; i++) {
    history.add(paint(layer, box(i * 5, i * 3, i * 5 + 40, i * 3 + 50), i + 10, i));
    states.push(layer.pixels.slice());
  }
  assert.deepEqual([history.canUndo, history.canRedo], [true, false]);
  for (let i = 19; i >= 0; i--) {
    assert.equal(history.undo().note, i);
    assert.deepEqual(layer.pixels, states[i]);
  }
  assert.equal(history.undo(), null);
  for (let i = 0; i < 10; i++) assert.equal(history.redo().note, i);
  assert.deepEqual(layer.pixels, states[10]);
  history.add(paint(layer, box(0, 0, 10, 10), 99));
  assert.equal(history.redo(), null, "what was undone before another change is gone");
  history.undo();
  assert.deepEqual(layer.pixels, states[10]);
});

test("a change of several layers is one step", () => {
  const [a, b] = [layerOf(300, 300), layerOf(20, 20)];
  const change = new Change();
  change.touch(a, box(290, 290, 300, 300));
  change.touch(b, box(0, 0, 1, 1));
  a.pixels[295 * 300 + 295] = 1;
  b.pixels[0] = 1;
  const step = change.finish();
  assert.deepEqual(changedBox(step, b), box(0, 0, 20, 20));
  assert.deepEqual(changedBox(step, a), box(256, 256, 300, 300));
  assert.equal(changedBox(step, layerOf(1, 1)), null);
  const history = new History();
  history.add(step);
  history.undo();
  assert.ok(!a.pixels.includes(1) && !b.pixels.includes(1));
});

test("a change that changes nothing is no step, and one can be given up", () => {
  const layer = layerOf(10, 10, 3);
  assert.equal(paint(layer, box(2, 2, 8, 8), 3), null);
  const change = new Change();
  change.touch(layer, box(0, 0, 10, 10));
  layer.pixels.fill(9);
  change.revert();
  assert.ok(!layer.pixels.includes(9));
  const history = new History();
  history.add(null);
  assert.equal(history.canUndo, false);
});

test("the oldest changes are forgotten before there is too much to remember", () => {
  const layer = layerOf(64, 64);
  const noisy = () => {
    const change = new Change();
    change.touch(layer, box(0, 0, 64, 64));
    layer.pixels.forEach((value, i) => (layer.pixels[i] = value + 1 + (i % 3)));
    return change.finish();
  };
  const history = new History(50_000);
  for (let i = 0; i < 30; i++) history.add(noisy());
  let count = 0;
  while (history.undo()) count++;
  assert.ok(count >= 1 && count < 10, `${count} are kept`);
  const small = new History(1);
  small.add(noisy());
  assert.ok(small.canUndo, "the last one stays whatever it takes");
});
