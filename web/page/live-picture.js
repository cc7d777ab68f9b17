// The live picture: a camera, the screen or a video on the stage, with an effect.
//
// It owns the source and the LiveSegmentation. app.js, which loads it when the visitor wants one, and
// the buttons of live-controls.js tell it to start and stop; live-settings.js has its options. It sends
// frames to live-view.js, and tells app.js when it begins, ends or fails.

import { LiveSegmentation } from "../library/live.js";
import { keepInAddress } from "./address.js";
import { LiveControls } from "./live-controls.js";
import { LiveSettings } from "./live-settings.js";
import { LiveView } from "./live-view.js";
import { openCamera, openScreen, openVideo } from "./sources.js";
import { announce, hideProgress, showMessage, showProgress } from "./status.js";
import { t } from "./texts.js";

export class LivePicture {
  #hooks;
  #settings;
  #legend;
  #view;
  #controls;

  /** @type {import("./sources.js").Source | null} */
  #source = null;
  /** @type {import("../library/live.js").LiveSegmentation | null} */
  #live = null;
  /** The wish for a source that is not there yet. @type {AbortController | null} */
  #attempt = null;
  #since = 0; // when that began
  #lit = null; // the class that is highlighted
  #isBare = false;

  /**
   * @param {object} parts
   * @param {import("./stage.js").Stage} parts.stage
   * @param {import("./legend.js").Legend} parts.legend
   * @param {import("./address.js").Address} parts.address
   * @param {object} hooks
   * @param {() => Promise<import("../library/segmenter.js").Segmenter>} hooks.segmenter
   * @param {() => object} hooks.options  decoder, refine and opacity
   * @param {() => void} hooks.onBegin    it is about to be shown: what was shown goes
   * @param {() => void} hooks.onCancel   the visitor no longer waits for a source
   * @param {() => void} hooks.onChange   it runs, is paused or has ended
   * @param {() => void} hooks.onEnd      it is off
   * @param {(error: Error, again: () => void) => void} hooks.onFail
   */
  constructor({ stage, legend, address }, hooks) {
    this.#hooks = hooks;
    this.#settings = new LiveSettings(address, {
      onChange: () => this.refresh(),
      onError: (error) => hooks.onFail(error, () => {}),
    });
    this.#legend = legend;
    this.#view = new LiveView({ stage, legend, settings: this.#settings });
    this.#controls = new LiveControls({
      onCamera: (device) => this.startCamera(device),
      onStop: () => {
        hideProgress(); // another camera may have been asked for
        this.cancel();
        this.stop();
      },
      onRecord: () => {
        this.refresh();
        this.#hooks.onChange();
      },
      effect: () => this.#options().effect.kind,
    });
  }

  /** Whether the picture may be shown without its effect: a recording would show what is hidden. */
  get mayBare() {
    return this.state === "running" && !(this.#controls.isRecording && this.#settings.hidesBackground);
  }

  /** "off", or the state of the LiveSegmentation. */
  get state() {
    return this.#live?.state ?? "off";
  }

  /** Whether a source is awaited, whatever is shown meanwhile. */
  get isStarting() {
    return this.#attempt !== null;
  }

  /** When the wait for the source began. */
  get since() {
    return this.#since;
  }

  /** No longer waits for a source. */
  cancel() {
    this.#attempt?.abort();
    this.#attempt = null;
  }

  /** @param {string} [device]  see openCamera */
  startCamera(device) {
    this.#showProgress("live.asking");
    return this.#start(() => openCamera(device), () => this.startCamera(device));
  }

  startScreen() {
    this.#showProgress("live.asking");
    return this.#start(openScreen, () => this.startScreen());
  }

  /** @param {File} file */
  playFile(file) {
    this.#showProgress("live.opening");
    return this.#start(() => openVideo(file), () => this.playFile(file));
  }

  #showProgress(key) {
    this.#since = performance.now();
    showProgress(() => t(key), { onCancel: this.#hooks.onCancel, since: this.#since });
  }

  /** Ends it and gives the source back. */
  stop() {
    this.#controls.forgetLost();
    if (!this.#source) return;
    this.#controls.finishRecording();
    this.#live?.stop();
    this.#live = null;
    this.#source.close();
    this.#source = null;
    keepInAddress({ live: undefined });
    this.#hooks.onEnd();
    this.#showState();
  }

  /** Takes new settings over. */
  refresh() {
    if (!this.#source) return;
    this.#live?.set(this.#options());
    this.#legend.choose(this.#settings.chosen);
  }

  /** Goes on with the classes of another model. @param {import("../library/segmenter.js").ModelInfo} model */
  changeModel({ classes }) {
    this.#settings.offer(classes);
    this.#lit = null;
    if (this.#source) this.#legend.show([]);
    this.refresh();
  }

  /** @param {number | null} classId  the class to show alone */
  highlight(classId) {
    this.#lit = classId;
    this.refresh();
  }

  /** Shows or hides a class, or keeps it or not. @param {string} name */
  toggle(name) {
    this.#settings.toggle(name);
  }

  /** @param {boolean} bare  true shows the picture without an effect */
  bare(bare) {
    this.#isBare = bare;
    this.refresh();
  }

  /** Until the new source shows a frame, what was shown stays. */
  async #start(open, again) {
    this.cancel();
    const attempt = new AbortController();
    const { signal } = attempt;
    this.#attempt = attempt;
    let source = null;
    try {
      source = await open();
      if (!signal.aborted) {
        signal.addEventListener("abort", source.close); // whatever it waits for
        const { segmenter, live } = await this.#segment(source, signal);
        if (!signal.aborted) await this.#begin(source, segmenter, live);
        else live.stop();
      } else source.close();
    } catch (error) {
      if (signal.aborted) return;
      this.#attempt = null;
      source?.close();
      this.#hooks.onFail(error, again);
    }
  }

  async #segment(source, signal) {
    const segmenter = await this.#hooks.segmenter();
    this.#settings.offer(segmenter.model.classes);
    source.video.play().catch(() => {}); // LiveSegmentation.start reports why
    let failure = null;
    const live = await LiveSegmentation.start(segmenter, source.video, {
      ...this.#options(),
      signal,
      onFrame: (frame) => this.#source === source && this.#show(frame),
      onState: (change) => {
        if (this.#source === source) this.#follow(change);
        else failure ??= change.error;
      },
    });
    if (failure) throw failure;
    return { segmenter, live };
  }

  async #begin(source, segmenter, live) {
    this.#attempt = null;
    this.stop();
    this.#source = source;
    this.#live = live;
    this.#lit = null;
    this.#view.begin();
    this.#controls.begin(source);
    this.#settings.begin(source);
    this.#hooks.onBegin();
    if (source.kind === "camera") keepInAddress({ live: "camera" });
    this.refresh(); // the settings of this source
    this.#view.showOn(live.canvas, segmenter);
    this.#showState();
    announce(() => t("live.begun"));
    await this.#controls.listCameras();
  }

  #show(frame) {
    this.#view.show(frame);
    this.#controls.noteFrame(frame);
  }

  #options() {
    const { decoder, refine, opacity } = this.#hooks.options();
    const options = { ...this.#settings.options, decoder, refine };
    options.effect.opacity = opacity;
    if (this.#controls.isRecording && this.#settings.hidesBackground) return options;
    if (this.#lit !== null) options.effect = { kind: "tint", opacity: Math.max(opacity, 0.6), classes: [this.#lit] };
    if (this.#isBare) options.effect = { kind: "none" };
    return options;
  }

  #follow({ state, error }) {
    if (state === "ended") this.#lose();
    if (state === "failed") {
      const { kind, device } = this.#source;
      const again = { camera: () => this.startCamera(device), screen: () => this.startScreen() }[kind];
      this.stop();
      this.#hooks.onFail(error, again ?? (() => {}));
    }
    this.#showState();
  }

  /** The camera was unplugged, or the sharing of the screen ended. The last frame stays. */
  #lose() {
    const { kind, device } = this.#source;
    const isCamera = kind === "camera";
    this.#controls.finishRecording();
    this.#source.close();
    const again = isCamera ? () => this.startCamera(device) : () => this.startScreen();
    showMessage(() => t(isCamera ? "live.camera-lost" : "live.screen-ended"), {
      action: { label: () => t("live.again"), run: again },
    });
    announce(() => t(isCamera ? "live.camera-lost" : "live.screen-ended"));
    if (isCamera) this.#controls.waitForCamera(device);
  }

  #showState() {
    this.#controls.show(this.#source, this.#live);
    this.#hooks.onChange();
  }
}
