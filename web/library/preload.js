// What a first mask needs, asked for before a page's other modules are there.
//
// It owns their addresses, and the answers until compile.js and download.js take them. The workers are workers.js's.

/** An engine for each device, so that nobody downloads one that they do not use. */
export const ENGINES = {
  cpu: new URL("./engine.wasm", import.meta.url).href,
  webgpu: new URL("./engine-webgpu.wasm", import.meta.url).href,
};

/** The address of the library's own model. */
export const DEFAULT_MODEL = new URL("./models/everyday.safetensors", import.meta.url).href;

/** What was asked for, by address. @type {Map<string, { answer: Promise<any>, request: AbortController }>} */
const early = new Map();
let isAsked = false;

/**
 * Asks for the engine on the CPU and for the library's own model, and starts workers.
 *
 * @param {{ threads?: number }} [options]
 */
export function preload({ threads } = {}) {
  if (isAsked) return;
  isAsked = true;
  ask(ENGINES.cpu, async (signal) => WebAssembly.compileStreaming(fetch(ENGINES.cpu, { signal })));
  ask(DEFAULT_MODEL, async (signal) => ((await isStored(DEFAULT_MODEL)) ? null : fetch(DEFAULT_MODEL, { signal })));
  import("./workers.js").then(({ prepareWorkers }) => prepareWorkers(threads)).catch(() => {}); // others say why
}

function ask(address, begin) {
  const request = new AbortController();
  // Whoever takes a failure asks again, and reports that.
  early.set(address, { answer: begin(request.signal).catch(() => null), request });
}

async function isStored(address) {
  try {
    return Boolean(await caches.match(address));
  } catch {
    return false; // no store is allowed here
  }
}

/**
 * @param {string} address
 * @param {AbortSignal} [signal]  ends the download
 * @returns {Promise<WebAssembly.Module | Response | null> | undefined}  null if it failed; undefined if nobody
 *   asked for it, or it was taken
 */
export function takeEarly(address, signal) {
  const taken = early.get(address);
  early.delete(address);
  signal?.addEventListener("abort", () => taken?.request.abort());
  return taken?.answer;
}
