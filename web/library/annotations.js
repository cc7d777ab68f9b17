// Annotations: masks as the files of annotation tools and trainers.
//
//   import { exportMask } from "./annotations.js";
//
//   const files = await exportMask(await segmenter.segment(photo), { format: "coco", classes: segmenter.model.classes, name: photo.name });
//   for (const { name, blob } of files) … // "annotations.json"
//
// It owns a worker for each Annotations, which it starts when there is something to do, and ends. The
// program for it is downloaded when the first mask is exported. annotations.d.ts describes everything.

import { compileProgram } from "./compile.js";
import { abortError, explained, SegmenterError, sentence } from "./errors.js";
import { requireOption, requireSignal } from "./options.js";

const PROGRAM = new URL("./annotator.wasm", import.meta.url).href;
const WORKER = new URL("./annotator.worker.js", import.meta.url).href;

/** What package annotation writes. */
export const FORMATS = ["png", "class", "coco", "coco-rle", "yolo", "labelme", "voc", "svg"];

/** Those that have polygons, hence a tolerance. */
export const POLYGONS = ["coco", "yolo", "labelme", "svg"];

/** Files of a photo in this folder are only for what is made of all photos. */
const PARTS = "parts/";

/**
 * The files of one photo.
 *
 * @param {import("./annotations.js").Mask} result
 * @param {import("./annotations.js").ExportOptions} options
 * @returns {Promise<import("./annotations.js").AnnotationFile[]>}
 */
export async function exportMask(result, { format, name = "photo.jpg", size, signal, ...options }) {
  const annotations = new Annotations(format, options);
  try {
    const files = await annotations.add(name, result, { size, signal });
    return [...files.filter(({ isPart }) => !isPart), ...(await annotations.finish({ signal }))];
  } finally {
    annotations.dispose();
  }
}

/**
 * How many points the polygons of a mask have.
 *
 * @param {import("./annotations.js").Mask} result
 * @param {import("./annotations.js").AnnotationOptions & import("./annotations.js").AddOptions} options
 * @returns {Promise<number>}
 */
export async function countPoints(result, { size, signal, ...options }) {
  const annotator = new Annotator();
  try {
    const { points } = await annotator.ask({ task: "count", format: "", ...checked(options), photos: [""], ...maskOf(result, size) }, signal);
    return points;
  } finally {
    annotator.end();
  }
}

export class Annotations {
  #annotator = new Annotator();
  #what;
  #photos = new Set();
  #parts = new Map(); // name → Blob

  /**
   * @param {import("./annotations.js").AnnotationFormat} format
   * @param {import("./annotations.js").AnnotationOptions} options
   */
  constructor(format, options) {
    requireOption(FORMATS.includes(format), "format", `one of ${FORMATS.join(", ")}`, format);
    this.#what = { format, ...checked(options) };
    const names = this.#what.classes.map(({ name }) => name);
    if (format === "class") requireOption(names.includes(this.#what.class), "class", "the name of a class of the mask", options.class);
  }

  /**
   * The files of a photo.
   *
   * @param {string} name
   * @param {import("./annotations.js").Mask} result
   * @param {import("./annotations.js").AddOptions} [options]
   * @returns {Promise<import("./annotations.js").AnnotationFile[]>}
   */
  async add(name, result, { size, signal } = {}) {
    requireOption(typeof name === "string" && name !== "", "name", "the photo's path below the folder for all", name);
    const { files } = await this.#annotator.ask({ task: "write", ...this.#what, photos: [name], ...maskOf(result, size) }, signal);
    const all = files.map((file) => ({ ...file, isPart: file.name.startsWith(PARTS) }));
    this.resume(name, all);
    return all;
  }

  /**
   * Has `finish` count in a photo that was added before, by another Annotations.
   *
   * @param {string} name
   * @param {import("./annotations.js").AnnotationFile[]} files  that were returned then
   */
  resume(name, files) {
    this.#photos.add(name);
    for (const { name, blob } of files) if (name.startsWith(PARTS)) this.#parts.set(name, blob);
  }

  /**
   * The files for all photos together.
   *
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<import("./annotations.js").AnnotationFile[]>}
   */
  async finish({ signal } = {}) {
    const parts = Array.from(this.#parts, ([name, blob]) => ({ name, blob }));
    const { files } = await this.#annotator.ask({ task: "finish", ...this.#what, photos: [...this.#photos], parts }, signal);
    return files.map((file) => ({ ...file, isPart: false }));
  }

  /** Ends the worker. */
  dispose() {
    this.#annotator.end();
  }
}

/** A worker that carries out one task at a time. It keeps nothing, so it can be ended whenever a task is given up. */
class Annotator {
  #worker = null;
  #turn = Promise.resolve(); // settles when the last task has ended

  ask(task, signal) {
    requireSignal(signal);
    const answer = this.#turn.then(() => this.#carryOut(task, signal));
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async #carryOut(task, signal) {
    const module = await compileProgram(PROGRAM, signal);
    const worker = (this.#worker ??= this.#start(module));
    return new Promise((resolve, reject) => {
      const giveUp = (error) => {
        this.end();
        reject(error);
      };
      const abort = () => giveUp(abortError(signal));
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort);
      const settled = () => signal?.removeEventListener("abort", abort);
      worker.onmessage = ({ data: { type, payload } }) => {
        settled();
        if (type === "result") return resolve(payload);
        const error = new SegmenterError(payload.code, sentence(payload.message));
        if (error.code === "internal") giveUp(error); // the next task starts it again
        else reject(error);
      };
      worker.onerror = async (event) => {
        event.preventDefault();
        settled();
        const message = `The annotator stopped${event.message ? ` (${event.message})` : ""}: close other tabs if memory is short, and try again.`;
        giveUp(await explained(new SegmenterError("internal", message), WORKER, "worker"));
      };
      worker.postMessage(task);
    });
  }

  #start(module) {
    const worker = new Worker(new URL("./annotator.worker.js", import.meta.url), { type: "module", name: "annotator" });
    worker.postMessage({ module });
    return worker;
  }

  end() {
    this.#worker?.terminate();
    this.#worker = null;
  }
}

function checked({ classes, tolerance = 1, class: chosen = "" }) {
  requireOption(Array.isArray(classes) && classes.length > 0, "classes", "the model's classes, in the order of their ids", classes);
  requireOption(Number.isFinite(tolerance) && tolerance >= 0, "tolerance", "a number of pixels, 0 or more", tolerance);
  return { classes: classes.map(({ name, colour }) => ({ name, colour })), tolerance, class: chosen };
}

function maskOf({ width, height, mask }, size) {
  requireOption(mask instanceof Uint8Array, "mask", "a Uint8Array", mask);
  requireOption(width > 0 && height > 0 && width * height === mask.length, "mask", `${width} × ${height} class ids`, `${mask.length}`);
  const isSize = size === undefined || [size.width, size.height].every((side) => Number.isInteger(side) && side > 0);
  requireOption(isSize, "size", "a width and a height in pixels", size);
  return { width, height, mask, size };
}
