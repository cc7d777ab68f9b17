// The engine worker: Go, compiled to WebAssembly, off the page's thread.
//
// It owns the Go instance with the model's weights, and the pixels of the photo being segmented.
// It is sent { id, type, payload }:
//   load           { source }             a model: URL, Blob or ArrayBuffer
//   segment        { bitmap, options }    a photo and { decoder, size, window, stride }
//   probabilities  { classId }            of the last photo
//   abort          (none)                 id is that of the request to give up
// It sends, with the request's id:
//   progress       while at it: { stage, loaded, total } for load, { done, total } for segment
//   result         the answer
//   error          { code, message }
// and with id 0, once, if the Go instance is dead and the worker of no more use:
//   stopped        { message }

import "./wasm_exec.js";
import { SegmenterError } from "./errors.js";
import { forgetModel, readModel, storeModel } from "./model.js";

const WASM = new URL("./engine.wasm", import.meta.url).href;

// Beyond their limits, which differ, browsers draw nothing and say nothing.
const WIDEST_CANVAS = 16384;

/** Requests by type. Each returns the answer and what of it is handed over instead of copied. */
const requests = { load, segment, probabilities };

let running = 0; // id of the request being answered, 0 if none

// The download starts with the worker, not with the first request.
const starting = startEngine();
starting.catch(() => {}); // load reports it

self.addEventListener("message", async ({ data: { id, type, payload } }) => {
  if (type === "abort") {
    if (id === running) (await starting).abort();
    return;
  }
  running = id;
  try {
    const report = (progress) => postMessage({ id, type: "progress", payload: progress });
    const [answer, ...transfer] = await requests[type](payload, report);
    postMessage({ id, type: "result", payload: answer }, transfer);
  } catch (error) {
    if (isFatal(error)) stop(error);
    const payload = { code: error.code ?? "internal", message: sentence(error.message) };
    postMessage({ id, type: "error", payload });
  }
  running = 0;
});

self.addEventListener("error", (event) => {
  event.preventDefault(); // the page hears of it by the message
  stop(event.error);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  stop(event.reason);
});

async function startEngine() {
  const ready = new Promise((resolve) => (globalThis.onSegmenterEngine = resolve));
  const go = new globalThis.Go();
  const { instance } = await instantiate(go.importObject);
  go.run(instance).then(() => stop());
  return ready;
}

async function instantiate(imports) {
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
      ? await WebAssembly.instantiateStreaming(response, imports)
      : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
  } catch (cause) {
    if (!(cause instanceof WebAssembly.CompileError)) throw cause;
    throw new SegmenterError(
      "unsupported",
      "This browser's WebAssembly is too old for the engine: update the browser.",
      { cause },
    );
  }
}

async function load({ source }, report) {
  const [engine, model] = await Promise.all([engineStarted(report), readModelReporting(source, report)]);
  if (typeof source !== "string") return [await engine.load(model.bytes)];
  if (!model.stored) return [await loadAndStore(engine, source, model.bytes)];
  try {
    return [await engine.load(model.bytes)];
  } catch (error) {
    if (error.code !== "bad-model") throw error;
    await forgetModel(source); // The stored copy may be the broken one: ask the server once more.
    const { bytes } = await readModelReporting(source, report);
    return [await loadAndStore(engine, source, bytes)];
  }
}

async function loadAndStore(engine, url, bytes) {
  const info = await engine.load(bytes);
  storeModel(url, bytes);
  return info;
}

/** Only start and end are reported: counting its bytes would keep the browser from caching compiled code. */
async function engineStarted(report) {
  report({ stage: "engine", loaded: 0, total: 0 });
  const engine = await starting;
  const size = performance.getEntriesByName(WASM)[0]?.decodedBodySize || 1;
  report({ stage: "engine", loaded: size, total: size });
  return engine;
}

function readModelReporting(source, report) {
  return readModel(source, (loaded, total) => report({ stage: "model", loaded, total }));
}

async function segment({ bitmap, options }, report) {
  const { width, height } = bitmap;
  const rows = new PhotoRows(bitmap);
  try {
    const result = await (await starting).segment(
      { width, height, ...options },
      (y, n) => rows.read(y, n),
      (done, total) => report({ done, total }),
    );
    return [result, result.mask.buffer, result.areas.buffer];
  } catch (error) {
    throw rows.failure ?? error;
  } finally {
    bitmap.close();
  }
}

async function probabilities({ classId }) {
  const values = await (await starting).probabilities(classId);
  return [values, values.buffer];
}

/**
 * A photo's rows of pixels, read in strips so that one strip, not the photo, lies in memory as RGBA.
 * Transparent pixels are laid over white.
 */
class PhotoRows {
  /** Why reading failed; Go only learns that it did. */
  failure = undefined;

  /** @param {ImageBitmap} bitmap */
  constructor(bitmap) {
    this.bitmap = bitmap;
    const canvas = globalThis.OffscreenCanvas && new OffscreenCanvas(Math.min(bitmap.width, WIDEST_CANVAS), 1);
    const context = canvas?.getContext("2d", { alpha: false, willReadFrequently: true });
    if (!context) {
      throw new SegmenterError(
        "unsupported",
        "This browser has no OffscreenCanvas in workers, which reading a photo needs: update it.",
      );
    }
    this.context = context;
  }

  /**
   * @param {number} y
   * @param {number} n
   * @returns {Uint8ClampedArray}  RGBA of n rows from row y
   */
  read(y, n) {
    const { width } = this.bitmap;
    try {
      return width <= WIDEST_CANVAS ? this.#readBlock(0, y, width, n) : this.#readWide(y, n);
    } catch (cause) {
      this.failure = new SegmenterError(
        "too-large",
        `This browser cannot read a photo of ${width} × ${this.bitmap.height} pixels: make it smaller.`,
        { cause },
      );
      throw this.failure;
    }
  }

  /** Joins the rows of blocks that lie side by side. */
  #readWide(y, n) {
    const { width } = this.bitmap;
    const rows = new Uint8ClampedArray(4 * width * n);
    for (let x = 0; x < width; x += WIDEST_CANVAS) {
      const wide = Math.min(WIDEST_CANVAS, width - x);
      const block = this.#readBlock(x, y, wide, n);
      for (let row = 0; row < n; row++) {
        rows.set(block.subarray(4 * wide * row, 4 * wide * (row + 1)), 4 * (width * row + x));
      }
    }
    return rows;
  }

  #readBlock(x, y, width, height) {
    const { bitmap, context } = this;
    if (context.canvas.height < height) context.canvas.height = height;
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, x, y, width, height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }
}

/** Errors of Go begin small and end without a full stop. */
function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** A trap, or memory that could not grow, leaves Go in pieces. */
function isFatal(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

function stop(cause) {
  const reason = cause ? ` (${cause.message ?? cause})` : "";
  const message = `The engine stopped${reason}: try again, with less detail or a smaller photo if memory is short.`;
  postMessage({ id: 0, type: "stopped", payload: { message } });
}
