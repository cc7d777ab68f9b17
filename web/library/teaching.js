// Teaching: what a page shows of a class becomes a row of the linear decoder.
//
// It owns the checks of lessons and the order of the requests. segmenter.js, which loads it when
// somebody teaches, has the photo segmented and sends it the size; it sends the engine strokes and
// what was taught before, as a file that package teach reads and writes.

import { requireOption, segmentOptions } from "./options.js";

/** Features of what photos usually show, for the built-in model: examples of what a class is not. */
const TYPICAL = new URL("./typical.safetensors", import.meta.url);

let typical = null; // promise of its bytes

/** The photo of each class's last lesson, by the engine and the class's name. @type {WeakMap<object, Map<string, object>>} */
const lessons = new WeakMap();

/**
 * @param {import("./segmenter.js").Lesson} lesson
 * @param {import("./segmenter.js").Segmenter} segmenter
 */
export function checkedLesson(lesson, { model, taught }) {
  const { photo, name, strokes, colour = colourOf(name, taught), signal, size, decoder } = lesson;
  requireOption(typeof name === "string" && name.trim() !== "" && name.length <= 100, "name", "1 to 100 characters", name);
  requireColour(colour);
  requireOption(Array.isArray(strokes) && strokes.every(isStroke), "strokes", "a list of lines, each with points and a width", strokes);
  requireOption(typeof photo === "object" && photo !== null, "photo", "a photo", photo);
  const options = segmentOptions({ size, decoder, mask: false }, model);
  return { photo, options, signal, name, colour, strokes };
}

function isStroke(stroke) {
  const { points, width } = stroke ?? {};
  return Array.isArray(points) && points.length > 0 && points.every(({ x, y } = {}) => Number.isFinite(x) && Number.isFinite(y)) && width > 0 && Number.isFinite(width);
}

function requireColour(colour) {
  requireOption(/^#[\da-f]{6}$/i.test(colour), "colour", "#rrggbb", colour);
}

/** Colours far apart: each hue is a golden section of the circle away from the one before. */
function colourOf(name, taught) {
  const known = taught.find((one) => one.name === name);
  if (known) return known.colour;
  const hue = (340 + taught.length * 137.5) % 360;
  const channel = (shift) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (0.55 - 0.45 * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return `#${[0, 8, 4].map((shift) => channel(shift).toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Has the engine learn from the photo that it segmented last.
 *
 * @param {import("./engine-host.js").EngineHost} host
 * @param {{ photo: object, name: string, colour: string, strokes: import("./segmenter.js").Stroke[] }} shown
 * @returns {Promise<import("./segmenter.js").TaughtClass>}
 */
export async function learn(host, { photo, name, colour, strokes }) {
  const { file: before, classes } = host.taught;
  const photos = lessonsOf(host);
  const known = classes.findIndex((one) => one.name === name);
  const index = known < 0 ? classes.length : known;
  const again = known >= 0 && photos.get(name) === photo;
  requireOption(again || strokes.length > 0, "strokes", "a stroke at least, unless they replace some", "none");
  typical ??= fetchTypical();
  const request = { file: before, typical: await typical, index, name, colour, strokes: strokes.map(message), again };
  const { file } = await (await host.running()).teach(request);
  await host.useTaught(file);
  if (strokes.length > 0) photos.set(name, photo);
  else photos.delete(name);
  return host.taught.classes[index];
}

/** @returns {Map<string, object>} */
function lessonsOf(host) {
  if (!lessons.has(host)) lessons.set(host, new Map());
  return lessons.get(host);
}

function message({ points, width, not = false }) {
  return { points: Float32Array.from(points.flatMap(({ x, y }) => [x, y])), width, not };
}

/** Without it, classes are learned less well. */
async function fetchTypical() {
  try {
    const response = await fetch(TYPICAL);
    if (!response.ok) throw new Error(`${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    typical = null; // for the next lesson
    return new Uint8Array();
  }
}

/**
 * Changes or removes a class.
 *
 * @param {import("./engine-host.js").EngineHost} host
 * @param {string} name
 * @param {{ name?: string, colour?: string, off?: boolean, remove: boolean }} change
 */
export async function revised(host, name, change) {
  lessonsOf(host).delete(name);
  const { file: before, classes } = host.taught;
  const index = classes.findIndex((one) => one.name === name);
  requireOption(index >= 0, "name", "that of a taught class", name);
  const { name: newName, colour, off, remove } = { ...classes[index], ...change };
  requireOption(newName.trim() !== "" && !classes.some((one, i) => one.name === newName && i !== index), "name", "one that no other taught class has", newName);
  requireColour(colour);
  const { file } = await (await host.running()).request("revise", { file: before, index, name: newName, colour, off, remove });
  await host.useTaught(remove && classes.length === 1 ? new Uint8Array() : file);
}

/**
 * Takes the classes of a file in place of others.
 *
 * @param {import("./engine-host.js").EngineHost} host
 * @param {Uint8Array} file
 */
export async function replaced(host, file) {
  await host.useTaught(file);
  lessons.delete(host);
}
