// The engine's life: started when it is needed, started again after it died, on the device that is
// chosen or faster.
//
// It owns the Ranks, the choice of device and what the engine says of the model. segmenter.js asks it
// for an engine that runs; it tells onProgress of loading and onDevice when another device computes.

import { abortError, SegmenterError, unlessAborted } from "./errors.js";
import { readModel } from "./model.js";
import { Ranks } from "./ranks.js";
import { hasWebGPU, warmTime } from "./webgpu.js";

/** How long the engine must have been idle before it is warmed up, in milliseconds. */
const PATIENCE = 300;

const NOTHING = { file: new Uint8Array(), classes: [] };

export class EngineHost {
  #wanted; // the model to load: a Model of model.js
  #threads;
  #arithmetic;
  #profile;
  #onProgress;
  #onDevice;
  #device; // "cpu" or "webgpu": where the engine computes
  #isUndecided; // whether to compare devices after the first photo
  #engine = null; // Ranks
  #warm = null; // the engine that is warm
  #rival = null; // Rival, while devices are to be compared
  #model = null; // what it says of itself
  #ownClasses = []; // of the model, before any was taught
  #taught = NOTHING; // beside what the model can do
  #taughtWith = ""; // the encoder of the model that it is for
  #isDisposed = false;
  #startRanks;

  /**
   * @param {object} options  as engineOptions makes them
   * @param {number} options.threads  usable ones
   * @param {(...args: ConstructorParameters<typeof Ranks>) => Ranks} [startRanks]  for tests
   */
  constructor(
    { model, device, threads, arithmetic, profile, onProgress, onDevice },
    startRanks = (...args) => new Ranks(...args),
  ) {
    this.#startRanks = startRanks;
    this.#wanted = model;
    this.#threads = threads;
    this.#arithmetic = arithmetic;
    this.#profile = profile;
    this.#onProgress = onProgress;
    this.#onDevice = onDevice;
    this.#choose(device);
  }

  /** @type {import("./segmenter.js").ModelInfo} */
  get model() {
    return this.#model;
  }

  /**
   * What was taught: as a file, and as rows.
   *
   * @type {{ file: Uint8Array, classes: (import("./segmenter.js").TaughtClass & { weights: Float32Array, bias: number })[] }}
   */
  get taught() {
    return this.#taught;
  }

  /**
   * Has masks show classes that were taught, from the next photo on. Nothing else may be asked of the
   * engine meanwhile.
   *
   * @param {{ file: Uint8Array, classes: { name: string, colour: string, off: boolean, strokes: number, weights: Float32Array, bias: number }[] }} taught
   */
  async useTaught(taught) {
    const engine = await this.running();
    try {
      await this.#teach(engine, taught);
    } catch (error) {
      if (error.code !== "bad-option") engine.close(error); // ranks with different classes could not work together
      throw error;
    }
  }

  async #teach(engine, { file, classes }) {
    await sendTaught(engine, classes);
    let next = this.#ownClasses.length;
    const known = classes.map((one) => ({ ...one, id: one.off ? null : next++ }));
    this.#taught = { file, classes: known };
    const shown = known.filter(({ off }) => !off).map(({ id, name, colour }) => ({ id, name, colour }));
    this.#model = { ...this.#model, classes: [...this.#ownClasses, ...shown] };
  }

  /** @type {"cpu" | "webgpu"} */
  get device() {
    return this.#device;
  }

  /** What runs, to tell it from another. @type {Ranks | null} */
  get engine() {
    return this.#engine;
  }

  /** Whether compareDevices is still to come. */
  get isUndecided() {
    return this.#isUndecided;
  }

  /** @param {"auto" | "cpu" | "webgpu"} device @param {AbortSignal} [signal] */
  async use(device, signal) {
    this.#engine?.close(disposedError());
    this.#choose(device);
    await this.running(signal);
  }

  #choose(device) {
    this.#device = device === "webgpu" ? "webgpu" : "cpu";
    this.#isUndecided = device === "auto";
    this.#rival?.close();
    this.#rival = null;
  }

  /**
   * Reads another model, while the engine may work.
   *
   * @param {import("./model.js").Model} wanted
   * @param {AbortSignal} signal
   */
  read(wanted, onProgress, signal) {
    return readModel(wanted, (loaded, total) => onProgress({ stage: "model", loaded, total }), signal);
  }

  /**
   * Has the engine work with another model. If that fails, the one before stays. Nothing else may be
   * asked of the engine meanwhile.
   *
   * @param {import("./model.js").Model} wanted
   * @param {import("./model.js").ModelFile} file  what read gave
   */
  async switchTo(wanted, file) {
    const before = this.#wanted;
    this.#rival?.close(); // the next photo compares engines with this model
    this.#rival = null;
    try {
      this.#wanted = wanted;
      await this.retried(() => (this.#engine?.alive ? this.#load(this.#engine, file) : this.running(undefined, file)));
    } catch (error) {
      this.#wanted = before; // to be loaded again, if the engine has died
      throw error;
    }
  }

  async #load(engine, file) {
    const { gpu, ...model } = await engine.load(this.#wanted, file);
    this.#model = model;
    this.#ownClasses = model.classes;
    if (this.#taughtWith !== model.encoder) this.#taught = NOTHING;
    this.#taughtWith = model.encoder;
    if (this.#taught.classes.length > 0) await this.#teach(engine, this.#taught);
    return gpu;
  }

  /**
   * Not to be called again before it has settled.
   *
   * @param {AbortSignal} [signal]  gives up loading
   * @param {import("./model.js").ModelFile} [file]  the model, where it has been read
   * @returns {Promise<Ranks>}  the engine, once it runs and has loaded the model
   */
  async running(signal, file) {
    if (this.#isDisposed) throw disposedError();
    if (this.#engine?.alive) return this.#engine;
    const engine = this.#newRanks(this.#device, this.#onProgress);
    this.#engine = engine;
    const giveUp = () => engine.close(abortError(signal));
    signal?.addEventListener("abort", giveUp);
    try {
      const gpu = await this.#load(engine, file);
      if (gpu) this.#onDevice({ device: "webgpu", name: gpu.name, message: "" });
      return engine;
    } catch (error) {
      if (error.code === "graphics") {
        this.#giveUpWebGPU(error);
        return this.running(signal, file);
      }
      engine.close(error);
      throw error;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /**
   * Has the browser optimise the engine while nobody needs it. Nothing else may be asked of the engine
   * meanwhile.
   *
   * @param {AbortSignal} signal  aborts when others wait for the engine
   */
  async warmUp(signal) {
    const engine = this.#engine;
    if (!engine?.alive || this.#device !== "cpu" || this.#warm === engine) return;
    await unlessAborted(pause(PATIENCE), signal);
    while (!signal.aborted) {
      if (await engine.warm()) continue;
      this.#warm = engine;
      return;
    }
  }

  #newRanks(device, onProgress) {
    const options = { device, threads: this.#threads, arithmetic: this.#arithmetic, profile: this.#profile };
    return this.#startRanks(options, onProgress);
  }

  /**
   * Runs a task, and once more if the engine dies at it or WebGPU fails.
   *
   * @template T
   * @param {() => Promise<T>} task
   * @returns {Promise<T>}
   */
  async retried(task) {
    try {
      return await task();
    } catch (error) {
      const hasDied = error.code === "internal" && this.#engine?.alive === false;
      if (error.code === "graphics") this.#giveUpWebGPU(error);
      else if (!hasDied) throw error;
      return task();
    }
  }

  /** From now on the CPU computes. */
  #giveUpWebGPU(error) {
    this.#engine.close(error);
    this.#choose("cpu");
    this.#onDevice({ device: "cpu", name: "", message: `WebGPU failed, so the CPU computes. ${error.message}` });
  }

  /**
   * Has WebGPU segment a photo that the CPU has segmented, and keeps the faster of the two. If either
   * fails at it, the engine stays, or is started again when it is needed.
   *
   * @param {Blob | ImageBitmap} source
   * @param {object} options  as segmentOptions makes them
   * @param {AbortSignal} [signal]  says that others wait for the engine: while the rival is loading,
   *   the comparison is left to the next photo
   */
  async compareDevices(source, options, signal) {
    const rival = (this.#rival ??= new Rival(() => this.#newRanks("webgpu", () => {}), this.#wanted));
    try {
      if (!rival.isReady) await unlessAborted(rival.ready, signal);
    } catch (error) {
      if (error.code === "aborted") return;
    }
    if (this.#rival !== rival) return; // another device was chosen meanwhile
    this.#isUndecided = false;
    this.#rival = null;
    const engine = this.#engine;
    try {
      if (!rival.engine || !engine.alive) return;
      if (this.#taught.classes.length > 0) await sendTaught(rival.engine, this.#taught.classes);
      const unpainted = { ...options, painting: null };
      const onCpu = await warmTime(engine, source, unpainted);
      const onWebGPU = await warmTime(rival.engine, source, unpainted);
      if (this.#isDisposed || onWebGPU >= onCpu) return;
      this.#engine = rival.engine;
      rival.engine = engine; // to be closed
      this.#device = "webgpu";
      this.#onDevice({ device: "webgpu", name: rival.gpu.name, message: "" });
    } catch {
      // The CPU computes as before.
    } finally {
      rival.close();
    }
  }

  /** Ends the engine, for good. */
  dispose() {
    this.#isDisposed = true;
    this.#engine?.close(disposedError());
    this.#rival?.close();
    this.#rival = null;
  }
}

/** Has all ranks show those classes that are not off. */
function sendTaught(engine, classes) {
  const shown = classes.filter(({ off }) => !off).map(({ name, colour, weights, bias }) => ({ name, colour, weights, bias }));
  return engine.requestOfAll("taught", { classes: shown });
}

/** An engine on WebGPU that loads while the one on the CPU works. */
class Rival {
  isReady = false;
  /** Ranks, if there is WebGPU. */
  engine = null;
  gpu = null;
  #isClosed = false;

  constructor(start, wanted) {
    /** Settles when it has loaded the model, or cannot. */
    this.ready = this.#load(start, wanted).catch(() => this.close()).then(() => (this.isReady = true));
  }

  async #load(start, wanted) {
    if (!(await hasWebGPU()) || this.#isClosed) return;
    this.engine = start();
    this.gpu = (await this.engine.load(wanted)).gpu;
  }

  close() {
    this.#isClosed = true;
    this.engine?.close(disposedError());
    this.engine = null;
  }
}

export function disposedError() {
  return new SegmenterError("disposed", "This Segmenter was disposed of: create another.");
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
