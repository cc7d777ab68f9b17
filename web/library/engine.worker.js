// The engine worker: Go, compiled to WebAssembly, off the page's thread.
//
// It owns a Go program with the model's weights, one rank of those that segment a photo together. It
// is sent requests by engine.js and answers them; protocol.js lists all messages. What Go cannot do
// in a browser, it does here: reading a photo's pixels, and painting what the CPU found.

import { requireWebAssembly, SegmenterError, sentence } from "./errors.js";
import { isFrame } from "./frame.js";
import { Kernels } from "./kernel.js";
import "./wasm_exec.js";
import { paint as paintMask, sized } from "./painting.js";
import { PhotoRows } from "./photo-rows.js";
import { checked, REQUESTS } from "./protocol.js";

/** The requests that take more than asking Go. Each returns the answer and what of it is transferred. */
const handlers = { start, segment, mask, paint, probabilities, matte, scores, inner, times };

let running = 0; // id of the request at work, 0 if there is none

let engine; // Go's side, once it has started

/** The size of the last photo's mask, in pixels. */
let maskSize = { width: 0, height: 0 };

postMessage({ id: 0, type: "here" });
const locked = holdLock();

self.addEventListener("message", async ({ data: { id, type, payload } }) => {
  if (type === "abort") {
    if (id === running) engine.abort();
    return;
  }
  running = id;
  try {
    const report = (progress) => postMessage({ id, type: "progress", payload: progress });
    const closed = () => postMessage({ id, type: "closed" });
    const [answer, ...transfer] = handlers[type] ? await handlers[type](payload, report, closed) : [await ask(type, payload)];
    if (REQUESTS[type].answer) checked(REQUESTS[type].answer, answer);
    postMessage({ id, type: "result", payload: answer }, transfer);
  } catch (error) {
    if (isFatal(error)) stop(error);
    postMessage({ id, type: "error", payload: payloadOf(error) });
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

// Firefox does not hand over a module where it is forbidden.
self.addEventListener("messageerror", () => {
  try {
    requireOwnWebAssembly();
    stop(new Error("a message of the page could not be read"));
  } catch (error) {
    stop(error);
  }
});

function requireOwnWebAssembly() {
  requireWebAssembly("engine.worker.js, which its server sends with it,");
}

/** Sends Go a request. */
function ask(type, message = {}) {
  const { request, engine: fields = request } = REQUESTS[type];
  return engine[type](checked(fields, message));
}

async function start({ module, rank, ranks, memory }) {
  requireOwnWebAssembly();
  const started = new Promise((resolve) => (globalThis.onSegmenterEngine = resolve));
  const go = new globalThis.Go();
  const kernels = new Kernels();
  const instance = await WebAssembly.instantiate(module, { ...go.importObject, kernel: kernels.imports });
  kernels.memory = instance.exports.mem;
  go.run(instance).then(() => stop());
  engine = await started;
  if (ranks > 1) await ask("start", { rank, ranks, memory });
  await locked; // from now on the page hears of its death
  return [];
}

async function segment({ bitmap, width, height, options, mask, painting }, report, closed) {
  let rows;
  try {
    maskSize = { width: options.maskWidth, height: options.maskHeight };
    const whole = painting && sized(painting, maskSize);
    rows = new PhotoRows(bitmap, { width, height });
    if (rows.picture !== bitmap && isFrame(bitmap)) {
      bitmap.close(); // now, since a worker that is ended closes nothing
      closed();
    }
    const answer = await ask("segment", {
      bitmap: rows.picture,
      width,
      height,
      readRows: (y, n) => rows.read(y, n),
      onProgress: report,
      options,
      mask,
      painting: whole,
    });
    if (whole) answer.overlay ??= await paintHere(whole, answer.mask);
    return [answer, ...[answer.areas.buffer, answer.mask?.buffer, answer.overlay].filter(Boolean)];
  } catch (error) {
    throw rows?.failure ?? error;
  } finally {
    bitmap.close();
  }
}

async function mask() {
  const pixels = (await ask("mask")).slice(); // Go uses its array again
  return [pixels, pixels.buffer];
}

async function paint({ painting }) {
  const whole = sized(painting, maskSize);
  const bitmap = engine.paint ? await ask("paint", { painting: whole }) : await paintHere(whole);
  return [bitmap, bitmap];
}

/** Paints what the CPU found. */
async function paintHere(painting, mask) {
  return toBitmap(paintMask({ ...maskSize, mask: mask ?? (await ask("mask")) }, painting));
}

async function probabilities(request) {
  const values = await ask("probabilities", request);
  return [values, values.buffer];
}

async function matte(request) {
  const values = await ask("matte", request);
  return [values, values.buffer];
}

async function scores() {
  const answer = await ask("scores");
  return [answer, answer.values.buffer];
}

async function inner(request) {
  const answer = await ask("inner", request);
  return [answer, answer.values.buffer];
}

async function times() {
  return [engine.times ? await ask("times") : []];
}

let canvas; // for all bitmaps

function toBitmap(image) {
  canvas ??= new OffscreenCanvas(1, 1);
  if (canvas.width !== image.width) canvas.width = image.width;
  if (canvas.height !== image.height) canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas.transferToImageBitmap();
}

/**
 * Takes the lock that the page waits for: the page gets it when this worker is gone. The promise
 * settles when the lock is held, or cannot be: where storage is forbidden, so are locks.
 */
function holdLock() {
  return new Promise((resolve) => {
    const forever = () => {
      postMessage({ id: 0, type: "locked" });
      resolve();
      return new Promise(() => {});
    };
    if (navigator.locks) navigator.locks.request(self.name, forever).catch(resolve);
    else resolve();
  });
}

/** What the page makes a SegmenterError of. */
function payloadOf({ code, message, reason = "", values = {} }) {
  return { code: typeof code === "string" ? code : "internal", message: sentence(message), reason, values }; // a DOMException's is a number
}

/** After a trap, or when memory could not grow, Go cannot go on. */
function isFatal(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

function stop(cause) {
  const reason = cause ? ` (${cause.message ?? cause})` : "";
  const message = `The engine stopped${reason}: try again, with less detail or a smaller photo if memory is short.`;
  const payload = payloadOf(cause instanceof SegmenterError ? cause : { message });
  postMessage({ id: 0, type: "stopped", payload });
}
