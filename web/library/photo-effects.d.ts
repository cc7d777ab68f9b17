/** Effects on photos, at their full resolution: cut out, background blurred, grey or replaced, classes tinted. */

/** What becomes of a photo. */
export type PhotoEffect =
  | { kind: "cut" } // nothing behind what is kept: PNG and WebP are transparent there
  | { kind: "blur"; radius?: number } // in pixels of the photo: a Gaussian's standard deviation, default 16
  | { kind: "grey" } // the background without colour
  | { kind: "colour"; colour?: string } // a colour of CSS behind it, default green
  | { kind: "picture"; picture: ImageBitmap | HTMLImageElement | HTMLCanvasElement } // a picture behind it
  | { kind: "tint"; colours: Record<number, string>; opacity?: number } // classes in their colours, "#rrggbb" by id; opacity from 0 to 1, default 0.6
  | { kind: "none" };

/** What of a photo is kept: classes or a selection. */
export interface Kept {
  /** The mask's size in pixels. It may be smaller than the photo. */
  width: number;
  height: number;
  /** A class id for each pixel, row by row. */
  mask: Uint8Array;
  /** Ids of the classes that are kept. */
  classes?: Iterable<number>;
  /** Instead of classes: 1 for each pixel of the mask that is kept, 0 for others. */
  selection?: Uint8Array;
  /**
   * How much of each pixel is kept, 0 to 255: that of `Segmenter.matte` for the classes that are kept. It
   * counts where it agrees with the mask, or the selection, on which side of 128 a pixel is; so masks may
   * be corrected after it was made. Default: edges come from the mask and the photo alone.
   */
  matte?: Uint8Array;
  /** The breadth of a soft edge, in pixels of the photo. 0 (default), and less than a thousandth of its longer side: edges follow the photo. */
  feather?: number;
}

export interface PhotoEffectOptions {
  /** Default: "image/png". What "cut" leaves out is black in "image/jpeg". Not every browser writes "image/webp". */
  type?: "image/png" | "image/webp" | "image/jpeg";
  /** Of WebP and JPEG, from 0 to 1. Default: the browser's. */
  quality?: number;
  /** Ends the work: the promise rejects with code "aborted". */
  signal?: AbortSignal;
  /** Told how many rows of the photo are done. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * Applies an effect to a photo and makes a file of it, in a worker of its own. A Blob is decoded there; of
 * an ImageBitmap the worker gets a copy, which in Chromium shares its pixels. Edges follow the photo at its
 * full resolution, and colours there lose what shines through of the background. PNGs are written in
 * strips, so a photo of 50 megapixels takes hardly more memory than its decoded pixels.
 *
 * It rejects with a SegmenterError: "bad-option", "no-image", "too-large", "unsupported", "aborted",
 * "network" or "internal".
 *
 * @example
 * const { width, height, mask } = await segmenter.segment(photo, { refine: true });
 * const matte = await segmenter.matte([cat]);
 * const png = await applyEffect(photo, { kind: "cut" }, { width, height, mask, matte, classes: [cat] });
 */
export function applyEffect(photo: Blob | ImageBitmap, effect: PhotoEffect, kept: Kept, options?: PhotoEffectOptions): Promise<Blob>;
