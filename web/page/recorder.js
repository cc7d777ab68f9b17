// Recorder: records the live picture with its effect to a video file.
//
// It owns the recording. live-controls.js sends it a stream; it sends back a file.

/** Formats of recordings, the best first. (Safari knows only the last.) */
const FORMATS = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];

export class Recorder {
  #recorder;
  #stream;
  #parts = [];
  #ended;

  /** @param {MediaStream} stream */
  constructor(stream) {
    const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
    this.#stream = stream;
    this.#recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 5e6 });
    this.#recorder.addEventListener("dataavailable", ({ data }) => this.#parts.push(data));
    this.#ended = new Promise((resolve) => this.#recorder.addEventListener("stop", resolve, { once: true }));
    this.#recorder.start(1000); // so that parts of a recording survive
  }

  static get isSupported() {
    return Boolean(globalThis.MediaRecorder);
  }

  pause() {
    if (this.#recorder.state === "recording") this.#recorder.pause();
  }

  resume() {
    if (this.#recorder.state === "paused") this.#recorder.resume();
  }

  /** @returns {Promise<{ blob: Blob, extension: string }>} */
  async stop() {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    await this.#ended;
    for (const track of this.#stream.getTracks()) track.stop();
    const type = this.#recorder.mimeType.split(";")[0];
    return { blob: new Blob(this.#parts, { type }), extension: type.split("/")[1] };
  }
}
