// Phrases: what the page says in one language, from its file of texts.
//
// It owns that language's plural rules and formats of numbers. texts.js sends it keys, values and
// errors; it sends back sentences. Nothing here touches the page.

export const LANGUAGES = ["en", "zh"];

/**
 * @param {(string | null)[]} wishes  tags of languages, the dearest first
 * @returns {string | undefined}  the first that the page speaks
 */
export function firstSpoken(wishes) {
  return wishes.map((tag) => tag?.split("-")[0].toLowerCase()).find((language) => LANGUAGES.includes(language));
}

/**
 * @typedef {object} TextFile  such as texts/en.js
 * @property {Record<string, string>} texts
 * @property {Record<string, string>} classes
 * @property {Record<string, string>} errors
 */

export class Phrases {
  #language;
  #file;
  #fallback;
  #formats = new Map(); // slow to make, so made once

  /**
   * @param {string} language
   * @param {TextFile} file
   * @param {TextFile} [fallback]  for keys that the file lacks
   */
  constructor(language, file, fallback = file) {
    this.#language = language;
    this.#file = file;
    this.#fallback = fallback;
  }

  /**
   * The text of a key. If there is a count among the values, the key has one text for each of the
   * language's plurals: key.one, key.other.
   *
   * @param {string} key
   * @param {Record<string, string | number>} [values]  of the {placeholders} in it
   * @returns {string}
   */
  text(key, values = {}) {
    const form = "count" in values ? `${key}.${this.#pluralOf(values.count)}` : key;
    return fill(this.#file.texts[form] ?? this.#fallback.texts[form] ?? form, values);
  }

  /**
   * The name of a class; the model's own unless the file has names for all of its classes, so that a
   * legend is in one language.
   *
   * @param {string} name
   * @param {string[]} names  of all classes of the model
   */
  className(name, names) {
    const { classes } = this.#file;
    return [name, ...names].every((known) => Object.hasOwn(classes, known)) ? classes[name] : name;
  }

  /**
   * What went wrong. The library speaks English, so its own sentence is the English one; other
   * languages have a sentence for the error's code and reason.
   *
   * @param {{ code?: string, reason?: string, values?: object, message: string, key?: string }} error
   *   key: that of a text, for errors of the page's own
   * @returns {string}
   */
  sentenceOf({ code, reason, values, message, key }) {
    if (key) return this.text(key, values);
    const { errors } = this.#file;
    const text = errors[`${code}.${reason}`] ?? errors[code];
    return text ? fill(text, values) : message;
  }

  /** @param {number} value @param {number} [digits]  after the point */
  number(value, digits = 0) {
    return this.#numberFormat({ ...exactly(digits), useGrouping: false }).format(value);
  }

  /** @param {number} share  from 0 to 1 @param {number} [digits]  after the point */
  percentage(share, digits = 0) {
    return this.#numberFormat({ ...exactly(digits), style: "percent" }).format(share);
  }

  /** A large number, in the language's words for such. @param {number} value */
  roughly(value) {
    return this.#numberFormat({ ...exactly(1), notation: "compact", compactDisplay: "long" }).format(value);
  }

  #numberFormat(options) {
    return this.#format(JSON.stringify(options), () => new Intl.NumberFormat(this.#language, options));
  }

  #pluralOf(count) {
    return this.#format("plural", () => new Intl.PluralRules(this.#language)).select(count);
  }

  #format(name, make) {
    if (!this.#formats.has(name)) this.#formats.set(name, make());
    return this.#formats.get(name);
  }
}

function fill(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
}

function exactly(digits) {
  return { minimumFractionDigits: digits, maximumFractionDigits: digits };
}
