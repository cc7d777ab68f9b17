// Live: segments a camera, a screen or a video as it plays.
//
//   import { Segmenter } from "./segmenter.js";
//   import { LiveSegmentation } from "./live.js";
//   const live = await LiveSegmentation.start(await Segmenter.create(), stream);
//   document.body.append(live.canvas);
//
// It owns the canvas and the loop: the newest frame is taken when the engine is ready for one, the
// others are let go. It is sent frames by a video element; it sends them to segmenter.js, and what
// comes of them to the canvas and to its listeners.

import { Compositor, EFFECTS, paintingFor } from "./effects.js";
import { SegmenterError } from "./errors.js";
import { Pace } from "./pace.js";
import { foreignPixels, sizeOf } from "./photo.js";

// More than this of a canvas is not seen, and takes the time of the frames to come.
const LONGEST_SIDE = 1280;

/** Events after which a video has a frame again. */
const READY = ["seeked", "loadeddata"];

const DEFAULTS = {
  decoder: "mask",
  size: "auto",
  rate: 30,
  smoothing: 0.85,
  refine: true,
  mask: false,
  mirror: false,
  effect: { kind: "tint" },
};

const EFFECT_DEFAULTS = { kind: "tint", opacity: 0.6, radius: 16, colour: "#00b140" };

export class LiveSegmentation {
  #segmenter;
  #video;
  #ownVideo; // whether the video element was made here
  #options = { ...DEFAULTS };
  #canvas = document.createElement("canvas");
  #compositor = new Compositor(this.#canvas);
  #pace = new Pace();
  #onFrame;
  #onState;
  #state = "running";
  #reasons = new Set(); // why it is paused
  #wake = () => {}; // of whoever waits for a frame
  #fresh = false; // whether the video has a frame that was not taken
  #onHidden = () => this.#because("hidden", document.hidden);
  #ended = () => this.#finish("ended");
  #track = null;

  /** Use `LiveSegmentation.start`. */
  constructor(segmenter, video, { onFrame = () => {}, onState = () => {}, ...options }, ownVideo) {
    this.#segmenter = segmenter;
    this.#video = video;
    this.#ownVideo = ownVideo;
    this.#onFrame = onFrame;
    this.#onState = onState;
    this.set(options);
  }

  /**
   * Starts on a source.
   *
   * @param {import("./segmenter.js").Segmenter} segmenter
   * @param {HTMLVideoElement | MediaStream | MediaStreamTrack} source
   * @param {import("./live.js").LiveOptions} [options]
   * @returns {Promise<LiveSegmentation>}  once the source shows a frame
   */
  static async start(segmenter, source, options = {}) {
    const isVideo = source instanceof HTMLVideoElement;
    const video = isVideo ? source : playing(source);
    const live = new LiveSegmentation(segmenter, video, options, !isVideo);
    await firstFrame(video);
    live.#begin();
    return live;
  }

  /** The frames with the effect, aligned: a mask lies over the frame that it was found in. */
  get canvas() {
    return this.#canvas;
  }

  /** "running", "paused", "stopped", "ended" (the source did) or "failed". */
  get state() {
    return this.#state;
  }

  /** The short side at which the network sees frames now, in pixels. */
  get size() {
    return this.#options.size === "auto" ? this.#pace.size : this.#options.size;
  }

  /**
   * Changes options; those that are not given stay.
   *
   * @param {Partial<import("./live.js").LiveOptions>} options
   */
  set(options) {
    const given = Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined);
    const all = { ...this.#options, ...Object.fromEntries(given) };
    requireOptions(all);
    all.effect = { ...EFFECT_DEFAULTS, ...all.effect };
    this.#options = all;
    this.#pace.rate = all.rate;
    this.#fresh = true; // a video that stands still is seen anew
    this.#wake();
  }

  pause() {
    this.#because("asked", true);
  }

  resume() {
    this.#because("asked", false);
  }

  /** Ends it. The source is left as it is. */
  stop() {
    this.#finish("stopped");
  }

  /**
   * The canvas as a stream, for a call, a recorder or a video element.
   *
   * @param {number} [rate]  frames a second; every frame if it is left out
   * @returns {MediaStream}
   */
  captureStream(rate) {
    return this.#canvas.captureStream(rate);
  }

  #begin() {
    document.addEventListener("visibilitychange", this.#onHidden);
    this.#video.addEventListener("ended", this.#noteEnd);
    for (const type of READY) this.#video.addEventListener(type, this.#noteFrame);
    this.#track = this.#video.srcObject?.getVideoTracks?.()[0] ?? null;
    this.#track?.addEventListener("ended", this.#ended);
    this.#watchFrames();
    this.#onHidden();
    this.#onState({ state: this.#state, reason: "" });
    this.#run();
  }

  #noteFrame = () => {
    this.#fresh = true;
    this.#wake();
  };

  /** The end of a video that may be played again is no end. */
  #noteEnd = () => this.#onState({ state: this.#state, reason: "video-end" });

  /** Has it run as long as there is no reason to pause. */
  #because(reason, holds) {
    if (this.#isOver) return;
    if (holds) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    const state = this.#reasons.size > 0 ? "paused" : "running";
    if (state === this.#state) return;
    this.#state = state;
    this.#pace.forget();
    this.#fresh = true;
    this.#wake();
    this.#onState({ state, reason });
  }

  get #isOver() {
    return !["running", "paused"].includes(this.#state);
  }

  #finish(state, error = null) {
    if (this.#isOver) return;
    this.#state = state;
    this.#wake();
    document.removeEventListener("visibilitychange", this.#onHidden);
    this.#video.removeEventListener("ended", this.#noteEnd);
    for (const type of READY) this.#video.removeEventListener(type, this.#noteFrame);
    this.#track?.removeEventListener("ended", this.#ended);
    if (this.#ownVideo) this.#video.srcObject = null;
    this.#onState({ state, reason: error?.message ?? "", error });
  }

  /** Notes each frame that the video shows. */
  #watchFrames() {
    const video = this.#video;
    const next = video.requestVideoFrameCallback?.bind(video) ?? requestAnimationFrame;
    const note = () => {
      if (this.#isOver) return;
      this.#noteFrame();
      next(note);
    };
    next(note);
  }

  /** Whether there is a frame that was not taken. While a video is searched, it cannot be. */
  get #hasFrame() {
    return this.#fresh && this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  /** While the engine is at one frame, the one before is drawn. */
  async #run() {
    let before = null;
    try {
      while (!this.#isOver) {
        if (!this.#hasFrame || this.#state === "paused" || this.#pace.isAhead()) {
          if (before) {
            this.#show(before);
            before = null;
          } else {
            await this.#untilReady();
          }
          continue;
        }
        const frame = await this.#grab();
        const answer = this.#segment(frame);
        answer.catch(() => {}); // reported below
        if (before) this.#show(before);
        before = await answer;
      }
    } catch (error) {
      this.#finish("failed", error);
    } finally {
      if (before) this.#close(before);
    }
  }

  /** Waits for a frame, for the end of a pause, or until it is time for the frame there is. */
  async #untilReady() {
    const isEarly = this.#hasFrame && this.#state === "running";
    await new Promise((resolve) => {
      this.#wake = resolve;
      if (isEarly) setTimeout(resolve, this.#pace.wait());
    });
  }

  /** @returns {Promise<VideoFrame | ImageBitmap>} */
  async #grab() {
    this.#fresh = false;
    try {
      // A reference where the browser has such, a copy elsewhere.
      return globalThis.VideoFrame ? new VideoFrame(this.#video) : await createImageBitmap(this.#video);
    } catch (cause) {
      throw cause.name === "SecurityError" ? foreignPixels(cause) : cause;
    }
  }

  async #segment(frame) {
    const { decoder, smoothing, refine, mask, effect } = this.#options;
    const size = this.size;
    const time = this.#video.currentTime;
    const start = performance.now();
    this.#pace.begin();
    try {
      const painting = paintingFor(effect, this.#segmenter.model.classes);
      const result = await this.#segmenter.segment(frame, {
        decoder, size, smoothing, refine, mask, maskSize: "network", overlay: effect.kind === "none" ? false : painting,
      });
      this.#pace.end(performance.now() - start, size);
      return { frame, result, effect, size, time };
    } catch (error) {
      frame.close();
      throw error;
    }
  }

  #show(done) {
    const { frame, result, effect, size, time } = done;
    if (this.#state !== "stopped") {
      const { width, height } = canvasSize(sizeOf(frame));
      this.#compositor.draw(frame, result.overlay, effect, { width, height, mirror: this.#options.mirror });
      const { rate, milliseconds } = this.#pace.measured;
      this.#onFrame({ ...result, overlay: undefined, size, time, rate, milliseconds });
    }
    this.#close(done);
  }

  #close({ frame, result }) {
    frame.close();
    result.overlay?.close();
  }
}

function requireOptions({ size, rate, smoothing, effect }) {
  const require = (holds, name, expected, found) => {
    if (!holds) throw new SegmenterError("bad-option", `The option ${name} must be ${expected}, not ${found}.`);
  };
  require(size === "auto" || (Number.isInteger(size) && size > 0), "size", `"auto" or a number of pixels`, size);
  require(rate > 0, "rate", "a number of frames a second", rate);
  require(smoothing >= 0 && smoothing < 1, "smoothing", "0 to below 1", smoothing);
  require(EFFECTS.includes(effect.kind), "effect.kind", `one of ${EFFECTS.join(", ")}`, effect.kind);
  require(effect.kind !== "picture" || effect.picture, "effect.picture", "a picture to put behind", effect.picture);
}

/** A video element that shows a stream, which browsers play only if it is muted. */
function playing(source) {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = source instanceof MediaStreamTrack ? new MediaStream([source]) : source;
  return video;
}

async function firstFrame(video) {
  if (video.srcObject) {
    await video.play().catch((cause) => {
      throw new SegmenterError("no-image", `The stream cannot be played (${cause.message}): check its source.`, { cause });
    });
  }
  if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) return;
  await new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", resolve, { once: true });
    video.addEventListener("error", () => reject(new SegmenterError(
      "no-image",
      "This browser cannot play the video: MP4 (H.264) and WebM are the most likely to work.",
      { cause: video.error },
    )), { once: true });
    if (video.error) video.dispatchEvent(new Event("error"));
  });
}

function canvasSize({ width, height }) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
