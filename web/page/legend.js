// The legend: the classes of the photo, the largest first.
//
// It owns the list. It is sent classes and the class under the pointer in the picture; it calls
// onHighlight with the class to highlight, or null: the hovered one, else the focused, else the pinned.

import { className, percentage, say } from "./texts.js";

export class Legend {
  #list = document.getElementById("legend");
  #hovered = null;
  #focused = null;
  #pinned = null;
  #onHighlight;

  /** @param {(classId: number | null) => void} onHighlight */
  constructor(onHighlight) {
    this.#onHighlight = onHighlight;
    this.#list.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") this.#hover(classOf(event.target));
    });
    this.#list.addEventListener("pointerleave", () => this.#hover(null));
    this.#list.addEventListener("focusin", ({ target }) => {
      if (target.matches(":focus-visible")) this.#focus(classOf(target));
    });
    this.#list.addEventListener("focusout", () => this.#focus(null));
    this.#list.addEventListener("click", ({ target }) => this.#togglePin(classOf(target)));
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    addEventListener("keydown", ({ key }) => key === "Escape" && this.clearHighlight());
  }

  /** @param {import("../segmenter.js").ClassArea[]} classes */
  show(classes) {
    this.#hovered = this.#focused = this.#pinned = null;
    this.#list.replaceChildren(...classes.map(entry));
    this.#items()[0]?.setAttribute("tabindex", "0");
  }

  /** Marks the class that the pointer is on in the picture. @param {number | null} classId */
  point(classId) {
    this.#hover(classId);
    const item = this.#items().find((found) => classOf(found) === classId);
    // Scrolls the list only: scrollIntoView would move the page under a finger.
    if (item) this.#list.scrollTop += overhang(item.parentElement, this.#list);
  }

  clearHighlight() {
    this.#hovered = this.#focused = null;
    this.#togglePin(null);
  }

  #items() {
    return [...this.#list.querySelectorAll("button")];
  }

  #hover(classId) {
    this.#hovered = classId;
    this.#update();
  }

  #focus(classId) {
    this.#focused = classId;
    this.#update();
  }

  #togglePin(classId) {
    this.#pinned = classId === this.#pinned ? null : classId;
    this.#update();
  }

  #update() {
    const lit = this.#hovered ?? this.#focused ?? this.#pinned;
    for (const item of this.#items()) {
      item.classList.toggle("lit", classOf(item) === lit);
      item.setAttribute("aria-pressed", classOf(item) === this.#pinned);
    }
    this.#onHighlight(lit);
  }

  /** One stop of the Tab key; arrows move within the list. */
  #move(event) {
    const items = this.#items();
    const at = items.indexOf(event.target);
    const last = items.length - 1;
    const next = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    items[at].setAttribute("tabindex", "-1");
    items[next].setAttribute("tabindex", "0");
    items[next].focus();
  }
}

/** @param {number} share  from 0 to 1 */
export function percent(share) {
  if (share < 0.001) return `<${percentage(0.001, 1)}`;
  return percentage(share, share < 0.0995 ? 1 : 0);
}

function entry({ id, name, colour, share }) {
  const item = document.createElement("button");
  item.type = "button";
  item.tabIndex = -1;
  item.dataset.classId = id;
  item.setAttribute("aria-pressed", "false");
  item.style.setProperty("--colour", colour);
  item.style.setProperty("--share", share);
  item.append(span("swatch"), span("name", () => className(name)), span("share", () => percent(share)));
  const line = document.createElement("li");
  line.append(item);
  return line;
}

function span(className, text = "") {
  const element = document.createElement("span");
  element.className = className;
  if (text) say(element, text);
  return element;
}

function classOf(element) {
  const id = element.closest("button")?.dataset.classId;
  return id === undefined ? null : Number(id);
}

/** How far an element sticks out of the box that scrolls it: below 0 at the top, above 0 at the bottom. */
function overhang(element, box) {
  const inner = element.getBoundingClientRect();
  const outer = box.getBoundingClientRect();
  return Math.min(0, inner.top - outer.top) + Math.max(0, inner.bottom - outer.bottom);
}
