// Pace: how large frames may be so that there are enough of them a second.
//
// It owns what it has measured. It is told when a frame begins and ends; it says which size the next
// should have, and whether it is too early for it.

// Short sides, in pixels. Each takes about 1.5 times as long as the one before.
const SIZES = [128, 160, 192, 224, 256, 320, 384, 448, 512];
const FIRST = SIZES.indexOf(256);

// A frame may take this part of the time that there is for one: the page wants some too.
const BUSY = 0.85;
const REMEMBERED = 12; // frames
const SETTLING = 8; // frames of a size before it is judged

export class Pace {
  /** Frames a second that are wanted. */
  rate = 30;
  #at = FIRST;
  #begun = []; // when the last frames began
  #times = []; // what the last ones took, in milliseconds
  #timed = 0; // their size
  #seen = 0; // how many of that size there were in a row

  /** The short side of the next frame. */
  get size() {
    return SIZES[this.#at];
  }

  /** @returns {{ rate: number, milliseconds: number }}  frames a second; the median of a frame's time */
  get measured() {
    const span = this.#begun.at(-1) - this.#begun[0];
    const rate = this.#begun.length > 1 ? (1000 * (this.#begun.length - 1)) / span : 0;
    return { rate, milliseconds: median(this.#times) };
  }

  /** Whether the next frame would be one more a second than is wanted. */
  isAhead() {
    return this.wait() > 1;
  }

  /** Milliseconds until the next frame is wanted. */
  wait() {
    const last = this.#begun.at(-1) ?? -Infinity;
    // Displays and cameras have times of their own: a little early is in time.
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
    // The size may be one that was chosen elsewhere.
    if (size === this.size && this.#seen >= SETTLING) this.#adapt();
  }

  /** What was before a pause says nothing of what comes after it. */
  forget() {
    this.#begun = [];
    this.#times = [];
    this.#seen = 0;
  }

  /** Takes the largest size that is expected to be fast enough. */
  #adapt() {
    const budget = (BUSY * 1000) / this.rate;
    const took = median(this.#times);
    const expected = (at) => took * (SIZES[at] / SIZES[this.#at]) ** 2.2;
    let at = this.#at;
    if (took > budget) {
      while (at > 0 && expected(at) > budget) at--;
    } else if (at < SIZES.length - 1 && expected(at + 1) < 0.9 * budget) {
      at++;
    }
    this.#at = at;
  }
}

function median(values) {
  return values.length > 0 ? values.toSorted((a, b) => a - b)[values.length >> 1] : 0;
}
