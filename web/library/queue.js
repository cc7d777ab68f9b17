// The queue of requests: one runs at a time, the others wait in the order of the calls.
//
// It owns the order and an AbortController for each request. segmenter.js sends it tasks; it sends
// back their results, or a SegmenterError with code "aborted" or the one that it was closed with.

import { unlessAborted } from "./errors.js";

export class Queue {
  #open = new Set(); // an AbortController for each request that runs or waits
  #last = Promise.resolve(); // settles when the last request in line has ended
  #spare = new AbortController(); // of the work for afterwards of the last request in line
  #end = new AbortController();

  /** Aborts when the queue is closed. @returns {AbortSignal} */
  get closed() {
    return this.#end.signal;
  }

  /**
   * Runs a task when all before it have ended. The promise rejects as soon as the request is aborted;
   * the next task still waits until this one has ended.
   *
   * @template T
   * @param {(signal: AbortSignal, afterwards: (work: (signal: AbortSignal) => Promise<void>) => void, commit: () => void) => Promise<T>} task
   *   afterwards takes work to be done before the next task: the caller does not wait for it. Its
   *   signal aborts when another request waits. Once commit is called, it is too late to abort the task
   * @param {AbortSignal} [signal]  aborts the request
   * @returns {Promise<T>}
   */
  async add(task, signal) {
    if (this.closed.aborted) throw this.closed.reason;
    const request = new AbortController();
    const abort = () => request.abort(signal.reason);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
    this.#spare.abort();
    const spare = (this.#spare = new AbortController());
    let work = () => {};
    const commit = () => {
      signal?.removeEventListener("abort", abort);
      this.#open.delete(request);
    };
    const turn = this.#last.then(() => {
      request.signal.throwIfAborted();
      return task(request.signal, (later) => (work = later), commit);
    });
    this.#open.add(request);
    this.#last = turn.catch(() => {}).then(() => {
      commit();
      return work(spare.signal);
    }).catch(() => {}); // nobody waits for that work
    return unlessAborted(turn, request.signal);
  }

  /** Aborts the running request and all that wait. */
  abort() {
    this.#spare.abort();
    for (const request of this.#open) request.abort();
  }

  /**
   * Rejects all requests, and those to come.
   *
   * @param {import("./errors.js").SegmenterError} error
   */
  close(error) {
    this.#end.abort(error);
    this.#spare.abort(error);
    for (const request of this.#open) request.abort(error);
  }
}
