import assert from "node:assert/strict";
import test from "node:test";

import { EngineHost } from "../library/engine-host.js";
import { SegmenterError } from "../library/errors.js";
import { hasCode } from "./cases.js";

const model = { name: "test", decoders: ["mask"], patch: 16, classes: [] };

/** A host of engines that only pretend: `load` decides what loading the nth of them gives. */
function hosted(device, load = () => ({ ...model, gpu: null })) {
  const started = [];
  const devices = [];
  const options = { source: "model", device, threads: 2, arithmetic: undefined, profile: false, onProgress: () => {}, onDevice: (change) => devices.push(change) };
  const host = new EngineHost(options, ({ device }) => {
    const ranks = { device, alive: true, load: async () => load(started.length, device), close: () => (ranks.alive = false) };
    started.push(ranks);
    return ranks;
  });
  return { host, started, devices };
}

const failure = (code) => new SegmenterError(code, `The test says ${code}.`);

test("an engine is started once and loads the model", async () => {
  const { host, started, devices } = hosted("cpu");
  assert.equal(await host.running(), started[0]);
  assert.equal(await host.running(), started[0]);
  assert.deepEqual(host.model, model);
  assert.deepEqual([started.length, host.device, devices], [1, "cpu", []]);
});

test("an engine that died is started again, and the task repeated once", async () => {
  const { host, started } = hosted("cpu");
  let attempts = 0;
  const result = await host.retried(async () => {
    const engine = await host.running();
    if (++attempts > 1) return "done";
    engine.close();
    throw failure("internal");
  });
  assert.deepEqual([result, attempts, started.length], ["done", 2, 2]);

  const again = host.retried(async () => {
    (await host.running()).close();
    throw failure("internal");
  });
  await assert.rejects(again, hasCode("internal"));
});

test("a failure of an engine that lives is not repeated", async () => {
  const { host, started } = hosted("cpu");
  for (const code of ["bad-photo", "internal"]) {
    let attempts = 0;
    const task = async () => {
      await host.running();
      attempts++;
      throw failure(code);
    };
    await assert.rejects(host.retried(task), hasCode(code));
    assert.equal(attempts, 1);
  }
  assert.equal(started.length, 1);
});

test("a model that cannot be loaded ends its engine", async () => {
  const { host, started } = hosted("cpu", (count) => (count === 1 ? Promise.reject(failure("bad-model")) : { ...model, gpu: null }));
  await assert.rejects(host.running(), hasCode("bad-model"));
  assert.equal(started[0].alive, false);
  assert.equal(await host.running(), started[1]);
});

test("WebGPU says that it computes", async () => {
  const { host, devices } = hosted("webgpu", () => ({ ...model, gpu: { name: "a GPU" } }));
  await host.running();
  assert.deepEqual([host.device, devices], ["webgpu", [{ device: "webgpu", name: "a GPU", message: "" }]]);
});

test("the CPU takes over where there is no WebGPU", async () => {
  const { host, started, devices } = hosted("webgpu", (_, device) => (device === "webgpu" ? Promise.reject(failure("graphics")) : { ...model, gpu: null }));
  assert.equal(await host.running(), started[1]);
  assert.deepEqual(started.map(({ device, alive }) => [device, alive]), [["webgpu", false], ["cpu", true]]);
  assert.equal(host.device, "cpu");
  assert.match(devices[0].message, /^WebGPU failed, so the CPU computes\. The test says graphics\.$/);
});

test("the CPU takes over when WebGPU fails at a task", async () => {
  const { host, devices } = hosted("webgpu", (_, device) => ({ ...model, gpu: device === "webgpu" ? { name: "" } : null }));
  const device = await host.retried(async () => {
    const engine = await host.running();
    if (engine.device === "webgpu") throw failure("graphics");
    return engine.device;
  });
  assert.deepEqual([device, host.device, devices.length], ["cpu", "cpu", 2]);
});

test("only the device auto is compared, and only once", async () => {
  for (const device of ["cpu", "webgpu"]) assert.equal(hosted(device).host.isUndecided, false);
  const { host, started } = hosted("auto");
  assert.deepEqual([host.device, host.isUndecided], ["cpu", true]);
  await host.running();
  await host.compareDevices(null, {}); // here is no WebGPU
  assert.deepEqual([host.isUndecided, started.length], [false, 1]);
  await host.use("auto");
  assert.deepEqual([host.isUndecided, started[0].alive, started.length], [true, false, 2]);
});

test("a host that was disposed of starts nothing", async () => {
  const { host, started } = hosted("cpu");
  await host.running();
  host.dispose();
  assert.equal(started[0].alive, false);
  await assert.rejects(host.running(), hasCode("disposed"));
});
