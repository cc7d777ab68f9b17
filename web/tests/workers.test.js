import assert from "node:assert/strict";
import test from "node:test";

/** The module anew, where workers only pretend. Returns it and the workers that were started. */
async function withWorkers(t, { fails = false } = {}) {
  const started = [];
  t.after(() => Object.assign(globalThis, { Worker: undefined, location: undefined }));
  globalThis.location = { origin: new URL(import.meta.url).origin };
  globalThis.crossOriginIsolated = true;
  globalThis.document = {};
  globalThis.Worker = class {
    constructor(address, { name }) {
      if (fails) throw new Error("refused");
      Object.assign(this, { address: `${address}`, name, terminate: () => (this.isEnded = true) });
      started.push(this);
    }
  };
  return { ...(await import(`../library/workers.js?${Math.random()}`)), started };
}

test("workers that were prepared are taken with the messages that came before", async (t) => {
  const { prepareWorkers, takeWorker, endSpares, started } = await withWorkers(t);
  prepareWorkers(2);
  assert.equal(started.length, 2);
  started[0].onmessage({ data: { type: "here" } });
  const first = takeWorker();
  assert.equal(first.worker, started[0]);
  assert.equal(first.name, started[0].name);
  assert.deepEqual(first.missed, [{ type: "here" }]);
  endSpares();
  assert.deepEqual(started.map(({ isEnded }) => Boolean(isEnded)), [false, true]);
  assert.equal(takeWorker().worker, started[2], "nothing is prepared any more");
});

test("workers are not prepared once a client has asked", async (t) => {
  const { prepareWorkers, takeWorker, started } = await withWorkers(t);
  takeWorker();
  prepareWorkers(2);
  assert.equal(started.length, 1);
});

test("a prepared worker that fails is not given out", async (t) => {
  const { prepareWorkers, takeWorker, started } = await withWorkers(t);
  prepareWorkers(1);
  started[0].onerror({ preventDefault() {} });
  assert.equal(takeWorker().worker, started[1]);
});

test("an address cannot ask for any number of workers", async (t) => {
  const { prepareWorkers, started } = await withWorkers(t);
  for (const threads of [1e9, NaN]) prepareWorkers(threads);
  assert.equal(started.length, 0);
});
