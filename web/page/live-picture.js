// The live picture: a camera, the screen or a video on the stage, with an effect.
//
// It owns the source and the LiveSegmentation. app.js and the buttons of live-controls.js tell it to
// start and stop; live-settings.js has its options. It sends frames to live-view.js, and tells app.js
// when it begins, ends or fails.

import { keepInAddress } from "./address.js";
import { LiveControls } from "./live-controls.js";
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
  #attempt = 0; // counts wishes for a source: what an earlier one still opens is closed
  #lit = null; // the class that is highlighted
  #isBare = false;

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
    this.#hooks = hooks;
    this.#settings = settings;
    this.#legend = legend;
    this.#view = new LiveView({ stage, legend, settings });
    this.#controls = new LiveControls({
      onCamera: (device) => this.startCamera(device),
      onScreen: () => this.startScreen(),
      onStop: () => {
        hideProgress(); // another camera may have been asked for
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

  /** "off", "starting", or the state of the LiveSegmentation. */
  get state() {
    return this.#live?.state ?? (this.#source ? "starting" : "off");
  }

  /** @param {string} [device]  see openCamera */
  startCamera(device) {
    showProgress(() => t("live.asking"));
    return this.#start(() => openCamera(device), () => this.startCamera(device));
  }

  startScreen() {
    showProgress(() => t("live.asking"));
    return this.#start(openScreen, () => this.startScreen());
  }

  /** @param {File} file */
  playFile(file) {
    return this.#start(() => openVideo(file), () => this.playFile(file));
  }

  /** Ends it and gives the source back. */
  stop() {
    this.#attempt++;
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

  /** @param {number | null} classId  the class to show alone */
  highlight(classId) {
    this.#lit = classId;
    this.refresh();
  }

  /** @param {boolean} bare  true shows the picture without an effect */
  bare(bare) {
    this.#isBare = bare;
    this.refresh();
  }

  /** Until the new source opens, the one before goes on. */
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
    this.#lit = null;
    this.#view.begin();
    this.#controls.begin(source);
    this.#settings.begin(source);
    this.#hooks.onBegin();
    if (source.kind === "camera") keepInAddress({ live: "camera" });
    this.#showState();
  }

  async #run(source) {
    const [{ LiveSegmentation }, segmenter] = await Promise.all([import("../library/live.js"), this.#hooks.segmenter()]);
    if (this.#source !== source) return;
    this.#settings.offer(segmenter.model.classes);
    source.video.play().catch(() => {}); // LiveSegmentation.start reports why
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
    this.#view.showOn(live.canvas, segmenter);
    await this.#controls.listCameras();
    announce(() => t("live.begun"));
    this.#showState();
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
