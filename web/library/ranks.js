// The ranks of an engine: one worker or several, which segment each photo together.
//
// It owns the workers and the memory that they share. It is sent requests by segmenter.js, as a
// single EngineClient could be; it sends each rank its part. When one of them dies, all are ended:
// `alive` turns false, and new Ranks are a new start.

import { compileEngine } from "./compile.js";
import { EngineClient } from "./engine.js";
import { forgetModel, readModel, storeModel } from "./model.js";
import { engineSizes } from "./photo.js";

// Each rank takes some 30 MB, and the more there are, the more often the slowest is waited for.
const MOST_BY_DEFAULT = 8;

/**
 * How many threads to use: without cross-origin isolation there is no memory to share, hence one.
 *
 * @param {number} [wanted]
 */
export function usableThreads(wanted) {
  if (!globalThis.crossOriginIsolated) return 1;
  return wanted ?? Math.min(navigator.hardwareConcurrency || 1, MOST_BY_DEFAULT);
}

export class Ranks {
  #device;
  #arithmetic;
  #profile;
  #clients; // the first is the one that is asked
  #exchange; // null for a single rank
  #onProgress;
  #started; // settles when all have
  #failure = null; // why they are gone

  /**
   * Starts the workers.
   *
   * @param {object} options
   * @param {"cpu" | "webgpu"} options.device
   * @param {number} options.threads  "webgpu", which shares out work by itself, takes one
   * @param {"int8" | "float"} options.arithmetic
   * @param {boolean} options.profile  whether to time operations
   * @param {(progress: import("./segmenter.js").Progress) => void} onProgress  of loading
   */
  constructor({ device, threads, arithmetic, profile }, onProgress) {
    const count = device === "webgpu" ? 1 : threads;
    this.#device = device;
    this.#arithmetic = arithmetic;
    this.#profile = profile;
    this.#onProgress = onProgress;
    this.#exchange = count > 1 ? new Exchange() : null;
    this.#clients = Array.from({ length: count }, () => new EngineClient((error) => this.close(error)));
    this.#started = this.#start();
    this.#started.catch(() => {}); // load reports it
  }

  get alive() {
    return this.#failure === null;
  }

  async #start() {
    const module = await compileEngine(this.#device, (loaded, total) => this.#onProgress({ stage: "engine", loaded, total }));
    const memory = this.#exchange?.memory;
    await this.#all((rank, ranks) => ["start", { module, rank, ranks, memory }]);
  }

  /**
   * Loads a model.
   *
   * @param {string | Blob | ArrayBuffer} source  an absolute URL, a file, or the bytes
   * @returns {Promise<import("./segmenter.js").ModelInfo & { graphics: { name: string } | null }>}
   *   graphics: what computes if it is "webgpu"
   */
  async load(source) {
    const [model] = await Promise.all([this.#read(source), this.#started]);
    try {
      return await this.#loadFrom(source, model);
    } catch (error) {
      if (error.code !== "bad-model" || !model.stored) throw error;
      await forgetModel(source); // The stored copy may be the broken one: ask the server once more.
      return this.#loadFrom(source, await this.#read(source));
    }
  }

  #read(source) {
    return readModel(source, (loaded, total) => this.#onProgress({ stage: "model", loaded, total }));
  }

  async #loadFrom(source, { bytes, stored }) {
    const file = this.#exchange ? shared(bytes) : bytes;
    const [info] = await this.#all(() => ["load", { bytes: file, arithmetic: this.#arithmetic, profile: this.#profile }]);
    if (typeof source === "string" && !stored) storeModel(source, bytes);
    return info;
  }

  /**
   * Sends a request to the first rank, and has the others help it with a photo.
   *
   * @param {string} type
   * @param {object} payload
   * @param {object} [options]  see EngineClient.request
   * @returns {Promise<any>}
   */
  async request(type, payload, options) {
    const [first, ...others] = this.#clients;
    if (type !== "segment" || others.length === 0) return first.request(type, payload, options);

    const { bitmap, options: how } = payload;
    const { mask } = engineSizes(bitmap, how); // before it is handed over
    this.#exchange.reset();
    const answers = [
      first.request(type, payload, options),
      ...others.map((rank) => rank.request("follow", { mask, options: how })),
    ];
    // The others would wait for ever for one that has given up.
    let failure = null;
    for (const answer of answers) {
      answer.catch((error) => {
        failure ??= error;
        this.#exchange.break();
      });
    }
    const [answer] = await Promise.allSettled(answers);
    if (failure) throw failure;
    return answer.value;
  }

  /** Sends each rank a request. */
  #all(requestOf) {
    return Promise.all(this.#clients.map((client, rank) => client.request(...requestOf(rank, this.#clients.length))));
  }

  /**
   * Ends the workers; open and later requests fail with the error.
   *
   * @param {import("./errors.js").SegmenterError} error
   */
  close(error) {
    if (this.#failure) return;
    this.#failure = error;
    for (const client of this.#clients) client.close(error);
  }
}

/** The same bytes, so that posting them copies nothing. */
function shared(bytes) {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/**
 * The memory through which ranks see each other's data. wasm/exchange.go says what lies where; the
 * page writes only the two words at its beginning, and tells nobody who waits anything but the end.
 */
class Exchange {
  // Two halves of 8 MB. What is never written takes no memory.
  memory = new SharedArrayBuffer(64 + 2 * (8 << 20));
  #state = new Int32Array(this.memory, 0, 2); // rounds, arrived

  /** Makes it ready for a photo. No rank may be at work. */
  reset() {
    Atomics.store(this.#state, 1, 0);
    Atomics.store(this.#state, 0, 0);
  }

  /** Makes the ranks' work on a photo fail. */
  break() {
    Atomics.store(this.#state, 0, -1);
    Atomics.notify(this.#state, 0);
  }
}
