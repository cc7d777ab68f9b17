// Speed: "How fast is this here?", the benchmark on the visitor's own machine.
//
// It owns the dialog's table and, while it measures, engines of its own, so that the page's photo is
// not disturbed. app.js loads it when the visitor wants it, and sends it the engine's options.

import { hasWebGPU } from "../library/webgpu.js";
import { usableThreads } from "../library/workers.js";
import { Segmenter } from "../library/segmenter.js";
import { number, say, sentenceOf, t } from "./texts.js";

const PHOTO = "samples/astronaut.png";
const SIZES = [256, 384, 512];
const WARM_UP = 3; // frames in which the browser still compiles
const FRAMES = { least: 5, most: 60, milliseconds: 2500 };

let measuring = null; // an AbortController

document.getElementById("speed").addEventListener("close", () => measuring?.abort());

/**
 * Measures, or stops measuring, and says so in the dialog.
 *
 * @param {import("../library/segmenter.js").SegmenterOptions} options  of the page's engine
 */
export async function measureOrStop(options) {
  if (measuring) {
    measuring.abort();
    return;
  }
  const run = document.getElementById("speed-run");
  const state = document.getElementById("speed-state");
  const mine = new AbortController();
  measuring = mine;
  say(run, () => t("speed.stop"));
  try {
    await measure(options, mine.signal, (text) => say(state, text));
    say(state, () => t("speed.done"));
  } catch (error) {
    say(state, () => (mine.signal.aborted ? t("speed.stopped") : sentenceOf(error)));
  }
  measuring = null;
  say(run, () => t("speed.again"));
}

/** Fills the table: a column for each number of threads, and one for WebGPU. */
async function measure(options, signal, show) {
  show(() => t("speed.starting"));
  const photo = await createImageBitmap(await (await fetch(PHOTO, { signal })).blob());
  const most = usableThreads();
  const engines = [...new Set([1, most])].map((threads) => ({ device: "cpu", threads, name: () => t("threads", { count: threads }) }));
  if (await hasWebGPU()) engines.push({ device: "webgpu", threads: 1, name: () => t("speed.graphics") });
  for (const column of emptyTable(engines)) {
    const { device, threads, name } = column.engine;
    const segmenter = await Segmenter.create({ ...options, device, threads, signal });
    try {
      if (segmenter.device !== device) continue; // it failed
      for (const [i, size] of SIZES.entries()) {
        show(() => t("speed.measuring", { size, where: name() }));
        const times = await framesOf(segmenter, photo, size, signal);
        showTimes(column.cells[i], times);
      }
    } finally {
      segmenter.dispose();
    }
  }
}

/** Times frames until there are enough. */
async function framesOf(segmenter, photo, size, signal) {
  const frame = await createImageBitmap(photo, { resizeWidth: size, resizeHeight: size });
  const times = [];
  const start = performance.now();
  for (let i = 0; i < WARM_UP + FRAMES.most; i++) {
    const before = performance.now();
    await segmenter.segment(frame, { size, signal });
    if (i >= WARM_UP) times.push(performance.now() - before);
    if (times.length >= FRAMES.least && performance.now() - start > FRAMES.milliseconds) break;
  }
  frame.close();
  return times.sort((a, b) => a - b);
}

/** Makes the table anew and returns its columns of empty cells. */
function emptyTable(engines) {
  const row = (...cells) => {
    const element = document.createElement("tr");
    element.append(...cells);
    return element;
  };
  const cell = (kind, text, scope) => {
    const element = document.createElement(kind);
    say(element, text);
    if (scope) element.scope = scope;
    return element;
  };
  const columns = engines.map((engine) => ({ engine, cells: SIZES.map(() => cell("td", "–")) }));
  const head = row(cell("th", () => t("detail"), "col"), ...engines.map(({ name }) => cell("th", name, "col")));
  const rows = SIZES.map((size, i) => row(cell("th", `${size} × ${size}`, "row"), ...columns.map(({ cells }) => cells[i])));
  document.getElementById("speed-table").replaceChildren(head, ...rows);
  return columns;
}

/** @param {HTMLElement} cell @param {number[]} times  of frames, sorted */
function showTimes(cell, times) {
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  const median = at(0.5);
  const [time, rate] = ["span", "small"].map((kind) => document.createElement(kind));
  say(time, () => t("speed.median", { milliseconds: number(median) }));
  say(rate, () => t("speed.rate", { rate: number(1000 / median, 1) }));
  cell.replaceChildren(time, rate);
  say(cell, () => t("speed.most", { frames: times.length, milliseconds: number(at(0.95)) }), "title");
}
