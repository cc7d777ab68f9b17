// What the visitor sees of a live picture: its canvas on the stage, its classes in the legend, and what
// the page says of it.
//
// It owns the last frame. live-picture.js sends it frames; it sends them on to the stage and the
// legend, no faster than anybody reads.

import { percent } from "./legend.js";
import { announce } from "./status.js";
import { className, number, say, t } from "./texts.js";

// Nobody reads a legend that changes faster.
const LEGEND_MILLISECONDS = 400;
const ANNOUNCE_MILLISECONDS = 10_000;

export class LiveView {
  #stage;
  #legend;
  #settings;
  #frame = null; // the last
  #frames = 0; // so far, of this source
  #isOnStage = false;
  #shownAt = 0;
  #announcedAt = 0;

  /** @param {{ stage: import("./stage.js").Stage, legend: import("./legend.js").Legend, settings: import("./live-settings.js").LiveSettings }} parts */
  constructor({ stage, legend, settings }) {
    this.#stage = stage;
    this.#legend = legend;
    this.#settings = settings;
  }

  /** Another source begins. */
  begin() {
    this.#frame = null;
    this.#frames = 0;
    this.#isOnStage = false;
    globalThis.segmenterPage.live = null;
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("../library/segmenter.js").Segmenter} segmenter  that has the mask of the last frame
   */
  showOn(canvas, segmenter) {
    this.#isOnStage = true;
    this.#legend.show([]);
    this.#legend.choose(this.#settings.chosen);
    this.#stage.showLive(canvas, (x, y) => this.#classAt(segmenter, x, y));
  }

  /** @param {import("../library/live.js").LiveFrame} frame */
  show(frame) {
    this.#frame = frame;
    this.#frames++;
    globalThis.segmenterPage.live = { ...frame, frames: this.#frames };
    if (!this.#isOnStage) return; // the first frame comes before its canvas
    this.#stage.showFrame();
    const now = performance.now();
    if (now - this.#shownAt < LEGEND_MILLISECONDS) return;
    this.#shownAt = now;
    const { classes, rate, milliseconds, network } = frame;
    this.#legend.update(classes);
    const facts = { rate: number(rate), milliseconds: number(milliseconds), width: network.width, height: network.height };
    say(document.getElementById("facts"), () => t("live.facts", facts));
    say(document.getElementById("result-title"), () => t("classes", { count: classes.length }));
    if (now - this.#announcedAt < ANNOUNCE_MILLISECONDS) return;
    this.#announcedAt = now;
    const largest = classes.slice(0, 3);
    announce(() => largest.map(({ name, share }) => `${className(name)} ${percent(share)}`).join(t("comma")));
  }

  /** The class at a place of the canvas, from 0 to 1. */
  async #classAt(segmenter, x, y) {
    if (!this.#frame) return null;
    const { width, height } = this.#frame;
    const across = this.#settings.options.mirror ? 1 - x : x;
    const id = await segmenter.classAt(
      Math.min(width - 1, Math.floor(across * width)),
      Math.min(height - 1, Math.floor(y * height)),
    );
    return segmenter.model.classes[id];
  }
}
