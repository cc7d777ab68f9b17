// The stage: the photo and its classes over it, or the live picture; and the class under the pointer.
//
// It owns the canvases and the tooltip. It is sent photos, results, a live canvas and a class to
// highlight. It calls onPoint with the class under the pointer or null, and onBare when the visitor
// wants to see the picture alone, or no longer.

import { ALL_BORDERS, paint, paletteOf, sample } from "../library/painting.js";
import { className, say, t } from "./texts.js";

// A large screen shows no more of a photo. Painting a mask of this size takes milliseconds.
const PHOTO_PIXELS = 4e6;
const MASK_PIXELS = 2e6;

const SHADE = "#080c10b8"; // over all but the class that is highlighted

export class Stage {
  #easel = document.getElementById("easel");
  #frame = document.getElementById("frame");
  #photo = document.getElementById("photo");
  #classes = document.getElementById("classes");
  #spotlight = document.getElementById("spotlight");
  #tooltip = document.getElementById("tooltip");
  #view = null;
  #result = null;
  #shown = null; // the photo
  #lit = null;
  #live = null; // { canvas, classAt } of the live picture
  #pointer = null; // the last event of a pointer over the live picture
  #isAsking = false; // for the class under it
  #onPoint;
  #onBare;

  /**
   * @param {(classId: number | null) => void} onPoint
   * @param {(bare: boolean) => void} onBare
   */
  constructor(onPoint, onBare) {
    this.#onPoint = onPoint;
    this.#onBare = onBare;
    this.#frame.addEventListener("pointermove", (event) => this.#point(event));
    this.#frame.addEventListener("pointerdown", (event) => {
      this.#point(event);
      this.bare(event.pointerType === "mouse" && event.button === 0);
    });
    // When the GPU's driver fails, canvases lose their pixels.
    this.#photo.addEventListener("contextrestored", () => this.#drawPhoto());
    this.#classes.addEventListener("contextrestored", () => this.#drawClasses());
    addEventListener("pointerup", () => this.bare(false));
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#leave());
    this.#frame.addEventListener("pointercancel", () => this.#leave());
    this.#frame.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") this.#leave();
    });
    // After a tap, the name stays until the next tap elsewhere.
    addEventListener("pointerdown", (event) => {
      if (!this.#frame.contains(event.target)) this.#leave();
    });
  }

  /** @param {ImageBitmap} photo */
  showPhoto(photo) {
    this.#endLive();
    this.clearResult();
    say(this.#photo, () => t("photo"), "aria-label");
    this.#shown = photo;
    this.#drawPhoto();
    this.#fit(photo);
  }

  #fit({ width, height }) {
    this.#easel.style.setProperty("--width", width);
    this.#easel.style.setProperty("--height", height);
    this.#easel.hidden = false;
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(x: number, y: number) => Promise<import("../library/segmenter.js").ClassInfo | null>} classAt  a
   *   place of the canvas, from 0 to 1
   */
  showLive(canvas, classAt) {
    this.clear();
    this.#live = { canvas, classAt };
    canvas.className = "live";
    canvas.setAttribute("role", "img");
    say(canvas, () => t("live"), "aria-label");
    this.#photo.hidden = true;
    this.#frame.prepend(canvas);
    this.showFrame();
  }

  /** The live picture has another frame. */
  showFrame() {
    const { canvas } = this.#live;
    this.#fit(canvas);
    if (this.#pointer) this.#pointLive(this.#pointer);
  }

  #endLive() {
    this.#live?.canvas.remove();
    this.#live = null;
    this.#photo.hidden = false;
  }

  #drawPhoto() {
    const photo = this.#shown;
    if (!photo) return;
    Object.assign(this.#photo, within(photo, PHOTO_PIXELS));
    const context = this.#photo.getContext("2d", { alpha: false });
    context.fillStyle = "white";
    context.fillRect(0, 0, this.#photo.width, this.#photo.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, 0, 0, this.#photo.width, this.#photo.height);
  }

  #drawClasses() {
    if (!this.#view) return;
    const palette = paletteOf(this.#result.classes.map(({ id, colour }) => [id, colour]));
    draw(this.#classes, paint(this.#view, { ...this.#view, palette, border: ALL_BORDERS }));
  }

  /**
   * @param {import("../library/segmenter.js").Segmentation} result  of the photo that is shown
   * @param {() => string} description  for screen readers
   */
  showResult(result, description) {
    say(this.#photo, () => t("photo.described", { classes: description() }), "aria-label");
    this.#result = result;
    this.refresh();
    this.#classes.hidden = false;
    this.highlight(null);
  }

  /** The mask of the result has changed. */
  refresh() {
    this.#view = sample(this.#result, within(this.#result, MASK_PIXELS));
    this.#drawClasses();
    this.#lit = null;
  }

  clearResult() {
    this.#result = null;
    this.#view = null;
    this.#classes.hidden = true;
    this.highlight(null);
    this.#leave();
  }

  clear() {
    this.#endLive();
    this.clearResult();
    this.#shown = null;
    this.#easel.hidden = true;
  }

  /** @param {number | null} classId */
  highlight(classId) {
    const lit = classId !== null && this.#view !== null;
    this.#frame.classList.toggle("lit", lit);
    if (!lit || classId === this.#lit) return;
    this.#lit = classId;
    const palette = paletteOf([[classId, "#00000000"]], SHADE);
    draw(this.#spotlight, paint(this.#view, { ...this.#view, palette, border: classId }));
  }

  /** @param {number} share  of the overlay, from 0 to 1 */
  setOpacity(share) {
    this.#frame.style.setProperty("--overlay", share);
  }

  /** @param {boolean} bare  true shows the photo alone */
  bare(bare) {
    if (bare === this.#frame.classList.contains("bare")) return;
    this.#frame.classList.toggle("bare", bare);
    if (bare) this.#tooltip.hidden = true;
    this.#onBare(bare);
  }

  #point(event) {
    if (this.#live) this.#pointLive(event);
    if (!this.#result) return;
    const box = this.#frame.getBoundingClientRect();
    const { width, height, mask, classes } = this.#result;
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    if (x < 0 || y < 0 || x >= width || y >= height) return this.#leave();
    this.#name(classes.find((found) => found.id === mask[y * width + x]), event);
    this.#onPoint(mask[y * width + x]);
  }

  /** Asks the engine, which has the mask, one question at a time. */
  async #pointLive(event) {
    this.#pointer = event;
    if (this.#isAsking) return;
    this.#isAsking = true;
    const box = this.#frame.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const isInside = x >= 0 && y >= 0 && x < 1 && y < 1;
    const found = isInside ? await this.#live.classAt(x, y).catch(() => null) : null;
    this.#isAsking = false;
    if (found && this.#pointer) this.#name(found, this.#pointer);
    else this.#tooltip.hidden = true;
  }

  #name({ name, colour }, event) {
    say(this.#tooltip, () => className(name));
    this.#tooltip.style.setProperty("--colour", colour);
    this.#tooltip.hidden = this.#frame.classList.contains("bare");
    this.#placeTooltip(event);
  }

  /** Beside a mouse, above a finger, and always inside the stage. */
  #placeTooltip({ clientX, clientY, pointerType }) {
    const box = this.#easel.getBoundingClientRect();
    const [right, up] = pointerType === "mouse" ? [16, -20] : [-this.#tooltip.offsetWidth / 2, 72];
    const inside = (value, most) => Math.max(4, Math.min(value, most - 4));
    const x = inside(clientX - box.left + right, box.width - this.#tooltip.offsetWidth);
    const y = inside(clientY - box.top - up, box.height - this.#tooltip.offsetHeight);
    this.#tooltip.style.setProperty("translate", `${x}px ${y}px`);
  }

  #leave() {
    this.#pointer = null;
    this.#tooltip.hidden = true;
    this.#onPoint(null);
  }
}

/** The picture's size, shrunk to at most so many pixels. */
function within({ width, height }, pixels) {
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function draw(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}
