// The queue of requests: one runs at a time, the others wait in the order of the calls.
//
// It owns the order and an AbortController for each request. segmenter.js sends it tasks; it sends
// back their results, or a SegmenterError with code "aborted".

import { SegmenterError } from "./errors.js";

export class Queue {
  #open = new Set(); // an AbortController for each request that runs or waits
  #last = Promise.resolve(); // settles when the last request in line has ended

  /**
   * Runs a task when all before it have ended. The promise rejects as soon as the request is aborted;
   * the next task still waits until this one has ended.
   *
   * @template T
   * @param {(signal: AbortSignal, afterwards: (work: () => Promise<void>) => void) => Promise<T>} task
   *   afterwards takes work to be done before the next task: the caller does not wait for it
   * @param {AbortSignal} [signal]  aborts the request
   * @returns {Promise<T>}
   */
  async add(task, signal) {
    const request = new AbortController();
    const abort = () => request.abort(signal.reason);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
    let work = () => {};
    const turn = this.#last.then(() => {
      request.signal.throwIfAborted();
      return task(request.signal, (later) => (work = later));
    });
    this.#open.add(request);
    this.#last = turn.catch(() => {}).then(() => {
      signal?.removeEventListener("abort", abort);
      this.#open.delete(request);
      return work();
    }).catch(() => {}); // nobody waits for that work
    return Promise.race([turn, rejectWhenAborted(request.signal)]);
  }

  /** Aborts the running request and all that wait. */
  abort() {
    for (const request of this.#open) request.abort();
  }
}

function rejectWhenAborted(signal) {
  return new Promise((_, reject) => {
    const fail = () => reject(new SegmenterError("aborted", "The request was aborted.", { cause: signal.reason }));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
  });
}
