/**
 * Asks for the engine and for the library's own model at once, in a small module that has no imports, and
 * starts workers. The `Segmenter` that is created later takes them, however far they are. Call it first on a page that segments
 * its first picture as soon as it can:
 *
 * ```html
 * <script type="module" async src="start.js"></script>
 * ```
 * ```js
 * // start.js
 * import { preload } from "./segmenter/preload.js";
 * preload();
 * ```
 *
 * It is of no use to pages that choose WebGPU or another model. A second call does nothing.
 */
export function preload(options?: {
  /** As for `Segmenter.create`. */
  threads?: number;
}): void;
