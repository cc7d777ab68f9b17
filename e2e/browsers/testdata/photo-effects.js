// Effects on photos, by the library alone.

import { applyEffect } from "/library/photo-effects.js";

const [WIDTH, HEIGHT] = [300, 200];
const FRONT = [200, 40, 30];

/** A photo whose left half is one colour, with stripes on the right. */
function photo() {
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d");
  context.fillStyle = "rgb(208 192 32)";
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.fillStyle = "rgb(32 32 192)";
  for (let x = WIDTH / 2; x < WIDTH; x += 16) context.fillRect(x, 0, 8, HEIGHT);
  context.fillStyle = `rgb(${FRONT})`;
  context.fillRect(0, 0, WIDTH / 2, HEIGHT);
  return canvas;
}

async function pixelsOf(blob) {
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none" });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return (x, y = HEIGHT / 2) => [...context.getImageData(x, y, 1, 1).data];
}

/** Pixels of files with each effect, of a file and of a bitmap: in front, in the middle of what is behind, and at its end. */
export async function effects() {
  const canvas = photo();
  const file = await new Promise((resolve) => canvas.toBlob(resolve));
  const mask = Uint8Array.from({ length: WIDTH * HEIGHT }, (_, i) => Number(i % WIDTH < WIDTH / 2));
  const kept = { width: WIDTH, height: HEIGHT, mask, classes: [1] };
  const behind = Object.assign(document.createElement("canvas"), { width: 30, height: 20 });
  behind.getContext("2d").fillStyle = "rgb(255 0 255)";
  behind.getContext("2d").fillRect(0, 0, 30, 20);
  const wanted = {
    cut: { kind: "cut" },
    colour: { kind: "colour", colour: "#00b140" },
    picture: { kind: "picture", picture: behind },
    grey: { kind: "grey" },
    blur: { kind: "blur", radius: 30 },
    tint: { kind: "tint", colours: { 1: "#0000ff" }, opacity: 0.5 },
  };
  const found = {};
  for (const [name, effect] of Object.entries(wanted)) {
    for (const [source, given] of Object.entries({ file, bitmap: await createImageBitmap(canvas) })) {
      const at = await pixelsOf(await applyEffect(given, effect, kept));
      found[`${name} ${source}`] = [at(40), at(230), at(290)];
    }
  }
  return found;
}

/** The kind of a WebP file, or why there is none. */
export async function webp() {
  const mask = new Uint8Array(WIDTH * HEIGHT);
  const kept = { width: WIDTH, height: HEIGHT, mask, classes: [0] };
  return applyEffect(await createImageBitmap(photo()), { kind: "none" }, kept, { type: "image/webp" }).then(({ type }) => type, ({ code }) => code);
}

/** The codes of errors for what cannot be had. */
export async function refusals() {
  const bitmap = await createImageBitmap(photo());
  const mask = new Uint8Array(WIDTH * HEIGHT);
  const kept = { width: WIDTH, height: HEIGHT, mask, classes: [0] };
  const given = [
    [bitmap, { kind: "none" }, { ...kept, mask: new Uint8Array(3) }],
    [bitmap, { kind: "none" }, { ...kept, classes: undefined }],
    [bitmap, { kind: "sparkle" }, kept],
    [bitmap, { kind: "picture" }, kept],
    [7, { kind: "cut" }, kept],
    [bitmap, { kind: "cut" }, kept, { type: "image/gif" }],
    [new Blob(["no picture"]), { kind: "cut" }, kept],
    [bitmap, { kind: "cut" }, kept, { signal: AbortSignal.abort() }],
  ];
  return Promise.all(given.map((list) => applyEffect(...list).then(() => "nothing", ({ code, message }) => code ?? message)));
}
