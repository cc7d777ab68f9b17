/**
 * Asks for the engine and for the library's own model at once, in a small module that has no imports. The
 * `Segmenter` that is created later takes both, however far they are. Call it first on a page that segments
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
 * It is of no use to pages that choose WebGPU or another model.
 */
export function preload(): void;
