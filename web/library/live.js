// Live: segments a camera, a screen or a video as it plays.
//
//   import { Segmenter } from "./segmenter.js";
//   import { LiveSegmentation } from "./live.js";
//   const live = await LiveSegmentation.start(await Segmenter.create(), stream);
//   document.body.append(live.canvas);
//
// It owns the canvas and the loop, which takes the newest frame whenever the engine is ready for one
// and drops the others. A video element sends it frames; it sends them to segmenter.js, and draws and
// reports the results.

import { Compositor, paintingFor } from "./effects.js";
import { abortError, eitherOf, SegmenterError, unlessAborted } from "./errors.js";
import { frameOf } from "./frame.js";
import { liveOptions, requireFunction, requireSignal } from "./options.js";
import { Pace } from "./pace.js";
import { foreignPixels, sizeOf } from "./photo.js";
import { hasEnded, untilFrame } from "./video.js";

// Nobody sees more of a canvas, and drawing it takes time.
const LONGEST_CANVAS_SIDE = 1280;

/** When to look for a frame again that should be there: in milliseconds. */
const SOON = 30;

/** A track that the page stops tells nobody: milliseconds between looks. */
const LOOK = 500;

/** Events after which a video has a frame again. */
const READY = ["seeked", "loadeddata"];

export class LiveSegmentation {
  #segmenter;
  #model; // that the options are for
  #video;
  #ownsVideo; // whether it made the video element
  #options;
  #canvas;
  #compositor;
  #pace;
  #onFrame;
  #onState;
  #state = "running";
  #reasons = new Set(); // why it is paused
  #wake = () => {}; // ends the loop's wait for a frame
  #fresh = false; // whether the video has a frame that it did not take yet
  #onHidden = () => this.#because("hidden", document.hidden);
  #ended = () => this.#finish("ended");
  #disposed = () => this.#finish("failed", abortError(this.#segmenter.disposed));
  #track = null;

  /** Use `LiveSegmentation.start`. */
  constructor(segmenter, video, { onFrame = () => {}, onState = () => {}, ...options }, ownsVideo) {
    this.#segmenter = segmenter;
    this.#model = segmenter.model;
    this.#pace = new Pace(this.#model.size);
    this.#video = video;
    this.#ownsVideo = ownsVideo;
    requireFunction("onFrame", onFrame);
    requireFunction("onState", onState);
    this.#onFrame = onFrame;
    this.#onState = onState;
    this.set(options);
    this.#canvas = document.createElement("canvas");
    this.#compositor = new Compositor(this.#canvas);
  }

  /**
   * Starts on a source.
   *
   * @param {import("./segmenter.js").Segmenter} segmenter
   * @param {HTMLVideoElement | MediaStream | MediaStreamTrack} source
   * @param {import("./live.js").LiveOptions} [options]
   * @returns {Promise<LiveSegmentation>}  once the source shows a frame
   */
  static async start(segmenter, source, { signal, ...options } = {}) {
    requireDocument();
    requireSignal(signal);
    const isVideo = source instanceof HTMLVideoElement;
    const video = isVideo ? source : playing(source);
    const live = new LiveSegmentation(segmenter, video, options, !isVideo);
    const waiting = eitherOf(signal, segmenter.disposed);
    try {
      await firstFrame(video, waiting.signal);
    } catch (error) {
      if (!isVideo) video.srcObject = null;
      throw error;
    } finally {
      waiting.abort(); // lets go of the signals
    }
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
    this.#options = liveOptions(options, this.#followModel(), this.#options);
    this.#pace.rate = this.#options.rate;
    this.#fresh = true; // a paused video is segmented again
    this.#wake();
  }

  /** Where the segmenter has another model: classes are those of the same names, and a decoder that it lacks goes. */
  #followModel() {
    const { model } = this.#segmenter;
    if (model === this.#model) return model;
    const { decoder, effect } = this.#options;
    const names = new Set(effect.classes?.map((id) => this.#model.classes[id].name));
    const classes = model.classes.filter(({ name }) => names.has(name)).map(({ id }) => id);
    this.#model = model;
    this.#pace = new Pace(model.size);
    this.#pace.rate = this.#options.rate;
    this.#options = {
      ...this.#options,
      decoder: model.decoders.includes(decoder) ? decoder : undefined,
      effect: effect.classes ? { ...effect, classes } : effect,
    };
    return model;
  }

  pause() {
    this.#because("asked", true);
  }

  resume() {
    this.#because("asked", false);
  }

  /** Ends it, and leaves the source as it is. */
  stop() {
    this.#finish("stopped");
  }

  /**
   * The canvas as a stream, for a call, a recorder or a video element.
   *
   * @param {number} [rate]  frames a second; default: every frame
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
    this.#segmenter.disposed.addEventListener("abort", this.#disposed);
    this.#watchFrames();
    this.#onHidden();
    this.#onState({ state: this.#state, reason: "" });
    this.#run();
  }

  #noteFrame = () => {
    this.#fresh = true;
    this.#wake();
  };

  /** A video that ended may be played again. */
  #noteEnd = () => this.#onState({ state: this.#state, reason: "video-end" });

  /** It runs as long as there is no reason to pause. */
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
    this.#segmenter.disposed.removeEventListener("abort", this.#disposed);
    if (this.#ownsVideo) this.#video.srcObject = null;
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

  /** Whether a new frame may be taken. A video that seeks has none. */
  get #hasFrame() {
    return this.#fresh && this.#state === "running" && this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  /** Draws one frame while the engine works on the next. */
  async #run() {
    let before = null; // to be shown
    let answer = null; // to come
    try {
      while (!this.#isOver) {
        const frame = this.#hasFrame && !this.#pace.isAhead() ? this.#grab() : null;
        if (!frame) {
          if (before) {
            this.#show(before);
            before = null;
          } else if (hasEnded(this.#video)) {
            this.#finish("ended");
          } else {
            await this.#untilReady();
          }
          continue;
        }
        answer = this.#segment(frame);
        answer.catch(() => {}); // reported below
        if (before) this.#show(before);
        before = await answer;
        answer = null;
      }
    } catch (error) {
      this.#finish("failed", error);
    } finally {
      if (before) this.#close(before);
      answer?.then((late) => late && this.#close(late), () => {});
    }
  }

  /** Waits for a frame, for the end of a pause, or until the frame at hand is due. */
  async #untilReady() {
    await new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#hasFrame) setTimeout(resolve, this.#pace.wait());
      else if (this.#video.srcObject) setTimeout(resolve, LOOK);
    });
  }

  /** @returns {VideoFrame | ImageBitmap | null}  what the network sees and the canvas shows */
  #grab() {
    this.#fresh = false;
    try {
      const frame = frameOf(this.#video);
      if (!frame) setTimeout(this.#noteFrame, SOON);
      return frame;
    } catch (cause) {
      throw cause.name === "SecurityError" ? foreignPixels(cause) : cause;
    }
  }

  /** What becomes of a frame: null where the model changed meanwhile, since effects are of classes. */
  async #segment(frame) {
    const model = this.#followModel();
    const { decoder, smoothing, refine, mask, effect } = this.#options;
    const size = this.size;
    const time = this.#video.currentTime;
    const start = performance.now();
    this.#pace.begin();
    try {
      const painting = paintingFor(effect, model.classes);
      const result = await this.#segmenter.segment(frame, {
        decoder, size, smoothing, refine, mask, maskSize: "network", overlay: effect.kind === "none" ? false : painting,
      });
      const done = { frame, result, effect, size, time };
      if (this.#segmenter.model !== model) {
        this.#close(done);
        return this.#again();
      }
      this.#pace.end(performance.now() - start, size);
      return done;
    } catch (error) {
      frame.close();
      if (error.code === "bad-option" && this.#segmenter.model !== model) return this.#again();
      throw error;
    }
  }

  /** Has the frame that a paused video shows be taken again. */
  #again() {
    this.#fresh = true;
    return null;
  }

  #show(done) {
    const { frame, result, effect, size, time } = done;
    if (this.#state !== "stopped") {
      const { width, height } = canvasSize(sizeOf(frame));
      this.#compositor.draw(frame, result.overlay, effect, { width, height, mirror: this.#options.mirror });
      const { rate, milliseconds } = this.#pace.measured;
      this.#onFrame({ ...result, overlay: undefined, effect, size, time, rate, milliseconds });
    }
    this.#close(done);
  }

  #close({ frame, result }) {
    frame.close();
    result.overlay?.close();
  }
}

function requireDocument() {
  if (!globalThis.document) {
    throw new SegmenterError("unsupported", "Live pictures need a page's video elements, which a worker does not have: start them in the page.");
  }
}

/** A video element that shows a stream. Browsers play it only if it is muted. */
function playing(source) {
  const stream = source instanceof MediaStreamTrack ? new MediaStream([source]) : source;
  if (!(stream instanceof MediaStream)) {
    throw new SegmenterError("no-image", "That shows no live picture: give a video element, a MediaStream or a MediaStreamTrack.");
  }
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  return video;
}

async function firstFrame(video, signal) {
  if (video.srcObject && !hasEnded(video)) {
    const playing = video.play().catch((cause) => {
      throw new SegmenterError("no-image", `The stream cannot be played (${cause.message}): check its source.`, { cause });
    });
    await unlessAborted(playing, signal);
  }
  await untilFrame(video, signal, true);
}

function canvasSize({ width, height }) {
  const scale = Math.min(1, LONGEST_CANVAS_SIDE / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
