// Recorder: records the live picture with its effect to a video file.
//
// It owns the recording. live-controls.js sends it a stream; it sends back a file, or null where the
// browser made none.

/** Formats of recordings, the best first. (Safari knows only the last.) */
const FORMATS = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];

/** How long a browser may take to end a recording: not all of them say that they failed. */
const PATIENCE = 5000; // ms

const canRecord = (format) => Boolean(globalThis.MediaRecorder?.isTypeSupported(format));

export class Recorder {
  #recorder;
  #stream;
  #parts = [];
  #ended;

  /**
   * @param {MediaStream} stream
   * @param {() => void} onFail  the browser gave the recording up
   */
  constructor(stream, onFail) {
    const mimeType = FORMATS.find(canRecord);
    this.#stream = stream;
    this.#recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 5e6 });
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#parts.push(data));
    this.#recorder.addEventListener("error", onFail);
    this.#ended = new Promise((resolve) => this.#recorder.addEventListener("stop", resolve, { once: true }));
    this.#recorder.start(1000); // so that parts of a recording survive
  }

  /** Debian's WebKitGTK has a MediaRecorder that knows no format. */
  static get isSupported() {
    return FORMATS.some(canRecord);
  }

  pause() {
    if (this.#recorder.state === "recording") this.#recorder.pause();
  }

  resume() {
    if (this.#recorder.state === "paused") this.#recorder.resume();
  }

  /** @returns {Promise<{ blob: Blob, extension: string } | null>}  what was recorded; null if nothing was */
  async stop() {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    for (const track of this.#stream.getTracks()) track.stop();
    const type = (this.#recorder.mimeType || this.#parts[0]?.type || "video/webm").split(";")[0];
    const blob = new Blob(this.#parts, { type });
    return blob.size > 0 ? { blob, extension: type.split("/")[1] } : null;
  }
}
