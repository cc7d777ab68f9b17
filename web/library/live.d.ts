/** Segmentation of a camera, a screen or a video, as it plays. */

import type { Decoder, Segmentation, Segmenter } from "./segmenter.js";

/**
 * What becomes of a frame. Classes that are not listed are the background; by default none is. In a
 * browser that cannot have an effect, the state turns "failed": it never shows a background that the
 * effect hides.
 */
export type Effect = (
  | { kind: "tint"; opacity?: number } // the classes in their colours; opacity from 0 to 1, default 0.6
  | { kind: "blur"; radius?: number } // the background blurred; radius in pixels of the canvas: a Gaussian's standard deviation, default 16
  | { kind: "colour"; colour?: string } // a colour of CSS behind the classes, default green
  | { kind: "picture"; picture: ImageBitmap | HTMLImageElement | HTMLCanvasElement } // a picture behind them
  | { kind: "cut" } // nothing behind them: the canvas is transparent there
  | { kind: "grey" } // the background without colour
  | { kind: "none" }
) & { classes?: number[] };

export interface LiveOptions {
  /** Default: the first of the model's `decoders`. */
  decoder?: Decoder;
  /** The short side at which the network sees frames, in pixels; "auto" (default): what holds the rate. */
  size?: number | "auto";
  /** Frames a second that are wanted, and at most taken. Default: 30. */
  rate?: number;
  /** See SegmentOptions. Default: 0.85. */
  smoothing?: number;
  /** See SegmentOptions. Default: true. */
  refine?: boolean;
  /** Whether frames come with their mask, height × width of one and a half times the size that the network sees. Default: false. */
  mask?: boolean;
  /** Draws the canvas the other way round, as people expect of themselves. */
  mirror?: boolean;
  /** Default: { kind: "tint" }. */
  effect?: Effect;
  /** Told of every frame that was drawn. */
  onFrame?: (frame: LiveFrame) => void;
  /** Told when the state changes. */
  onState?: (change: LiveState) => void;
  /** Gives up starting: the promise rejects with code "aborted". */
  signal?: AbortSignal;
}

export interface LiveFrame extends Omit<Segmentation, "mask" | "overlay"> {
  /** With the option `mask`. */
  mask?: Uint8Array;
  /** What the canvas shows. */
  effect: Effect;
  /** The short side at which the network saw it, in pixels. */
  size: number;
  /** The place in the video, in seconds. */
  time: number;
  /** Frames a second, of the last dozen. */
  rate: number;
  /** What a frame took of late: the median. */
  milliseconds: number;
}

export interface LiveState {
  state: "running" | "paused" | "stopped" | "ended" | "failed";
  /** Why: "asked", "hidden" (the tab is), "video-end", or the sentence of an error. */
  reason: string;
  error?: Error;
}

/**
 * The newest frame is taken when the engine is ready for one; there is no queue. A tab that is not
 * seen pauses it.
 */
export class LiveSegmentation {
  private constructor();

  /**
   * Starts on a video element, which may play, pause and be searched, or on a stream or a track of
   * one. Resolves once the source shows a frame: a video that was never played is loaded for that.
   * Rejects with code "no-image" where there will be none, because the stream has ended or the browser
   * cannot play the video. Options that cannot be had are refused here and by `set`, with "bad-option".
   *
   * @example
   * const stream = await navigator.mediaDevices.getUserMedia({ video: true });
   * const live = await LiveSegmentation.start(await Segmenter.create(), stream, { effect: { kind: "blur", classes: [15] } });
   * document.body.append(live.canvas);
   */
  static start(
    segmenter: Segmenter,
    source: HTMLVideoElement | MediaStream | MediaStreamTrack,
    options?: LiveOptions,
  ): Promise<LiveSegmentation>;

  /** Frames with the effect. A mask lies over the frame that it was found in. */
  readonly canvas: HTMLCanvasElement;

  /** "ended": the stream did, because the camera was unplugged or its track stopped. */
  readonly state: LiveState["state"];

  /** The short side at which the network sees frames now, in pixels. */
  readonly size: number;

  /** Changes options, but for the listeners; those that are not given stay. */
  set(options: Omit<LiveOptions, "onFrame" | "onState" | "signal">): void;

  pause(): void;
  resume(): void;

  /** Ends it. The source is left as it is: stop a camera's tracks yourself. */
  stop(): void;

  /** The canvas as a stream, for a call, a recorder or a video element. */
  captureStream(rate?: number): MediaStream;
}
