// The protocol: every message between the page, the engine worker and Go.
//
// It owns the names of requests, their fields and what is in them. engine.js and engine.worker.js
// hold what they send against it; wasm/messages.go is Go's side of it, and web/tests/protocol.test.js
// compares the two.
//
// The page posts { id, type, payload } to the worker, where type is a request below and id counts
// up. The worker answers with the same id and one of these types:
//   progress   payload: a progress record, any number of times
//   closed     once at most: it has closed the request's VideoFrame, before it computes
//   result     payload: the answer
//   error      payload: { code, message, reason, values }, as a SegmenterError has them
// and with id 0, once each:
//   here       the worker has loaded all its modules
//   locked     the worker holds the Web Lock of its own name as long as it lives
//   stopped    payload: as that of error; the Go program is dead and the worker of no more use
// { id, type: "abort" } asks the worker to give up the request of that id, which then fails.
//
// The worker calls a method of Go's engine for each request, with one object, and gets a Promise of
// the answer. The object has the fields that the page sent, unless `engine` says otherwise.
//
// A field's name ends with "?" if it may be left out. Its text begins with its type, which may be a
// record, or "record[]", an array of them.

export const RECORDS = {
  /** How to segment a photo. Pixels, but for refine and smoothing. */
  options: {
    decoder: "string: mask or linear",
    size: "number: short side of the frame that the network sees; 0 = as the photo is",
    window: "number: side of the sliding window; 0 = none",
    stride: "number: from a window to the next",
    smoothing: "number: 0 (none) to below 1, the weight of earlier frames",
    refine: "boolean: whether edges follow those of the picture",
    maskWidth: "number",
    maskHeight: "number",
  },
  /** How to paint a mask; see painting.js. */
  painting: {
    "width?": "number: pixels; by default the mask's",
    "height?": "number: pixels",
    palette: "Uint8Array: R, G, B, A of each class",
    border: "number: a class's id, ALL_BORDERS or NO_BORDER",
  },
  class: { id: "number", name: "string", colour: "string: #rrggbb" },
  gpu: { name: "string: what the browser calls it, or empty" },
  /** A class that was taught: a row of the linear decoder. */
  taughtClass: { name: "string", colour: "string: #rrggbb", weights: "Float32Array: of a patch's features", bias: "number" },
  progress: { done: "number: windows", total: "number: windows" },
  /** What the network saw. */
  network: { width: "number: pixels", height: "number: pixels", windows: "number" },
  timings: { prepare: "number: milliseconds", network: "number: milliseconds", classify: "number: milliseconds" },
  /** Of one kind of operation. */
  time: { operation: "string", calls: "number", milliseconds: "number", work: "number: additions and multiplications" },
};

export const REQUESTS = {
  /** Starts Go; it becomes one of several ranks if there is memory to share. */
  start: {
    request: {
      module: "WebAssembly.Module",
      rank: "number: from 0",
      ranks: "number",
      "memory?": "SharedArrayBuffer: see EXCHANGE",
    },
    engine: { rank: "number", ranks: "number", memory: "SharedArrayBuffer" },
    on: "cpu",
  },
  /** Loads a model file. */
  load: {
    request: {
      bytes: "Uint8Array: a safetensors file",
      "arrived?": "Int32Array of shared memory: how many of these bytes are there already, -1 if the rest will not come; by default all are",
      "arithmetic?": "string: int8 or float; by default what suits the model",
      profile: "boolean: whether to time operations where the device can",
    },
    answer: {
      name: "string",
      encoder: "string: what tells its encoder from others",
      licence: "string",
      source: "string: where the model comes from",
      decoders: "string[]: the better one first",
      classes: "class[]",
      patch: "number: pixels",
      size: "number: pixels, the short side at which the model sees photos best",
      depth: "number: blocks of the encoder",
      heads: "number: of each",
      parameters: "number",
      precision: "string: int8 or float32",
      gpu: "gpu, or null on the CPU",
    },
  },
  /** Finds the class of every pixel of a photo. The first rank gets this. */
  segment: {
    request: {
      bitmap: "ImageBitmap or VideoFrame: closed by the worker",
      width: "number: pixels, of the picture that Go gets",
      height: "number: pixels",
      options: "options",
      mask: "boolean: whether the answer has the mask; it stays with the engine in any case",
      "painting?": "painting: what the overlay of the answer shows",
    },
    engine: {
      "bitmap?": "ImageBitmap, VideoFrame or OffscreenCanvas, of width × height",
      width: "number",
      height: "number",
      readRows: "function (y, n) → Uint8ClampedArray: RGBA of n rows from row y, over white",
      onProgress: "function (progress)",
      options: "options",
      mask: "boolean",
      "painting?": "painting: only a GPU paints",
    },
    answer: {
      width: "number: pixels of the mask",
      height: "number",
      areas: "Uint32Array: pixels of each class",
      network: "network",
      timings: "timings",
      "mask?": "Uint8Array: class ids, row by row",
      "overlay?": "ImageBitmap",
    },
  },
  /** Takes part in the photo that the first rank segments; the other ranks get this. */
  follow: { request: { options: "options" }, on: "cpu" },
  /** Computes for some milliseconds what photos need, so that the browser optimises the engine: whether there is more of it. */
  warm: { request: {}, on: "cpu" },
  /** The mask of the last photo: Uint8Array. */
  mask: { request: {} },
  /** The class of one pixel of the last photo: number. */
  classAt: { request: { x: "number: pixels from the left", y: "number: pixels from the top" } },
  /** A picture of the mask of the last photo: ImageBitmap. */
  paint: { request: { painting: "painting" }, on: "webgpu" },
  /** The probability of a class at each pixel of the last photo: Float32Array. */
  probabilities: { request: { classId: "number" } },
  /** How each pixel of the last photo belongs to a set of classes, 0 to 255: Uint8Array. */
  matte: { request: { classIds: "Uint8Array" } },
  /** The network's scores of the last photo. */
  scores: {
    request: {},
    answer: {
      rows: "number: patches of a window",
      cols: "number: patches of a window",
      classes: "number",
      values: "Float32Array: windows × rows × cols × classes",
    },
  },
  /**
   * Values inside the network, of the last photo. All ranks get this; those that are not the first
   * answer with empty values. model/inner.go says what there is.
   */
  inner: {
    request: { kind: "string: features, attention, classes or rows", block: "number: of the encoder, for attention" },
    answer: {
      rows: "number: patches of a window",
      cols: "number: patches of a window",
      tokens: "number: of a window",
      width: "number: values of a token",
      values: "Float32Array: windows × tokens × width",
    },
  },
  /** Has masks show classes that were taught beside the model's, from the next photo on. All ranks get this. */
  taught: { request: { classes: "taughtClass[]: their ids follow the model's" } },
  /** What operations took since the last request for it: time[], empty where they are not timed. */
  times: { request: {}, on: "webgpu" },
};

/** What went wrong, for programs. segmenter.d.ts says what each code means. */
export const CODES = [
  "unsupported",
  "bad-option",
  "network",
  "bad-model",
  "no-image",
  "bad-photo",
  "too-large",
  "graphics",
  "aborted",
  "disposed",
  "internal",
];

/** Whether threads can share memory here. A cross-origin isolated page may lack SharedArrayBuffer even so. */
export function canShareMemory() {
  return Boolean(globalThis.crossOriginIsolated && globalThis.SharedArrayBuffer && globalThis.Atomics);
}

/**
 * The memory through which ranks see each other's data: two words, then two halves that take turns
 * (wasm/exchange.go).
 */
export const EXCHANGE = {
  roundWord: 0, // Int32: how often all ranks have met
  arrivedWord: 1, // Int32: how many ranks have come to the next meeting
  broken: -1, // a round: a rank gave up
  headBytes: 64,
  halfBytes: 8 << 20, // memory that is never written takes no space
};

/**
 * Holds a message against its fields.
 *
 * @template {object} T
 * @param {Record<string, string>} fields  of REQUESTS or RECORDS
 * @param {T} message
 * @returns {T}
 */
export function checked(fields, message) {
  for (const name of Object.keys(message)) {
    if (!(name in fields) && !(`${name}?` in fields)) throw new TypeError(`The protocol has no field ${name} here.`);
  }
  for (const [name, text] of Object.entries(fields)) {
    const value = message[name.replace("?", "")];
    if (value === undefined && !name.endsWith("?")) throw new TypeError(`The message lacks the field ${name}.`);
    const [, type, isArray] = text.match(/^(\w+)(\[\])?/);
    if (!value || !(type in RECORDS)) continue;
    for (const record of isArray ? value : [value]) checked(RECORDS[type], record);
  }
  return message;
}
