// The engine's WebAssembly: downloaded and compiled once, for all workers of a page.
//
// It owns the compiled module. It is sent a callback for progress; it sends back the module, which
// engine.js hands to the workers. It runs in the page, so that the download does not wait for a
// worker to start.

import { SegmenterError } from "./errors.js";

const WASM = new URL("./engine.wasm", import.meta.url).href;

/** @type {Promise<WebAssembly.Module> | null} */
let compiling = null;

/**
 * @param {(loaded: number, total: number) => void} onProgress  told of start and end only: counting
 *   its bytes would keep the browser from caching compiled code
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compileEngine(onProgress) {
  onProgress(0, 0);
  compiling ??= compile();
  try {
    const module = await compiling;
    const size = performance.getEntriesByName(WASM)[0]?.decodedBodySize || 1;
    onProgress(size, size);
    return module;
  } catch (error) {
    compiling = null; // the next attempt downloads it again
    throw error;
  }
}

async function compile() {
  const response = await fetch(WASM).catch((cause) => {
    throw new SegmenterError(
      "network",
      "The engine could not be downloaded: check the connection and try again.",
      { cause },
    );
  });
  if (!response.ok) {
    throw new SegmenterError(
      "network",
      `The engine could not be downloaded: ${WASM} answered ${response.status}. Check that the file is there.`,
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
