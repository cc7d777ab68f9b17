// The engine's WebAssembly: downloaded and compiled once, for all workers of a page.
//
// It owns the compiled modules. ranks.js sends it a device and a callback for progress, importer.js
// and teaching.js a program's address; it sends back the module for the workers. It runs in the page, so that the download need not wait for a worker.

import { explained, requireWebAssembly, SegmenterError, unlessAborted } from "./errors.js";
import { ENGINES, takeEarly } from "./preload.js";

/** Those that compile or are compiled, by address; `waiting` counts who waits. @type {Map<string, Compilation>} */
const compilations = new Map();

/** @typedef {{ module: Promise<WebAssembly.Module>, download: AbortController, waiting: number }} Compilation */

/**
 * @param {"cpu" | "webgpu"} device
 * @param {(loaded: number, total: number) => void} onProgress  told of start and end only: while
 *   a page counts bytes, the browser does not cache compiled code
 * @param {AbortSignal} [signal]  ends the download if nobody else waits for it
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileEngine(device, onProgress, signal) {
  onProgress(0, 0);
  const module = await compileProgram(ENGINES[device], signal);
  const size = performance.getEntriesByName(ENGINES[device])[0]?.decodedBodySize || 1;
  onProgress(size, size);
  return module;
}

/**
 * @param {string} address
 * @param {AbortSignal} [signal]  ends the download if nobody else waits for it
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileProgram(address, signal) {
  requireWebAssembly("the page");
  const compilation = compilations.get(address) ?? begin(address);
  compilation.waiting++;
  try {
    return await unlessAborted(compilation.module, signal);
  } finally {
    compilation.waiting--;
    if (signal?.aborted && compilation.waiting === 0) compilation.download.abort();
  }
}

function begin(address) {
  const download = new AbortController();
  const compilation = { module: compile(address, download.signal), download, waiting: 0 };
  compilations.set(address, compilation);
  // After a failure, the next attempt downloads it again.
  const forget = () => compilations.get(address) === compilation && compilations.delete(address);
  compilation.module.catch(forget);
  download.signal.addEventListener("abort", forget);
  return compilation;
}

async function compile(address, signal) {
  const early = await takeEarly(address, signal);
  if (early) return early;
  const response = await fetch(address, { signal }).catch(async (cause) => {
    const error = new SegmenterError("network", "The engine could not be downloaded: check the connection and try again.", { cause });
    throw signal.aborted ? error : await explained(error, address, "fetch");
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
