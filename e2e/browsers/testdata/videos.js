// Videos, by the library.

import { LiveSegmentation } from "/library/live.js";
import { decodePhoto, Segmenter } from "/library/segmenter.js";

const MILLISECONDS = 15_000; // that anything may take

/** A promise that fails if it takes too long. */
function inTime(what, promise) {
  return Promise.race([promise, new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`it takes too long: ${what}`)), MILLISECONDS);
  })]);
}

async function load(name) {
  const bytes = await (await fetch(`/test/${name}`)).arrayBuffer();
  const video = document.createElement("video");
  video.muted = true;
  video.loop = true;
  video.playsInline = true;
  video.src = URL.createObjectURL(new Blob([bytes], { type: name.endsWith(".mp4") ? "video/mp4" : "video/webm" }));
  await inTime("loading", new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", resolve, { once: true });
    video.addEventListener("error", () => reject(new Error(`${name} cannot be played`)), { once: true });
  }));
  return video;
}

/** The pixels of anything that can be drawn, in a size. */
function pixels(source, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(source, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function quarters(source, width, height) {
  const { data } = pixels(source, width, height);
  const at = (x, y) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)];
  const [left, right, top, bottom] = [width / 4, (3 * width) / 4, height / 4, (3 * height) / 4].map(Math.floor);
  return { width, height, quarters: [at(left, top), at(right, top), at(left, bottom), at(right, bottom)] };
}

const sizeOf = ({ displayWidth, displayHeight, videoWidth, videoHeight, width, height }) =>
  [displayWidth ?? videoWidth ?? width, displayHeight ?? videoHeight ?? height];

/** The first frame, decoded as a photo from a video that was never played. */
export async function decodeFirst(name) {
  const bitmap = await inTime("decodePhoto", decodePhoto(await load(name)));
  return quarters(bitmap, bitmap.width, bitmap.height);
}

export async function segmentFirst(name) {
  const segmenter = await Segmenter.create({ device: "cpu", threads: 1 });
  try {
    const { width, height, mask } = await inTime("segment", segmenter.segment(await load(name), { size: 128 }));
    return [width, height, mask.length];
  } finally {
    segmenter.dispose();
  }
}

/**
 * What LiveSegmentation takes for a segmenter, with one class. Its masks are known: matte(context)
 * draws them on a canvas of 96×64.
 */
function knownMasks(matte) {
  const known = {
    model: { classes: [{ id: 0, name: "kept", colour: "#0000ff" }], decoders: ["mask"], size: 128 },
    disposed: new AbortController().signal,
    seen: null,
    async segment(frame, { overlay }) {
      const [width, height] = sizeOf(frame);
      known.seen = quarters(frame, width, height);
      const context = new OffscreenCanvas(96, 64).getContext("2d");
      context.fillStyle = overlay ? overlay.colours[0] : "white";
      matte(context, frame);
      return {
        width: 96, height: 64, classes: [], network: { width: 96, height: 64, windows: 1 },
        timings: { decode: 0, prepare: 0, network: 0, classify: 0, total: 0 },
        overlay: context.canvas.transferToImageBitmap(),
      };
    },
  };
  return known;
}

/** Plays a source until so many frames were shown with the options, and gives the LiveSegmentation to look. */
async function play(source, matte, options, frames, look) {
  const known = knownMasks(matte);
  let live;
  let shown = 0;
  let failed;
  let enough;
  const done = new Promise((resolve, reject) => {
    enough = resolve;
    failed = reject;
  });
  live = await inTime("the start", LiveSegmentation.start(known, source, {
    ...options,
    onFrame() {
      if (!live) return; // the first frame may come before it
      options.onFrame?.(live);
      if (++shown === frames) enough();
    },
    onState: ({ state, error }) => state === "failed" && failed(error),
  }));
  try {
    await inTime("frames", done);
    return look(live, known);
  } finally {
    live.stop();
  }
}

/** What the segmenter and people see of a video, and what is left of it without all but the first quarter. */
export async function playUpright(name) {
  const video = await load(name);
  await video.play();
  const matte = (context) => context.fillRect(0, 0, 48, 32);
  const ofCanvas = ({ canvas }) => quarters(canvas, canvas.width, canvas.height);
  const look = (live, { seen }) => [seen, ofCanvas(live)];
  const [seen, shown] = await play(video, matte, { effect: { kind: "none" } }, 3, look);
  const [, cut] = await play(video, matte, { effect: { kind: "cut" } }, 3, look);
  video.pause();
  return { seen, shown, cut };
}

/** The number of a frame of stripes.webm, by the grey of its band. */
function numberOf(data, width, height, x) {
  return Math.round((data[4 * (Math.round(height * 0.95) * width + x)] - 40) / 8);
}

/**
 * Plays frames that have their number in them. The mask keeps the left half, and the right half of odd
 * frames' band.
 */
export async function playNumbered() {
  const video = await load("stripes.webm");
  await video.play();
  const numbers = new Set();
  const wrong = [];
  let frames = 0;
  const matte = (context, frame) => {
    const [width, height] = [320, 240];
    const { data } = pixels(frame, width, height);
    context.fillRect(0, 0, 48, 64);
    if (numberOf(data, width, height, 80) % 2) context.fillRect(48, 57, 48, 7);
  };
  const onFrame = (live) => {
    const { width, height } = live.canvas;
    const { data } = pixels(live.canvas, width, height);
    const number = numberOf(data, width, height, width / 4);
    const isKept = data[4 * (Math.round(height * 0.95) * width + Math.round(width * 0.75)) + 3] > 127;
    frames++;
    numbers.add(number);
    if (isKept !== (number % 2 === 1)) wrong.push(`frame ${frames}, number ${number}: the mask is another frame's`);
  };
  await play(video, matte, { effect: { kind: "cut" }, onFrame }, 30, () => {});
  video.pause();
  return { frames, numbers: numbers.size, wrong };
}

const STRIPES = [[32, 32, 192], [208, 192, 32]];

/** See spot in live_test.go. */
export function spotOf({ data, width }, left, top, right, bottom) {
  const low = [255, 255, 255, 255];
  const high = [0, 0, 0, 0];
  let contrast = 0;
  let original = 0;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const at = 4 * (y * width + x);
      for (let c = 0; c < 4; c++) {
        low[c] = Math.min(low[c], data[at + c]);
        high[c] = Math.max(high[c], data[at + c]);
      }
      for (let c = 0; c < 3; c++) contrast += Math.abs(data[at + c] - data[at + c + 8]) / 3;
      const isLike = (stripe) => data[at + 3] > 0 && stripe.every((value, c) => Math.abs(value - data[at + c]) <= 40);
      if (STRIPES.some(isLike)) original++;
    }
  }
  return { low, high, contrast: contrast / ((right - left) * (bottom - top)), original };
}

const EFFECTS = {
  none: {},
  tint: { opacity: 0.5 },
  blur: {},
  colour: { colour: "#00b140" },
  picture: {},
  cut: {},
  grey: {},
};

/** The left half of stripes.webm is kept. */
export async function effect(source, kind) {
  const video = await load("stripes.webm");
  await video.play();
  const chosen = { kind, classes: [0], ...EFFECTS[kind] };
  if (kind === "picture") {
    chosen.picture = document.createElement("canvas");
    Object.assign(chosen.picture, { width: 64, height: 64 });
    const context = chosen.picture.getContext("2d");
    context.fillStyle = "#ff00ff";
    context.fillRect(0, 0, 64, 64);
  }
  const mirror = source === "mirrored";
  const stream = source === "stream" ? streamOf(video) : null;
  const matte = (context) => context.fillRect(0, 0, 48, 64);
  try {
    return await play(stream ?? video, matte, { effect: chosen, mirror }, 4, ({ canvas }) => {
      const image = pixels(canvas, 320, 240);
      const left = spotOf(image, 8, 24, 136, 200);
      const right = spotOf(image, 176, 24, 308, 200);
      return mirror ? { kept: right, background: left } : { kept: left, background: right };
    });
  } finally {
    video.pause();
    stream?.stop();
  }
}

/** A stream that shows what a video does, as a camera would. */
function streamOf(video) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 320, height: 240 });
  const context = canvas.getContext("2d");
  const draw = () => context.drawImage(video, 0, 0);
  draw();
  const timer = setInterval(draw, 50);
  const stream = canvas.captureStream(20);
  stream.stop = () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
  };
  return stream;
}
