// The model file's bytes: from memory, a file, the browser's own store or the network.
//
// It owns a Cache Storage of model files, from which service-worker.js takes over the page's own model.
// ranks.js and segmenter.js send it a model (where it is, and its SHA-256 if that is known) and a
// callback for progress; it sends back the bytes, and whether they came from a store, so that a broken
// copy can be dropped. download.js fetches what is not stored.

import { download, Download } from "./download.js";
import { SegmenterError, unlessAborted } from "./errors.js";

/** The name of that Cache Storage. */
export const STORE = "segmenter-models";

/**
 * @typedef {object} Model
 * @property {string | Blob | ArrayBuffer | Uint8Array} source  an absolute URL, a file, or the bytes
 * @property {string} [sha256]  hexadecimal, that of the file
 *
 * @typedef {object} ModelFile
 * @property {Uint8Array} bytes
 * @property {boolean} stored  true if the bytes come from the browser's store
 */

/**
 * Reads a model file. A URL is looked up in the browser's store first.
 *
 * @param {Model} model
 * @param {(loaded: number, total: number) => void} onProgress  bytes; total is 0 while unknown
 * @param {AbortSignal} [signal]
 * @param {(arriving: import("./download.js").Arriving) => void} [onArriving]  told of a file that is being
 *   downloaded, so that it can be read meanwhile; whether it is right is known in the end
 * @returns {Promise<ModelFile>}
 */
export async function readModel({ source, sha256 }, onProgress, signal, onArriving) {
  if (typeof source !== "string") {
    const bytes = source instanceof Blob ? await readFile(source, onProgress, signal) : new Uint8Array(source);
    onProgress(bytes.length, bytes.length);
    if (!(await hasHash(bytes, sha256))) throw otherFile("The model file");
    return { bytes, stored: false };
  }
  const bytes = await unlessAborted(readStored(source), signal);
  if (bytes && (await hasHash(bytes, sha256))) {
    onProgress(bytes.length, bytes.length);
    return { bytes, stored: true };
  }
  return { bytes: await downloadRight(source, sha256, onProgress, signal, onArriving), stored: false };
}

/** Reads it piece by piece into its place, so that it is in memory once. @param {Blob} file */
async function readFile(file, onProgress, signal) {
  try {
    const parts = new Download();
    parts.expect(file.size);
    const reader = file.stream().getReader();
    for (let next = await reader.read(); !next.done; next = await unlessAborted(reader.read(), signal)) {
      parts.add(next.value);
      onProgress(parts.loaded, file.size);
    }
    return parts.bytes();
  } catch (cause) {
    if (cause instanceof SegmenterError) throw cause;
    throw new SegmenterError("bad-model", "The model file has changed on disk, or is gone: choose it again.", { cause });
  }
}

/** The file with the hash that is asked for. One that was put together from parts is fetched whole if it is not right. */
async function downloadRight(url, sha256, onProgress, signal, onArriving) {
  for (const mayResume of [true, false]) {
    const { bytes, expected, isPatched } = await download({ url, sha256, mayResume }, onProgress, signal, onArriving);
    if (await hasHash(bytes, expected)) return bytes;
    if (!isPatched) break;
  }
  throw otherFile(url);
}

function otherFile(name) {
  return new SegmenterError("bad-model", `${name} has not the SHA-256 that it should have: it was changed or damaged, so ask whoever offers it.`, { reason: "hash" });
}

/**
 * @param {Uint8Array} bytes
 * @param {string} [sha256]  hexadecimal; its beginning suffices
 */
async function hasHash(bytes, sha256) {
  if (!sha256 || !globalThis.crypto?.subtle) return true; // pages of plain http cannot compute it
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())); // it refuses shared memory
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("").startsWith(sha256.toLowerCase());
}

/**
 * Keeps a model that the engine has accepted. It replaces other versions of the file, which differ in
 * the URL's query. If the store is full or forbidden, the next visit downloads the model again.
 *
 * @param {string} url
 * @param {Uint8Array} bytes
 */
export async function storeModel(url, bytes) {
  try {
    if (await caches.match(url)) return; // the service worker has it
    const store = await caches.open(STORE);
    await store.delete(url, { ignoreSearch: true });
    await store.put(url, new Response(bytes.slice())); // a copy: the cache refuses shared memory
  } catch {
    // Private windows, plain http and full disks have no store.
  }
}

/** @param {string} url */
export async function forgetModel(url) {
  try {
    for (const name of await caches.keys()) await (await caches.open(name)).delete(url);
  } catch {
    // Without a store there is nothing to forget.
  }
}

/** @param {string} url */
async function readStored(url) {
  try {
    const response = await caches.match(url); // of any store
    return response && new Uint8Array(await response.arrayBuffer());
  } catch {
    return undefined;
  }
}
