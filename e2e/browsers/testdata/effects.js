// Effects, by the library's compositor alone: in browsers that lack what it needs, too.

import { Compositor } from "/library/effects.js";

const [WIDTH, HEIGHT] = [96, 64];
const HIDING = ["blur", "colour", "picture", "cut", "grey"];

function painted(colour, width = WIDTH, height = HEIGHT) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return canvas;
}

/** Stripes of blue and yellow, 8 pixels wide, as each kind of picture that may be a frame. */
function frames() {
  const canvas = painted("rgb(208 192 32)");
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(32 32 192)";
  for (let x = 0; x < WIDTH; x += 16) context.fillRect(x, 0, 8, HEIGHT);
  const made = { canvas };
  if (globalThis.VideoFrame) made.frame = new VideoFrame(canvas, { timestamp: 0 });
  return made;
}

function draw(canvas, compositor, frame, effect) {
  const nothing = new OffscreenCanvas(WIDTH, HEIGHT);
  nothing.getContext("2d").clearRect(0, 0, WIDTH, HEIGHT);
  compositor.draw(frame, nothing, { radius: 16, colour: "#00b140", picture: painted("#ff00ff"), ...effect }, { width: WIDTH, height: HEIGHT, mirror: false });
}

/** The share of a canvas's pixels that look as in the frame. */
function shown(canvas) {
  const { data } = canvas.getContext("2d").getImageData(0, 0, WIDTH, HEIGHT);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    const isLike = (stripe) => data[i + 3] > 0 && stripe.every((value, c) => Math.abs(value - data[i + c]) <= 24);
    count += isLike([208, 192, 32]) || isLike([32, 32, 192]);
  }
  return count / (WIDTH * HEIGHT);
}

/** How much of the background is seen with each effect: at first, and after it was seen without one. */
export function backgrounds() {
  const found = {};
  for (const [source, frame] of Object.entries(frames())) {
    for (const effect of [...HIDING.map((kind) => ({ kind })), { kind: "colour", colour: "#00b14000" }]) {
      const canvas = document.createElement("canvas");
      const compositor = new Compositor(canvas);
      const name = `${source} ${effect.kind} ${effect.colour ?? ""}`;
      draw(canvas, compositor, frame, effect);
      found[name] = shown(canvas);
      draw(canvas, compositor, frame, { kind: "none" });
      if (shown(canvas) < 0.99) found[`${name} without an effect`] = shown(canvas);
      draw(canvas, compositor, frame, effect);
      found[`${name} again`] = shown(canvas);
    }
  }
  return found;
}

/** The same in a browser that draws as usual instead of by an operation: the codes of errors, or how much is seen. */
export function without(operation) {
  const found = {};
  const prototypes = [CanvasRenderingContext2D.prototype, OffscreenCanvasRenderingContext2D.prototype];
  const whole = prototypes.map((prototype) => Object.getOwnPropertyDescriptor(prototype, "globalCompositeOperation"));
  for (const [i, prototype] of prototypes.entries()) {
    Object.defineProperty(prototype, "globalCompositeOperation", {
      ...whole[i],
      set(value) {
        whole[i].set.call(this, value === operation ? "source-over" : value);
      },
    });
  }
  try {
    for (const kind of HIDING) {
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: WIDTH, height: HEIGHT });
      let code = "";
      try {
        draw(canvas, new Compositor(canvas), frames().canvas, { kind });
      } catch (error) {
        code = error.code ?? String(error);
      }
      found[kind] = { code, shown: shown(canvas) };
    }
  } finally {
    for (const [i, prototype] of prototypes.entries()) Object.defineProperty(prototype, "globalCompositeOperation", whole[i]);
  }
  return found;
}
