// The view of an edit: the photo with its effect over the picture on the stage, and the brush.
//
// It owns the canvas of the preview, which has at most as many pixels as a screen shows. edit.js sends it
// what is kept and the effect, and which pixels of the mask changed; it paints those again. The files that
// are saved are made of the photo itself, by library/photo-effects.js.

import { Compositor } from "../../library/effects.js";
import { sharpened } from "../../library/matte.js";
import { make } from "../elements.js";

/** A large screen shows no more of a photo, and more takes longer than a frame. */
const PIXELS = 1.2e6;

/** How much is seen of what is not kept, while things are picked or painted. */
const GHOST = 0.35;

/** The edges of the engine's matte, as words of white. */
const WHITES = Uint32Array.from({ length: 256 }, (_, value) => ((Math.round(255 * sharpened(value / 255)) << 24) | 0xffffff) >>> 0);

/** For a photo of this longer side, an effect's radius is what it says. */
export const EFFECT_SIDE = 1280;

/**
 * @typedef {object} Look
 * @property {object} effect   kind, and what it takes: opacity, radius, colour, picture
 * @property {(classId: number) => boolean} keeps  whether a class is shown or kept
 * @property {boolean} isPicking  whether what is not kept has to be seen, too
 */

export class EditView {
  /** Over the photo and its classes, below what is highlighted. */
  #canvas = make("canvas", { id: "edited", className: "edited" });
  #compositor = new Compositor(this.#canvas);
  #small; // context: the photo
  #painted; // context: as paintingFor would have it
  #behind = new OffscreenCanvas(1, 1); // what stands behind what is kept
  #model;
  #matte = null; // of the engine, for what is kept now
  /** @type {Look} */
  #look;
  #drawn = 0; // id of the next frame

  constructor() {
    this.#canvas.setAttribute("aria-hidden", "true");
    document.getElementById("classes").after(this.#canvas);
    // When the GPU's driver fails, canvases lose their pixels.
    this.#canvas.addEventListener("contextrestored", () => this.#model && this.begin(this.#model, this.#look));
  }

  /** Shows a picture. @param {import("./edit-model.js").EditModel} model @param {Look} look */
  begin(model, look) {
    this.#model = model;
    const { photo } = model.picture;
    const scale = Math.min(1, Math.sqrt(PIXELS / (photo.width * photo.height)));
    const [width, height] = [photo.width, photo.height].map((side) => Math.max(1, Math.round(side * scale)));
    this.#small = new OffscreenCanvas(width, height).getContext("2d");
    this.#small.fillStyle = "white"; // as the stage shows it
    this.#small.fillRect(0, 0, width, height);
    this.#small.imageSmoothingQuality = "high";
    this.#small.drawImage(photo, 0, 0, width, height);
    this.#painted = new OffscreenCanvas(width, height).getContext("2d");
    this.#matte = null;
    this.#canvas.hidden = false;
    this.set(look);
  }

  end() {
    this.#model = null;
    this.#matte = null;
    this.#canvas.hidden = true;
  }

  /** @param {Look} look */
  set(look) {
    this.#look = look;
    this.#drawBehind();
    this.repaint();
  }

  /** Soft edges, or null where they are not known. @param {Uint8Array | null} matte */
  setMatte(matte) {
    this.#matte = matte;
    this.repaint();
  }

  /** Pixels of the mask or of the selection changed. @param {import("./brush.js").Box} [box]  by default all */
  repaint(box) {
    if (!this.#model) return;
    const { width, height } = this.#small.canvas;
    const { mask } = this.#model;
    const { left, top, right, bottom } = box ?? { left: 0, top: 0, right: mask.width, bottom: mask.height };
    const x = Math.floor((left * width) / mask.width);
    const y = Math.floor((top * height) / mask.height);
    const w = Math.min(width, Math.ceil((right * width) / mask.width) + 1) - x;
    const h = Math.min(height, Math.ceil((bottom * height) / mask.height) + 1) - y;
    if (w > 0 && h > 0) this.#painted.putImageData(this.#paint(x, y, w, h), x, y);
    this.#draw();
  }

  /** A part of the layer: the colours of classes, or a matte. */
  #paint(left, top, width, height) {
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const { mask, selection, hasSelection } = this.#model;
    const size = this.#small.canvas;
    const colours = this.#colours();
    const chosen = hasSelection ? selection.pixels : null;
    const matte = this.#look.effect.kind === "tint" ? null : this.#matte;
    const columns = Uint32Array.from({ length: width }, (_, i) => Math.floor(((left + i + 0.5) * mask.width) / size.width));
    for (let y = 0, to = 0; y < height; y++) {
      const row = Math.floor(((top + y + 0.5) * mask.height) / size.height) * mask.width;
      for (let x = 0; x < width; x++, to++) {
        const at = row + columns[x];
        const isIn = chosen ? chosen[at] : colours[mask.pixels[at]] ? 1 : 0;
        if (matte && matte[at] >> 7 === isIn) pixels[to] = WHITES[matte[at]];
        else if (isIn) pixels[to] = colours[mask.pixels[at]];
      }
    }
    return image;
  }

  /** Of classes, as words of R, G, B, A; 0 for those that are not kept. */
  #colours() {
    const { effect, keeps } = this.#look;
    const { picture, hasSelection } = this.#model;
    const colours = new Uint32Array(256);
    for (const { id, colour } of picture.classes) {
      if (!hasSelection && !keeps(id)) continue;
      const rgb = effect.kind === "tint" ? parseInt(colour.slice(1, 7), 16) : 0xffffff;
      colours[id] = (0xff000000 | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
    }
    return colours;
  }

  /** What stands behind changes with the effect only. */
  #drawBehind() {
    const { effect, isPicking } = this.#look;
    const { width, height } = this.#small.canvas;
    Object.assign(this.#behind, { width, height });
    const context = this.#behind.getContext("2d");
    const isSeen = ["blur", "grey", "tint", "none"].includes(effect.kind);
    if (isPicking && !isSeen) {
      context.globalAlpha = GHOST;
      context.drawImage(this.#small.canvas, 0, 0);
      context.globalAlpha = 1;
    } else if (effect.kind !== "tint" && effect.kind !== "none") {
      const radius = ((effect.radius ?? 0) * Math.max(width, height)) / EFFECT_SIDE;
      new Compositor(this.#behind).draw(this.#small.canvas, new OffscreenCanvas(1, 1), { ...effect, radius }, { width, height, mirror: false });
    }
  }

  /** Once a frame. */
  #draw() {
    this.#drawn ||= requestAnimationFrame(() => {
      this.#drawn = 0;
      if (this.#model) this.#compose();
    });
  }

  #compose() {
    const { effect, isPicking } = this.#look;
    const { width, height } = this.#small.canvas;
    const isOver = effect.kind === "tint" || effect.kind === "none";
    const drawn = isOver ? effect : effect.kind === "cut" && !isPicking ? { kind: "cut" } : { kind: "picture", picture: this.#behind };
    this.#compositor.draw(this.#small.canvas, this.#painted.canvas, drawn, { width, height, mirror: false });
  }
}

/**
 * Draws the brush.
 *
 * @param {import("./surface.js").Surface} surface
 * @param {{ x: number, y: number } | null} place  in pixels of the photo
 * @param {number} radius  0 draws a cross
 */
export function drawCursor(surface, place, radius) {
  surface.clear();
  if (!place) return;
  const context = surface.canvas.getContext("2d");
  const { scale } = surface;
  const [x, y] = [place.x * scale, place.y * scale];
  context.beginPath();
  if (radius > 0) context.arc(x, y, Math.max(1.5, radius * scale), 0, 2 * Math.PI);
  else {
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * dx * devicePixelRatio, y + 4 * dy * devicePixelRatio);
      context.lineTo(x + 12 * dx * devicePixelRatio, y + 12 * dy * devicePixelRatio);
    }
  }
  for (const [width, colour] of [[3.5, "#000c"], [1.5, "#fff"]]) {
    context.lineWidth = width * devicePixelRatio;
    context.strokeStyle = colour;
    context.stroke();
  }
}
