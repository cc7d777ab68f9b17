// The stage: the photo, its classes over it, and the class under the pointer.
//
// It owns the canvases and the tooltip. It is sent photos, results and a class to highlight; it
// calls onPoint with the class under the pointer, or null.

import { ALL_BORDERS, paint, paletteOf, sample } from "../painting.js";
import { className, say, t } from "./texts.js";

// What a large screen can show of a photo; and of a mask, so that painting it takes milliseconds.
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
  #onPoint;

  /** @param {(classId: number | null) => void} onPoint */
  constructor(onPoint) {
    this.#onPoint = onPoint;
    this.#frame.addEventListener("pointermove", (event) => this.#point(event));
    this.#frame.addEventListener("pointerdown", (event) => {
      this.#point(event);
      this.bare(event.pointerType === "mouse" && event.button === 0);
    });
    // A fault of the graphics driver takes with it what canvases hold.
    this.#photo.addEventListener("contextrestored", () => this.#drawPhoto());
    this.#classes.addEventListener("contextrestored", () => this.#drawClasses());
    addEventListener("pointerup", () => this.bare(false));
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#leave());
    this.#frame.addEventListener("pointercancel", () => this.#leave());
    this.#frame.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse") this.#leave();
    });
    // A finger leaves the name standing until it touches something else.
    addEventListener("pointerdown", (event) => {
      if (!this.#frame.contains(event.target)) this.#leave();
    });
  }

  /** @param {ImageBitmap} photo */
  showPhoto(photo) {
    this.clearResult();
    say(this.#photo, () => t("photo"), "aria-label");
    this.#shown = photo;
    this.#drawPhoto();
    this.#easel.style.setProperty("--width", photo.width);
    this.#easel.style.setProperty("--height", photo.height);
    this.#easel.hidden = false;
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
   * @param {import("../segmenter.js").Segmentation} result  of the photo that is shown
   * @param {() => string} description  for those who do not see it
   */
  showResult(result, description) {
    say(this.#photo, () => t("photo.described", { classes: description() }), "aria-label");
    this.#result = result;
    this.#view = sample(result, within(result, MASK_PIXELS));
    this.#drawClasses();
    this.#classes.hidden = false;
    this.#lit = null;
    this.highlight(null);
  }

  clearResult() {
    this.#result = null;
    this.#view = null;
    this.#classes.hidden = true;
    this.highlight(null);
    this.#leave();
  }

  clear() {
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
    this.#frame.classList.toggle("bare", bare);
    if (bare) this.#tooltip.hidden = true;
  }

  #point(event) {
    if (!this.#result) return;
    const box = this.#frame.getBoundingClientRect();
    const { width, height, mask, classes } = this.#result;
    const x = Math.floor(((event.clientX - box.left) / box.width) * width);
    const y = Math.floor(((event.clientY - box.top) / box.height) * height);
    if (x < 0 || y < 0 || x >= width || y >= height) return this.#leave();
    const { id, name, colour } = classes.find((found) => found.id === mask[y * width + x]);
    this.#tooltip.textContent = className(name);
    this.#tooltip.style.setProperty("--colour", colour);
    this.#tooltip.hidden = this.#frame.classList.contains("bare");
    this.#placeTooltip(event);
    this.#onPoint(id);
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
    this.#tooltip.hidden = true;
    this.#onPoint(null);
  }
}

/** The size of a picture that has at most so many pixels. */
function within({ width, height }, pixels) {
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function draw(canvas, image) {
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext("2d").putImageData(image, 0, 0);
}
