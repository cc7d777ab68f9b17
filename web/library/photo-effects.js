// Effects on photos: what live pictures have, at the photo's full resolution.
//
//   import { applyEffect } from "./photo-effects.js";
//
//   const { width, height, mask } = await segmenter.segment(photo, { refine: true });
//   const matte = await segmenter.matte([cat]);
//   const png = await applyEffect(photo, { kind: "cut" }, { width, height, mask, matte, classes: [cat] });
//
// It owns a worker for each photo, which it ends. photo-effects.d.ts describes everything.

import { explained, SegmenterError, unlessAborted } from "./errors.js";
import { EFFECT_DEFAULTS, EFFECTS, requireFunction, requireOption, requireSignal } from "./options.js";

const WORKER = new URL("./photo-effects.worker.js", import.meta.url).href;

/** Files that can be made. */
const TYPES = ["image/png", "image/webp", "image/jpeg"];

/**
 * @param {Blob | ImageBitmap} photo
 * @param {import("./photo-effects.js").PhotoEffect} effect
 * @param {import("./photo-effects.js").Kept} kept
 * @param {import("./photo-effects.js").PhotoEffectOptions} [options]
 * @returns {Promise<Blob>}
 */
export async function applyEffect(photo, effect, kept, { type = "image/png", quality, signal, onProgress = () => {} } = {}) {
  requireSignal(signal);
  requireFunction("onProgress", onProgress);
  requireOption(TYPES.includes(type), "type", `one of ${TYPES.join(", ")}`, type);
  requireKept(kept);
  const message = { photo: await handed(photo), effect: await effectMessage(effect), kept: keptMessage(kept), type, quality };
  const worker = new Worker(new URL("./photo-effects.worker.js", import.meta.url), { type: "module", name: "photo effects" });
  try {
    return await unlessAborted(answer(worker, message, onProgress), signal);
  } finally {
    worker.terminate();
    for (const picture of picturesOf(message)) picture.close(); // of no effect on what was handed over
  }
}

function requireKept({ width, height, mask, classes, selection, matte, feather = 0 }) {
  const fits = (values) => values instanceof Uint8Array && values.length === width * height;
  requireOption(fits(mask), "mask", "width × height class ids", mask);
  requireOption(selection === undefined || fits(selection), "selection", "width × height values", selection);
  requireOption(matte === undefined || fits(matte), "matte", "width × height values", matte);
  requireOption(Boolean(selection) !== Boolean(classes), "kept", "classes or a selection", classes);
  requireOption(feather >= 0 && feather < Infinity, "feather", "a number of pixels", feather);
}

/** Only what the worker needs: the rest might not be posted. */
function keptMessage({ width, height, mask, classes, selection, matte, feather = 0 }) {
  return { width, height, mask, classes: classes && [...classes], selection, matte, feather };
}

/** What the worker gets of a photo: to post a bitmap would copy its pixels here; this copy shares them where browsers can. */
function handed(photo) {
  if (photo instanceof Blob) return photo;
  requireOption(photo instanceof ImageBitmap, "photo", "a file or an ImageBitmap", photo);
  return createImageBitmap(photo);
}

function picturesOf({ photo, effect }) {
  return [photo, effect.picture].filter((picture) => picture instanceof ImageBitmap);
}

/** Elements cannot be posted. */
async function effectMessage(given) {
  const { kind, opacity, radius, colour, picture, colours } = { ...EFFECT_DEFAULTS, ...given };
  requireOption(EFFECTS.includes(kind), "effect.kind", `one of ${EFFECTS.join(", ")}`, kind);
  const isOpacity = opacity >= 0 && opacity <= 1;
  requireOption(isOpacity, "effect.opacity", "0 to 1", opacity);
  requireOption(Number.isFinite(radius) && radius >= 0, "effect.radius", "a number of pixels", radius);
  requireOption(kind !== "tint" || typeof colours === "object", "effect.colours", "an object of colours by class id", colours);
  if (kind !== "picture") return { kind, opacity, radius, colour, colours };
  const isPicture = typeof picture === "object" && picture !== null;
  requireOption(isPicture, "effect.picture", "a picture to put behind", picture);
  return { kind, picture: await createImageBitmap(picture) };
}

/** Sends a worker its photo, and waits for the file. */
function answer(worker, message, onProgress) {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data: { type, payload } }) => {
      if (type === "progress") onProgress(payload);
      else if (type === "result") resolve(payload);
      else reject(new SegmenterError(payload.code, payload.message, { reason: payload.reason, values: payload.values }));
    });
    worker.addEventListener("error", async (event) => {
      event.preventDefault();
      const sentence = `The photo could not be worked on${event.message ? ` (${event.message})` : ""}: close other tabs if memory is short, and try again.`;
      reject(await explained(new SegmenterError("internal", sentence), WORKER, "worker"));
    });
    post(worker, message).catch(reject);
  });
}

/** Posts the large parts one by one, so that the page can do other things between: copying each takes a while. */
async function post(worker, { photo, kept, ...message }) {
  const { mask, selection, matte, ...others } = kept;
  worker.postMessage({ photo }, picturesOf({ photo, effect: {} }));
  for (const [name, values] of Object.entries({ mask, selection, matte })) {
    await new Promise((resolve) => setTimeout(resolve));
    worker.postMessage({ [name]: values });
  }
  worker.postMessage({ ...message, kept: others }, picturesOf(message));
}
