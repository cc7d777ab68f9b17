// Effects: puts a frame and its painted mask together on a canvas.
//
// It owns the layers that it needs. live.js sends it frames, paintings and an effect; it draws. What
// stands behind, photo-effects.worker.js draws by the same rules. The canvas does all the work, on the GPU where the browser uses it: nothing here touches pixels. Nor does
// anything here need what a browser may ignore in silence, as WebKit does filters: that would show the
// background that an effect is to hide.

import { SegmenterError } from "./errors.js";

/**
 * @typedef {import("./live.js").Effect} Effect
 */

// How often a blurred picture is spread: after three times it looks like a Gaussian.
const SPREADS = 3;

/**
 * What the engine paints for an effect: the classes' colours, or a matte of the kept classes.
 *
 * @param {Effect} effect
 * @param {import("./segmenter.js").ClassInfo[]} classes  of the model
 * @returns {import("./segmenter.js").Painting}
 */
export function paintingFor({ kind, classes: chosen }, classes) {
  const kept = classes.filter(({ id }) => !chosen || chosen.includes(id));
  const colourOf = kind === "tint" ? ({ colour }) => colour : () => "#ffffff";
  return { borders: "none", colours: Object.fromEntries(kept.map((info) => [info.id, colourOf(info)])) };
}

/**
 * How to blur a picture as a Gaussian of this standard deviation would: it is halved to the sizes, the
 * last of them is spread SPREADS times, and enlarged again.
 *
 * @param {{ width: number, height: number }} picture
 * @param {number} radius  in pixels of the picture
 * @returns {{ sizes: { width: number, height: number }[], distance: number }}  the distance in pixels of
 *   the last size
 */
export function blurSteps({ width, height }, radius) {
  const halvings = Math.max(1, Math.round(Math.log2(radius / 1.5)));
  const sizes = Array.from({ length: halvings }, (_, i) => {
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side / 2 ** (i + 1))));
    return { width: w, height: h };
  });
  // Variances add up. That of shrinking and enlarging is a third of a pixel of the last size.
  const rest = Math.max(0, (radius / 2 ** halvings) ** 2 - 1 / 3);
  return { sizes, distance: Math.sqrt((rest * 5) / 4 / SPREADS) };
}

export class Compositor {
  #canvas;
  #context;
  #kept = null; // layers
  #steps = [];
  #spread = null;
  #hasCut = false; // whether cutting out was seen to work

  /** @param {HTMLCanvasElement | OffscreenCanvas} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /**
   * Draws a frame with an effect.
   *
   * @param {CanvasImageSource} frame
   * @param {ImageBitmap} painted  as paintingFor asks for
   * @param {Effect} effect
   * @param {{ width: number, height: number, mirror: boolean }} view  the canvas's size
   */
  draw(frame, painted, effect, { width, height, mirror }) {
    const context = this.#context;
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    context.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? width : 0, 0);
    if (effect.kind === "tint" || effect.kind === "none") {
      context.drawImage(frame, 0, 0, width, height);
      if (effect.kind === "tint") this.#tint(painted, effect.opacity, width, height);
    } else {
      if (!this.#hasCut) this.#requireCut(frame, width, height);
      context.clearRect(0, 0, width, height); // the frame before may show what this one hides
      this.#drawBackground(frame, effect, width, height);
      context.drawImage(this.#cutOut(frame, painted, width, height), 0, 0);
    }
  }

  #tint(painted, opacity, width, height) {
    this.#context.globalAlpha = opacity;
    this.#context.drawImage(painted, 0, 0, width, height);
    this.#context.globalAlpha = 1;
  }

  #drawBackground(frame, effect, width, height) {
    const context = this.#context;
    if (effect.kind === "blur") context.drawImage(this.#blur(frame, effect.radius, width, height), 0, 0, width, height);
    else drawBackground(context, frame, effect, { width, height });
  }

  /**
   * The frame where the matte is. The frame comes first: WebKit draws all of a VideoFrame if the
   * operation depends on what is there.
   */
  #cutOut(frame, matte, width, height) {
    this.#kept = layer(this.#kept, width, height);
    const context = this.#kept;
    context.globalCompositeOperation = "copy";
    context.drawImage(frame, 0, 0, width, height);
    context.globalCompositeOperation = "destination-in";
    context.drawImage(matte, 0, 0, width, height);
    return context.canvas;
  }

  /** Throws unless an empty matte leaves nothing of a frame. Otherwise the background would be seen. */
  #requireCut(frame, width, height) {
    this.#cutOut(frame, new OffscreenCanvas(1, 1), width, height);
    const [, , , alpha] = this.#kept.getImageData(width >> 1, height >> 1, 1, 1).data;
    if (alpha > 0) {
      throw new SegmenterError("unsupported", "This browser cannot cut a picture out of its background: choose another effect.");
    }
    this.#hasCut = true;
  }

  /** All browsers can draw larger and smaller, and quickly; not all of them have filters. */
  #blur(frame, radius, width, height) {
    const { sizes, distance } = blurSteps({ width, height }, radius);
    const steps = sizes.map((size, i) => (this.#steps[i] = layer(this.#steps[i], size.width, size.height)));
    let picture = frame;
    for (const step of steps) picture = redraw(step, picture);
    let [from, to] = [steps.at(-1), layer(this.#spread, sizes.at(-1).width, sizes.at(-1).height)];
    this.#spread = to;
    for (let i = 0; i < SPREADS; i++) {
      spread(from.canvas, to, distance);
      [from, to] = [to, from];
    }
    picture = from.canvas;
    // From a quarter of the canvas on, more steps would look the same.
    for (const step of steps.slice(1, -1).reverse()) picture = redraw(step, picture);
    return picture;
  }
}

/**
 * Draws what an effect shows where nothing is kept, but for a blur.
 *
 * @param {CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D} context  clear
 * @param {CanvasImageSource} frame
 * @param {Effect} effect
 * @param {{ width: number, height: number }} size  of the frame as it is drawn
 */
export function drawBackground(context, frame, effect, { width, height }) {
  switch (effect.kind) {
    case "grey":
      context.drawImage(frame, 0, 0, width, height);
      context.globalCompositeOperation = "saturation";
      context.fillStyle = "grey";
      context.fillRect(0, 0, width, height); // hides everything where browsers do not know the operation
      context.globalCompositeOperation = "source-over";
      break;
    case "colour":
      context.fillStyle = effect.colour;
      context.fillRect(0, 0, width, height);
      break;
    case "picture":
      drawCovering(context, effect.picture, width, height);
      break;
    default: // "cut": nothing
  }
}

/** Fills a layer with a picture. */
function redraw(context, picture) {
  const { canvas } = context;
  context.globalAlpha = 1;
  context.globalCompositeOperation = "copy";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Fills a layer with the mean of a picture and its copies at a distance, one in each diagonal direction. */
function spread(picture, context, distance) {
  redraw(context, picture); // which stays at the edges, where copies are missing
  context.globalCompositeOperation = "source-over";
  for (const [i, [x, y]] of [[1, 1], [-1, -1], [1, -1], [-1, 1]].entries()) {
    context.globalAlpha = 1 / (i + 2);
    context.drawImage(picture, x * distance, y * distance);
  }
}

/** A context of this size, kept from frame to frame. */
function layer(context, width, height) {
  context ??= new OffscreenCanvas(width, height).getContext("2d");
  const { canvas } = context;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return context;
}

/** Draws a picture over black so that it covers the canvas, as object-fit: cover does. */
function drawCovering(context, picture, width, height) {
  context.fillStyle = "black";
  context.fillRect(0, 0, width, height);
  const own = { width: picture.naturalWidth ?? picture.width, height: picture.naturalHeight ?? picture.height };
  const scale = Math.max(width / own.width, height / own.height);
  const [w, h] = [own.width * scale, own.height * scale];
  context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
}
