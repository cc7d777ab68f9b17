// The error type of the library, apart from everything else because the page's side and the engine
// worker both throw it.
//
// It owns nothing, is sent nothing and sends nothing.

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
