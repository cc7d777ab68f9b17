// Options: what callers may ask for. Their defaults and checks, in one place.
//
// It owns the defaults. segmenter.js and live.js send it what a caller gave; it sends back complete
// options, or throws a SegmenterError with code "bad-option". Package model checks what the command
// line asks for by the same rules: web/tests/cases/options.json holds both to them.

import { SegmenterError } from "./errors.js";
import { ALL_BORDERS, LONGEST_SIDE, NO_BORDER, paletteOf } from "./painting.js";
import { DEFAULT_MODEL } from "./preload.js";

/** Without decoder and size, which follow the model: its first decoder is the better one. */
const SEGMENT_DEFAULTS = { window: 0, stride: 0, smoothing: 0, refine: false, maskSize: "photo" };

/** Where the decoder is undefined, SEGMENT_DEFAULTS applies. */
const LIVE_DEFAULTS = {
  decoder: undefined,
  size: "auto",
  rate: 30,
  smoothing: 0.85,
  refine: true,
  mask: false,
  mirror: false,
  effect: { kind: "tint" },
};

/** The kinds of effects. (Not beside what draws them: pages that show none need only the names.) */
export const EFFECTS = ["tint", "blur", "colour", "picture", "cut", "grey", "none"];

export const EFFECT_DEFAULTS = { opacity: 0.6, radius: 16, colour: "#00b140" };

/** The largest short side for the network, in pixels. */
const LARGEST_SIZE = 16384;

const MOST_THREADS = 64;

/**
 * Options of Segmenter.create, without those that only wait.
 *
 * @param {import("./segmenter.js").SegmenterOptions} [options]
 */
export function engineOptions({
  model = DEFAULT_MODEL,
  sha256,
  device = "auto",
  arithmetic,
  threads,
  profile = false,
  onProgress = () => {},
  onDevice = () => {},
  signal,
} = {}) {
  requireDevice(device);
  requireOption([undefined, "int8", "float"].includes(arithmetic), "arithmetic", `"int8" or "float"`, arithmetic);
  requireOption(threads === undefined || isCount(threads, 1, MOST_THREADS), "threads", `1 to ${MOST_THREADS}`, threads);
  requireBoolean("profile", profile);
  requireFunction("onProgress", onProgress);
  requireFunction("onDevice", onDevice);
  requireSignal(signal);
  return { model: { source: modelSource(model), sha256: hash(sha256) }, device, arithmetic, threads, profile, onProgress, onDevice };
}

/** An absolute URL, a file, or bytes. */
function modelSource(model) {
  const kind = Object.prototype.toString.call(model).slice(8, -1); // the same for objects of other frames
  if (["Blob", "File", "ArrayBuffer", "Uint8Array"].includes(kind)) return model;
  if (typeof model === "string" || kind === "URL") return absolute("model", model);
  throw badOption("model", "an address, a file or its bytes", model);
}

/** @param {string} name  of the option @param {string | URL} address @returns {string} */
export function absolute(name, address) {
  const base = globalThis.document?.baseURI ?? globalThis.location?.href; // workers have no document
  if (URL.canParse(address, base)) return new URL(address, base).href;
  throw badOption(name, "an address", address);
}

/**
 * Options of Segmenter.useModel.
 *
 * @param {unknown} model
 * @param {import("./segmenter.js").ModelOptions} [options]
 */
export function modelOptions(model, { sha256, signal, onProgress = () => {} } = {}) {
  requireSignal(signal);
  requireFunction("onProgress", onProgress);
  return { source: modelSource(model), sha256: hash(sha256), signal, onProgress };
}

function hash(sha256) {
  requireOption(sha256 === undefined || /^[\da-f]{64}$/i.test(sha256), "sha256", "64 hexadecimal digits", sha256);
  return sha256;
}

/** @param {string} device */
export function requireDevice(device) {
  requireOption(["auto", "cpu", "webgpu"].includes(device), "device", `"auto", "cpu" or "webgpu"`, device);
}

/**
 * Options of Segmenter.segment as ranks.js takes them, with the signal and the listener as they are.
 *
 * @param {import("./segmenter.js").SegmentOptions} given
 * @param {import("./segmenter.js").ModelInfo} model
 */
export function segmentOptions({ mask = true, overlay = false, signal, onProgress = () => {}, ...given }, { decoders, classes, patch, size: best }) {
  const options = { decoder: decoders[0], size: best, ...SEGMENT_DEFAULTS, ...definedOnly(given), patch };
  const { decoder, size, window, stride, smoothing, refine, maskSize } = options;
  requireOption(decoders.includes(decoder), "decoder", `one of ${decoders.join(", ")}`, decoder);
  requireOption(isCount(size, 0, LARGEST_SIZE), "size", `a whole number of pixels up to ${LARGEST_SIZE}, or 0`, size);
  requireOption(window === 0 || isCount(window, patch), "window", `a whole number of pixels from ${patch}, or 0`, window);
  const steps = window === 0 ? isCount(stride, 0) : isCount(stride, 1, window);
  requireOption(steps, "stride", window === 0 ? "0 or more" : `1 to the window's ${window} pixels`, stride);
  requireSmoothing(smoothing);
  requireBoolean("refine", refine);
  requireBoolean("mask", mask);
  requireOption(["photo", "network"].includes(maskSize), "maskSize", `"photo" or "network"`, maskSize);
  const isAlone = window === 0 || (smoothing === 0 && maskSize === "photo");
  requireOption(isAlone, "window", "0 with smoothing, or a mask of the network's size", window);
  const isPainting = typeof overlay === "boolean" || isObject(overlay);
  requireOption(isPainting, "overlay", "true, false or a painting", overlay);
  requireFunction("onProgress", onProgress);
  requireSignal(signal);
  const painting = overlay ? paintingOptions(overlay === true ? {} : overlay, classes) : null;
  return { ...options, mask, painting, signal, onProgress };
}

/**
 * A painting as protocol.js has it. A missing size is the mask's.
 *
 * @param {import("./segmenter.js").Painting} painting
 * @param {import("./segmenter.js").ClassInfo[]} classes
 */
export function paintingOptions(painting, classes) {
  requireOption(isObject(painting), "painting", "an object", painting);
  const { width, height, colours, borders = "all" } = painting;
  const isSide = (value) => value === undefined || isCount(value, 1, LONGEST_SIDE);
  requireOption(isSide(width), "width", `1 to ${LONGEST_SIDE} pixels`, width);
  requireOption(isSide(height), "height", `1 to ${LONGEST_SIDE} pixels`, height);
  const border = { all: ALL_BORDERS, none: NO_BORDER }[borders] ?? borders;
  const isBorder = ["all", "none"].includes(borders) || isClass(borders, classes);
  requireOption(isBorder, "borders", `"all", "none" or a class's id`, borders);
  requireOption(colours === undefined || isObject(colours), "colours", "an object of colours by class id", colours);
  const given = colours ? Object.entries(colours) : classes.map(({ id, colour }) => [id, colour]);
  for (const [id, colour] of given) {
    requireOption(isClass(Number(id), classes), "colours", "of classes that the model has", id);
    requireOption(/^#([\da-f]{2}){3,4}$/i.test(colour), "colours", `"#rrggbb" or "#rrggbbaa"`, colour);
  }
  return definedOnly({ width, height, border, palette: paletteOf(given) });
}

/**
 * Options of LiveSegmentation, but for its listeners.
 *
 * @param {Partial<import("./live.js").LiveOptions>} given  others are ignored
 * @param {import("./segmenter.js").ModelInfo} model
 * @param {import("./live.js").LiveOptions} [before]  which stay where none are given
 */
export function liveOptions(given, model, before = LIVE_DEFAULTS) {
  const known = Object.entries(definedOnly(given)).filter(([name]) => name in LIVE_DEFAULTS);
  const options = { ...before, ...Object.fromEntries(known) };
  const { decoder, size, rate, smoothing, refine, mask, mirror, effect } = options;
  const isSize = size === "auto" || isCount(size, 1, LARGEST_SIZE);
  requireOption(isSize, "size", `"auto" or a whole number of pixels up to ${LARGEST_SIZE}`, size);
  requireOption(Number.isFinite(rate) && rate > 0, "rate", "a number of frames a second", rate);
  requireBoolean("mirror", mirror);
  segmentOptions({ decoder, smoothing, refine, mask }, model); // which checks them
  return { ...options, effect: effectOptions(effect, model) };
}

function effectOptions(given, { classes }) {
  requireOption(isObject(given), "effect", "an object", given);
  const effect = { ...EFFECT_DEFAULTS, ...definedOnly(given) };
  const { kind, opacity, radius, colour, picture, classes: chosen = [] } = effect;
  requireOption(EFFECTS.includes(kind), "effect.kind", `one of ${EFFECTS.join(", ")}`, kind);
  requireOption(opacity >= 0 && opacity <= 1, "effect.opacity", "0 to 1", opacity);
  requireOption(Number.isFinite(radius) && radius >= 0, "effect.radius", "a number of pixels", radius);
  const isColour = typeof colour === "string" && (globalThis.CSS?.supports("color", colour) ?? true);
  requireOption(isColour, "effect.colour", "a colour of CSS", colour);
  requireOption(kind !== "picture" || isObject(picture), "effect.picture", "a picture to put behind", picture);
  requireClasses("effect.classes", chosen, classes);
  return effect;
}

/**
 * @param {boolean} holds
 * @param {string} name
 * @param {string} expected
 * @param {unknown} found
 */
export function requireOption(holds, name, expected, found) {
  if (!holds) throw badOption(name, expected, found);
}

function badOption(name, expected, found) {
  const shown = typeof found === "object" && found ? `the object ${Object.prototype.toString.call(found)}` : String(found);
  return new SegmenterError("bad-option", `The option ${name} must be ${expected}, not ${shown}.`);
}

/** @param {string} name @param {unknown} value */
export function requireFunction(name, value) {
  requireOption(typeof value === "function", name, "a function", value);
}

/** @param {unknown} signal */
export function requireSignal(signal) {
  const isSignal = isObject(signal) && typeof signal.aborted === "boolean" && "addEventListener" in signal;
  requireOption(signal === undefined || isSignal, "signal", "an AbortSignal", signal);
}

function requireBoolean(name, value) {
  requireOption(typeof value === "boolean", name, "true or false", value);
}

function requireSmoothing(value) {
  requireOption(typeof value === "number" && value >= 0 && value < 1, "smoothing", "0 to below 1", value);
}

/** @param {string} name @param {unknown} id @param {import("./segmenter.js").ClassInfo[]} classes */
export function requireClass(name, id, classes) {
  requireOption(isClass(id, classes), name, "the id of one of the model's classes", id);
}

/** @param {string} name @param {unknown} ids @param {import("./segmenter.js").ClassInfo[]} classes */
export function requireClasses(name, ids, classes) {
  const areClasses = Array.isArray(ids) && ids.every((id) => isClass(id, classes));
  requireOption(areClasses, name, "a list of the model's class ids", ids);
}

function isCount(value, least, most = Infinity) {
  return Number.isInteger(value) && value >= least && value <= most;
}

function isClass(id, classes) {
  return isCount(id, 0, classes.length - 1);
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}

function definedOnly(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
