// Pace: the largest size of frames that keeps up with the wanted rate.
//
// It owns its measurements. live.js tells it when a frame begins and ends; it says which size the next
// frame should have, and when it is due.

// Short sides, in pixels. Each takes about 1.5 times as long as the one before.
const SIZES = [128, 160, 192, 224, 256, 320, 384, 448, 512];
const FIRST = 256;

// A frame may take this part of its time: the page needs some too.
const BUSY = 0.85;
const REMEMBERED = 12; // frames
const SETTLING = 8; // frames of a size before the size may change

export class Pace {
  /** Frames a second that are wanted. */
  rate = 30;
  #sizes;
  #at; // index of the size
  #begun = []; // when the last frames began
  #times = []; // how long the last ones of a size took, in milliseconds
  #timed = 0; // that size
  #seen = 0; // how many frames of that size came in a row

  /** @param {number} best  the model's best size: no frame is larger */
  constructor(best) {
    this.#sizes = SIZES.filter((size, i) => i === 0 || size <= best);
    this.#at = this.#sizes.findLastIndex((size) => size <= FIRST);
  }

  /** The short side of the next frame. */
  get size() {
    return this.#sizes[this.#at];
  }

  /** @returns {{ rate: number, milliseconds: number }}  frames a second; the median of a frame's time */
  get measured() {
    const span = this.#begun.at(-1) - this.#begun[0];
    const rate = this.#begun.length > 1 ? (1000 * (this.#begun.length - 1)) / span : 0;
    return { rate, milliseconds: median(this.#times) };
  }

  /** Whether a frame now would exceed the wanted rate. */
  isAhead() {
    return this.wait() > 1;
  }

  /** Milliseconds until the next frame is due. */
  wait() {
    const last = this.#begun.at(-1) ?? -Infinity;
    // A little early is in time: displays and cameras keep their own.
    return last + 0.9 * (1000 / this.rate) - performance.now();
  }

  begin() {
    this.#begun.push(performance.now());
    if (this.#begun.length > REMEMBERED) this.#begun.shift();
  }

  /**
   * @param {number} milliseconds
   * @param {number} size  of the frame
   */
  end(milliseconds, size) {
    if (size !== this.#timed) {
      this.#timed = size;
      this.#times = [];
      this.#seen = 0;
    }
    this.#times.push(milliseconds);
    if (this.#times.length > REMEMBERED) this.#times.shift();
    this.#seen++;
    // The option `size` may set another.
    if (size === this.size && this.#seen >= SETTLING) this.#adapt();
  }

  /** After a pause, old measurements say nothing. */
  forget() {
    this.#begun = [];
    this.#times = [];
    this.#seen = 0;
  }

  /** Chooses the largest size that it expects to be fast enough. */
  #adapt() {
    const budget = (BUSY * 1000) / this.rate;
    const took = median(this.#times);
    const expected = (at) => took * (this.#sizes[at] / this.size) ** 2.2;
    let at = this.#at;
    if (took > budget) {
      while (at > 0 && expected(at) > budget) at--;
    } else if (at < this.#sizes.length - 1 && expected(at + 1) < 0.9 * budget) {
      at++;
    }
    this.#at = at;
  }
}

function median(values) {
  return values.length > 0 ? [...values].sort((a, b) => a - b)[values.length >> 1] : 0;
}
