// Teaching: what a page shows of a class becomes a row of the linear decoder.
//
// It owns the checks of lessons, the teacher's worker and how rows are read from its files.
// segmenter.js, which loads it when somebody teaches, has the photo segmented; it asks the engine for
// what was in it and the teacher for a file with the class, and has the host show what is in that.

import { compileProgram } from "./compile.js";
import { explained, SegmenterError, sentence } from "./errors.js";
import { requireOption, segmentOptions } from "./options.js";

const PROGRAM = new URL("./teacher.wasm", import.meta.url).href;
const WORKER = new URL("./teacher.worker.js", import.meta.url).href;

/** Features of what photos usually show, for the built-in model: examples of what a class is not. */
const TYPICAL = new URL("./typical.safetensors", import.meta.url);

let typical = null; // promise of its bytes

/** By the engine's host. @type {WeakMap<object, Teacher>} */
const teachers = new WeakMap();

/**
 * @param {import("./segmenter.js").Lesson} lesson
 * @param {import("./segmenter.js").Segmenter} segmenter
 */
export function checkedLesson(lesson, { model, taught }) {
  const { photo, name, strokes, colour = colourOf(name, taught), signal, size } = lesson;
  requireOption(isName(name), "name", "1 to 100 characters", name);
  requireColour(colour);
  requireOption(Array.isArray(strokes) && strokes.every(isStroke), "strokes", "a list of lines, each with points and a width", strokes);
  requireOption(typeof photo === "object" && photo !== null, "photo", "a photo", photo);
  return { photo, options: segmentOptions({ size, mask: false }, model), signal, name, colour, strokes };
}

function isName(name) {
  return typeof name === "string" && name.trim() !== "" && name.length <= 100;
}

function isStroke(stroke) {
  const { points, width } = stroke ?? {};
  const isPlace = (point) => Number.isFinite(point?.x) && Number.isFinite(point?.y);
  return Array.isArray(points) && points.length > 0 && points.every(isPlace) && Number.isFinite(width) && width > 0;
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
 * Learns from the photo that the engine segmented last. Nothing else may be asked of it meanwhile.
 *
 * @param {import("./engine-host.js").EngineHost} host
 * @param {object} shown
 * @param {object} shown.photo  by which a lesson is known again
 * @param {{ width: number, height: number, network: { width: number, height: number } }} shown.result  of segmenting it
 * @param {string} shown.name
 * @param {string} shown.colour
 * @param {import("./segmenter.js").Stroke[]} shown.strokes
 * @returns {Promise<import("./segmenter.js").TaughtClass>}
 */
export async function learn(host, { photo, result, name, colour, strokes }) {
  const { file, classes } = host.taught;
  const teacher = teacherOf(host);
  const known = classes.findIndex((one) => one.name === name);
  const index = known < 0 ? classes.length : known;
  const again = known >= 0 && teacher.photos.get(name) === photo;
  requireOption(again || strokes.length > 0, "strokes", "a stroke at least, unless they replace some", "none");
  typical ??= fetchTypical();
  const engine = await host.running();
  const inner = (kind) => engine.requestOfAll("inner", { kind, block: 0 });
  const features = await inner("features");
  const rows = await inner("rows");
  const scores = await engine.request("scores", {});
  const { patch } = host.model;
  await change(host, {
    action: "show", file, index, name, colour, again,
    width: result.width, height: result.height, network: result.network, patch, classes: host.model.classes.length - shownOf(classes).length,
    featureWidth: features.width, features: features.values, scores: scores.values, rows: rows.values,
    strokes: strokes.map(({ points, width, not = false }) => ({ points: Float32Array.from(points.flatMap(({ x, y }) => [x, y])), width, not })),
    typical: await typical,
  });
  if (strokes.length > 0) teacher.photos.set(name, photo);
  else teacher.photos.delete(name);
  return host.taught.classes[index];
}

const shownOf = (classes) => classes.filter(({ off }) => !off);

/**
 * Changes or removes a class.
 *
 * @param {import("./engine-host.js").EngineHost} host
 * @param {string} name
 * @param {{ name?: string, colour?: string, off?: boolean, remove: boolean }} wanted
 */
export async function revised(host, name, wanted) {
  const { file, classes } = host.taught;
  const { photos } = teacherOf(host);
  const index = classes.findIndex((one) => one.name === name);
  requireOption(index >= 0, "name", "that of a taught class", name);
  const { remove, ...changed } = wanted;
  const { name: newName, colour, off } = { ...classes[index], ...changed };
  const isFree = isName(newName) && !classes.some((one, i) => one.name === newName && i !== index);
  requireOption(isFree, "name", "one that no other taught class has", newName);
  requireColour(colour);
  await change(host, { action: remove ? "remove" : "rename", file, index, name: newName, colour, off });
  const photo = photos.get(name);
  photos.delete(name);
  if (photo && !remove) photos.set(newName, photo);
}

/**
 * Adds the classes of a file, in place of those of the same names.
 *
 * @param {import("./engine-host.js").EngineHost} host
 * @param {Uint8Array} other
 */
export async function merged(host, other) {
  requireOption(other.length > 0, "file", "a file of taught classes", "empty");
  await change(host, { action: "merge", file: host.taught.file, other });
  teacherOf(host).photos.clear();
}

/**
 * Takes a file that the teacher made as it is, without the teacher, in place of what was taught.
 *
 * @param {import("./engine-host.js").EngineHost} host
 * @param {Uint8Array} file
 */
export async function taken(host, file) {
  const classes = classesOf(file, host.model.encoder);
  await host.useTaught({ file, classes });
}

/** Has the teacher make another file, and masks show what is in it. */
async function change(host, request) {
  const { encoder } = host.model;
  const featureWidth = request.featureWidth ?? (await (await host.running()).requestOfAll("inner", { kind: "rows", block: 0 })).width - 1;
  const { file } = await teacherOf(host).ask({ encoder, featureWidth, ...request });
  const classes = classesOf(file, encoder);
  await host.useTaught(classes.length > 0 ? { file, classes } : { file: new Uint8Array(), classes: [] });
}

function teacherOf(host) {
  const known = teachers.get(host);
  if (known?.isAlive) return known;
  const teacher = new Teacher(known?.photos);
  teachers.set(host, teacher);
  return teacher;
}

/** Ends the teacher of an engine that is disposed of. @param {object} host */
export function endTeacher(host) {
  teachers.get(host)?.close(new SegmenterError("disposed", "This Segmenter was disposed of: create another."));
}

class Teacher {
  isAlive = true;
  /** The photo of each class's last lesson. @type {Map<string, object>} */
  photos;
  #worker = null;
  #open = new Map(); // id → { resolve, reject }
  #lastId = 0;

  constructor(photos = new Map()) {
    this.photos = photos;
  }

  async ask(request) {
    const module = await compileProgram(PROGRAM);
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    const { error, ...answer } = await new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#worker.postMessage({ id, module, request });
    });
    if (!error) return answer;
    const failure = new SegmenterError(error.code, sentence(error.message));
    if (error.code === "internal") this.close(failure); // the next lesson starts another
    throw failure;
  }

  #start() {
    const worker = new Worker(new URL("./teacher.worker.js", import.meta.url), { type: "module", name: "teacher" });
    worker.addEventListener("message", ({ data: { id, payload } }) => {
      this.#open.get(id)?.resolve(payload);
      this.#open.delete(id);
    });
    worker.addEventListener("error", async (event) => {
      event.preventDefault();
      const message = `The teacher stopped${event.message ? ` (${event.message})` : ""}: close other tabs if memory is short, and try again.`;
      this.close(await explained(new SegmenterError("internal", message), WORKER, "worker"));
    });
    return worker;
  }

  close(error) {
    this.isAlive = false;
    this.#worker?.terminate();
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
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
 * The classes of a file that the teacher wrote: package teach describes it.
 *
 * @param {Uint8Array} file
 * @param {string} encoder  that it must be of
 */
export function classesOf(file, encoder) {
  const headBytes = 8;
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(headBytes, headBytes + length)));
  const { classes = "[]", off, strokes, encoder: its } = header.__metadata__;
  requireOption(its === encoder, "file", "one of classes that were taught with this model's encoder", `one of ${its}`);
  const floats = ({ data_offsets: [from, to] }) => new Float32Array(file.slice(headBytes + length + from, headBytes + length + to).buffer);
  const [rows, bias] = [floats(header.rows), floats(header.bias)];
  const width = header.rows.shape[1];
  const [isOff, counts] = [off.split(" "), strokes.split(" ")];
  return JSON.parse(classes).map(({ name, colour }, i) => ({
    name,
    colour,
    off: isOff[i] === "1",
    strokes: counts[i].split(",").reduce((sum, count) => sum + Number(count), 0),
    weights: rows.slice(i * width, (i + 1) * width),
    bias: bias[i],
  }));
}
