import assert from "node:assert/strict";
import test from "node:test";

import { Pace } from "../library/pace.js";

/** Passes frames of which each takes some time, at a clock that the test moves. */
function paced(t, best = 512) {
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const pace = new Pace(best);
  const frames = (count, milliseconds, size) => {
    for (let i = 0; i < count; i++) {
      pace.begin();
      now += milliseconds;
      pace.end(milliseconds, size ?? pace.size);
    }
  };
  return { pace, frames, pass: (milliseconds) => (now += milliseconds) };
}

test("slow frames shrink to the largest size that is fast enough", (t) => {
  const { pace, frames } = paced(t);
  assert.equal(pace.size, 256);
  frames(7, 100);
  assert.equal(pace.size, 256, "too few frames to tell");
  frames(1, 100);
  assert.equal(pace.size, 128); // 28.3 ms are there: 100 · (128/256)^2.2 = 21.8, of 160 pixels 35.6
});

test("fast frames grow step by step, no further than 512", (t) => {
  const { pace, frames } = paced(t);
  frames(8, 1);
  assert.equal(pace.size, 320);
  frames(80, 1);
  assert.equal(pace.size, 512);
});

test("no frame is larger than the model's size", (t) => {
  const { pace, frames } = paced(t, 400);
  frames(80, 1);
  assert.equal(pace.size, 384);
  assert.equal(new Pace(224).size, 224);
  assert.equal(new Pace(64).size, 128);
});

test("frames that just fit stay as they are", (t) => {
  const { pace, frames } = paced(t);
  frames(50, 20);
  assert.equal(pace.size, 256);
});

test("the wanted rate decides what is slow", (t) => {
  const { pace, frames } = paced(t);
  pace.rate = 5;
  frames(8, 100);
  assert.equal(pace.size, 256);
});

test("frames of a size that was chosen elsewhere change nothing", (t) => {
  const { pace, frames } = paced(t);
  frames(20, 500, 512);
  assert.equal(pace.size, 256);
});

test("a frame is due a little before its time", (t) => {
  const { pace, frames, pass } = paced(t);
  assert.equal(pace.isAhead(), false);
  pace.rate = 10;
  frames(1, 20);
  assert.ok(Math.abs(pace.wait() - 70) < 1e-9); // 0.9 · 100 − 20
  assert.equal(pace.isAhead(), true);
  pass(70);
  assert.equal(pace.isAhead(), false);
});

test("it measures the rate and the median of the last dozen", (t) => {
  const { pace, frames } = paced(t);
  assert.deepEqual(pace.measured, { rate: 0, milliseconds: 0 });
  frames(3, 400, 99);
  frames(12, 50, 99);
  assert.deepEqual(pace.measured, { rate: 20, milliseconds: 50 });
  pace.forget();
  assert.deepEqual(pace.measured, { rate: 0, milliseconds: 0 });
});
