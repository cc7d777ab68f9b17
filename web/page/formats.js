// Formats: the choice of how masks are written, for one photo or many.
//
// It owns its fields. It is sent the classes to choose from; it calls onChange with each other choice.

import { FORMATS, POLYGONS } from "../library/annotations.js";
import { loadStyles, make } from "./elements.js";
import { addTexts, className, number, say, t } from "./texts.js";

/** How far polygons may be from edges, in pixels. */
const TOLERANCE = { min: 0, max: 10, step: 0.5, value: 1 };

/** @typedef {{ format: import("../library/annotations.js").AnnotationFormat, tolerance: number, class: string }} Choice */

let loading = null;

/** Settles when the texts and looks of this part are there. */
export function loadFormats() {
  loading ??= Promise.all([
    loadStyles("page/formats.css"),
    addTexts({ en: () => import("./texts/formats-en.js"), zh: () => import("./texts/formats-zh.js") }),
  ]).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

export class FormatChoice {
  #format = make("select", { name: "format" });
  #hint = make("p", { className: "formats-hint" });
  #tolerance = make("input", { type: "range", name: "tolerance", ...TOLERANCE });
  #toleranceValue = make("output", {});
  #toleranceRow;
  #class = make("select", { name: "class" });
  #classRow;
  #names = []; // of all classes of the model

  /** Its elements: rows for a form. @type {HTMLElement[]} */
  elements;

  /**
   * @param {string} prefix  of ids
   * @param {() => void} onChange
   */
  constructor(prefix, onChange) {
    for (const format of FORMATS) this.#format.append(make("option", { value: format }, () => t(`format.${format}`)));
    const row = (key, field, ...more) => {
      field.id = `${prefix}-${field.name}`;
      const label = make("label", { htmlFor: field.id }, () => t(key));
      return make("div", { className: "row" }, label, field, ...more);
    };
    this.#hint.id = `${prefix}-format-hint`;
    const formatRow = row("format", this.#format);
    this.#format.setAttribute("aria-describedby", this.#hint.id);
    this.#toleranceRow = row("format.tolerance", this.#tolerance, this.#toleranceValue);
    say(this.#tolerance, () => t("format.tolerance-title"), "title");
    this.#classRow = row("format.which", this.#class);
    this.elements = [formatRow, this.#hint, this.#toleranceRow, this.#classRow];
    for (const field of [this.#format, this.#tolerance, this.#class]) {
      field.addEventListener("input", () => {
        this.#show();
        onChange();
      });
    }
    this.#show();
  }

  /** @returns {Choice} */
  get value() {
    return { format: this.#format.value, tolerance: this.#tolerance.valueAsNumber, class: this.#class.value };
  }

  get hasPolygons() {
    return POLYGONS.includes(this.#format.value);
  }

  /**
   * Offers classes for the format of one class.
   *
   * @param {{ name: string }[]} classes
   * @param {{ name: string }[]} all  of the model
   */
  offer(classes, all) {
    const before = this.#class.value;
    this.#names = all.map(({ name }) => name);
    this.#class.replaceChildren(...classes.map(({ name }) => make("option", { value: name }, () => className(name, this.#names))));
    if (classes.some(({ name }) => name === before)) this.#class.value = before;
  }

  #show() {
    const format = this.#format.value;
    say(this.#hint, () => t(`format.${format}.for`));
    this.#toleranceRow.hidden = !this.hasPolygons;
    this.#classRow.hidden = format !== "class";
    say(this.#toleranceValue, () => t("format.pixels", { pixels: number(this.#tolerance.valueAsNumber, this.#tolerance.valueAsNumber % 1 ? 1 : 0) }));
  }
}
