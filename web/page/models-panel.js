// The panel of models: a list to choose from, in a dialog.
//
// It owns the dialog and what loads in it, and the note beside its link that says so while it is closed. models.js sends it entries, progress and errors; it calls
// the methods of models.js for what the visitor does.

import { button, loadStyles, make } from "./elements.js";
import { classChip, errorLine, factsOf, noteOf, showProgress, size, textOfError, textOfProgress } from "./models-view.js";
import { showMessage } from "./status.js";
import { say, t } from "./texts.js";

const STYLES = "page/models.css";

/** How long a button asks again before it forgets: in milliseconds. */
const DOUBT = 5000;

const LONGEST_NAME = 80;

export class ModelsPanel {
  #models;
  #dialog;
  #list = make("ul", { className: "models-list" });
  #status = make("p", { className: "unseen" });
  #storage = make("p", { className: "models-storage" });
  #note = make("span", { id: "models-note", hidden: true });
  #input = make("input", { type: "file", multiple: true, hidden: true, tabIndex: -1 });
  /** What happens to entries, by id: { progress } or { error }. */
  #states = new Map();
  #shown = { entries: [], inUse: null, room: undefined };
  #opened = new Set(); // ids of entries whose details are shown

  /** @param {import("./models.js").Models} models */
  static async create(models) {
    await loadStyles(STYLES);
    return new ModelsPanel(models);
  }

  constructor(models) {
    this.#models = models;
    this.#status.setAttribute("role", "status");
    this.#input.accept = ".safetensors,.pth,.pt,.ckpt,.bin,.npz,.yml,.yaml";
    say(this.#input, () => t("models.file"), "aria-label");
    this.#input.addEventListener("change", () => {
      const files = [...this.#input.files];
      this.#input.value = "";
      if (files.length > 0) this.#models.take(files);
    });
    const title = make("h2", { id: "models-title" }, () => t("models.title"));
    const close = button("models-close", () => t("models.close"), () => this.#dialog.close());
    const add = button("models-add", () => t("models.add"), () => this.#input.click());
    this.#dialog = make("dialog", { id: "models", className: "speed models" }, title, make("p", {}, () => t("models.pitch")),
      this.#list, this.#storage, make("p", { className: "actions" }, add, close), this.#input, this.#status);
    this.#dialog.setAttribute("aria-labelledby", title.id);
    this.#dialog.addEventListener("click", ({ target }) => target === this.#dialog && this.#dialog.close()); // outside
    this.#dialog.addEventListener("close", () => this.#forgetErrors()); // they have been seen
    document.body.append(this.#dialog);
    document.getElementById("models-open").after(" ", this.#note);
  }

  open() {
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /**
   * @param {import("./models.js").Entry[]} entries
   * @param {string | null} inUse  the id of the one in use
   * @param {number} [room]  bytes that are left on this device
   */
  show(entries, inUse, room) {
    const before = this.#shown.inUse;
    this.#shown = { entries, inUse, room };
    this.#render();
    const failed = [...this.#states].find(([, { error }]) => error)?.[0];
    const shown = failed ?? (inUse !== before ? inUse : null);
    if (shown !== null) this.#reveal(shown);
  }

  begin(id) {
    this.#forgetErrors();
    this.#states.set(id, { progress: {} });
    this.#showNote({});
    this.#render();
    this.#reveal(id);
  }

  #forgetErrors() {
    for (const [id, { error }] of this.#states) if (error) this.#states.delete(id);
  }

  /** Scrolls the list, where an entry has something to say. */
  #reveal(id) {
    this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} id @param {{ stage: string, loaded?: number, total?: number }} progress */
  progress(id, progress) {
    const state = this.#states.get(id);
    if (!state?.progress) return;
    state.progress = progress;
    this.#showNote(progress);
    const line = this.#list.querySelector(`[data-id="${CSS.escape(id)}"] .models-progress`);
    if (line) showProgress(line, progress);
  }

  /** @param {string} id @param {Error} error */
  fail(id, error) {
    this.#states.set(id, { error });
    if (!error.code) console.error(error);
    if (this.#dialog.open) return;
    const action = { label: () => t("models"), run: () => this.#models.open() };
    showMessage(() => textOfError(error), { kind: "error", action });
  }

  end(id) {
    if (this.#states.get(id)?.progress) this.#states.delete(id);
    this.#note.hidden = true;
  }

  /** Says how far a model is, for visitors who have closed the panel meanwhile. */
  #showNote(progress) {
    this.#note.hidden = false;
    say(this.#note, () => textOfProgress(progress));
  }

  #render() {
    const { entries, inUse } = this.#shown;
    const focused = document.activeElement?.closest("#models [data-focus]");
    const [focus, id] = [focused?.dataset.focus, focused?.closest("[data-id]")?.dataset.id];
    const lines = entries.map((entry) => this.#line(entry, entry.id === inUse));
    if (this.#states.has("new")) lines.unshift(this.#newLine());
    this.#list.replaceChildren(...lines);
    this.#showStorage();
    if (focus) this.#focusAgain(focus, id);
    const used = entries.find(({ id }) => id === inUse);
    if (used) say(this.#status, () => t("models.status", { name: used.title }));
  }

  /** Focuses what had the focus, or what there is now in the same entry. */
  #focusAgain(focus, id = "") {
    const entry = `[data-id="${CSS.escape(id)}"]`;
    const places = [`[data-focus="${CSS.escape(focus)}"]:not([hidden])`, `${entry} [data-focus="cancel"]`, `${entry} summary`];
    for (const place of places) {
      const element = this.#dialog.querySelector(place);
      if (element) return element.focus();
    }
    this.#dialog.querySelector("#models-add").focus();
  }

  #line(entry, isInUse) {
    const { id, kind, title, stored } = entry;
    const line = make("li", { className: isInUse ? "models-entry in-use" : "models-entry" });
    line.dataset.id = id;
    const state = this.#states.get(id);
    const mark = isInUse ? make("strong", { className: "models-mark" }, () => t("models.in-use")) : this.#button(`${id} use`, () => t("models.use"), () => this.#models.use(entry));
    if (!isInUse) say(mark, () => t("models.use-this", { name: title }), "aria-label");
    if (state?.progress) mark.hidden = true;
    const kinds = kind === "own" && !stored ? "models.unkept" : `models.${kind}`;
    const facts = make("p", { className: "facts" }, () => factsOf(entry, t(kinds)));
    line.append(make("div", { className: "models-head" }, make("div", {}, make("h3", {}, title), facts), mark));
    if (state?.progress) line.append(this.#progressLine(state.progress));
    if (state?.error) line.append(errorLine(state.error));
    line.append(this.#details(entry));
    return line;
  }

  /** What is brought in has no entry yet. */
  #newLine() {
    const { progress, error } = this.#states.get("new");
    const line = make("li", { className: "models-entry" }, make("h3", {}, () => t(error ? "models.refused" : "models.new")));
    line.dataset.id = "new";
    line.append(progress ? this.#progressLine(progress) : errorLine(error));
    return line;
  }

  #progressLine(progress) {
    const text = make("span", { id: "models-progress-text" });
    const bar = make("progress", {});
    bar.setAttribute("aria-labelledby", text.id);
    const cancel = this.#button("cancel", () => t("cancel"), () => this.#models.cancel());
    const line = make("div", { className: "models-progress" }, text, bar, cancel);
    showProgress(line, progress);
    return line;
  }

  #details(entry) {
    const { id, kind, classes, licence, source, notes = [], others = [] } = entry;
    const details = make("details", { open: this.#opened.has(id) });
    details.addEventListener("toggle", () => (details.open ? this.#opened.add(id) : this.#opened.delete(id)));
    const summary = make("summary", {}, () => t("models.details"));
    say(summary, () => t("models.details-of", { name: entry.title }), "aria-label");
    summary.dataset.focus = `${id} details`;
    details.append(summary);
    const names = classes.map(({ name }) => name);
    const chips = classes.map((info) => classChip(info, names));
    if (chips.length > 0) details.append(make("ul", { className: "models-classes" }, ...chips));
    const facts = [["models.licence", licence], ["models.source", source], ["models.notes", notes.length > 0 && (() => notes.map(noteOf).join(" "))]];
    const shown = facts.filter(([, text]) => text);
    if (shown.length > 0) details.append(make("dl", {}, ...shown.flatMap(([key, text]) => [make("dt", {}, () => t(key)), make("dd", {}, text)])));
    for (const place of others) {
      const add = this.#button(`${id} ${place}`, () => t("models.other", { place }), () => this.#models.takeOther(entry, place), "link");
      details.append(make("p", { className: "models-tools" }, add));
    }
    if (kind === "own" && !entry.isArriving) details.append(this.#tools(entry));
    return details;
  }

  #tools(entry) {
    const { id } = entry;
    const tools = make("p", { className: "models-tools" });
    tools.append(
      this.#button(`${id} rename`, () => t("models.rename"), () => this.#rename(entry), "link"),
      this.#button(`${id} save`, () => t("models.save"), () => this.#run(id, () => this.#models.save(entry)), "link"),
      this.#sure(`${id} remove`, "models.remove", "models.remove-sure", () => this.#run(id, () => this.#models.remove(entry))),
    );
    return tools;
  }

  /**
   * Has the visitor write another name where the old one stands. (Into no field of a form: for those,
   * browsers ask their makers what to fill in.)
   */
  #rename(entry) {
    const title = this.#list.querySelector(`[data-id="${CSS.escape(entry.id)}"] h3`);
    const field = make("span", { className: "models-name", contentEditable: "true", textContent: entry.title });
    field.setAttribute("role", "textbox");
    say(field, () => t("models.name"), "aria-label");
    let isDone = false;
    const finish = async (name) => {
      if (isDone) return;
      isDone = true;
      await this.#run(entry.id, async () => name && name !== entry.title && this.#models.rename(entry, name));
      this.#render();
      this.#list.querySelector(`[data-focus="${CSS.escape(entry.id)} rename"]`)?.focus();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault(); // the dialog stays, and the name has one line
      finish(event.key === "Enter" ? field.textContent.trim().slice(0, LONGEST_NAME) : "");
    });
    field.addEventListener("blur", () => finish(field.textContent.trim().slice(0, LONGEST_NAME)));
    title.replaceChildren(field);
    field.focus();
    getSelection().selectAllChildren(field);
  }

  #showStorage() {
    const { entries, room } = this.#shown;
    const kept = entries.filter(({ kind, stored }) => kind !== "built-in" && stored);
    const bytes = kept.reduce((sum, entry) => sum + entry.bytes, 0);
    this.#storage.hidden = kept.length === 0;
    const text = make("span", {}, () => t("models.storage", { size: size(bytes) }) + (room === undefined ? "" : t("models.room", { size: size(room) })));
    this.#storage.replaceChildren(text, " ", this.#sure("free", "models.free", "models.free-sure", () => this.#run("free", () => this.#models.free())));
  }

  /** A button that asks again, since what it removes may be the only copy. */
  #sure(focus, key, question, run) {
    let isAsking = false;
    const element = this.#button(focus, () => t(isAsking ? question : key), () => {
      if (isAsking) return run();
      const ask = (asks) => {
        isAsking = asks;
        element.classList.toggle("sure", asks);
        say(element, () => t(asks ? question : key));
      };
      ask(true);
      setTimeout(ask, DOUBT, false);
    }, "link");
    return element;
  }

  async #run(id, task) {
    try {
      await task();
    } catch (error) {
      this.fail(id, error);
      this.#render();
    }
  }

  #button(focus, text, run, className = "") {
    const element = button("", text, run);
    element.className = className;
    element.dataset.focus = focus;
    return element;
  }
}

/** Settles when the panel's styles are there, or cannot be had. */
