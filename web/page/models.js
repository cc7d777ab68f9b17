// Models: which there are, and the one that the page works with.
//
// It owns the list: the built-in model, those of the site's models.json and the visitor's own, which
// models-own.js keeps. app.js, which loads it when the visitor wants another model, sends it files and
// names; the buttons of models-panel.js tell it what to do. It has app.js use a model, and the panel
// show the list.

import { DEFAULT_MODEL } from "../library/preload.js";
import { listModels } from "../library/segmenter.js";
import { keepInAddress } from "./address.js";
import { download } from "./download.js";
import { bringModel, filesOf } from "./models-import.js";
import * as own from "./models-own.js";
import { ModelsPanel } from "./models-panel.js";
import { addTexts } from "./texts.js";

const LIST = "models.json";

/**
 * What the page is to work with; without a model, the built-in one.
 *
 * @typedef {object} Choice
 * @property {string} [id]    of the entry
 * @property {string} [name]   for the address
 * @property {string} [title]  for people
 * @property {string | Blob} [model]
 * @property {string} [sha256]
 *
 * An entry of the list.
 *
 * @typedef {object} Entry
 * @property {string} id
 * @property {"built-in" | "site" | "own"} kind
 * @property {string} name     for addresses
 * @property {string} title    for people
 * @property {number} bytes    0 while unknown, as parameters
 * @property {{ name: string, colour?: string }[]} classes
 * @property {number} parameters
 * @property {string} precision
 * @property {string} licence
 * @property {string} source
 * @property {boolean} stored  on this device
 * @property {import("../library/importer.js").ImportNote[]} [notes]  of a checkpoint: what was inferred
 * @property {string[]} [others]  places of other networks in the checkpoint, while its files are at hand
 * @property {string} [address]  of a model of the site
 * @property {string} [sha256]
 * @property {Blob} [file]     of an own model that could not be kept
 * @property {boolean} [isArriving]  whether it is not in the list yet
 */

/** @param {object} hooks  see class Models */
export async function openModels(hooks) {
  await addTexts({ en: () => import("./texts/models-en.js"), zh: () => import("./texts/models-zh.js") });
  return new Models(hooks);
}

export class Models {
  #hooks;
  #panel = null;
  #site = []; // entries
  #own = [];
  #unkept = []; // own ones, for this visit
  #files = new Map(); // of checkpoints, by the entries' ids
  /** What is being loaded or brought in: an entry's id or "new", and its AbortController. */
  #work = null;
  #looks = 0; // so far, at what is on this device

  /**
   * @param {object} hooks
   * @param {() => (Choice & { info: import("../library/segmenter.js").ModelInfo }) | null} hooks.inUse
   * @param {(choice: Choice, options: object) => Promise<void>} hooks.use
   * @param {(choice: Choice) => void} hooks.rename  what is in use has another name
   */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  /** The choice for the name of a model; null if there is none. @param {string} wanted */
  async find(wanted) {
    await this.#load();
    const isIt = ({ name, title }) => [name, title].some((known) => known.toLowerCase() === wanted.toLowerCase());
    const entry = this.#entries().find(isIt);
    return entry ? this.#choiceOf(entry) : null;
  }

  /** Shows the list. */
  async open() {
    this.#panel ??= await ModelsPanel.create(this);
    this.#panel.open();
    await this.#load();
    await this.refresh();
  }

  /** Takes a model or a checkpoint in, and uses it. @param {(File | FileSystemDirectoryEntry)[]} items */
  async take(items) {
    await this.open();
    await this.#attempt("new", async (options) => this.#take(await filesOf(items), "", options));
  }

  /** Takes another network of a checkpoint in. @param {Entry} entry @param {string} weights  its place */
  takeOther({ id }, weights) {
    return this.#attempt("new", (options) => this.#take(this.#files.get(id), weights, options));
  }

  async #take(files, weights, options) {
    const { model, name: title, notes, others } = await bringModel(files, weights, options);
    options.onProgress({ stage: "start" });
    const name = this.#freeName(weights ? `${title}, ${weights}` : title);
    const entry = { id: own.newId(), kind: "own", name, title: name, bytes: model.size, notes };
    await this.#use({ id: entry.id, name, title: name, model }, options);
    if (others.length > 0) this.#files.set(entry.id, files);
    Object.assign(entry, known(this.#hooks.inUse().info), { others });
    const failure = await own.keep(entry, model);
    if (!failure) return;
    this.#unkept.push({ ...entry, file: model, stored: false });
    this.#panel.fail(entry.id, failure);
  }

  /** @param {Entry} entry */
  use(entry) {
    return this.#attempt(entry.id, async (options) => this.#use(await this.#choiceOf(entry), options));
  }

  async #use(choice, options) {
    await this.#hooks.use(choice, options);
    keepInAddress({ model: choice.name });
  }

  /** Gives up what is being loaded or brought in. */
  cancel() {
    this.#work?.controller.abort();
  }

  /** @param {Entry} entry @param {string} title */
  async rename(entry, title) {
    const name = this.#freeName(title, entry);
    const { info, ...choice } = this.#hooks.inUse() ?? {};
    await own.rename(entry.id, name);
    for (const unkept of this.#unkept) if (unkept.id === entry.id) Object.assign(unkept, { name, title: name });
    if (choice.id === entry.id) {
      this.#hooks.rename({ ...choice, name, title: name });
      keepInAddress({ model: name });
    }
    await this.refresh();
  }

  /** Hands an own model to the visitor as a file. @param {Entry} entry */
  async save(entry) {
    const { model } = await this.#choiceOf(entry);
    download(model, `${entry.name}.safetensors`);
  }

  /** @param {Entry} entry */
  remove(entry) {
    return this.#remove([entry]);
  }

  /** Frees what all models take on this device, but for the built-in one. */
  free() {
    return this.#remove(this.#entries().filter(({ kind, stored }) => kind === "own" || (kind === "site" && stored)));
  }

  /** Removes models from this device. If one of them is in use, the page goes on with the built-in one. */
  async #remove(entries) {
    const isInUse = entries.some((entry) => this.#isInUse(entry) && entry.kind === "own");
    if (isInUse) await this.use(this.#entries()[0]);
    for (const { id, kind, address } of entries) {
      if (kind === "own") await own.remove(id);
      else await own.forget(address);
      this.#unkept = this.#unkept.filter((unkept) => unkept.id !== id);
    }
    await this.refresh();
  }

  /** Does something that loads, in place of what loads already, and shows how it goes. */
  async #attempt(id, task) {
    this.cancel();
    const mine = { id, controller: new AbortController() };
    this.#work = mine;
    const { signal } = mine.controller;
    const show = (progress) => this.#work === mine && this.#panel?.progress(id, progress);
    this.#panel?.begin(id);
    try {
      await task({ signal, onProgress: show });
    } catch (error) {
      if (!signal.aborted) this.#panel?.fail(id, error);
    } finally {
      const isReplaced = this.#work !== mine && this.#work?.id === id;
      if (this.#work === mine) this.#work = null;
      if (!isReplaced) this.#panel?.end(id);
      await this.refresh();
    }
  }

  // The list.

  async #load() {
    const [site, kept] = await Promise.all([listModels(LIST).catch(() => []), own.list()]);
    this.#site = site.map((model) => entryOfSite(model, model.address === DEFAULT_MODEL));
    if (!this.#site.some(({ kind }) => kind === "built-in")) this.#site.unshift(BUILT_IN);
    this.#own = kept;
  }

  #entries() {
    return [...this.#site, ...this.#own, ...this.#unkept];
  }

  /** Shows what there is, and what is in use now. What is on this device changes; the site's list does not. */
  async refresh() {
    if (!this.#panel) return;
    const look = ++this.#looks;
    const [kept, room] = await Promise.all([own.list(), own.room()]);
    for (const entry of this.#site) if (entry.kind === "site") entry.stored = await own.isKept(entry.address);
    if (look !== this.#looks) return; // a later look has seen more
    this.#own = kept;
    const entries = this.#entries().map((entry) => ({ ...entry, others: this.#files.has(entry.id) ? entry.others : [] }));
    const inUse = this.#hooks.inUse(); // null while the page has no model
    const at = entries.findIndex((entry) => this.#isInUse(entry));
    // What the engine says of a model, it knows best.
    if (at >= 0) entries[at] = { ...entries[at], ...known(inUse.info) };
    else if (inUse) entries.push(entryOfUnlisted(inUse));
    this.#panel.show(entries, inUse && entries.at(at).id, room);
  }

  #isInUse({ id, kind, address }) {
    const inUse = this.#hooks.inUse();
    if (!inUse) return false;
    if (!inUse.model) return kind === "built-in";
    return inUse.id === id || (kind === "site" && inUse.model === address);
  }

  /** @returns {Promise<Choice>} */
  async #choiceOf({ id, kind, name, title, address, sha256, file }) {
    if (kind === "built-in") return {};
    if (kind === "site") return { id, name, title, model: address, sha256: sha256 || undefined };
    return { id, name, title, model: file ?? (await own.read(id)) };
  }

  /** A name that no other entry has, and that is no address. */
  #freeName(wanted, self) {
    const plain = wanted.replace(/[/\\\s]+/g, " ").replace(/\.safetensors$/i, "").trim() || "model";
    const taken = new Set(this.#entries().filter(({ id }) => id !== self?.id).map(({ name }) => name.toLowerCase()));
    for (let i = 1; ; i++) {
      const name = i === 1 ? plain : `${plain} ${i}`;
      if (!taken.has(name.toLowerCase())) return name;
    }
  }
}

const NOTHING = { bytes: 0, classes: [], parameters: 0, precision: "", licence: "", source: "", stored: true };

/** Where the site's list cannot be had. */
const BUILT_IN = { ...NOTHING, id: "built-in", kind: "built-in", name: "everyday", title: "Everyday 38" };

function entryOfSite({ classes, ...model }, isBuiltIn) {
  const kind = isBuiltIn ? "built-in" : "site";
  return { ...model, kind, id: isBuiltIn ? BUILT_IN.id : `site ${model.name}`, classes: classes.map((name) => ({ name })) };
}

/** A model that is in use and in no list: one that only the address names, or one that is being kept. */
function entryOfUnlisted({ id = "unlisted", title, model, info }) {
  const isFile = typeof model !== "string";
  const shown = title || info.name || (isFile ? "model" : new URL(model).pathname.split("/").at(-1));
  const kind = isFile ? "own" : "site";
  return { ...NOTHING, id, kind, name: shown, title: shown, address: model, ...known(info), stored: !isFile, isArriving: true };
}

function known({ classes, parameters, precision, licence, source }) {
  return { classes, parameters, precision, licence, source };
}
