// The download of a model file, which goes on where it stopped.
//
// It owns what has arrived of the file that broke off last, so that another attempt has it. model.js
// asks it for files; it sends back their bytes, or a SegmenterError. Threads may
// read them while they arrive.

import { abortError, explained, SegmenterError, unlessAborted } from "./errors.js";
import { takeEarly } from "./preload.js";
import { canShareMemory } from "./protocol.js";

/** Pauses before the attempts that follow a broken one, in milliseconds. They begin anew whenever bytes arrive. */
const PAUSES = [300, 1000, 3000, 6000];

// Models have some 60 kB.
const LONGEST_HEADER = 4 << 20;

const RANGE_NOT_SATISFIABLE = 416;

/** A hash in an address, as the site's builder writes it: `?v=` and the beginning of the file's SHA-256. */
const STAMP = /^[\da-f]{12,64}$/;

/** @typedef {{ bytes: Uint8Array, arrived: Int32Array }} Arriving  see the request "load" of protocol.js */

/** The download that broke off last. @type {{ url: string, part: Download } | null} */
let broken = null;

/**
 * Downloads a file.
 *
 * @param {{ url: string, sha256?: string, mayResume: boolean }} wanted
 * @param {(loaded: number, total: number) => void} onProgress
 * @param {AbortSignal} [signal]
 * @param {(arriving: Arriving) => void} [onArriving]  told of the file when its length is known, and again if
 *   its download begins anew
 * @returns {Promise<{ bytes: Uint8Array, expected?: string, isPatched: boolean }>}  expected: the hash to hold
 *   the bytes against
 */
export async function download({ url, sha256, mayResume }, onProgress, signal, onArriving = () => {}) {
  const stamp = sha256 ?? new URL(url).searchParams.get("v") ?? "";
  const part = mayResume && broken?.url === url ? broken.part : new Download(mayResume && STAMP.test(stamp));
  broken = null;
  part.tell(onArriving);
  for (let failures = 0; ; failures++) {
    const before = part.loaded;
    try {
      await receive(url, part, onProgress, signal);
      const { isPatched } = part;
      return { bytes: part.bytes(), expected: sha256 ?? (isPatched ? stamp : undefined), isPatched };
    } catch (error) {
      if (part.loaded > before) failures = 0;
      const mayGoOn = part.mayGoOn && error.code === "network" && !error.reason && failures < PAUSES.length;
      if (part.mayGoOn) broken = { url, part };
      if (!mayGoOn) throw error;
      await unlessAborted(new Promise((resolve) => setTimeout(resolve, PAUSES[failures])), signal);
    }
  }
}

/** Receives what is missing of a file, or the file anew. */
async function receive(url, part, onProgress, signal) {
  const response = await request(url, part.missing, signal);
  if (!response.ok) {
    if (response.status === RANGE_NOT_SATISFIABLE) part.giveUp();
    throw refused(url, response.status);
  }
  part.begin(response);
  const reader = response.body.getReader();
  onProgress(part.loaded, part.total);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      part.add(next.value);
      onProgress(part.loaded, part.total);
    }
  } catch (cause) {
    reader.cancel().catch(() => {});
    if (cause instanceof SegmenterError) throw cause;
    throw signal?.aborted ? abortError(signal) : unreachable(url, cause);
  }
  const { loaded, total } = part;
  if (loaded >= total) return;
  part.giveUp(); // the server has no more
  throw new SegmenterError("network", `The download of the model ended after ${loaded} of ${total} bytes: try again.`);
}

async function request(url, headers, signal) {
  try {
    return (await takeEarly(url, signal)) ?? (await fetch(url, { signal, headers }));
  } catch (cause) {
    throw signal?.aborted ? abortError(signal) : await explained(unreachable(url, cause), url, "fetch");
  }
}

function refused(url, status) {
  return new SegmenterError(
    "network",
    `The model could not be downloaded: ${url} answered ${status}. Check its address.`,
    { reason: "refused", values: { url, status } },
  );
}

function unreachable(url, cause) {
  return new SegmenterError(
    "network",
    `The model could not be downloaded from ${url}: check the connection and try again.`,
    { cause },
  );
}

/**
 * A file that is arriving, and its length. Once the length is known, chunks go straight into memory
 * that the ranks can share, since touching new memory takes most of the time.
 */
export class Download {
  #file = null; // with room for all, once the length is known
  #arrived = null; // Int32Array behind it, where memory can be shared
  #onArriving = () => {};
  #chunks = []; // what came before that
  #hasHash;
  #validator = ""; // of the bytes that came
  loaded = 0;
  total = 0;
  /** Whether parts of two answers were joined that the server does not vouch for. */
  isPatched = false;

  /** @param {boolean} [hasHash]  whether a hash will tell if the parts belong together */
  constructor(hasHash = false) {
    this.#hasHash = hasHash;
  }

  /** Whether the next answer may be the rest only. */
  get mayGoOn() {
    return this.loaded > 0 && (this.#validator !== "" || this.#hasHash);
  }

  /** The headers that ask for what is missing. */
  get missing() {
    if (!this.mayGoOn) return {};
    return { Range: `bytes=${this.loaded}-`, ...(this.#validator && { "If-Range": this.#validator }) };
  }

  /** Takes an answer on: the rest, or the file from its beginning. @param {Response} response */
  begin({ status, headers }) {
    const [, from] = headers.get("Content-Range")?.match(/^bytes (\d+)-/) ?? [];
    if (status === 206 && this.mayGoOn && Number(from) === this.loaded) {
      this.isPatched ||= !this.#validator;
      return;
    }
    this.giveUp();
    const isCoded = headers.has("Content-Encoding"); // then ranges count other bytes
    const etag = headers.get("ETag") ?? "";
    this.#validator = isCoded || etag.startsWith("W/") ? "" : etag;
    // Content-Length counts compressed bytes, the stream delivers decompressed ones.
    if (!isCoded) this.total = Number(headers.get("Content-Length")) || 0;
  }

  /** Tells of the file as soon as its length is known. @param {(arriving: Arriving) => void} onArriving */
  tell(onArriving) {
    this.#onArriving = onArriving;
    if (this.#arrived) onArriving({ bytes: this.#file, arrived: this.#arrived });
  }

  #say(count) {
    if (!this.#arrived) return;
    Atomics.store(this.#arrived, 0, count);
    Atomics.notify(this.#arrived, 0);
  }

  /** Forgets what has arrived. */
  giveUp() {
    this.#say(-1);
    this.#file = this.#arrived = null;
    this.#chunks = [];
    this.#validator = "";
    this.isPatched = false;
    this.loaded = this.total = 0;
  }

  /** @param {number} length  of the file, in bytes */
  expect(length) {
    this.total = length;
    const word = Math.ceil(length / Int32Array.BYTES_PER_ELEMENT) * Int32Array.BYTES_PER_ELEMENT;
    const memory = shareable(word + Int32Array.BYTES_PER_ELEMENT);
    this.#file = new Uint8Array(memory, 0, length);
    if (!canShareMemory()) return;
    this.#arrived = new Int32Array(memory, word, 1);
    this.#onArriving({ bytes: this.#file, arrived: this.#arrived });
  }

  /** @param {Uint8Array} chunk */
  add(chunk) {
    if (!this.#file) this.#chunks.push(chunk);
    else if (this.loaded + chunk.length <= this.#file.length) this.#file.set(chunk, this.loaded);
    else throw notAModel(`has more than the ${this.total} bytes that it states`);
    this.loaded += chunk.length;
    if (this.#file) this.#say(this.loaded);
    else this.#readHead();
  }

  /** Learns the length from the head of the file, as soon as it is there. */
  #readHead() {
    const head = this.bytes();
    const length = statedLength(head);
    if (length === undefined) return;
    if (length < head.length) throw notAModel(length ? `has more than the ${length} bytes that it states` : "does not begin with the header of a safetensors file");
    this.expect(length);
    this.#file.set(head);
    this.#chunks = [];
    this.#say(this.loaded);
  }

  /** @returns {Uint8Array}  what has arrived */
  bytes() {
    return this.#file ? this.#file.subarray(0, this.loaded) : concatenate(this.#chunks, this.loaded);
  }
}

function notAModel(fault) {
  return new SegmenterError("bad-model", `The file is no model: it ${fault}. Check its address.`);
}

function shareable(length) {
  try {
    return canShareMemory() ? new SharedArrayBuffer(length) : new ArrayBuffer(length);
  } catch (cause) {
    const megabytes = Math.ceil(length / 1e6);
    const sentence = `The model of ${megabytes} MB does not fit in the memory that this browser gives: use a smaller or a quantised one.`;
    throw new SegmenterError("too-large", sentence, { cause, reason: "model", values: { megabytes } });
  }
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
