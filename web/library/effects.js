// Effects: a frame and what was painted of its mask, put together on a canvas.
//
// It owns the layers that it needs. It is sent frames, paintings and an effect; it draws. All is done
// by the canvas, so that the browser's graphics do it: nothing here touches pixels.

/**
 * @typedef {import("./live.js").Effect} Effect
 */

// A background is blurred at a quarter of its size, which looks the same and takes a sixteenth.
const BLUR_SCALE = 0.25;

export const EFFECTS = ["tint", "blur", "colour", "picture", "cut", "grey", "none"];

/**
 * What the engine is to paint for an effect: the classes' colours, or a matte of the kept classes.
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

export class Compositor {
  #canvas;
  #context;
  #kept = null; // layers
  #blurred = null;

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
   * @param {{ width: number, height: number, mirror: boolean }} how  the canvas's size
   */
  draw(frame, painted, effect, { width, height, mirror }) {
    const context = this.#context;
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    context.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? width : 0, 0);
    if (effect.kind === "tint" || effect.kind === "none") {
      context.drawImage(frame, 0, 0, width, height);
      if (effect.kind === "tint") this.#tint(painted, effect.opacity, width, height);
    } else {
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
    switch (effect.kind) {
      case "blur":
        context.drawImage(this.#blur(frame, effect.radius, width, height), 0, 0, width, height);
        break;
      case "grey":
        context.filter = "grayscale(1)";
        context.drawImage(frame, 0, 0, width, height);
        context.filter = "none";
        break;
      case "colour":
        context.fillStyle = effect.colour;
        context.fillRect(0, 0, width, height);
        break;
      case "picture":
        drawCovering(context, effect.picture, width, height);
        break;
      default: // "cut"
        context.clearRect(0, 0, width, height);
    }
  }

  /** The frame where the matte is. */
  #cutOut(frame, matte, width, height) {
    this.#kept = layer(this.#kept, width, height);
    const context = this.#kept;
    context.globalCompositeOperation = "copy";
    context.drawImage(matte, 0, 0, width, height);
    context.globalCompositeOperation = "source-in";
    context.drawImage(frame, 0, 0, width, height);
    return context.canvas;
  }

  #blur(frame, radius, width, height) {
    const [w, h] = [width, height].map((side) => Math.max(1, Math.round(side * BLUR_SCALE)));
    this.#blurred = layer(this.#blurred, w, h);
    const context = this.#blurred;
    context.filter = `blur(${radius * BLUR_SCALE}px)`;
    // What is outside counts as transparent: the edge of the picture is drawn beyond the edge.
    const beyond = Math.ceil(2 * radius * BLUR_SCALE);
    context.drawImage(frame, -beyond, -beyond, w + 2 * beyond, h + 2 * beyond);
    return context.canvas;
  }
}

/** A context of at least this size, which is kept from frame to frame. */
function layer(context, width, height) {
  context ??= new OffscreenCanvas(width, height).getContext("2d");
  const { canvas } = context;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return context;
}

/** Draws a picture so that it covers all, as object-fit: cover does; a transparent one over black. */
function drawCovering(context, picture, width, height) {
  context.fillStyle = "black";
  context.fillRect(0, 0, width, height);
  const own = { width: picture.naturalWidth ?? picture.width, height: picture.naturalHeight ?? picture.height };
  const scale = Math.max(width / own.width, height / own.height);
  const [w, h] = [own.width * scale, own.height * scale];
  context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
}
