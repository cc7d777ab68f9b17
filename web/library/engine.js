// The page's end of the line to an engine worker.
//
// It owns one worker and the requests that the worker has not answered. It is sent requests by
// ranks.js; it posts the messages that protocol.js lists. When the worker dies, for whatever reason,
// every open request fails and `alive` turns false.

import { explained, SegmenterError } from "./errors.js";
import { isFrame } from "./frame.js";
import { foreignPixels } from "./photo.js";
import { checked, REQUESTS } from "./protocol.js";
import { takeWorker, WORKER } from "./workers.js";

/** How long a worker that is to end may take to close the frame that it was sent: in milliseconds. */
const PATIENCE = 500;

/** Stands in for a worker that the browser refuses to make. */
class NoWorker {
  postMessage() {}
  terminate() {}
}

export class EngineClient {
  #worker;
  #name = ""; // of its lock
  #address = WORKER.href;
  #here;
  #open = new Map(); // id → { resolve, reject, onProgress }
  #lent = new Set(); // ids of requests whose VideoFrames the worker has not closed yet
  #lastId = 0;
  #failure = null; // why the worker is gone
  #onEnd;

  /** @param {(error: SegmenterError) => void} [onEnd]  told when the worker is gone, and why */
  constructor(onEnd = () => {}) {
    this.#onEnd = onEnd;
    /** Settles when the worker has loaded its modules, or is gone. */
    this.here = new Promise((resolve) => (this.#here = resolve));
    let missed = [];
    try {
      ({ worker: this.#worker, name: this.#name, address: this.#address, missed = [] } = takeWorker());
    } catch ({ message }) {
      this.#worker = new NoWorker();
      this.#failToStart(message);
    }
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#failToStart(event.message);
    };
    for (const message of missed) this.#receive(message);
  }

  async #failToStart(cause) {
    const reason = cause ? ` (${cause})` : "";
    const sentence = `The engine could not be started${reason}: check that ${WORKER.href} and the files beside it are there.`;
    this.close(await explained(new SegmenterError("network", sentence), this.#address, "worker"));
  }

  get alive() {
    return this.#failure === null;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param {keyof typeof REQUESTS} type
   * @param {object} payload  with the fields of the request
   * @param {object} [options]
   * @param {Transferable[]} [options.transfer]  the parts of the payload that are handed over; pictures
   *   among them are closed whatever happens
   * @param {(progress: object) => void} [options.onProgress]
   * @param {AbortSignal} [options.signal]  asks the worker to give up; it answers when it has
   * @returns {Promise<any>}
   */
  async request(type, payload, { transfer = [], onProgress = () => {}, signal } = {}) {
    const id = ++this.#lastId;
    const abort = () => this.#worker.postMessage({ id, type: "abort" });
    try {
      if (this.#failure) throw this.#failure;
      checked(REQUESTS[type].request, payload);
      return await new Promise((resolve, reject) => {
        this.#open.set(id, { resolve, reject, onProgress });
        this.#worker.postMessage({ id, type, payload }, transfer);
        if (transfer.some(isFrame)) this.#lent.add(id);
        signal?.addEventListener("abort", abort);
      });
    } catch (error) {
      throw error.name === "DataCloneError" ? foreignPixels(error) : error;
    } finally {
      for (const part of transfer) part.close?.(); // of no effect on what was handed over
      signal?.removeEventListener("abort", abort);
      this.#open.delete(id);
    }
  }

  /**
   * Ends the worker; open and later requests fail with the error.
   *
   * @param {SegmenterError} error
   */
  close(error) {
    if (this.#failure) return;
    this.#failure = error;
    // A frame that goes with its worker was never closed: browsers complain of that, since the camera
    // may have to wait for its memory.
    if (this.#lent.size > 0) setTimeout(() => this.#worker.terminate(), PATIENCE);
    else this.#worker.terminate();
    for (const { reject } of this.#open.values()) reject(error);
    this.#here();
    this.#onEnd(error);
  }

  /** Browsers do not say that a worker has died, but they give its lock to the next in line. */
  #watch() {
    navigator.locks.request(this.#name, () => this.close(new SegmenterError(
      "internal",
      "The engine was ended by the browser: try again, with less detail or a smaller photo if memory is short.",
    )));
  }

  /** The worker has closed a request's picture. */
  #takeBack(id) {
    this.#lent.delete(id);
    if (this.#failure && this.#lent.size === 0) this.#worker.terminate();
  }

  #receive({ id, type, payload }) {
    const request = this.#open.get(id);
    if (["closed", "result", "error"].includes(type)) this.#takeBack(id);
    if (type === "here") this.#here();
    if (type === "locked") this.#watch();
    if (type === "stopped") this.close(errorOf(payload));
    if (type === "progress") request?.onProgress(payload);
    if (type === "result") request?.resolve(payload);
    if (type === "error") request?.reject(errorOf(payload));
  }
}

/** The error that the worker tells of. */
function errorOf({ code, message, reason, values }) {
  return new SegmenterError(code, message, { reason, values });
}
