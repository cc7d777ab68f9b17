// The legend: the classes of the picture, the largest first.
//
// It owns the list. It is sent classes and the class under the pointer in the picture. It calls
// onHighlight with the class to highlight or null (the hovered one, else the focused, else the pinned)
// and, for a live picture, onToggle with the class to show or hide.

import { className, percentage, say, t } from "./texts.js";

export class Legend {
  #list = document.getElementById("legend");
  #hovered = null;
  #focused = null;
  #pinned = null;
  #isChosen = () => true; // whether a class of that name is shown
  #onHighlight;

  /**
   * @param {(classId: number | null) => void} onHighlight
   * @param {(name: string) => void} onToggle
   */
  constructor(onHighlight, onToggle) {
    this.#onHighlight = onHighlight;
    this.#list.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") this.#hover(classOf(event.target));
    });
    this.#list.addEventListener("pointerleave", () => this.#hover(null));
    this.#list.addEventListener("focusin", ({ target }) => {
      if (target.matches(":focus-visible")) this.#focus(classOf(target));
    });
    this.#list.addEventListener("focusout", () => this.#focus(null));
    this.#list.addEventListener("click", ({ target }) => {
      const toggle = target.closest(".toggle");
      if (toggle) onToggle(toggle.dataset.name);
      else if (classOf(target) !== null) this.#togglePin(classOf(target));
    });
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    addEventListener("keydown", ({ key }) => key === "Escape" && this.clearHighlight());
  }

  /** @param {import("../library/segmenter.js").ClassArea[]} classes */
  show(classes) {
    this.#hovered = this.#focused = this.#pinned = null;
    this.#list.replaceChildren(...classes.map(entry));
    this.#items()[0]?.setAttribute("tabindex", "0");
    this.#mark();
  }

  /** Shows the classes of the next frame, in the same entries. @param {import("../library/segmenter.js").ClassArea[]} classes */
  update(classes) {
    const lines = new Map([...this.#list.children].map((line) => [Number(line.dataset.classId), line]));
    const wanted = classes.map((info) => {
      const line = lines.get(info.id) ?? entry(info);
      showShare(line, info.share);
      return line;
    });
    if (this.#list.matches(":hover") || this.#list.contains(document.activeElement)) {
      // Nothing moves under a pointer: classes that went have no share, new ones go to the end.
      for (const line of lines.values()) if (!wanted.includes(line)) showShare(line, 0);
      for (const line of wanted) if (!line.isConnected) this.#list.append(line);
    } else if (wanted.some((line, i) => line !== this.#list.children[i]) || wanted.length !== lines.size) {
      this.#list.replaceChildren(...wanted);
    }
    const items = this.#items();
    if (!items.some((item) => item.tabIndex === 0)) items[0]?.setAttribute("tabindex", "0");
    this.#mark();
  }

  /** @param {(name: string) => boolean} isChosen  tells which classes are shown, or kept */
  choose(isChosen) {
    this.#isChosen = isChosen;
    this.#mark();
  }

  #mark() {
    for (const toggle of this.#list.querySelectorAll(".toggle")) {
      const isChosen = this.#isChosen(toggle.dataset.name);
      toggle.setAttribute("aria-pressed", isChosen);
      toggle.parentElement.classList.toggle("off", !isChosen);
    }
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
    return [...this.#list.querySelectorAll(".item")];
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

  /** The list is one stop of the Tab key; arrows move within it. */
  #move(event) {
    const items = this.#items();
    const at = items.indexOf(event.target);
    if (at < 0) return; // a toggle
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
  item.className = "item";
  item.tabIndex = -1;
  item.dataset.classId = id;
  item.setAttribute("aria-pressed", "false");
  item.style.setProperty("--colour", colour);
  item.append(span("swatch"), span("name", () => className(name)), span("share"));
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.className = "toggle";
  toggle.dataset.name = name;
  say(toggle, () => t("legend.toggle", { class: className(name) }), "aria-label");
  const line = document.createElement("li");
  line.dataset.classId = id;
  line.append(item, toggle);
  showShare(line, share);
  return line;
}

function showShare(line, share) {
  const item = line.querySelector(".item");
  item.style.setProperty("--share", share);
  say(item.querySelector(".share"), () => percent(share));
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
