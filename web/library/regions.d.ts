/** Things in masks: the pixels of a class that hang together. */

/** Part of a mask. */
export interface Region {
  classId: number;
  /** Its box, in pixels of the mask. */
  left: number;
  top: number;
  width: number;
  height: number;
  /** Of the box, row by row: 1 inside, 0 outside. */
  pixels: Uint8Array;
  /** How many pixels are inside. */
  area: number;
}

/**
 * The thing at a pixel of a mask: the pixels of its class that hang together. Where only a hair connects it
 * to another, it ends; a thin limb stays with the thing that it hangs on.
 */
export function regionAt(mask: { width: number; height: number; mask: Uint8Array }, x: number, y: number): Region;
