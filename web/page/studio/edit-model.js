// The model of an edit: the mask and the selection of a picture as the visitor has changed them.
//
// It owns the selection, the history and the areas of classes; the mask is that of the picture's result,
// which it changes in place. edit.js sends it clicks and strokes, and is told which pixels changed.

import { regionAt } from "../../library/regions.js";
import { boxOf, fillStroke } from "./brush.js";
import { Change, changedBox, History } from "./history.js";

/** A class is one of the selection if it has this part of its pixels. */
const LEAST_SHARE = 0.01;

/** Where every pixel need not be looked at, one of so many is. A prime, so that no column is left out. */
const STEP = 7;

export class EditModel {
  /** Of the picture's result, changed in place. @type {import("./history.js").Layer} */
  mask;
  /** 1 for each pixel that is selected. @type {import("./history.js").Layer} */
  selection;
  #original; // the mask as the network found it
  #areas = new Uint32Array(256);
  #selected = 0; // pixels
  #isPainted = false; // whether a stroke makes the first selection
  #history = new History();
  #saved; // the mask's state that was saved last: the number of its changes
  #changes = 0; // of the mask; undone ones count back
  #stroke = null; // { change, layer, value, last }
  #onChange;

  /**
   * @param {import("../app.js").Picture} picture
   * @param {(box: import("./brush.js").Box) => void} onChange  pixels changed
   */
  constructor(picture, onChange) {
    const { width, height, mask, classes } = picture.result;
    this.picture = picture;
    this.mask = { width, height, pixels: mask };
    this.selection = { width, height, pixels: new Uint8Array(mask.length) };
    this.#original = mask.slice();
    for (const { id, area } of classes) this.#areas[id] = area;
    this.#saved = 0;
    this.#onChange = onChange;
  }

  /** Whether the picture is still the one that this is about. @param {import("../app.js").Picture} picture */
  isOf(picture) {
    return picture === this.picture && picture.result.mask === this.mask.pixels;
  }

  get hasSelection() {
    return this.#selected > 0 || this.#isPainted;
  }

  get canUndo() {
    return this.#history.canUndo;
  }

  get canRedo() {
    return this.#history.canRedo;
  }

  /** Whether the mask has corrections that are not saved. */
  get isUnsaved() {
    return this.#changes !== this.#saved;
  }

  noteSaved() {
    this.#saved = this.#changes;
  }

  /** The classes of the mask, the largest first. @returns {import("../../library/segmenter.js").ClassArea[]} */
  get classes() {
    const pixels = this.mask.pixels.length;
    return this.picture.classes
      .map(({ id, name, colour }) => ({ id, name, colour, area: this.#areas[id], share: this.#areas[id] / pixels }))
      .filter(({ area }) => area > 0)
      .sort((a, b) => b.area - a.area);
  }

  /** The classes that the selection is made of. @returns {number[]} */
  get selectedClasses() {
    const counts = new Uint32Array(256);
    let total = 0;
    for (let i = 0; i < this.mask.pixels.length; i += STEP) {
      if (!this.selection.pixels[i]) continue;
      counts[this.mask.pixels[i]]++;
      total++;
    }
    return [...counts.keys()].filter((id) => counts[id] > LEAST_SHARE * total);
  }

  /** The class at a pixel. @param {number} x @param {number} y */
  classAt(x, y) {
    return this.mask.pixels[y * this.mask.width + x];
  }

  /**
   * Selects the thing at a pixel.
   *
   * @param {number} x
   * @param {number} y
   * @param {"new" | "add" | "remove"} mode
   * @param {number[]} kept  classes: what is taken away from while nothing is selected
   * @returns {import("../../library/regions.js").Region}
   */
  pick(x, y, mode, kept = []) {
    const region = regionAt({ ...this.mask, mask: this.mask.pixels }, x, y);
    const { left, top, width, height, pixels } = region;
    const change = new Change();
    if (mode === "new") this.#select(change, []);
    if (mode === "remove" && !this.hasSelection) this.#select(change, kept);
    change.touch(this.selection, { left, top, right: left + width, bottom: top + height });
    const value = mode === "remove" ? 0 : 1;
    for (let y = 0, i = 0; y < height; y++) {
      for (let to = (top + y) * this.mask.width + left, x = 0; x < width; x++, to++, i++) {
        if (pixels[i]) this.selection.pixels[to] = value;
      }
    }
    this.#finish(change);
    return region;
  }

  /** Nothing is selected. */
  clearSelection() {
    const change = new Change();
    this.#select(change, []);
    this.#finish(change);
  }

  /** Selects all pixels of some classes, and no others. */
  #select(change, classes) {
    const { width, height, pixels } = this.selection;
    change.touch(this.selection, { left: 0, top: 0, right: width, bottom: height });
    const inside = new Uint8Array(256);
    for (const id of classes) inside[id] = 1;
    for (let i = 0; i < pixels.length; i++) pixels[i] = inside[this.mask.pixels[i]];
  }

  /** Another mask, such as one that was saved. @param {Uint8Array} pixels */
  replaceMask(pixels) {
    const { width, height } = this.mask;
    const change = new Change();
    change.touch(this.mask, { left: 0, top: 0, right: width, bottom: height });
    this.mask.pixels.set(pixels);
    this.#finish(change);
  }

  /**
   * Begins a stroke.
   *
   * @param {number | "selection"} target  a class, or the selection
   * @param {boolean} erases  brings the network's class back, or takes from the selection
   * @param {{ x: number, y: number, radius: number }} place
   * @param {number[]} kept  classes: what a selection begins with
   */
  beginStroke(target, erases, place, kept) {
    const isSelection = target === "selection";
    const value = isSelection ? Number(!erases) : erases ? this.#original : target;
    const change = new Change();
    if (isSelection && !this.hasSelection) {
      this.#select(change, kept);
      this.#isPainted = true;
    }
    this.#stroke = { change, layer: isSelection ? this.selection : this.mask, value, last: place };
    this.moveStroke([place]);
  }

  /** @param {{ x: number, y: number, radius: number }[]} places */
  moveStroke(places) {
    if (!this.#stroke) return;
    const { change, layer, value } = this.#stroke;
    for (const place of places) {
      const box = boxOf(this.#stroke.last, place, layer);
      if (box.left < box.right && box.top < box.bottom) {
        change.touch(layer, box);
        fillStroke(layer, this.#stroke.last, place, value);
        this.#onChange(box);
      }
      this.#stroke.last = place;
    }
  }

  endStroke() {
    if (!this.#stroke) return;
    const { change } = this.#stroke;
    this.#stroke = null;
    this.#isPainted = false;
    this.#finish(change);
  }

  cancelStroke() {
    if (!this.#stroke) return;
    const { change, layer } = this.#stroke;
    this.#stroke = null;
    this.#isPainted = false;
    change.revert();
    this.#onChange({ left: 0, top: 0, right: layer.width, bottom: layer.height });
  }

  #finish(change) {
    const step = change.finish();
    if (!step) return;
    this.#history.add(step);
    this.#account(step, 1);
  }

  undo() {
    this.#account(this.#history.undo(), -1);
  }

  redo() {
    this.#account(this.#history.redo(), 1);
  }

  /** Keeps count of areas, and tells what changed. */
  #account(step, sign) {
    if (!step) return;
    for (const { layer, before, after } of step.parts) {
      for (const [runs, direction] of [[before, -sign], [after, sign]]) {
        for (let i = 0; i < runs.length; i += 2) {
          if (layer === this.mask) this.#areas[runs[i + 1]] += direction * runs[i];
          else this.#selected += direction * runs[i] * runs[i + 1];
        }
      }
    }
    const ofMask = changedBox(step, this.mask);
    if (ofMask) this.#changes += sign;
    for (const box of [ofMask, changedBox(step, this.selection)]) if (box) this.#onChange(box);
  }
}
