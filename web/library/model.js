// The model file's bytes: from memory, a file, the browser's own store or the network.
//
// It owns a Cache Storage of model files, from which service-worker.js takes over the page's own model.
// ranks.js sends it a source (URL, Blob or ArrayBuffer) and a callback for progress; it sends back the
// bytes, and whether they came from a store, so that a broken copy can be dropped.

import { abortError, explained, SegmenterError, unlessAborted } from "./errors.js";
import { canShareMemory } from "./protocol.js";

const STORE = "segmenter-models";

// A progress bar is not worth reading a longer header.
const LONGEST_HEADER = 1 << 20;

/**
 * @typedef {object} ModelFile
 * @property {Uint8Array} bytes
 * @property {boolean} stored  true if the bytes come from the browser's store
 */

/**
 * Reads a model file. A URL is looked up in the browser's store first.
 *
 * @param {string | Blob | ArrayBuffer} source  an absolute URL, a file, or the bytes
 * @param {(loaded: number, total: number) => void} onProgress  bytes; total is 0 while unknown
 * @param {AbortSignal} [signal]
 * @returns {Promise<ModelFile>}
 */
export async function readModel(source, onProgress, signal) {
  if (typeof source !== "string") {
    const buffer = source instanceof Blob ? await unlessAborted(readFile(source), signal) : source;
    onProgress(buffer.byteLength, buffer.byteLength);
    return { bytes: new Uint8Array(buffer), stored: false };
  }
  const bytes = await unlessAborted(readStored(source), signal);
  if (bytes) {
    onProgress(bytes.length, bytes.length);
    return { bytes, stored: true };
  }
  return { bytes: await download(source, onProgress, signal), stored: false };
}

/** @param {Blob} file */
async function readFile(file) {
  try {
    return await file.arrayBuffer();
  } catch (cause) {
    throw new SegmenterError("bad-model", "The model file has changed on disk, or is gone: choose it again.", { cause });
  }
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

async function download(url, onProgress, signal) {
  const response = await request(url, signal);
  const download = new Download(response);
  const reader = response.body.getReader();
  onProgress(0, download.total);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      download.add(next.value);
      onProgress(download.loaded, download.total);
    }
  } catch (cause) {
    throw signal?.aborted ? abortError(signal) : unreachable(url, cause);
  }
  if (download.loaded < download.total) {
    throw new SegmenterError(
      "network",
      `The download of the model ended after ${download.loaded} of ${download.total} bytes: try again.`,
    );
  }
  return download.bytes();
}

async function request(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    throw signal?.aborted ? abortError(signal) : await explained(unreachable(url, cause), url, "fetch");
  }
  if (!response.ok) {
    throw new SegmenterError(
      "network",
      `The model could not be downloaded: ${url} answered ${response.status}. Check its address.`,
      { reason: "refused", values: { url, status: response.status } },
    );
  }
  return response;
}

function unreachable(url, cause) {
  return new SegmenterError(
    "network",
    `The model could not be downloaded from ${url}: check the connection and try again.`,
    { cause },
  );
}

/**
 * A body that is arriving, and its length. Once the length is known, chunks go straight into memory
 * that the ranks can share, since touching new memory takes most of the time.
 */
export class Download {
  #file = new Uint8Array(0); // with room for all, once the length is known
  #chunks = []; // what came before that, or does not fit
  #headRead = false;
  loaded = 0;
  total = 0;

  /** @param {Response} response */
  constructor(response) {
    // Content-Length counts compressed bytes, the stream delivers decompressed ones.
    if (!response.headers.get("Content-Encoding")) {
      this.total = Number(response.headers.get("Content-Length")) || 0;
    }
  }

  /** @param {Uint8Array} chunk */
  add(chunk) {
    if (this.loaded + chunk.length <= this.#file.length) {
      this.#file.set(chunk, this.loaded);
    } else {
      if (this.#file.length > 0) this.#giveUpFile();
      this.#chunks.push(chunk);
    }
    this.loaded += chunk.length;
    if (!this.#headRead) this.#readHead();
  }

  /** Learns the length from the head of the file, as soon as it is there. */
  #readHead() {
    const head = this.bytes();
    const length = statedLength(head);
    if (length === undefined) return;
    this.#headRead = true;
    this.total = length || this.total;
    if (this.total < head.length) return;
    try {
      this.#file = shareable(this.total);
    } catch {
      return; // more than fits in memory: the engine says what is wrong
    }
    this.#file.set(head);
    this.#chunks = [];
  }

  #giveUpFile() {
    this.#chunks = [this.bytes()];
    this.#file = new Uint8Array(0);
  }

  /** @returns {Uint8Array}  what has arrived */
  bytes() {
    return this.#file.length > 0 ? this.#file.subarray(0, this.loaded) : concatenate(this.#chunks, this.loaded);
  }
}

function shareable(length) {
  return new Uint8Array(canShareMemory() ? new SharedArrayBuffer(length) : length);
}

/**
 * The length that a safetensors file states of itself: 8 bytes with the header's length, the header
 * (JSON with every tensor's place), the tensors.
 *
 * @param {Uint8Array} head  the beginning of the file
 * @returns {number | undefined}  undefined: it needs more of the file; 0: the file does not say
 */
export function statedLength(head) {
  if (head.length < 8) return undefined;
  const headerLength = Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
  if (headerLength > LONGEST_HEADER) return 0;
  if (head.length < 8 + headerLength) return undefined;
  try {
    const header = JSON.parse(new TextDecoder().decode(head.subarray(8, 8 + headerLength)));
    const ends = Object.values(header).map((tensor) => tensor.data_offsets?.[1] ?? 0);
    return 8 + headerLength + Math.max(0, ...ends) || 0;
  } catch {
    return 0; // the engine says what is wrong with the file
  }
}

function concatenate(chunks, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
