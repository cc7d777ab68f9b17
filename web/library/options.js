// Options: what callers may ask for. Their defaults and checks, in one place.
//
// It owns the defaults. segmenter.js and live.js send it what a caller gave; it sends back complete
// options, or throws a SegmenterError with code "bad-option". Package model checks what the command
// line asks for by the same rules: web/tests/cases/options.json holds both to them.

import { EFFECTS } from "./effects.js";
import { SegmenterError } from "./errors.js";
import { ALL_BORDERS, LONGEST_SIDE, NO_BORDER, paletteOf } from "./painting.js";

const DEFAULT_MODEL = new URL("./models/everyday.safetensors", import.meta.url).href;

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

const EFFECT_DEFAULTS = { opacity: 0.6, radius: 16, colour: "#00b140" };

/** The largest short side for the network, in pixels. */
const LARGEST_SIZE = 16384;

/**
 * Options of Segmenter.create, without those that only wait.
 *
 * @param {import("./segmenter.js").SegmenterOptions} [options]
 */
export function engineOptions({
  model = DEFAULT_MODEL,
  device = "auto",
  arithmetic,
  threads,
  profile = false,
  onProgress = () => {},
  onDevice = () => {},
} = {}) {
  requireDevice(device);
  requireOption([undefined, "int8", "float"].includes(arithmetic), "arithmetic", `"int8" or "float"`, arithmetic);
  const isNumber = threads === undefined || (Number.isInteger(threads) && threads > 0);
  requireOption(isNumber, "threads", "a whole number above 0", threads);
  const isUrl = typeof model === "string" || model instanceof URL;
  const source = isUrl ? new URL(model, globalThis.document?.baseURI).href : model;
  return { source, device, arithmetic, threads, profile, onProgress, onDevice };
}

/** @param {string} device */
export function requireDevice(device) {
  requireOption(["auto", "cpu", "webgpu"].includes(device), "device", `"auto", "cpu" or "webgpu"`, device);
}

/**
 * Options of Segmenter.segment as ranks.js takes them.
 *
 * @param {import("./segmenter.js").SegmentOptions} options
 * @param {import("./segmenter.js").ModelInfo} model
 */
export function segmentOptions({ mask = true, overlay = false, ...given }, { decoders, classes, patch, size: best }) {
  const options = { decoder: decoders[0], size: best, ...SEGMENT_DEFAULTS, ...definedOnly(given), patch };
  options.mask = mask;
  options.painting = overlay ? paintingOptions(overlay === true ? {} : overlay, classes) : null;
  const { decoder, size, window, stride, smoothing, refine, maskSize } = options;
  const isCount = (value, least, most = Infinity) => Number.isInteger(value) && value >= least && value <= most;
  requireOption(decoders.includes(decoder), "decoder", `one of ${decoders.join(", ")}`, decoder);
  requireOption(isCount(size, 0, LARGEST_SIZE), "size", `a whole number of pixels up to ${LARGEST_SIZE}, or 0`, size);
  requireOption(window === 0 || isCount(window, patch), "window", `a whole number of pixels from ${patch}, or 0`, window);
  const steps = window === 0 ? isCount(stride, 0) : isCount(stride, 1, window);
  requireOption(steps, "stride", window === 0 ? "0 or more" : `1 to the window's ${window} pixels`, stride);
  requireOption(smoothing >= 0 && smoothing < 1, "smoothing", "0 to below 1", smoothing);
  requireOption(typeof refine === "boolean", "refine", "true or false", refine);
  requireOption(["photo", "network"].includes(maskSize), "maskSize", `"photo" or "network"`, maskSize);
  const isAlone = window === 0 || (smoothing === 0 && maskSize === "photo");
  requireOption(isAlone, "window", "0 with smoothing, or a mask of the network's size", window);
  return options;
}

/**
 * A painting as protocol.js has it. A missing size is the mask's.
 *
 * @param {import("./segmenter.js").Painting} painting
 * @param {import("./segmenter.js").ClassInfo[]} classes
 */
export function paintingOptions({ width, height, colours, borders = "all" }, classes) {
  const isSide = (value) => value === undefined || (Number.isInteger(value) && value > 0 && value <= LONGEST_SIDE);
  const isClass = (id) => Number.isInteger(id) && id >= 0 && id < classes.length;
  requireOption(isSide(width), "width", `1 to ${LONGEST_SIDE} pixels`, width);
  requireOption(isSide(height), "height", `1 to ${LONGEST_SIDE} pixels`, height);
  const border = { all: ALL_BORDERS, none: NO_BORDER }[borders] ?? borders;
  requireOption(["all", "none"].includes(borders) || isClass(borders), "borders", `"all", "none" or a class's id`, borders);
  const given = colours ? Object.entries(colours) : classes.map(({ id, colour }) => [id, colour]);
  for (const [id, colour] of given) {
    requireOption(isClass(Number(id)), "colours", "of classes that the model has", id);
    requireOption(/^#([\da-f]{2}){3,4}$/i.test(colour), "colours", `"#rrggbb" or "#rrggbbaa"`, colour);
  }
  return definedOnly({ width, height, border, palette: paletteOf(given) });
}

/**
 * Options of LiveSegmentation, but for its listeners.
 *
 * @param {Partial<import("./live.js").LiveOptions>} given  others are ignored
 * @param {import("./live.js").LiveOptions} [before]  which stay where none are given
 */
export function liveOptions(given, before = LIVE_DEFAULTS) {
  const known = Object.entries(definedOnly(given)).filter(([name]) => name in LIVE_DEFAULTS);
  const options = { ...before, ...Object.fromEntries(known) };
  options.effect = { ...EFFECT_DEFAULTS, ...options.effect };
  const { size, rate, smoothing, effect } = options;
  const isSize = size === "auto" || (Number.isInteger(size) && size > 0 && size <= LARGEST_SIZE);
  requireOption(isSize, "size", `"auto" or a whole number of pixels up to ${LARGEST_SIZE}`, size);
  requireOption(rate > 0, "rate", "a number of frames a second", rate);
  requireOption(smoothing >= 0 && smoothing < 1, "smoothing", "0 to below 1", smoothing);
  requireOption(EFFECTS.includes(effect.kind), "effect.kind", `one of ${EFFECTS.join(", ")}`, effect.kind);
  requireOption(effect.kind !== "picture" || effect.picture, "effect.picture", "a picture to put behind", effect.picture);
  return options;
}

/**
 * @param {boolean} holds
 * @param {string} name
 * @param {string} expected
 * @param {unknown} found
 */
export function requireOption(holds, name, expected, found) {
  if (!holds) throw new SegmenterError("bad-option", `The option ${name} must be ${expected}, not ${found}.`);
}

function definedOnly(options) {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
