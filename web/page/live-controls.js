// The controls of a live picture: pause, stop, seek, choose a camera, record, take a snapshot.
//
// It owns those buttons, the list of cameras and the recording. live-picture.js tells it what runs; it
// calls onCamera and onStop, and acts on the video, the LiveSegmentation and the recording by itself.

import { download } from "./download.js";
import { Recorder } from "./recorder.js";
import { cameras } from "./sources.js";
import { announce, showMessage } from "./status.js";
import { say, t } from "./texts.js";

export class LiveControls {
  #hooks;
  /** @type {import("./sources.js").Source | null} */
  #source = null;
  /** @type {import("../library/live.js").LiveSegmentation | null} */
  #live = null;
  /** @type {Recorder | null} */
  #recorder = null;
  #shown = ""; // the kind of effect in the last frame
  #lost = null; // the id of a camera that was unplugged

  /**
   * @param {object} hooks
   * @param {(device: string) => void} hooks.onCamera
   * @param {() => void} hooks.onStop
   * @param {() => void} hooks.onRecord  a recording begins or ends
   * @param {() => string} hooks.effect  the kind of effect that the picture is to have
   */
  constructor(hooks) {
    this.#hooks = hooks;
    this.#wire();
  }

  /** @param {import("./sources.js").Source} source */
  begin(source) {
    const { kind, video } = source;
    video.loop = kind === "file" && document.getElementById("loop").checked;
    for (const type of kind === "file" ? ["play", "pause", "timeupdate"] : []) {
      video.addEventListener(type, () => this.#source === source && this.#showPosition());
    }
  }

  /**
   * Shows what runs, and records it only while it does.
   *
   * @param {import("./sources.js").Source | null} source
   * @param {import("../library/live.js").LiveSegmentation | null} live
   */
  show(source, live) {
    this.#source = source;
    this.#live = live;
    this.#pauseRecording();
    document.getElementById("live").hidden = !source;
    document.getElementById("seek-row").hidden = source?.kind !== "file";
    const isGoing = ["running", "paused"].includes(live?.state);
    for (const id of ["live-pause", "live-record"]) document.getElementById(id).disabled = !isGoing;
    document.getElementById("live-snapshot").disabled = !live;
    this.#showRecording();
    this.#showPause();
  }

  /** A frame is on the canvas. @param {import("../library/live.js").LiveFrame} frame */
  noteFrame({ effect }) {
    this.#shown = effect.kind;
    this.#pauseRecording();
  }

  get isRecording() {
    return this.#recorder !== null;
  }

  /** Records only while the picture runs, and never a frame that lacks the effect. */
  #pauseRecording() {
    if (this.#live?.state === "running" && this.#shown === this.#hooks.effect()) this.#recorder?.resume();
    else this.#recorder?.pause();
  }

  /** Starts the camera again as soon as it is plugged in. @param {string} device */
  waitForCamera(device) {
    this.#lost = device;
  }

  forgetLost() {
    this.#lost = null;
  }

  #wire() {
    const onClick = (id, run) => document.getElementById(id).addEventListener("click", run);
    onClick("live-stop", () => this.#hooks.onStop());
    onClick("live-pause", () => this.#togglePause());
    onClick("live-snapshot", () => this.#snapshot());
    onClick("live-record", () => (this.#recorder ? this.finishRecording() : this.#record()));
    document.getElementById("camera").addEventListener("change", ({ target }) => this.#hooks.onCamera(target.value));
    this.#wireSeeking();
    navigator.mediaDevices?.addEventListener("devicechange", async () => {
      const found = await this.listCameras();
      if (found.some(({ deviceId }) => deviceId === this.#lost)) this.#hooks.onCamera(this.#lost);
    });
  }

  // Position and pause.

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
      // LiveSegmentation goes on, so that the visitor can seek in a paused video.
      if (video.paused) video.play();
      else video.pause();
    } else if (this.#live.state === "paused") this.#live.resume();
    else this.#live.pause();
  }

  #showPause() {
    const isPaused = this.#source?.kind === "file" ? this.#source.video.paused : this.#live?.state === "paused";
    say(document.getElementById("live-pause"), () => t(isPaused ? "live.resume" : "live.pause"));
  }

  // Cameras.

  /** Lists the cameras to choose from. */
  async listCameras() {
    const select = document.getElementById("camera");
    const found = await cameras();
    const options = found.map(({ deviceId, label }, i) => new Option(label || t("live.camera-number", { number: i + 1 }), deviceId));
    select.replaceChildren(...options);
    select.value = this.#source?.device ?? select.value;
    document.getElementById("camera-row").hidden = this.#source?.kind !== "camera";
    return found;
  }

  // Files.

  #snapshot() {
    const { name } = this.#source;
    this.#live.canvas.toBlob((blob) => {
      if (blob) download(blob, `${name}-${stamp()}.png`);
      else showMessage(() => t("live.snapshot-failed"), { kind: "error" });
    });
  }

  #record() {
    try {
      this.#recorder = new Recorder(this.#live.captureStream(), () => this.finishRecording());
    } catch {
      showMessage(() => t("live.record-failed"), { kind: "error" });
      return;
    }
    this.#hooks.onRecord();
    this.#pauseRecording();
    announce(() => t("live.recording"));
    this.#showRecording();
  }

  /** Saves the recording, if there is one. */
  async finishRecording() {
    const recorder = this.#recorder;
    if (!recorder) return;
    const { name } = this.#source;
    this.#recorder = null;
    this.#hooks.onRecord();
    this.#showRecording();
    const file = await recorder.stop();
    if (file) download(file.blob, `${name}-${stamp()}.${file.extension}`);
    else showMessage(() => t("live.record-failed"), { kind: "error" });
  }

  #showRecording() {
    const record = document.getElementById("live-record");
    record.hidden = !Recorder.isSupported;
    record.toggleAttribute("data-recording", Boolean(this.#recorder));
    say(record, () => t(this.#recorder ? "live.record-stop" : "live.record"));
  }
}

/** The time, for names of files. */
function stamp() {
  return new Date().toISOString().slice(0, 19).replace(/[T:]/g, "-");
}
