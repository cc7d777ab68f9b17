// The library's error type, which the page's side and the engine worker both throw; and what both throw
// it for: waiting that a signal aborts, and WebAssembly that is forbidden.

/**
 * Every failure that the library reports. `code` says which, for programs; `message` is one
 * sentence for people, which says what to do. `reason` and `values` are for those who say it in
 * another language. The codes are listed in segmenter.d.ts.
 */
export class SegmenterError extends Error {
  /**
   * @param {import("./segmenter.js").SegmenterErrorCode} code
   * @param {string} message
   * @param {ErrorOptions & { reason?: string, values?: Record<string, string | number> }} [options]
   */
  constructor(code, message, { reason = "", values = {}, ...options } = {}) {
    super(message, options);
    this.name = "SegmenterError";
    this.code = code;
    this.reason = reason;
    this.values = values;
  }
}

/**
 * The error of a request whose signal has aborted: the signal's reason, if that is one of the library.
 *
 * @param {AbortSignal} signal
 */
export function abortError({ reason }) {
  return reason instanceof SegmenterError ? reason : new SegmenterError("aborted", "The request was aborted.", { cause: reason });
}

/**
 * Aborts with the first of some signals. (Browsers of 2023 lack AbortSignal.any.) Abort it to let go of them.
 *
 * @param {...(AbortSignal | undefined)} signals
 * @returns {AbortController}
 */
export function eitherOf(...signals) {
  const either = new AbortController();
  for (const signal of signals.filter(Boolean)) {
    const abort = () => either.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { signal: either.signal });
  }
  return either;
}

/**
 * What a promise gives, or a rejection as soon as a signal aborts.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function unlessAborted(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortError(signal));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
    promise.then(resolve, reject).then(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * unlessAborted for a picture, which is closed if it comes too late.
 *
 * @template {{ close: () => void }} T
 * @param {Promise<T>} picture
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export async function pictureUnlessAborted(picture, signal) {
  try {
    return await unlessAborted(picture, signal);
  } catch (error) {
    picture.then((late) => late.close(), () => {});
    throw error;
  }
}

/** The least module that there is. */
const EMPTY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Throws where a Content-Security-Policy forbids WebAssembly. (Of a module that is forbidden, browsers
 * say the same as of one that they do not understand; WebKit forbids only instances.)
 *
 * @param {string} owner  whose policy it is
 */
export function requireWebAssembly(owner) {
  try {
    new WebAssembly.Instance(new WebAssembly.Module(EMPTY));
  } catch (cause) {
    const [directive, source] = ["script-src", "'wasm-unsafe-eval'"];
    const sentence = `The Content-Security-Policy of ${owner} forbids WebAssembly: add ${source} to its directive ${directive}.`;
    throw new SegmenterError("unsupported", sentence, { cause, reason: "csp", values: { owner, directive, source } });
  }
}

/**
 * The error for a file that cannot be had: one that names the directive, where a policy forbids it.
 *
 * @param {SegmenterError} error
 * @param {string} url
 * @param {"fetch" | "worker"} use
 * @returns {Promise<SegmenterError>}
 */
export async function explained(error, url, use) {
  const policy = await import("./policy.js").catch(() => null); // it needs the network, too
  return policy ? policy.explained(error, url, use) : error;
}

/** A sentence of one of Go's errors, which begin with a small letter and end without a full stop. @param {string} text */
export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}
