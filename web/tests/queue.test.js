import assert from "node:assert/strict";
import test from "node:test";

import { SegmenterError } from "../library/errors.js";
import { Queue } from "../library/queue.js";
import { hasCode } from "./cases.js";

/** A promise and what settles it. */
function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

const ticks = () => new Promise((resolve) => setTimeout(resolve));

test("tasks run one at a time, in order, and a failure holds nobody up", async () => {
  const queue = new Queue();
  const log = [];
  const task = (name, fails) => async () => {
    log.push(`${name} begins`);
    await ticks();
    log.push(`${name} ends`);
    if (fails) throw new Error(name);
    return name;
  };
  const results = await Promise.allSettled([queue.add(task("a")), queue.add(task("b", true)), queue.add(task("c"))]);
  assert.deepEqual(results.map(({ value, reason }) => value ?? reason.message), ["a", "b", "c"]);
  assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("an aborted request rejects at once, but the next waits until its task has ended", async () => {
  const queue = new Queue();
  const work = deferred();
  const controller = new AbortController();
  let seen;
  const first = queue.add((signal) => {
    seen = signal;
    return work.promise;
  }, controller.signal);
  let hasBegun = false;
  const second = queue.add(async () => (hasBegun = true));
  await ticks();
  controller.abort("enough");
  await assert.rejects(first, hasCode("aborted"));
  assert.equal(seen.reason, "enough");
  await ticks();
  assert.equal(hasBegun, false);
  work.resolve();
  assert.equal(await second, true);
});

test("a request that is aborted while it waits never runs", async () => {
  const queue = new Queue();
  const work = deferred();
  const first = queue.add(() => work.promise);
  const controller = new AbortController();
  let runs = 0;
  const never = async () => runs++;
  const waiting = queue.add(never, controller.signal);
  const late = queue.add(never, AbortSignal.abort());
  controller.abort();
  await assert.rejects(waiting, hasCode("aborted"));
  await assert.rejects(late, hasCode("aborted"));
  work.resolve("done");
  assert.equal(await first, "done");
  assert.equal(await queue.add(async () => "next"), "next");
  assert.equal(runs, 0);
});

test("abort gives up all requests, and none that come later", async () => {
  const queue = new Queue();
  const all = [queue.add(() => ticks()), queue.add(() => ticks())];
  queue.abort();
  for (const request of all) await assert.rejects(request, hasCode("aborted"));
  assert.equal(await queue.add(async () => "later"), "later");
});

test("a queue that is closed rejects what runs, what waits and what comes", async () => {
  const queue = new Queue();
  let seen;
  const running = queue.add((signal) => {
    seen = signal;
    return new Promise(() => {}); // it never ends
  });
  const waiting = queue.add(async () => assert.fail("it ran"));
  await ticks();
  const error = new SegmenterError("disposed", "It is over.");
  queue.close(error);
  for (const request of [running, waiting, queue.add(async () => {})]) await assert.rejects(request, error);
  assert.equal(seen.reason, error);
  assert.equal(queue.closed.reason, error);
});

test("work for afterwards hears that another request waits", async () => {
  const queue = new Queue();
  const log = [];
  const first = queue.add(async (_, afterwards) => afterwards((signal) => new Promise((resolve) => {
    log.push(`it begins, ${signal.aborted}`);
    signal.addEventListener("abort", () => resolve(log.push("it hears")));
  })));
  await first;
  await ticks();
  const second = queue.add(async () => log.push("the next begins"));
  await second;
  assert.deepEqual(log, ["it begins, false", "it hears", "the next begins"]);
  await queue.add(async (_, afterwards) => afterwards((signal) => new Promise((resolve) => signal.addEventListener("abort", resolve))));
  await ticks();
  queue.abort();
  await queue.add(async () => log.push("the last"));
});

test("work for afterwards delays the next task, not the result; the last one counts", async () => {
  const queue = new Queue();
  const work = deferred();
  const first = queue.add(async (_, afterwards) => {
    afterwards(() => assert.fail("it was replaced"));
    afterwards(() => work.promise);
    return "result";
  });
  let hasBegun = false;
  const second = queue.add(async () => (hasBegun = true));
  assert.equal(await first, "result");
  await ticks();
  assert.equal(hasBegun, false);
  work.reject(new Error("nobody waits for this"));
  assert.equal(await second, true);
});

test("a signal that outlives a request is let go", async () => {
  const queue = new Queue();
  const { signal } = new AbortController();
  let listeners = 0;
  signal.addEventListener = () => listeners++;
  signal.removeEventListener = () => listeners--;
  await queue.add(async () => {}, signal);
  await ticks();
  assert.equal(listeners, 0);
});

test("a task that has committed itself is not aborted", async () => {
  const queue = new Queue();
  const controller = new AbortController();
  let finish;
  const task = queue.add((signal, afterwards, commit) => {
    commit();
    return new Promise((resolve) => (finish = resolve));
  }, controller.signal);
  await new Promise((resolve) => setTimeout(resolve));
  controller.abort();
  queue.abort();
  finish("done");
  assert.equal(await task, "done");
});
