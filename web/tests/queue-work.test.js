import assert from "node:assert/strict";
import test from "node:test";

import { Work } from "../page/queue/work.js";

const fault = (code) => Object.assign(new Error(code), { code });
const photos = (...names) => names.map((path) => ({ path, file: { name: path } }));

/** A queue whose photos end when the test says so; names that begin with "bad" fail. */
function queue(codes = {}) {
  const log = [];
  const open = new Map(); // name → resolve
  const work = new Work({
    segment: ({ name }, signal) => new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(fault("aborted")));
      open.set(name, () => (codes[name] ? reject(fault(codes[name])) : resolve(`mask of ${name}`)));
    }),
    onChange: ({ name, state }) => log.push(`${name} ${state}`),
    onEnd: () => log.push("end"),
    onTrouble: ({ code }) => log.push(`trouble ${code}`),
  });
  const settle = async (name) => {
    await new Promise(setImmediate);
    const end = open.get(name);
    open.delete(name);
    end();
    await new Promise(setImmediate);
  };
  return { work, log, settle, states: () => work.items.map(({ state }) => state).join(" ") };
}

test("photos are done one after the other, and a bad one is passed over", async () => {
  const { work, log, settle, states } = queue({ "b.jpg": "no-image" });
  work.add(photos("a.jpg", "b.jpg", "c.jpg"));
  work.start();
  assert.equal(states(), "working waiting waiting");
  assert.equal(work.secondsLeft, undefined);
  await settle("a.jpg");
  assert.ok(work.secondsLeft >= 0);
  await settle("b.jpg");
  await settle("c.jpg");
  assert.equal(states(), "done failed done");
  assert.equal(work.items[1].error.code, "no-image");
  assert.equal(work.items[2].kept, "mask of c.jpg");
  assert.equal(log.at(-1), "end");
  assert.deepEqual(work.counts, { all: 3, waiting: 0, working: 0, done: 2, there: 0, failed: 1, cancelled: 0 });
  assert.equal(work.secondsLeft, undefined);
});

test("a failed photo is tried again", async () => {
  const codes = { "a.jpg": "too-large" };
  const { work, settle, states } = queue(codes);
  const [item] = work.add(photos("a.jpg"));
  work.start();
  await settle("a.jpg");
  delete codes["a.jpg"];
  work.retry(item);
  assert.equal(item.error, undefined);
  await settle("a.jpg");
  assert.equal(states(), "done");
  work.retry(item);
  assert.equal(states(), "done");
});

test("a pause lets the photo at work end", async () => {
  const { work, settle, states } = queue();
  work.add(photos("a.jpg", "b.jpg"));
  work.start();
  work.pause();
  await settle("a.jpg");
  assert.equal(states(), "done waiting");
  work.resume();
  assert.equal(states(), "done working");
});

test("what is cancelled is done when somebody wants it after all", async () => {
  const { work, log, settle, states } = queue();
  work.add(photos("a.jpg", "b.jpg", "c.jpg"));
  work.start();
  await settle("a.jpg");
  work.cancel();
  await new Promise(setImmediate);
  assert.equal(states(), "done cancelled cancelled");
  assert.equal(log.at(-1), "end");
  work.retry(work.items[2]);
  await settle("c.jpg");
  assert.equal(states(), "done cancelled done");
  work.retryCancelled();
  await settle("b.jpg");
  assert.equal(states(), "done done done");
});

test("trouble of the engine pauses the queue, and no photo is lost", async () => {
  const codes = { "a.jpg": "network" };
  const { work, log, settle, states } = queue(codes);
  work.add(photos("a.jpg", "b.jpg"));
  work.start();
  await settle("a.jpg");
  assert.equal(states(), "waiting waiting");
  assert.equal(log.at(-1), "trouble network");
  delete codes["a.jpg"];
  work.resume();
  await settle("a.jpg");
  await settle("b.jpg");
  assert.equal(states(), "done done");
});

test("a photo at which the GPU fails is done again, once", async () => {
  const { work, log, settle, states } = queue({ "a.jpg": "graphics" });
  work.add(photos("a.jpg"));
  work.start();
  await settle("a.jpg");
  assert.equal(states(), "working");
  await settle("a.jpg");
  assert.equal(states(), "failed");
  assert.deepEqual(log, ["a.jpg working", "a.jpg waiting", "a.jpg working", "a.jpg failed", "end"]);
});

test("another model has everything done again", async () => {
  const { work, settle, states } = queue({ "b.jpg": "no-image" });
  work.add(photos("a.jpg", "b.jpg", "c.jpg"));
  work.start();
  await settle("a.jpg");
  await settle("b.jpg");
  work.doAgain();
  await new Promise(setImmediate);
  assert.equal(states(), "working waiting waiting");
  assert.equal(work.items[0].kept, undefined);
});

test("photos that are there already are not done", async () => {
  const { work, settle, states } = queue();
  work.add(photos("a.jpg", "b.jpg", "c.jpg"));
  work.skip(work.items[1]);
  work.start();
  await settle("a.jpg");
  assert.equal(states(), "done there working");
});

test("every photo has a stem of its own", () => {
  const { work } = queue();
  work.add(photos("a.jpg", "A.png", "b/a.jpg", "../b/a.jpg", "", ".hidden", "x.tar.gz"));
  assert.deepEqual(work.items.map(({ name }) => name), ["a.jpg", "A (2).png", "b/a.jpg", "b/a (2).jpg", "photo", ".hidden", "x.tar.gz"]);
});
