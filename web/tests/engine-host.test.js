import assert from "node:assert/strict";
import test from "node:test";

import { EngineHost } from "../library/engine-host.js";
import { SegmenterError } from "../library/errors.js";
import { hasCode } from "./cases.js";

const model = { name: "test", decoders: ["mask"], patch: 16, classes: [] };

function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

/** A host of engines that only pretend: `load` decides what loading the nth of them gives. */
function hosted(device, load = () => ({ ...model, gpu: null })) {
  const started = [];
  const devices = [];
  const options = { model: { source: "model" }, device, threads: 2, arithmetic: undefined, profile: false, onProgress: () => {}, onDevice: (change) => devices.push(change) };
  const host = new EngineHost(options, ({ device }) => {
    const ended = deferred();
    ended.promise.catch(() => {});
    const ranks = {
      device,
      alive: true,
      loaded: [],
      load: (model, file) => {
        ranks.loaded.push(file ?? model.source);
        return Promise.race([load(started.length, device, file), ended.promise]);
      },
      close: (error) => {
        ranks.alive = false;
        ended.reject(error);
      },
    };
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

test("loading is given up when the signal aborts or the host is disposed of", async () => {
  const never = () => new Promise(() => {});
  for (const code of ["aborted", "disposed"]) {
    const { host, started } = hosted("cpu", never);
    const controller = new AbortController();
    const running = host.running(controller.signal);
    if (code === "aborted") controller.abort();
    else host.dispose();
    await assert.rejects(running, hasCode(code));
    assert.equal(started[0].alive, false);
  }
});

test("while the rival loads, others do not wait for the comparison", async (t) => {
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { gpu: { requestAdapter: async () => ({ info: {} }) } } });
  t.after(() => delete globalThis.navigator);
  const loading = deferred();
  const { host, started } = hosted("auto", (_, device) => (device === "webgpu" ? loading.promise : { ...model, gpu: null }));
  await host.running();
  const others = new AbortController();
  const comparison = host.compareDevices(null, {}, others.signal);
  await new Promise((resolve) => setTimeout(resolve));
  others.abort();
  await comparison;
  assert.deepEqual([host.isUndecided, started.length], [true, 2], "the rival goes on loading");
  host.dispose();
  assert.equal(started[1].alive, false);
});

test("a host that was disposed of starts nothing", async () => {
  const { host, started } = hosted("cpu");
  await host.running();
  host.dispose();
  assert.equal(started[0].alive, false);
  await assert.rejects(host.running(), hasCode("disposed"));
});

test("a model is switched in the engine that runs", async () => {
  const { host, started } = hosted("cpu", (_, __, file) => ({ ...model, name: file ?? "test", gpu: null }));
  await host.running();
  await host.switchTo({ source: "other" }, "its file");
  assert.deepEqual([host.model.name, started.length, started[0].loaded], ["its file", 1, ["model", "its file"]]);
  started[0].close();
  await host.running();
  assert.deepEqual(started[1].loaded, ["other"], "a new engine loads the new model");
});

test("a switch that fails leaves the model before", async () => {
  const { host, started } = hosted("cpu", (_, __, file) => (file ? Promise.reject(failure("bad-model")) : { ...model, gpu: null }));
  await host.running();
  await assert.rejects(host.switchTo({ source: "other" }, "its file"), hasCode("bad-model"));
  assert.deepEqual([host.model, started[0].alive, await host.running()], [model, true, started[0]]);
});

test("an engine that dies at a new model is started again with it, once, and then with the one before", async () => {
  const { host, started } = hosted("cpu", (_, __, file) => {
    if (!file) return { ...model, gpu: null };
    started.at(-1).close(failure("internal"));
    return new Promise(() => {});
  });
  await host.running();
  await assert.rejects(host.switchTo({ source: "other" }, "its file"), hasCode("internal"));
  await host.running();
  assert.deepEqual(started.map(({ loaded }) => loaded), [["model", "its file"], ["its file"], ["model"]]);
});

test("a comparison of devices with the model before is given up", async (t) => {
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { gpu: { requestAdapter: async () => ({ info: {} }) } } });
  t.after(() => delete globalThis.navigator);
  const { host, started } = hosted("auto", (_, device) => (device === "webgpu" ? new Promise(() => {}) : { ...model, gpu: null }));
  await host.running();
  const others = new AbortController();
  const comparison = host.compareDevices(null, {}, others.signal);
  await new Promise((resolve) => setTimeout(resolve));
  others.abort();
  await comparison;
  await host.switchTo({ source: "other" }, "its file");
  assert.deepEqual([started[1].alive, host.isUndecided], [false, true]);
});
