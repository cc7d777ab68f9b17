// The model file's bytes: from memory, from a file, from the browser's own store or from the network.
//
// It owns a Cache Storage of model files, from which service-worker.js takes the page's own model
// over. It is sent a source (URL, Blob or ArrayBuffer) and a callback for progress by ranks.js; it
// sends back the bytes and, where they came from a store, a way to drop a copy that turns out to be
// broken.

import { SegmenterError } from "./errors.js";

const STORE = "segmenter-models";

// A header longer than this is not worth reading for a progress bar.
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
 * @returns {Promise<ModelFile>}
 */
export async function readModel(source, onProgress) {
  if (typeof source !== "string") {
    const buffer = source instanceof Blob ? await source.arrayBuffer() : source;
    onProgress(buffer.byteLength, buffer.byteLength);
    return { bytes: new Uint8Array(buffer), stored: false };
  }
  const bytes = await readStored(source);
  if (bytes) {
    onProgress(bytes.length, bytes.length);
    return { bytes, stored: true };
  }
  return { bytes: await download(source, onProgress), stored: false };
}

/**
 * Keeps a model that the engine has accepted. Versions of one file, told apart by the URL's query,
 * replace each other. A store that is full or forbidden only means a download at the next visit.
 *
 * @param {string} url
 * @param {Uint8Array} bytes
 */
export async function storeModel(url, bytes) {
  try {
    if (await caches.match(url)) return; // the service worker keeps it
    const store = await caches.open(STORE);
    await store.delete(url, { ignoreSearch: true });
    await store.put(url, new Response(bytes.slice())); // a copy, since shared memory is refused
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
    const response = await caches.match(url); // whoever keeps it
    return response && new Uint8Array(await response.arrayBuffer());
  } catch {
    return undefined;
  }
}

async function download(url, onProgress) {
  const response = await request(url);
  const download = new Download(response);
  const reader = response.body.getReader();
  onProgress(0, download.total);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      download.add(next.value);
      onProgress(download.loaded, download.total);
    }
  } catch (cause) {
    throw unreachable(url, cause);
  }
  if (download.loaded < download.total) {
    throw new SegmenterError(
      "network",
      `The download of the model ended after ${download.loaded} of ${download.total} bytes: try again.`,
    );
  }
  return download.bytes();
}

async function request(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (cause) {
    throw unreachable(url, cause);
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
 * A body that is arriving, and how many bytes there will be. Once that is known, it is put together
 * as it comes, in memory that the ranks can share: to touch new memory is what takes time here.
 */
class Download {
  #file = new Uint8Array(0); // with room for all, once that is known
  #chunks = []; // what comes before that, or does not fit
  #headRead = false;
  loaded = 0;
  total = 0;

  constructor(response) {
    // Content-Length counts the compressed body, the stream delivers the decompressed one.
    if (!response.headers.get("Content-Encoding")) {
      this.total = Number(response.headers.get("Content-Length")) || 0;
    }
  }

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
      return; // more than there can be: the engine says what is wrong
    }
    this.#file.set(head);
    this.#chunks = [];
  }

  #giveUpFile() {
    this.#chunks = [this.bytes()];
    this.#file = new Uint8Array(0);
  }

  bytes() {
    return this.#file.length > 0 ? this.#file.subarray(0, this.loaded) : concatenate(this.#chunks, this.loaded);
  }
}

function shareable(length) {
  return new Uint8Array(globalThis.crossOriginIsolated ? new SharedArrayBuffer(length) : length);
}

/**
 * The length that a safetensors file states of itself: 8 bytes with the header's length, the header
 * (JSON with every tensor's place), the tensors.
 *
 * @param {Uint8Array} head  the beginning of the file
 * @returns {number | undefined}  undefined: more of the file is needed; 0: it does not say
 */
function statedLength(head) {
  if (head.length < 8) return undefined;
  const headerLength = Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
  if (headerLength > LONGEST_HEADER) return 0;
  if (head.length < 8 + headerLength) return undefined;
  try {
    const header = JSON.parse(new TextDecoder().decode(head.subarray(8, 8 + headerLength)));
    const ends = Object.values(header).map((tensor) => tensor.data_offsets?.[1] ?? 0);
    return 8 + headerLength + Math.max(0, ...ends) || 0;
  } catch {
    return 0; // What is wrong with the file is for the engine to say.
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
