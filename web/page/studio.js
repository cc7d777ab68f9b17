// The studio: what visitors do with a picture once its classes are known.
//
// It owns a section of the panel with a tab for each tool, and the tool that is open. app.js, which
// loads it when the visitor wants it, sends it pictures; it loads a tool when its tab is opened, sends
// it the picture, and sends app.js the masks that tools change.

import { button, loadStyles, make } from "./elements.js";
import { addTexts, say, t } from "./texts.js";
import { Surface } from "./studio/surface.js";

const STYLES = "page/studio/studio.css";

/** The tools, in the order of their tabs. Each module exports open(host), which makes a Tool. */
const TOOLS = {
  edit: () => import("./studio/edit.js"),
  teach: () => import("./studio/teach.js"),
  views: () => import("./studio/views.js"),
  export: () => import("./studio/export.js"),
};

/**
 * What a tool works with.
 *
 * @typedef {object} Host
 * @property {HTMLElement} panel     for the tool's controls, empty at first
 * @property {Surface} surface       takes strokes on the picture
 * @property {import("./stage.js").Stage} stage
 * @property {import("./legend.js").Legend} legend
 * @property {() => import("../library/segmenter.js").Segmenter} segmenter
 * @property {() => Picture} picture  that is shown
 * @property {(mask: Uint8Array) => void} correct  shows another mask of the picture, with its areas
 * @property {() => void} segmentAgain  with other classes or another model
 * @property {(error: Error, again: () => void) => void} fail  reports an error
 * @property {() => boolean} isShown  whether its tab is open
 *
 * A tool is made once, when its tab is first opened.
 *
 * @typedef {object} Tool
 * @property {(picture: Picture) => void} show  its tab is opened, or the picture is another
 * @property {() => void} hide  another tab is opened, or the studio closed
 *
 * @typedef {import("./app.js").Picture} Picture
 */

export class Studio {
  #hooks;
  #section;
  #tabs = new Map(); // name → { tab, panel, tool: Promise<Tool> | null }
  #surface;
  #open = null; // name of the open tab

  /** @param {Omit<Host, "panel" | "surface">} hooks */
  static async create(hooks) {
    await Promise.all([
      loadStyles(STYLES),
      addTexts({ en: () => import("./texts/studio-en.js"), zh: () => import("./texts/studio-zh.js") }),
    ]);
    return new Studio(hooks);
  }

  constructor(hooks) {
    this.#hooks = hooks;
    this.#surface = new Surface(document.getElementById("frame"));
    const list = make("div", { className: "studio-tabs" });
    list.setAttribute("role", "tablist");
    say(list, () => t("studio.tools"), "aria-label");
    list.addEventListener("keydown", (event) => this.#move(event));
    const close = button("studio-close", () => t("studio.close"), () => this.close());
    this.#section = make("section", { id: "studio", className: "studio", hidden: true }, make("div", { className: "studio-head" }, list, close));
    say(this.#section, () => t("studio"), "aria-label");
    for (const name of Object.keys(TOOLS)) this.#addTab(name, list);
    document.getElementById("settings").before(this.#section);
  }

  get isOpen() {
    return !this.#section.hidden;
  }

  /** Opens the tool that was open last. */
  open() {
    this.#section.hidden = false;
    document.documentElement.toggleAttribute("data-studio", true);
    this.#choose(this.#open ?? Object.keys(TOOLS)[0]);
    this.#tabs.get(this.#open).tab.focus();
  }

  close() {
    if (!this.isOpen) return;
    this.#hide();
    this.#section.hidden = true;
    document.documentElement.toggleAttribute("data-studio", false);
    document.getElementById("studio-open").focus();
  }

  /** The picture is another, or its classes are. */
  show() {
    if (this.isOpen) this.#use((tool) => tool.show(this.#hooks.picture()));
  }

  #addTab(name, list) {
    const tab = make("button", { type: "button", id: `studio-${name}`, tabIndex: -1 }, () => t(`studio.${name}`));
    const panel = make("div", { id: `studio-${name}-panel`, className: "studio-tool", hidden: true });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", "false");
    tab.setAttribute("aria-controls", panel.id);
    tab.addEventListener("click", () => this.#choose(name));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    this.#tabs.set(name, { tab, panel, tool: null });
    list.append(tab);
    this.#section.append(panel);
  }

  #choose(name) {
    if (name !== this.#open) this.#hide();
    this.#open = name;
    for (const [other, { tab, panel }] of this.#tabs) {
      const isOpen = other === name;
      tab.setAttribute("aria-selected", isOpen);
      tab.tabIndex = isOpen ? 0 : -1;
      panel.hidden = !isOpen;
    }
    this.#use((tool) => tool.show(this.#hooks.picture()));
  }

  #hide() {
    if (this.#open) this.#tabs.get(this.#open).tool?.then((tool) => tool.hide(), () => {});
    this.#surface.end();
  }

  /** Has the open tool do something, once it is loaded, if it is still open then. */
  async #use(run) {
    const name = this.#open;
    const entry = this.#tabs.get(name);
    try {
      entry.tool ??= this.#load(name, entry.panel);
      const tool = await entry.tool;
      if (this.isOpen && this.#open === name && this.#hooks.picture()) run(tool);
    } catch (error) {
      entry.tool = null;
      this.#hooks.fail(error, () => this.#use(run));
    }
  }

  async #load(name, panel) {
    const { open } = await TOOLS[name]();
    const isShown = () => this.isOpen && this.#open === name;
    return open({ ...this.#hooks, panel, surface: this.#surface, isShown });
  }

  /** The tabs are one stop of the Tab key; arrows move among them. */
  #move(event) {
    const names = Object.keys(TOOLS);
    const at = names.indexOf(this.#open);
    const last = names.length - 1;
    const next = { ArrowRight: (at + 1) % names.length, ArrowLeft: (at + last) % names.length, Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.#choose(names[next]);
    this.#tabs.get(names[next]).tab.focus();
  }
}
