// The live picture: a camera, the screen or a video on the stage, with an effect.
//
// It owns the source, the LiveSegmentation and the buttons beside it. It is told to start by app.js
// and the buttons, and of choices by live-settings.js; it sends frames to the stage and the
// legend, and tells app.js when it begins, ends or fails.

import { LiveSegmentation } from "../library/live.js";
import { percent } from "./legend.js";
import { Recorder } from "./recorder.js";
import { download } from "./save.js";
import { keepInAddress } from "./settings.js";
import { cameras, canShareScreen, openCamera, openScreen, openVideo } from "./sources.js";
import { announce, hideProgress, showMessage, showProgress } from "./status.js";
import { className, number, say, sentenceOf, t } from "./texts.js";

// Faster than this, nobody reads a legend.
const LEGEND_MILLISECONDS = 400;
const ANNOUNCE_MILLISECONDS = 10_000;

export class LivePicture {
  #hooks;
  #settings;
  #stage;
  #legend;

  /** @type {import("./sources.js").Source | null} */
  #source = null;
  /** @type {LiveSegmentation | null} */
  #live = null;
  #recorder = null;
  #attempt = 0; // the last wish for a source; answers to those before are given back
  #lit = null; // the class that is highlighted
  #isBare = false;
  #frame = null; // the last that was shown
  #frames = 0; // so far, of this source
  #shownAt = 0;
  #announcedAt = 0;
  #lost = null; // the camera that was lost, by its id

  /**
   * @param {object} parts
   * @param {import("./stage.js").Stage} parts.stage
   * @param {import("./legend.js").Legend} parts.legend
   * @param {import("./live-settings.js").LiveSettings} parts.settings
   * @param {object} hooks
   * @param {() => Promise<import("../library/segmenter.js").Segmenter>} hooks.segmenter
   * @param {() => object} hooks.options  decoder, refine and opacity
   * @param {() => void} hooks.onBegin    before the first frame: what was shown goes
   * @param {() => void} hooks.onChange   it runs, is paused or has ended
   * @param {() => void} hooks.onEnd      it is off
   * @param {(error: Error, again: () => void) => void} hooks.onFail
   */
  constructor({ stage, legend, settings }, hooks) {
    this.#stage = stage;
    this.#legend = legend;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#wire();
  }

  /** "off", "starting", or the state of the LiveSegmentation. */
  get state() {
    return this.#live?.state ?? (this.#source ? "starting" : "off");
  }

  startCamera(device) {
    showProgress(() => t("live.asking"));
    return this.#start(() => openCamera(device), () => this.startCamera(device));
  }

  startScreen() {
    showProgress(() => t("live.asking"));
    return this.#start(openScreen, () => this.startScreen());
  }

  playFile(file) {
    return this.#start(() => openVideo(file), () => this.playFile(file));
  }

  /** Ends it and gives the source back. */
  stop() {
    this.#attempt++;
    this.#lost = null;
    if (!this.#source) return;
    this.#finishRecording();
    this.#live?.stop();
    this.#live = null;
    this.#source.close();
    this.#source = null;
    keepInAddress({ live: undefined });
    this.#hooks.onEnd();
    this.#showState();
  }

  /** With other settings. */
  refresh() {
    if (!this.#source) return;
    this.#live?.set(this.#options());
    this.#legend.choose(this.#settings.chosen);
  }

  /** @param {number | null} classId  the class to show alone */
  highlight(classId) {
    this.#lit = classId;
    this.refresh();
  }

  /** @param {boolean} bare  true shows the picture as it is */
  bare(bare) {
    this.#isBare = bare;
    this.refresh();
  }

  /** Shows or hides a class; or, with an effect on the background, keeps it or not. */
  toggle(name) {
    this.#settings.toggle(name);
  }

  /** Until there is another source, the one before goes on. */
  async #start(open, again) {
    const mine = ++this.#attempt;
    let source;
    try {
      source = await open();
    } catch (error) {
      if (mine === this.#attempt) this.#hooks.onFail(error, again);
      return;
    }
    if (mine !== this.#attempt) {
      source.close();
      return;
    }
    this.stop();
    this.#begin(source);
    try {
      await this.#run(source);
    } catch (error) {
      if (this.#source !== source) return; // another took its place
      this.stop();
      this.#hooks.onFail(error, again);
    }
  }

  #begin(source) {
    this.#source = source;
    this.#lit = this.#frame = null;
    this.#frames = 0;
    source.video.loop = source.kind === "file" && document.getElementById("loop").checked;
    for (const type of source.kind === "file" ? ["play", "pause", "timeupdate"] : []) {
      source.video.addEventListener(type, () => this.#source === source && this.#showPosition());
    }
    this.#settings.begin(source);
    this.#hooks.onBegin();
    if (source.kind === "camera") keepInAddress({ live: "camera" });
    this.#showState();
  }

  async #run(source) {
    const segmenter = await this.#hooks.segmenter();
    if (this.#source !== source) return;
    this.#settings.offer(segmenter.model.classes);
    source.video.play().catch(() => {}); // what is wrong, start says
    const live = await LiveSegmentation.start(segmenter, source.video, {
      ...this.#options(),
      onFrame: (frame) => this.#source === source && this.#show(frame),
      onState: (change) => this.#source === source && this.#follow(change),
    });
    if (this.#source !== source) {
      live.stop();
      return;
    }
    this.#live = live;
    hideProgress();
    this.#legend.show([]);
    this.#legend.choose(this.#settings.chosen);
    this.#stage.showLive(live.canvas, (x, y) => this.#classAt(x, y));
    await this.#listCameras();
    announce(() => t("live.begun"));
    this.#showState();
  }

  #options() {
    const { decoder, refine, opacity } = this.#hooks.options();
    const options = { ...this.#settings.options, decoder, refine };
    options.effect.opacity = opacity;
    if (this.#lit !== null) options.effect = { kind: "tint", opacity: Math.max(opacity, 0.6), classes: [this.#lit] };
    if (this.#isBare) options.effect = { kind: "none" };
    return options;
  }

  #show(frame) {
    this.#frame = frame;
    this.#frames++;
    globalThis.segmenterPage.live = { ...frame, frames: this.#frames };
    if (!this.#live) return; // the first, before its canvas is there
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

  #follow({ state, error }) {
    if (state === "running") this.#recorder?.resume();
    if (state === "paused") this.#recorder?.pause();
    if (state === "ended") this.#lose();
    if (state === "failed") {
      const { kind, device } = this.#source;
      const again = { camera: () => this.startCamera(device), screen: () => this.startScreen() }[kind];
      this.stop();
      this.#hooks.onFail(error, again ?? (() => {}));
    }
    this.#showState();
  }

  /** The camera was unplugged, or the sharing of the screen ended. What was seen last stays. */
  #lose() {
    const { kind, device } = this.#source;
    const isCamera = kind === "camera";
    this.#finishRecording();
    this.#source.close();
    const again = isCamera ? () => this.startCamera(device) : () => this.startScreen();
    showMessage(() => t(isCamera ? "live.camera-lost" : "live.screen-ended"), {
      action: { label: () => t("live.again"), run: again },
    });
    announce(() => t(isCamera ? "live.camera-lost" : "live.screen-ended"));
    this.#lost = isCamera ? device : null;
  }

  async #classAt(x, y) {
    const segmenter = await this.#hooks.segmenter();
    if (!this.#frame) return null;
    const { width, height } = this.#frame;
    const across = this.#settings.options.mirror ? 1 - x : x;
    const id = await segmenter.classAt(
      Math.min(width - 1, Math.floor(across * width)),
      Math.min(height - 1, Math.floor(y * height)),
    );
    return segmenter.model.classes[id];
  }

  // The buttons.

  #wire() {
    const onClick = (id, run) => document.getElementById(id).addEventListener("click", run);
    for (const button of document.querySelectorAll("[data-camera]")) {
      button.addEventListener("click", () => this.startCamera());
    }
    for (const button of document.querySelectorAll("[data-screen]")) {
      button.hidden = !canShareScreen;
      button.addEventListener("click", () => this.startScreen());
    }
    onClick("live-stop", () => {
      hideProgress(); // another camera may have been asked for
      this.stop();
    });
    onClick("live-pause", () => this.#togglePause());
    onClick("live-snapshot", () => this.#snapshot());
    onClick("live-record", () => (this.#recorder ? this.#finishRecording() : this.#record()));
    document.getElementById("camera").addEventListener("change", ({ target }) => this.startCamera(target.value));
    this.#wireSeeking();
    navigator.mediaDevices?.addEventListener("devicechange", async () => {
      const found = await this.#listCameras();
      if (found.some(({ deviceId }) => deviceId === this.#lost)) this.startCamera(this.#lost);
    });
  }

  #wireSeeking() {
    const seek = document.getElementById("seek");
    seek.addEventListener("input", () => {
      const { video } = this.#source;
      video.currentTime = (seek.valueAsNumber / 1000) * video.duration;
    });
    document.getElementById("loop").addEventListener("change", ({ target }) => (this.#source.video.loop = target.checked));
  }

  #showPosition() {
    const { video } = this.#source;
    if (!video.seeking && video.duration > 0) document.getElementById("seek").value = (1000 * video.currentTime) / video.duration;
    this.#showPause();
  }

  #togglePause() {
    const { kind, video } = this.#source;
    if (kind === "file") {
      // A video that stands still can still be searched.
      if (video.paused) video.play();
      else video.pause();
    } else if (this.#live.state === "paused") this.#live.resume();
    else this.#live.pause();
  }

  #showPause() {
    const isPaused = this.#source?.kind === "file" ? this.#source.video.paused : this.#live?.state === "paused";
    say(document.getElementById("live-pause"), () => t(isPaused ? "live.resume" : "live.pause"));
  }

  async #listCameras() {
    const select = document.getElementById("camera");
    const found = await cameras();
    const options = found.map(({ deviceId, label }, i) => new Option(label || t("live.camera-number", { number: i + 1 }), deviceId));
    select.replaceChildren(...options);
    select.value = this.#source?.device ?? select.value;
    document.getElementById("camera-row").hidden = this.#source?.kind !== "camera";
    return found;
  }

  #snapshot() {
    const { name } = this.#source;
    this.#live.canvas.toBlob((blob) => blob && download(blob, `${name}-${stamp()}.png`));
  }

  #record() {
    this.#recorder = new Recorder(this.#live.captureStream());
    announce(() => t("live.recording"));
    this.#showState();
  }

  async #finishRecording() {
    const recorder = this.#recorder;
    if (!recorder) return;
    const { name } = this.#source;
    this.#recorder = null;
    this.#showState();
    const { blob, extension } = await recorder.stop();
    download(blob, `${name}-${stamp()}.${extension}`);
  }

  #showState() {
    document.getElementById("live").hidden = this.#source === null;
    document.getElementById("seek-row").hidden = this.#source?.kind !== "file";
    const isGoing = ["running", "paused"].includes(this.state);
    for (const id of ["live-pause", "live-record"]) document.getElementById(id).disabled = !isGoing;
    document.getElementById("live-snapshot").disabled = !this.#live;
    const record = document.getElementById("live-record");
    record.hidden = !Recorder.isSupported;
    record.toggleAttribute("data-recording", Boolean(this.#recorder));
    say(record, () => t(this.#recorder ? "live.record-stop" : "live.record"));
    this.#showPause();
    this.#hooks.onChange();
  }
}

/** The time, for names of files. */
function stamp() {
  return new Date().toISOString().slice(0, 19).replace(/[T:]/g, "-");
}
