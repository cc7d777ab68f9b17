// What the queue shows: a small picture of each photo, how far all are, and what can be done.
//
// It owns the section that stands in the place of the picture while the queue is open, and the bar that
// leads back to it. queue.js sends it photos and counts; it calls hooks for what the visitor does.

import { button, make } from "../elements.js";
import { FormatChoice } from "../formats.js";
import { className, say, sentenceOf, t } from "../texts.js";

/** So many entries are made at once: a folder may hold thousands. */
const SLICE = 60;

/** @typedef {import("./work.js").Item} Item */

export class QueueView {
  #hooks;
  #title = make("h2", { id: "queue-title", tabIndex: -1 });
  #facts = make("p", { className: "facts", id: "queue-facts" });
  #bar = make("progress", { id: "queue-progress" });
  #pause;
  #cancel;
  #list = make("ul", { className: "queue-list" });
  #empty = make("p", { className: "queue-empty" }, () => t("queue.pitch"));
  #results;
  #zip;
  #folder;
  #saved = make("p", { className: "facts", id: "queue-saved" });
  #saving = make("div", { className: "queue-saving", hidden: true });
  #section;
  #back;
  #entries = new Map(); // id → { item, line, photo, picture, note, thumbnail: URL or "" }
  #wanted = new Set(); // ids of entries in sight that have no small picture
  #isLooking = false;
  #observer = new IntersectionObserver((seen) => this.#see(seen), { rootMargin: "200px" });
  #adding = Promise.resolve();

  /** What results are written as. */
  choice = new FormatChoice("queue", () => {});

  /**
   * @param {object} hooks
   * @param {() => void} hooks.onPause  or go on
   * @param {() => void} hooks.onCancel  or do after all what was cancelled
   * @param {(files: File[]) => void} hooks.onFiles
   * @param {() => void} hooks.onFolder  the visitor wants to choose one
   * @param {(item: Item) => void} hooks.onOpen
   * @param {(item: Item) => void} hooks.onRetry
   * @param {() => void} hooks.onShow  the queue, from the bar
   * @param {() => void} hooks.onClose
   * @param {() => void} hooks.onClear
   * @param {() => void} hooks.onArchive
   * @param {() => void} hooks.onResultFolder
   * @param {(item: Item) => Promise<Blob>} hooks.thumbnail
   * @param {{ folders: boolean, resultFolders: boolean }} can
   */
  constructor(hooks, can) {
    this.#hooks = hooks;
    this.#bar.setAttribute("aria-labelledby", "queue-facts");
    this.#saved.setAttribute("role", "status");
    this.#list.addEventListener("click", ({ target }) => this.#press(target));
    this.#list.addEventListener("keydown", (event) => this.#move(event));
    say(this.#list, () => t("queue.list"), "aria-label");
    this.#pause = button("queue-pause", () => t("queue.pause"), hooks.onPause);
    this.#cancel = button("queue-cancel", () => t("queue.cancel"), hooks.onCancel);
    const panel = make("div", { className: "queue-panel" },
      make("div", { className: "queue-head" }, this.#title, button("queue-close", () => t("queue.close"), hooks.onClose)),
      this.#empty, this.#facts, this.#bar,
      make("p", { className: "actions" }, this.#pause, this.#cancel),
      make("p", { className: "actions" }, ...this.#adders(can.folders)),
      this.#makeResults(can.resultFolders));
    this.#section = make("section", { id: "queue", className: "queue", hidden: true }, panel, make("div", {}, this.#list));
    this.#section.setAttribute("aria-labelledby", this.#title.id);
    document.querySelector("main").append(this.#section);
    this.#back = button("queue-back", "", hooks.onShow);
    const bar = make("nav", { className: "queue-bar" }, this.#back);
    say(bar, () => t("queue.many"), "aria-label");
    document.querySelector("main").before(bar);
  }

  /** Buttons that add photos, and the fields behind them. */
  #adders(hasFolders) {
    const field = make("input", { type: "file", id: "queue-files", accept: "image/*", multiple: true, hidden: true, tabIndex: -1 });
    say(field, () => t("queue.add"), "aria-label");
    field.addEventListener("change", () => {
      const files = [...field.files];
      field.value = "";
      if (files.length > 0) this.#hooks.onFiles(files);
    });
    const add = button("queue-add", () => t("queue.add"), () => field.click());
    return [add, ...(hasFolders ? [button("queue-add-folder", () => t("queue.add-folder"), this.#hooks.onFolder)] : []),
      button("queue-clear", () => t("queue.clear"), this.#hooks.onClear), field];
  }

  #makeResults(hasFolders) {
    this.#zip = make("button", { type: "button", id: "queue-zip", className: "primary" });
    this.#zip.addEventListener("click", this.#hooks.onArchive);
    this.#folder = button("queue-folder", () => t("queue.folder"), this.#hooks.onResultFolder);
    this.#folder.hidden = !hasFolders;
    const form = make("form", { className: "queue-form" }, ...this.choice.elements, make("p", { className: "actions" }, this.#zip, this.#folder), this.#saving, this.#saved);
    form.addEventListener("submit", (event) => event.preventDefault());
    // On a phone it would stand between the visitor and the photos.
    this.#results = make("details", { className: "queue-results", open: matchMedia("(min-width: 900px)").matches }, make("summary", {}, () => t("queue.results")), form);
    return this.#results;
  }

  get isOpen() {
    return !this.#section.hidden;
  }

  /** @param {Item} [item]  to focus */
  open(item) {
    this.#section.hidden = false;
    document.documentElement.dataset.queue = "open";
    const photo = item && this.#entries.get(item.id)?.photo;
    if (photo) this.#focus(photo);
    else this.#title.focus();
  }

  close() {
    this.#section.hidden = true;
    if (this.#entries.size > 0) document.documentElement.dataset.queue = "behind";
    else delete document.documentElement.dataset.queue;
    if (this.#entries.size > 0) this.#back.focus({ preventScroll: true });
  }

  clear() {
    for (const { thumbnail, line } of this.#entries.values()) {
      this.#observer.unobserve(line);
      if (thumbnail) URL.revokeObjectURL(thumbnail);
    }
    this.#entries.clear();
    this.#wanted.clear();
    this.#list.replaceChildren();
    say(this.#saved, "");
  }

  /** @param {Item[]} items */
  add(items) {
    this.#adding = this.#adding.then(async () => {
      for (let at = 0; at < items.length; at += SLICE) {
        for (const item of items.slice(at, at + SLICE)) this.#addEntry(item);
        await new Promise((resolve) => setTimeout(resolve));
      }
    });
  }

  #addEntry(item) {
    const picture = make("img", { alt: "", decoding: "async", hidden: true });
    const note = make("span", { className: "queue-note" });
    const photo = make("button", { type: "button", className: "queue-photo", tabIndex: this.#entries.size === 0 ? 0 : -1 },
      make("span", { className: "queue-picture" }, picture), make("span", { className: "queue-name" }, item.name), note);
    const line = make("li", {}, photo);
    line.dataset.id = item.id;
    this.#entries.set(item.id, { item, line, photo, picture, note, thumbnail: "" });
    this.#list.append(line);
    this.#observer.observe(line);
    this.update(item);
  }

  /** @param {Item} item  that has changed */
  update(item) {
    const entry = this.#entries.get(item.id);
    if (!entry) return;
    entry.line.dataset.state = item.state;
    say(entry.note, () => noteOf(item));
    if (item.kept) this.#showThumbnail(entry, item.kept.thumbnail);
  }

  #showThumbnail(entry, blob) {
    if (entry.thumbnail) URL.revokeObjectURL(entry.thumbnail);
    entry.thumbnail = URL.createObjectURL(blob);
    entry.picture.src = entry.thumbnail;
    entry.picture.hidden = false;
    this.#wanted.delete(entry.item.id);
  }

  /** Small pictures of photos that wait are made when these come in sight, one at a time. */
  #see(seen) {
    for (const { target, isIntersecting } of seen) {
      const entry = this.#entries.get(Number(target.dataset.id));
      if (isIntersecting && entry && !entry.thumbnail) this.#wanted.add(entry.item.id);
      else if (entry) this.#wanted.delete(entry.item.id);
    }
    this.#look();
  }

  async #look() {
    if (this.#isLooking) return;
    this.#isLooking = true;
    for (const id of this.#wanted) {
      this.#wanted.delete(id);
      const entry = this.#entries.get(id);
      if (!entry || entry.thumbnail || ["working", "failed"].includes(entry.item.state)) continue;
      const blob = await this.#hooks.thumbnail(entry.item).catch(() => null); // the error comes at its turn
      if (blob && !entry.thumbnail && this.#entries.has(id)) this.#showThumbnail(entry, blob);
    }
    this.#isLooking = false;
  }

  /** @param {import("./work.js").Work} work */
  showProgress({ counts, secondsLeft, isPaused }) {
    const { all, waiting, working, done, there, failed, cancelled } = counts;
    const left = waiting + working;
    const ended = all - left;
    say(this.#title, () => (all > 0 ? t("queue.title", { count: all }) : t("queue.many")));
    say(this.#facts, () => [
      done > 0 && t("queue.done", { number: done }),
      there > 0 && t("queue.there", { number: there }),
      failed > 0 && t("queue.failed", { number: failed }),
      cancelled > 0 && t("queue.cancelled", { number: cancelled }),
      left > 0 && (isPaused ? t("queue.paused", { number: left }) : timeLeft(left, secondsLeft)),
    ].filter(Boolean).join(" · "));
    this.#bar.max = all || 1;
    this.#bar.value = ended;
    this.#bar.hidden = all === 0;
    this.#empty.hidden = all > 0;
    this.#section.toggleAttribute("data-empty", all === 0);
    hide(this.#pause, left === 0, this.#title);
    say(this.#pause, () => t(isPaused ? "queue.resume" : "queue.pause"));
    hide(this.#cancel, left === 0 && cancelled === 0, this.#title);
    say(this.#cancel, () => t(left > 0 ? "queue.cancel" : "queue.cancelled-again", { number: cancelled }));
    hide(this.#section.querySelector("#queue-clear"), all === 0 || left > 0, this.#title);
    this.#results.hidden = all === 0;
    this.#zip.disabled = done === 0;
    say(this.#zip, () => t("queue.zip", { count: done }));
    say(this.#back, () => t("queue.back", { done: ended, all }));
  }

  /** Says where results are. @param {() => string} text */
  showSaved(text) {
    say(this.#saved, text);
  }

  /** @param {{ done: number, total: number, onCancel: () => void } | null} progress  of an archive */
  showSaving(progress) {
    if (!progress) {
      this.#zip.hidden = false;
      hide(this.#saving, true, this.#zip);
      this.#saving.replaceChildren();
      return;
    }
    const { done, total, onCancel } = progress;
    this.#saving.hidden = false;
    if (!this.#saving.firstChild) {
      const text = make("span", { id: "queue-saving-text" });
      const bar = make("progress", {});
      bar.setAttribute("aria-labelledby", text.id);
      this.#saving.append(text, bar, button("queue-saving-cancel", () => t("cancel"), onCancel));
    }
    const [text, bar] = this.#saving.children;
    say(text, () => t("queue.saving", { done, total }));
    Object.assign(bar, { max: total, value: done });
    hide(this.#zip, true, this.#saving.lastChild);
  }

  #press(target) {
    const photo = target.closest(".queue-photo");
    if (!photo) return;
    const { item } = this.#entries.get(Number(photo.parentElement.dataset.id));
    this.#focus(photo);
    if (item.state === "failed" || item.state === "cancelled") this.#hooks.onRetry(item);
    else this.#hooks.onOpen(item);
  }

  /** The list is one stop of the Tab key; arrows move within it. */
  #move(event) {
    const photos = [...this.#list.querySelectorAll(".queue-photo")];
    const at = photos.indexOf(event.target);
    if (at < 0) return;
    const last = photos.length - 1;
    const columns = Math.max(1, photos.findIndex(({ offsetTop }) => offsetTop > photos[0].offsetTop));
    const next = {
      ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: last,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (next >= 0 && next <= last) this.#focus(photos[next]);
  }

  #focus(photo) {
    this.#list.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    photo.setAttribute("tabindex", "0");
    photo.focus();
  }
}

/** Hides an element, or shows it. If it has the focus, another gets that. */
function hide(element, isHidden, next) {
  const hasFocus = element.contains(document.activeElement);
  element.hidden = isHidden;
  if (isHidden && hasFocus) next.focus();
}

/** What is known of a photo, in a few words. @param {Item} item */
function noteOf({ state, error, kept }) {
  if (state === "failed") return t("queue.state.failed", { sentence: textOf(error) });
  if (state !== "done") return t(`queue.state.${state}`);
  const names = kept.classes.map(({ name }) => name);
  return kept.found.slice(0, 3).map(({ name }) => className(name, names)).join(t("comma"));
}

/** @param {Error} error */
export function textOf(error) {
  return isOurs(error) ? sentenceOf(error) : t("error.unknown", { message: error.message });
}

/** Whether an error has a code of the library. Those of browsers may have numbers. */
export function isOurs({ code }) {
  return typeof code === "string";
}

function timeLeft(left, seconds) {
  if (seconds === undefined) return t("queue.left", { number: left });
  if (seconds < 90) return t("queue.seconds", { number: Math.max(1, Math.round(seconds)) });
  return t("queue.minutes", { number: Math.round(seconds / 60) });
}
