// The work of a queue: which photos wait, which is at work, and how the others ended.
//
// It owns the list of photos and their order. It is sent photos, and what the visitor wants; it has
// segment do one photo after the other, and calls onChange with each that changes, and onEnd when none
// waits any more. Nothing here touches the page.

/**
 * A photo of the queue.
 *
 * @typedef {object} Item
 * @property {number} id
 * @property {string} name   a path with slashes, which names the files of its mask
 * @property {File} file
 * @property {"waiting" | "working" | "done" | "there" | "failed" | "cancelled"} state  there: the folder
 *   of results has it from an earlier visit
 * @property {Error} [error]  why it failed
 * @property {any} [kept]     what segment gave
 * @property {boolean} [isRepeated]  since the GPU failed
 */

/** Codes of errors that have nothing to do with the photo: the next one would fail, too. */
const OF_ENGINE = ["network", "bad-model", "unsupported", "bad-option"];

/** How many photos say how fast the next ones will be. */
const RECENT = 10;

export class Work {
  /** @type {Item[]} */
  items = [];
  isPaused = false;
  #hooks;
  #stems = new Set();
  #lastId = 0;
  #current = null; // { item, controller }
  #recent = []; // ms of the last photos

  /**
   * @param {object} hooks
   * @param {(item: Item, signal: AbortSignal) => Promise<any>} hooks.segment
   * @param {(item: Item) => void} hooks.onChange
   * @param {() => void} hooks.onEnd
   * @param {(error: Error) => void} hooks.onTrouble  the engine fails; the queue is paused
   */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /** @param {{ path: string, file: File }[]} photos @returns {Item[]} */
  add(photos) {
    const added = photos.map(({ path, file }) => ({ id: ++this.#lastId, name: this.#freeName(path), file, state: "waiting" }));
    this.items.push(...added);
    return added;
  }

  /** Begins with what waits, unless the queue is paused. */
  start() {
    this.#run();
  }

  /** How many photos there are in each state, and in all. */
  get counts() {
    const counts = { all: this.items.length, waiting: 0, working: 0, done: 0, there: 0, failed: 0, cancelled: 0 };
    for (const { state } of this.items) counts[state]++;
    return counts;
  }

  /** The seconds until no photo waits, or undefined while nobody knows. */
  get secondsLeft() {
    const { waiting, working } = this.counts;
    if (this.#recent.length === 0 || waiting + working === 0) return undefined;
    const mean = this.#recent.reduce((sum, time) => sum + time, 0) / this.#recent.length;
    return ((waiting + working) * mean) / 1000;
  }

  /** The photo at work is done first. */
  pause() {
    this.isPaused = true;
  }

  resume() {
    this.isPaused = false;
    this.#run();
  }

  /** Gives up all photos that wait, and the one at work. */
  cancel() {
    for (const item of this.items) if (item.state === "waiting") this.#set(item, "cancelled");
    const { item, controller } = this.#current ?? {};
    if (!item) return;
    this.#set(item, "cancelled");
    controller.abort();
  }

  /** Has a photo that failed, or was given up, done after all. @param {Item} item */
  retry(item) {
    if (item.state !== "failed" && item.state !== "cancelled") return;
    this.#set(item, "waiting");
    this.isPaused = false;
    this.#run();
  }

  /** Has all photos that were given up done after all. */
  retryCancelled() {
    for (const item of this.items) if (item.state === "cancelled") this.#set(item, "waiting");
    this.resume();
  }

  /** A photo that waits needs not be done. @param {Item} item */
  skip(item) {
    if (item.state === "waiting") this.#set(item, "there");
  }

  /** Forgets all photos. */
  clear() {
    this.cancel();
    this.items = [];
    this.#stems.clear();
    this.#recent = [];
  }

  /** What is done does not hold any more, as with another model. */
  doAgain() {
    for (const item of this.items) {
      if (["done", "there", "failed"].includes(item.state)) this.#set(item, "waiting");
    }
    if (this.#current) {
      this.#set(this.#current.item, "waiting");
      this.#current.controller.abort();
    }
    this.#run();
  }

  #set(item, state, { error, kept } = {}) {
    Object.assign(item, { state, error, kept });
    this.#hooks.onChange(item);
  }

  /** Photos are done one at a time, since the engine does one at a time. */
  async #run() {
    if (this.#current) return;
    const item = !this.isPaused && this.items.find(({ state }) => state === "waiting");
    if (!item) return;
    const mine = (this.#current = { item, controller: new AbortController() });
    this.#set(item, "working");
    await this.#carryOut(mine);
    this.#current = null;
    const { waiting, working } = this.counts;
    if (waiting + working === 0) this.#hooks.onEnd();
    this.#run();
  }

  async #carryOut({ item, controller: { signal } }) {
    const begun = performance.now();
    try {
      const kept = await this.#hooks.segment(item, signal);
      if (signal.aborted) return;
      this.#recent = [...this.#recent.slice(1 - RECENT), performance.now() - begun];
      this.#set(item, "done", { kept });
    } catch (error) {
      if (!signal.aborted) this.#takeBack(item, error);
    }
  }

  #takeBack(item, error) {
    // Somebody else had the engine give up, or the GPU failed and the CPU does what comes.
    const isOnce = error.code === "graphics" && !item.isRepeated;
    if (isOnce || error.code === "aborted") {
      item.isRepeated = true;
      this.#set(item, "waiting");
    } else if (OF_ENGINE.includes(error.code)) {
      this.isPaused = true;
      this.#set(item, "waiting");
      this.#hooks.onTrouble(error);
    } else {
      this.#set(item, "failed", { error });
    }
  }

  /** A name that no other photo has, whatever its extension: the files of masks have their own. */
  #freeName(path) {
    const plain = path.split("/").filter((part) => part && part !== "." && part !== "..").join("/") || "photo";
    const [, stem, extension] = plain.match(/^(.*?)(\.[^./]*)?$/s);
    for (let i = 1; ; i++) {
      const name = i === 1 ? stem : `${stem} (${i})`;
      if (this.#stems.has(name.toLowerCase())) continue;
      this.#stems.add(name.toLowerCase());
      return name + (extension ?? "");
    }
  }
}
