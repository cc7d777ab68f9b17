// Speed: "How fast is this here?", the benchmark's figures for the visitor's own machine.
//
// It owns the dialog and, while it measures, engines of its own, so that the photo on the page is
// left alone. It is sent the model's address; it sends nothing.

import { hasGraphics } from "../graphics.js";
import { usableThreads } from "../ranks.js";
import { Segmenter } from "../segmenter.js";

const PHOTO = "samples/astronaut.png";
const SIZES = [256, 384, 512];
const WARM_UP = 3; // frames in which the browser still compiles
const FRAMES = { least: 5, most: 60, milliseconds: 2500 };

/**
 * Makes the button open the dialog, and the dialog measure.
 *
 * @param {() => import("../segmenter.js").SegmenterOptions} options  of the model that is in use
 */
export function wireSpeed(options) {
  const dialog = document.getElementById("speed");
  const run = document.getElementById("speed-run");
  const state = document.getElementById("speed-state");
  let measuring = null; // an AbortController

  document.getElementById("speed-open").addEventListener("click", () => dialog.showModal());
  document.getElementById("speed-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => measuring?.abort());
  run.addEventListener("click", async () => {
    if (measuring) {
      measuring.abort();
      return;
    }
    const mine = new AbortController();
    measuring = mine;
    run.textContent = "Stop";
    try {
      await measure(options(), mine.signal, (text) => (state.textContent = text));
      state.textContent = "Done: medians of frames of a sample photo, all steps included.";
    } catch (error) {
      state.textContent = mine.signal.aborted ? "Stopped." : error.message;
    }
    measuring = null;
    run.textContent = "Measure again";
  });
}

/** Fills the table in, a column for each number of threads, and one for the graphics processor. */
async function measure(options, signal, say) {
  say("Starting.");
  const photo = await createImageBitmap(await (await fetch(PHOTO, { signal })).blob());
  const most = usableThreads();
  const engines = [...new Set([1, most])].map((threads) => ({ device: "cpu", threads, name: threadsOf(threads) }));
  if (await hasGraphics()) engines.push({ device: "webgpu", threads: 1, name: "Graphics processor" });
  for (const column of emptyTable(engines)) {
    const { device, threads, name } = column.engine;
    const segmenter = await Segmenter.create({ ...options, device, threads, signal });
    try {
      if (segmenter.device !== device) continue; // it failed
      for (const [i, size] of SIZES.entries()) {
        say(`Measuring ${size} × ${size}, ${name}.`);
        const times = await framesOf(segmenter, photo, size, signal);
        show(column.cells[i], times);
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

function threadsOf(n) {
  return n === 1 ? "1 thread" : `${n} threads`;
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
    element.textContent = text;
    if (scope) element.scope = scope;
    return element;
  };
  const columns = engines.map((engine) => ({ engine, cells: SIZES.map(() => cell("td", "–")) }));
  const head = row(cell("th", "Detail", "col"), ...engines.map(({ name }) => cell("th", name, "col")));
  const rows = SIZES.map((size, i) => row(cell("th", `${size} × ${size}`, "row"), ...columns.map(({ cells }) => cells[i])));
  document.getElementById("speed-table").replaceChildren(head, ...rows);
  return columns;
}

/** @param {HTMLElement} cell @param {number[]} times  of frames, sorted */
function show(cell, times) {
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  const median = at(0.5);
  const rate = document.createElement("small");
  rate.textContent = `${(1000 / median).toFixed(1)} a second`;
  cell.replaceChildren(`${median.toFixed(0)} ms`, rate);
  cell.title = `${times.length} frames; 95 % took at most ${at(0.95).toFixed(0)} ms`;
}
