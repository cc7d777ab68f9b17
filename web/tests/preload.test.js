import assert from "node:assert/strict";
import test from "node:test";

const { fetch } = globalThis;
const { compileStreaming } = WebAssembly;

/** The module anew, with a network and a store that only pretend. Returns it and the addresses that were asked for. */
async function preloading(t, { stored = [], fails = false } = {}) {
  const asked = [];
  const module = await import(`../library/preload.js?${Math.random()}`);
  t.after(() => {
    Object.assign(globalThis, { fetch, caches: undefined });
    Object.assign(WebAssembly, { compileStreaming });
  });
  globalThis.caches = { match: async (address) => (stored.includes(address) ? new Response() : undefined) };
  globalThis.fetch = async (address, { signal }) => {
    asked.push(address);
    if (fails) throw new TypeError("no network");
    return { address, signal };
  };
  WebAssembly.compileStreaming = async (response) => ({ compiled: await response });
  return { ...module, asked };
}

test("the engine and the model are asked for once, and given once", async (t) => {
  const { preload, takeEarly, ENGINES, DEFAULT_MODEL, asked } = await preloading(t);
  assert.equal(takeEarly(ENGINES.cpu), undefined, "nothing was asked for");
  preload();
  preload();
  const end = new AbortController();
  const [engine, model] = await Promise.all([takeEarly(ENGINES.cpu), takeEarly(DEFAULT_MODEL, end.signal)]);
  assert.deepEqual(asked.sort(), [ENGINES.cpu, DEFAULT_MODEL].sort());
  assert.equal(engine.compiled.address, ENGINES.cpu);
  assert.equal(model.address, DEFAULT_MODEL);
  assert.equal(takeEarly(DEFAULT_MODEL), undefined);
  end.abort();
  assert.deepEqual([model.signal.aborted, engine.compiled.signal.aborted], [true, false]);
});

test("a model that is stored is not asked for", async (t) => {
  const stored = [new URL("../library/models/everyday.safetensors", import.meta.url).href];
  const { preload, takeEarly, ENGINES, DEFAULT_MODEL, asked } = await preloading(t, { stored });
  preload();
  assert.equal(await takeEarly(DEFAULT_MODEL), null);
  assert.deepEqual(asked, [ENGINES.cpu]);
});

test("what fails early is for whoever takes it to ask for again", async (t) => {
  const { preload, takeEarly, ENGINES, DEFAULT_MODEL } = await preloading(t, { fails: true });
  preload();
  assert.deepEqual([await takeEarly(ENGINES.cpu), await takeEarly(DEFAULT_MODEL)], [null, null]);
});
