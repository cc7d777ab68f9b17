// The ranks of an engine: one worker or several, which segment each photo together.
//
// It owns the workers and the memory that they share. It is sent requests by segmenter.js, as a
// single EngineClient could be; it sends each rank its part. When one of them dies, all are ended:
// `alive` turns false, and new Ranks are a new start.

import { compileEngine } from "./compile.js";
import { EngineClient } from "./engine.js";
import { forgetModel, readModel, storeModel } from "./model.js";
import { engineSizes } from "./photo.js";
import { EXCHANGE } from "./protocol.js";
import { endSpares, mustStartInTurn } from "./workers.js";

// How long to wait for a first photo before the model is stored, in milliseconds.
const PATIENCE = 300;

export class Ranks {
  #device;
  #arithmetic;
  #profile;
  #count;
  #clients = []; // the first is the one that is asked
  #exchange; // null for a single rank
  #onProgress;
  #started; // settles when all have
  #failure = null; // why they are gone
  #hasLoaded = false;
  #isAsked = false; // for a photo
  #unstored = null; // a model that is still to be stored: { source, bytes }
  #end = new AbortController(); // of downloads

  /**
   * Starts the workers.
   *
   * @param {object} options
   * @param {"cpu" | "webgpu"} options.device
   * @param {number} options.threads  "webgpu", which shares out work by itself, takes one
   * @param {"int8" | "float"} [options.arithmetic]  by default what suits the model
   * @param {boolean} options.profile  whether to time operations
   * @param {(progress: import("./segmenter.js").Progress) => void} onProgress  of loading
   */
  constructor({ device, threads, arithmetic, profile }, onProgress) {
    this.#count = device === "webgpu" ? 1 : threads;
    this.#device = device;
    this.#arithmetic = arithmetic;
    this.#profile = profile;
    this.#onProgress = onProgress;
    this.#exchange = this.#count > 1 ? new Exchange() : null;
    this.#started = this.#start();
    this.#started.catch(() => {}); // load reports it
  }

  get alive() {
    return this.#failure === null;
  }

  async #start() {
    const report = (loaded, total) => this.#onProgress({ stage: "engine", loaded, total });
    const [module] = await Promise.all([compileEngine(this.#device, report, this.#end.signal), this.#startWorkers()]);
    const memory = this.#exchange?.memory;
    await this.#all((rank, ranks) => ["start", { module, rank, ranks, memory }]);
  }

  async #startWorkers() {
    const inTurn = mustStartInTurn(this.#count);
    for (let rank = 0; rank < this.#count && this.alive; rank++) {
      const client = new EngineClient((error) => this.close(error));
      this.#clients.push(client);
      if (inTurn) await client.here;
    }
    endSpares();
  }

  /**
   * Loads a model, in place of the one before if there is one. If that fails, those ranks that live keep
   * the one before.
   *
   * @param {import("./model.js").Model} model
   * @param {import("./model.js").ModelFile} [file]  where it has been read
   * @returns {Promise<import("./segmenter.js").ModelInfo & { gpu: { name: string } | null }>}
   */
  async load(model, file) {
    try {
      let early; // settles with an answer if the ranks could read the file while it arrived
      const loadEarly = (arriving) => {
        early = this.#started.then(() => this.#all(() => ["load", this.#loadRequest(arriving)])).catch(() => null);
      };
      const [first] = await Promise.all([file ?? this.#read(model, loadEarly), this.#started]);
      const answers = await early;
      if (answers) {
        this.#keep(model, first);
        return answers[0];
      }
      return await this.#loadFrom(model, first).catch(async (error) => {
        if (error.code !== "bad-model" || !first.stored) throw error;
        await forgetModel(model.source); // The stored copy may be the broken one: ask the server once more.
        return this.#loadFrom(model, await this.#read(model));
      });
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  /** Keeps a model that all ranks have accepted: the first one once the first photo is done, since writing slows that down. */
  #keep({ source }, { bytes, stored }) {
    const isFirst = !this.#hasLoaded;
    this.#hasLoaded = true;
    if (stored || typeof source !== "string") return;
    this.#storeNow();
    this.#unstored = { source, bytes };
    if (isFirst) setTimeout(() => this.#isAsked || this.#storeNow(), PATIENCE);
    else this.#storeNow();
  }

  #storeNow() {
    if (this.#unstored) storeModel(this.#unstored.source, this.#unstored.bytes);
    this.#unstored = null;
  }

  #read(model, onArriving) {
    return readModel(model, (loaded, total) => this.#onProgress({ stage: "model", loaded, total }), this.#end.signal, onArriving);
  }

  /** @param {{ bytes: Uint8Array, arrived?: Int32Array }} file */
  #loadRequest(file) {
    return { ...file, arithmetic: this.#arithmetic, profile: this.#profile };
  }

  async #loadFrom(model, file) {
    const request = this.#loadRequest({ bytes: this.#exchange ? shared(file.bytes) : file.bytes });
    const answers = await Promise.allSettled(this.#clients.map((client) => client.request("load", request)));
    const failed = answers.find(({ status }) => status === "rejected");
    if (failed) {
      // Ranks with different models could not work together.
      if (answers.some(({ status }) => status === "fulfilled")) this.close(failed.reason);
      throw failed.reason;
    }
    this.#keep(model, file);
    return answers[0].value;
  }

  /**
   * Sends a request to the first rank.
   *
   * @param {string} type
   * @param {object} payload
   * @param {object} [options]  see EngineClient.request
   * @returns {Promise<any>}
   */
  request(type, payload, options) {
    return this.#clients[0].request(type, payload, options);
  }

  /**
   * Has all ranks segment a photo.
   *
   * @param {ImageBitmap | VideoFrame} bitmap  handed over
   * @param {ReturnType<typeof import("./options.js").segmentOptions>} wanted
   * @param {object} [options]  see EngineClient.request
   * @returns {Promise<object>}  the answer to "segment" in protocol.js
   */
  async segment(bitmap, wanted, options) {
    this.#isAsked = true;
    try {
      return await this.#segment(segmentMessage(bitmap, wanted), options);
    } finally {
      bitmap.close(); // where it was not handed over
      this.#storeNow();
    }
  }

  #segment(message, options) {
    return this.#together(["segment", message, { ...options, transfer: [message.bitmap] }], ["follow", { options: message.options }]);
  }

  /**
   * Sends all ranks a request that they answer together.
   *
   * @param {string} type
   * @param {object} payload
   * @param {object} [options]  see EngineClient.request
   * @returns {Promise<any>}  the first rank's answer
   */
  requestOfAll(type, payload, options) {
    return this.#together([type, payload, options], [type, payload]);
  }

  /** A step of warming up, by the first rank: browsers share optimised code. @returns {Promise<boolean>}  whether there is more */
  warm() {
    return this.request("warm", {});
  }

  /** Has the first rank do its part of something, and the others theirs. */
  async #together(firstRequest, otherRequest) {
    const [first, ...others] = this.#clients;
    if (others.length === 0) return first.request(...firstRequest);

    this.#exchange.reset();
    const answers = [first.request(...firstRequest), ...others.map((rank) => rank.request(...otherRequest))];
    // The others would wait for ever for one that has given up.
    let failure = null;
    for (const answer of answers) {
      answer.catch((error) => {
        failure ??= error;
        this.#exchange.break();
      });
    }
    const [answer] = await Promise.allSettled(answers);
    if (!failure) return answer.value;
    answer.value?.overlay?.close(); // another rank failed when the first was done
    throw failure;
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
    this.#storeNow();
    this.#end.abort(error);
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

/** The message that asks for a photo's mask. If it has the network's size, the browser resizes the photo. */
function segmentMessage(bitmap, { decoder, window, stride, smoothing, refine, mask, painting, ...wanted }) {
  const sizes = engineSizes(bitmap, wanted);
  const options = {
    decoder,
    size: wanted.maskSize === "photo" ? wanted.size : 0,
    window,
    stride,
    smoothing,
    refine,
    maskWidth: sizes.mask.width,
    maskHeight: sizes.mask.height,
  };
  return { bitmap, ...sizes.frame, options, mask, ...(painting && { painting }) };
}

/** The memory that ranks share, of which the page writes only the two words; see protocol.js. */
class Exchange {
  memory = new SharedArrayBuffer(EXCHANGE.headBytes + 2 * EXCHANGE.halfBytes);
  #words = new Int32Array(this.memory, 0, EXCHANGE.headBytes / Int32Array.BYTES_PER_ELEMENT);

  /** Makes it ready for a photo. No rank may be at work. */
  reset() {
    Atomics.store(this.#words, EXCHANGE.arrivedWord, 0);
    Atomics.store(this.#words, EXCHANGE.roundWord, 0);
  }

  /** Makes the ranks' work on a photo fail. */
  break() {
    Atomics.store(this.#words, EXCHANGE.roundWord, EXCHANGE.broken);
    Atomics.notify(this.#words, EXCHANGE.roundWord);
  }
}
