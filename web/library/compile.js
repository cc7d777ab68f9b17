// The engine's WebAssembly: downloaded and compiled once, for all workers of a page.
//
// It owns the compiled module. It is sent a callback for progress; it sends back the module, which
// engine.js hands to the workers. It runs in the page, so that the download does not wait for a
// worker to start.

import { SegmenterError } from "./errors.js";

/** An engine for each device: who never uses the other never downloads it. */
const ENGINES = {
  cpu: new URL("./engine.wasm", import.meta.url).href,
  webgpu: new URL("./engine-webgpu.wasm", import.meta.url).href,
};

/** @type {Map<string, Promise<WebAssembly.Module>>} by address */
const compiling = new Map();

/**
 * @param {"cpu" | "webgpu"} device
 * @param {(loaded: number, total: number) => void} onProgress  told of start and end only: counting
 *   its bytes would keep the browser from caching compiled code
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileEngine(device, onProgress) {
  onProgress(0, 0);
  const address = ENGINES[device];
  if (!compiling.has(address)) compiling.set(address, compile(address));
  try {
    const module = await compiling.get(address);
    const size = performance.getEntriesByName(address)[0]?.decodedBodySize || 1;
    onProgress(size, size);
    return module;
  } catch (error) {
    compiling.delete(address); // the next attempt downloads it again
    throw error;
  }
}

async function compile(address) {
  const response = await fetch(address).catch((cause) => {
    throw new SegmenterError(
      "network",
      "The engine could not be downloaded: check the connection and try again.",
      { cause },
    );
  });
  if (!response.ok) {
    throw new SegmenterError(
      "network",
      `The engine could not be downloaded: ${address} answered ${response.status}. Check that the file is there.`,
      { reason: "refused", values: { url: address, status: response.status } },
    );
  }
  try {
    // Streaming compiles while the bytes arrive, but only where the server names the type.
    return response.headers.get("Content-Type")?.startsWith("application/wasm")
      ? await WebAssembly.compileStreaming(response)
      : await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new SegmenterError(
      "unsupported",
      "This browser's WebAssembly is too old for the engine: update the browser.",
      { cause },
    );
  }
}
