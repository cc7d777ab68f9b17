// The surface: a canvas over the picture on which visitors draw, for the tools of the studio.
//
// It owns the canvas, strokes at work and the cursor of the keyboard. A tool begins it with listeners,
// which are sent places in pixels of the photo, and draws on its canvas what it likes. While nobody has
// begun it, the picture behaves as without it.

import { make } from "../elements.js";
import { say } from "../texts.js";

/**
 * @typedef {object} Place
 * @property {number} x         pixels of the photo, from its left edge; may lie outside
 * @property {number} y
 * @property {number} pressure  0 to 1; 0.5 where the device knows none
 * @property {boolean} shift    whether the key is held
 * @property {boolean} alt
 * @property {"mouse" | "pen" | "touch" | "keyboard"} by
 *
 * @typedef {object} Listeners
 * @property {(place: Place) => void} onStart
 * @property {(places: Place[]) => void} onMove  of a stroke: all places since the last call
 * @property {(place: Place) => void} onEnd
 * @property {() => void} onCancel             the stroke is none after all, as when a second finger zooms
 * @property {(place: Place | null) => void} [onHover]  the pointer, or the keyboard's cursor, is here
 * @property {(event: KeyboardEvent) => void} [onKey]   other keys while the surface has the focus
 */

/** How far an arrow key moves the cursor: a part of the photo's longer side. With Shift, a fifth of that. */
const STEP = 1 / 50;

export class Surface {
  #frame;
  #listeners = null;
  #size = { width: 1, height: 1 }; // of the photo
  #pointer = null; // id of the one that draws
  #cursor = null; // of the keyboard, in pixels of the photo
  #isPressed = false; // the key that draws

  /** Over the picture, at the size of the screen's pixels. @type {HTMLCanvasElement} */
  canvas = make("canvas", { id: "surface", className: "surface", tabIndex: 0, hidden: true });

  /** @param {HTMLElement} frame  of the picture */
  constructor(frame) {
    this.#frame = frame;
    this.canvas.setAttribute("role", "application");
    frame.append(this.canvas);
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave"]) {
      this.canvas.addEventListener(type, (event) => this.#point(event));
    }
    this.canvas.addEventListener("keydown", (event) => this.#press(event));
    this.canvas.addEventListener("keyup", (event) => this.#release(event));
    this.canvas.addEventListener("blur", () => this.#leave());
    new ResizeObserver(() => this.#fit()).observe(frame);
  }

  /**
   * @param {{ width: number, height: number }} size  of the photo in pixels
   * @param {() => string} label  what drawing does here, for screen readers
   * @param {Listeners} listeners
   */
  begin({ width, height }, label, listeners) {
    this.end();
    this.#size = { width, height };
    this.#listeners = listeners;
    say(this.canvas, label, "aria-label");
    this.canvas.hidden = false;
    this.#fit();
  }

  end() {
    if (this.#pointer !== null || this.#isPressed) this.#listeners?.onCancel();
    this.#pointer = null;
    this.#isPressed = false;
    this.#cursor = null;
    this.#listeners = null;
    this.canvas.hidden = true;
    this.clear();
  }

  get isOpen() {
    return this.#listeners !== null;
  }

  /** Pixels of the canvas for one of the photo. */
  get scale() {
    return this.canvas.width / this.#size.width;
  }

  clear() {
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #fit() {
    const { width, height } = this.#frame.getBoundingClientRect();
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * devicePixelRatio)));
    if (this.canvas.width === w && this.canvas.height === h) return;
    Object.assign(this.canvas, { width: w, height: h });
    this.#listeners?.onHover?.(this.#cursor);
  }

  /** The surface takes all pointers: the picture beneath would show itself alone, or name classes. */
  #point(event) {
    if (!this.#listeners) return;
    event.stopPropagation();
    const { type, pointerId } = event;
    if (type === "pointerdown") this.#start(event);
    else if (type === "pointerleave") this.#pointer === null && this.#listeners.onHover?.(null);
    else if (pointerId !== this.#pointer) type === "pointermove" && this.#listeners.onHover?.(this.#place(event));
    else if (type === "pointermove") this.#listeners.onMove(coalesced(event).map((one) => this.#place(one)));
    else this.#finish(event);
  }

  #start(event) {
    if (this.#pointer !== null || this.#isPressed) return this.#cancel(); // a second finger
    if (event.button !== 0) return;
    event.preventDefault(); // no text is selected; but then nothing takes the focus either
    this.canvas.focus({ preventScroll: true });
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.#cursor = null;
    this.#listeners.onStart(this.#place(event));
  }

  #finish(event) {
    this.#pointer = null;
    if (event.type === "pointercancel") this.#listeners.onCancel();
    else this.#listeners.onEnd(this.#place(event));
  }

  #cancel() {
    this.#pointer = null;
    this.#isPressed = false;
    this.#listeners.onCancel();
  }

  #place({ clientX, clientY, pressure, pointerType, shiftKey, altKey }) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((clientX - box.left) / box.width) * this.#size.width,
      y: ((clientY - box.top) / box.height) * this.#size.height,
      pressure: pointerType === "pen" ? pressure : 0.5,
      shift: shiftKey,
      alt: altKey,
      by: pointerType || "mouse",
    };
  }

  // The keyboard: arrows move a cursor, Space draws while it is held.

  #press(event) {
    if (!this.#listeners) return;
    const { width, height } = this.#size;
    const step = STEP * Math.max(width, height) * (event.shiftKey ? 0.2 : 1);
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (dx || dy) {
      const { x, y } = this.#cursor ?? { x: width / 2, y: height / 2 };
      const inside = (value, most) => Math.max(0, Math.min(value, most - 1));
      this.#cursor = this.#keyPlace(event, inside(x + dx * step, width), inside(y + dy * step, height));
      if (this.#isPressed) this.#listeners.onMove([this.#cursor]);
      this.#listeners.onHover?.(this.#cursor);
    } else if (event.key === " ") {
      if (!this.#isPressed && this.#pointer === null) {
        this.#isPressed = true;
        this.#cursor = this.#keyPlace(event, this.#cursor?.x ?? width / 2, this.#cursor?.y ?? height / 2);
        this.#listeners.onStart(this.#cursor);
      }
    } else {
      this.#listeners.onKey?.(event);
      return;
    }
    event.preventDefault();
  }

  #release({ key }) {
    if (key !== " " || !this.#isPressed) return;
    this.#isPressed = false;
    this.#listeners.onEnd(this.#cursor);
  }

  #keyPlace({ shiftKey, altKey }, x, y) {
    return { x, y, pressure: 0.5, shift: shiftKey, alt: altKey, by: "keyboard" };
  }

  #leave() {
    if (this.#isPressed) this.#release({ key: " " });
    if (!this.#cursor) return;
    this.#cursor = null;
    this.#listeners?.onHover?.(null);
  }
}

/** A fast pen moves several times a frame. */
function coalesced(event) {
  const events = event.getCoalescedEvents?.() ?? [];
  return events.length > 0 ? events : [event];
}
