// The queue: many photos, segmented one after the other, and their results saved together.
//
// It owns the work, what is kept of each photo, where results go, and whether the queue or the picture
// is shown. app.js, which loads it when there are several photos, sends it files and folders; it has
// app.js show a photo, and take a folder that holds a model. In the browser's history, the queue and a
// photo of it are entries of their own.

import { abortError, unlessAborted } from "../library/errors.js";
import { download } from "./download.js";
import { loadStyles } from "./elements.js";
import { loadFormats } from "./formats.js";
import { look, ofField } from "./queue/folders.js";
import { Keeper } from "./queue/keeper.js";
import { ResultFolder, writeArchive } from "./queue/results.js";
import { isOurs, QueueView, textOf } from "./queue/view.js";
import { Work } from "./queue/work.js";
import { announce, showMessage } from "./status.js";
import { addTexts, t } from "./texts.js";

const STYLES = "page/queue/queue.css";

/** @typedef {import("./queue/work.js").Item} Item */

/** @param {object} hooks  see class PhotoQueue */
export async function openQueue(hooks) {
  await Promise.all([
    loadStyles(STYLES),
    loadFormats(),
    addTexts({ en: () => import("./texts/queue-en.js"), zh: () => import("./texts/queue-zh.js") }),
  ]);
  return new PhotoQueue(hooks);
}

export class PhotoQueue {
  #hooks;
  #work = new Work({
    segment: (item, signal) => this.#segment(item, signal),
    onChange: (item) => this.#changed(item),
    onEnd: () => this.#ended(),
    onTrouble: (error) => this.#report(error, () => this.#work.resume()),
  });
  #keeper = new Keeper();
  #view;
  /** The settings of all photos, so that their results go together; null until one is at work. */
  #options = null;
  /** Where results go while photos are done. @type {ResultFolder | null} */
  #folder = null;
  /** The archive that is written. @type {AbortController | null} */
  #archive = null;
  #isShowing = false; // progress, in a moment
  #isUnsaved = false; // whether a result would be lost with the page
  /** The photo that is shown. @type {Item | null} */
  #shown = null;

  /**
   * @param {object} hooks
   * @param {() => Promise<import("../library/segmenter.js").Segmenter>} hooks.segmenter
   * @param {() => object} hooks.options  for Segmenter.segment
   * @param {() => string} hooks.modelName  as the log of results has it
   * @param {() => void} hooks.begin     photos come: a live picture ends
   * @param {(file: File) => void} hooks.show  a photo in the place of the picture
   * @param {(folders: FileSystemDirectoryEntry[]) => void} hooks.takeModel
   */
  constructor(hooks) {
    this.#hooks = hooks;
    this.#view = new QueueView({
      onPause: () => this.#pauseOrResume(),
      onCancel: () => this.#cancelOrResume(),
      onFiles: (files) => this.#add(ofField(files)),
      onFolder: () => this.#chooseFolder(),
      onOpen: (item) => this.#show(item),
      onRetry: (item) => this.#work.retry(item),
      onShow: () => (history.state?.view === "photo" ? history.back() : this.open()),
      onClose: () => (history.state?.view === "queue" ? history.back() : this.#view.close()),
      onClear: () => this.#clear(),
      onArchive: () => this.#saveArchive(),
      onResultFolder: () => this.#saveFolder(),
      thumbnail: ({ file }) => this.#keeper.thumbnail(file),
    }, {
      folders: "showDirectoryPicker" in globalThis || "webkitdirectory" in HTMLInputElement.prototype,
      resultFolders: "showDirectoryPicker" in globalThis,
    });
    this.#showProgress();
    addEventListener("beforeunload", (event) => {
      if (this.#isUnsaved || !this.#isAtRest) event.preventDefault(); // the browser asks
    });
    addEventListener("popstate", ({ state }) => {
      if (state?.view === "queue") this.#view.open(this.#shown);
      else if (this.#view.isOpen) this.#view.close();
    });
  }

  open() {
    if (history.state?.view !== "queue") history.pushState({ view: "queue" }, "");
    if (!this.#view.isOpen) this.#view.open();
  }

  /** @param {File[]} files */
  take(files) {
    this.#add(ofField(files));
  }

  /** What was dropped with folders: photos, or a model. @param {FileSystemEntry[]} entries */
  async takeEntries(entries) {
    const { photos, isModel } = await look(entries);
    if (isModel) this.#hooks.takeModel(entries.filter(({ isDirectory }) => isDirectory));
    else this.#add(photos);
  }

  /** A live picture needs the engine, and the place. */
  makeWay() {
    this.#work.pause();
    if (this.#view.isOpen) this.#view.close();
    this.#showProgress();
  }

  /** The page works with another model. */
  changeModel() {
    if (this.#work.items.length === 0) return;
    this.#archive?.abort();
    this.#closeFolder();
    this.#options = null;
    this.#work.doAgain();
    this.#offerClasses();
  }

  async #add(photos) {
    if (photos.length === 0) return;
    this.#hooks.begin();
    this.open();
    if (this.#isAtRest) this.#work.resume(); // a pause was for others
    const added = this.#work.add(photos);
    this.#view.add(added);
    this.#showProgress();
    this.#offerClasses();
    if (this.#folder) await this.#skipThere(added);
    this.#work.start();
    if (this.#isAtRest) this.#ended();
  }

  get #isAtRest() {
    const { waiting, working } = this.#work.counts;
    return waiting + working === 0;
  }

  /** After all changes of the moment. */
  #showProgress() {
    if (this.#isShowing) return;
    this.#isShowing = true;
    queueMicrotask(() => {
      this.#isShowing = false;
      this.#view.showProgress(this.#work);
    });
  }

  async #offerClasses() {
    const segmenter = await this.#hooks.segmenter().catch(() => null); // reported where a photo needs it
    const classes = segmenter?.model.classes ?? [];
    this.#view.choice.offer(classes, classes);
  }

  async #chooseFolder() {
    if ("showDirectoryPicker" in globalThis) {
      const folder = await picked(() => showDirectoryPicker({ id: "photos" }));
      if (!folder) return;
      const { photos } = await look([folder]);
      if (photos.length > 0) this.#add(photos);
      else showMessage(() => t("queue.no-photos", { folder: folder.name }));
      return;
    }
    const field = Object.assign(document.createElement("input"), { type: "file", webkitdirectory: true });
    field.addEventListener("change", () => this.#add(ofField([...field.files])));
    field.click();
  }

  #show(item) {
    this.#shown = item;
    history.pushState({ view: "photo" }, "");
    this.#view.close();
    this.#hooks.show(item.file);
  }

  #pauseOrResume() {
    if (this.#work.isPaused) this.#work.resume();
    else this.#work.pause();
    this.#showProgress();
  }

  #cancelOrResume() {
    if (this.#isAtRest) this.#work.retryCancelled();
    else this.#work.cancel();
  }

  #clear() {
    this.#archive?.abort();
    this.#closeFolder();
    this.#view.clear();
    this.#work.clear();
    this.#options = null;
    this.#shown = null;
    this.#isUnsaved = false;
    this.#showProgress();
  }

  async #segment(item, signal) {
    const segmenter = await unlessAborted(this.#hooks.segmenter(), signal);
    this.#options ??= this.#hooks.options();
    const begun = performance.now();
    const { classes } = segmenter.model;
    const result = await segmenter.segment(item.file, { ...this.#options, signal });
    const { classes: found } = result;
    const kept = await this.#keeper.keep(item.file, result);
    if (signal.aborted) throw abortError(signal);
    return { ...kept, classes, found, seconds: (performance.now() - begun) / 1000 };
  }

  #changed(item) {
    this.#view.update(item);
    this.#showProgress();
    const isDone = item.state === "done";
    if (isDone && !this.#folder) this.#isUnsaved = true;
    if (this.#folder && isDone) this.#keepInFolder(this.#folder, (folder) => folder.add(item));
    if (this.#folder && item.state === "failed") this.#keepInFolder(this.#folder, (folder) => folder.fail(item));
  }

  #ended() {
    const { done, there, failed } = this.#work.counts;
    announce(() => t("queue.ended", { done: done + there, failed }));
    if (this.#folder) this.#keepInFolder(this.#folder, (folder) => folder.finish());
  }

  // Results.

  /** The classes are those of the model that made the results. @returns {import("./queue/results.js").Form} */
  async #form(choice) {
    const { classes } = (await this.#hooks.segmenter()).model;
    this.#options ??= this.#hooks.options();
    return { ...choice, classes };
  }

  async #saveArchive() {
    if (this.#archive) return;
    const items = this.#work.items.filter(({ state }) => state === "done");
    const choice = this.#view.choice.value;
    const sink = await archiveSink(`masks-${choice.format}.zip`).catch((error) => this.#report(error, () => this.#saveArchive()));
    if (!sink) return;
    const { signal } = (this.#archive = new AbortController());
    const onProgress = (done) => this.#view.showSaving({ done, total: items.length, onCancel: () => this.#archive?.abort() });
    try {
      onProgress(0);
      await writeArchive(items, await this.#form(choice), this.#keeper, sink.write, { signal, onProgress });
      signal.throwIfAborted();
      await sink.close();
      this.#isUnsaved = this.#work.counts.done > items.length;
      this.#view.showSaved(() => t("queue.saved-archive", { count: items.length }));
    } catch (error) {
      await sink.abort();
      if (!signal.aborted) this.#report(error, () => this.#saveArchive());
    } finally {
      this.#archive = null;
      this.#view.showSaving(null);
    }
  }

  async #saveFolder() {
    const choice = this.#view.choice.value;
    try {
      const handle = await picked(() => showDirectoryPicker({ id: "results", mode: "readwrite" }));
      if (!handle) return;
      const form = await this.#form(choice);
      await this.#closeFolder(); // which may be the same
      const folder = await ResultFolder.open(handle, form, this.#keeper, this.#header(form));
      this.#folder = folder;
      const done = this.#work.items.filter(({ state }) => state === "done"); // others come when they are
      this.#showFolder();
      await this.#skipThere(this.#work.items);
      for (const item of done) if (!(await folder.isThere(item.name))) this.#keepInFolder(folder, () => folder.add(item));
      this.#isUnsaved = false;
      if (this.#isAtRest) this.#keepInFolder(folder, () => folder.finish());
    } catch (error) {
      this.#report(error, () => this.#saveFolder());
    }
  }

  /** What the results depend on, as the command line's log has it. */
  #header({ format, class: chosen, tolerance }) {
    const { decoder, size, window, refine } = this.#options;
    return {
      model: this.#hooks.modelName(), format, ...(format === "class" && { class: chosen }), tolerance,
      decoder: decoder ?? "", size, ...(window > 0 && { window }), refine,
    };
  }

  async #skipThere(items) {
    const folder = this.#folder;
    for (const item of items) {
      if (item.state === "waiting" && (await folder.isThere(item.name)) && folder === this.#folder) this.#work.skip(item);
    }
    this.#showProgress();
  }

  async #keepInFolder(folder, task) {
    try {
      await task(folder);
      this.#showFolder();
    } catch (error) {
      if (folder !== this.#folder) return;
      this.#isUnsaved = true;
      this.#closeFolder();
      this.#report(error, () => this.#saveFolder());
    }
  }

  #showFolder() {
    const { name, format, count } = this.#folder ?? {};
    if (name) this.#view.showSaved(() => t("queue.saved-folder", { folder: name, count, format: t(`format.${format}`) }));
  }

  async #closeFolder() {
    const folder = this.#folder;
    this.#folder = null;
    this.#view.showSaved("");
    await folder?.close().catch((error) => this.#report(error, () => this.#saveFolder()));
  }

  #report(error, again) {
    if (!isOurs(error)) console.error(error);
    showMessage(() => textOf(error), { kind: "error", action: { label: () => t("retry"), run: again } });
  }
}

/** What a picker gives; null if the visitor wants nothing after all. */
async function picked(pick) {
  try {
    return await pick();
  } catch (error) {
    if (error.name === "AbortError") return null;
    throw error;
  }
}

/** Where an archive goes: to the disk while it is written, or to the browser's downloads in the end. */
async function archiveSink(suggestedName) {
  if ("showSaveFilePicker" in globalThis) {
    const types = [{ accept: { "application/zip": [".zip"] } }];
    const file = await picked(() => showSaveFilePicker({ id: "archive", suggestedName, types }));
    if (!file) return null;
    const out = await file.createWritable();
    return { write: (bytes) => out.write(bytes), close: () => out.close(), abort: () => out.abort().catch(() => {}) };
  }
  const pieces = [];
  return {
    write: (bytes) => void pieces.push(bytes instanceof Blob ? bytes : new Blob([bytes])),
    close: async () => download(new Blob(pieces, { type: "application/zip" }), suggestedName),
    abort: async () => {},
  };
}
