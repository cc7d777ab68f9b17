// Results of many photos: written into an archive, or into a folder while the photos are done.
//
// It owns what is written. It is sent photos and what the queue keeps of them. A folder has a log like
// that of the command line, by which a later visit skips what is there.

import { Annotations } from "../../library/annotations.js";
import { SegmenterError } from "../../library/segmenter.js";
import { ZipWriter } from "../zip.js";

const LOG = "log.jsonl";

/** The log is written at most so often: browsers copy a file to add to it. */
const LOG_PAUSE = 3000; // ms

/**
 * @typedef {object} Form
 * @property {import("../../library/annotations.js").AnnotationFormat} format
 * @property {number} tolerance
 * @property {string} class
 * @property {import("../../library/segmenter.js").ClassInfo[]} classes  of the model
 *
 * @typedef {import("./keeper.js").Keeper} Keeper
 *
 * @typedef {import("./work.js").Item} Item
 */

/**
 * Writes an archive of photos that are done.
 *
 * @param {Item[]} items
 * @param {Form} form
 * @param {Keeper} keeper
 * @param {(bytes: Uint8Array | Blob) => Promise<void> | void} write
 * @param {{ signal: AbortSignal, onProgress: (done: number) => void }} options
 */
export async function writeArchive(items, { format, ...form }, keeper, write, { signal, onProgress }) {
  const annotations = new Annotations(format, form);
  const zip = new ZipWriter(write);
  const add = async (files) => {
    for (const { name, blob, isPart } of files) if (!isPart) await zip.add(name, blob);
  };
  try {
    for (const [done, { name, kept }] of items.entries()) {
      onProgress(done);
      if (kept) await add(await annotations.add(name, await keeper.unpack(kept), { signal }));
    }
    await add(await annotations.finish({ signal }));
    await zip.close();
  } finally {
    annotations.dispose();
  }
}

/** A folder of results. */
export class ResultFolder {
  #handle;
  #annotations;
  #keeper;
  #log; // lines
  #isLogged = true; // whether the file has all of them
  #loggedAt = 0;
  #there = new Map(); // name of a photo → names of its files, from an earlier visit
  #turn = Promise.resolve();

  /** How many photos are in it, of those that the queue has. */
  count = 0;

  /**
   * @param {FileSystemDirectoryHandle} handle
   * @param {Form} form
   * @param {Keeper} keeper
   * @param {object} header  what the results depend on, as the command line's log has it
   */
  static async open(handle, form, keeper, header) {
    const text = await readText(handle, LOG);
    if (text === null && !(await isEmpty(handle))) throw failure("queue.error.not-empty", { folder: handle.name });
    const [first, ...lines] = (text ?? "").split("\n").slice(0, -1); // behind the last line end is a line that was cut short
    if (first !== undefined && !isSame(parsed(first), header)) throw failure("queue.error.other-results", { folder: handle.name });
    return new ResultFolder(handle, form, keeper, [first ?? JSON.stringify(header), ...lines]);
  }

  constructor(handle, { format, ...form }, keeper, log) {
    this.#handle = handle;
    this.format = format;
    this.#keeper = keeper;
    this.#annotations = new Annotations(format, form);
    this.#log = log;
    for (const { photo, files, error } of log.slice(1).map(parsed)) {
      if (error || !Array.isArray(files)) this.#there.delete(photo);
      else this.#there.set(photo, files);
    }
  }

  get name() {
    return this.#handle.name;
  }

  /** Whether the folder has the files of a photo from an earlier visit. @param {string} name */
  isThere(name) {
    return this.#inTurn(async () => {
      const files = this.#there.get(name);
      if (!files) return false;
      const blobs = await Promise.all(files.map((file) => readFile(this.#handle, file)));
      if (blobs.includes(null)) return false;
      this.#annotations.resume(name, blobs.map((blob, i) => ({ name: files[i], blob })));
      this.count++;
      return true;
    });
  }

  /** @param {Item} item  that is done */
  add({ name, kept }) {
    return this.#inTurn(async () => {
      const files = await this.#annotations.add(name, await this.#keeper.unpack(kept));
      for (const file of files) await this.#write(file.name, file.blob);
      const { width, height, found, seconds } = kept;
      const classes = found.map(({ id, name, colour, area, share }) => ({ id, name, colour, pixels: area, share }));
      await this.#record({ photo: name, width, height, classes, seconds, files: files.map((file) => file.name) });
      this.count++;
    });
  }

  /** @param {Item} item  that failed */
  fail({ name, error }) {
    return this.#inTurn(() => this.#record({ photo: name, error: error.message }));
  }

  /** Writes the files for all photos together. More photos may come after it. */
  finish() {
    return this.#inTurn(async () => {
      for (const { name, blob } of await this.#annotations.finish()) await this.#write(name, blob);
      await this.#writeLog();
    });
  }

  /** Ends, once all that is asked for is written. */
  close() {
    return this.#inTurn(async () => {
      await this.#writeLog();
      this.#annotations.dispose();
    });
  }

  async #record(line) {
    this.#log.push(JSON.stringify(line));
    this.#isLogged = false;
    if (performance.now() - this.#loggedAt > LOG_PAUSE) await this.#writeLog();
  }

  async #writeLog() {
    if (this.#isLogged) return;
    this.#loggedAt = performance.now();
    await this.#write(LOG, new Blob([this.#log.map((line) => `${line}\n`).join("")]));
    this.#isLogged = true;
  }

  async #write(name, blob) {
    try {
      const [folder, base] = await placeOf(this.#handle, name, true);
      const file = await folder.getFileHandle(base, { create: true });
      const out = await file.createWritable(); // which replaces the file when it is closed
      await out.write(blob);
      await out.close();
    } catch (cause) {
      throw failure("queue.error.write", { file: name, folder: this.name, message: cause.message }, cause);
    }
  }

  #inTurn(task) {
    const result = this.#turn.then(task);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** The folder of a file and its name there. */
async function placeOf(handle, path, create) {
  const parts = path.split("/");
  const base = parts.pop();
  for (const part of parts) handle = await handle.getDirectoryHandle(part, { create });
  return [handle, base];
}

/** @returns {Promise<File | null>} */
async function readFile(handle, path) {
  try {
    const [folder, base] = await placeOf(handle, path, false);
    return await (await folder.getFileHandle(base)).getFile();
  } catch ({ name }) {
    if (["NotFoundError", "TypeMismatchError"].includes(name)) return null;
    throw failure("queue.error.read", { file: path, folder: handle.name });
  }
}

async function readText(handle, path) {
  const file = await readFile(handle, path);
  return file && file.text();
}

async function isEmpty(handle) {
  for await (const name of handle.keys()) if (!name.startsWith(".")) return false;
  return true;
}

function parsed(line) {
  try {
    return JSON.parse(line) ?? {};
  } catch {
    return {};
  }
}

function isSame(found, header) {
  const keys = new Set([...Object.keys(found), ...Object.keys(header)]);
  return [...keys].every((key) => found[key] === header[key]);
}

/** An error with a text of the page. */
function failure(key, values, cause) {
  return Object.assign(new SegmenterError("internal", key, { cause, values }), { key });
}
