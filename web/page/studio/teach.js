// Teach: strokes on the picture become a class.
//
// It owns its controls and the strokes on this picture. After each stroke it has the library learn from
// all of them, taught.js keep what was learned, and app.js segment the picture again.

import { download } from "../download.js";
import { button, make } from "../elements.js";
import { keep } from "../taught.js";
import { addTexts, percentage, say, t } from "../texts.js";

/** How wide a stroke is: parts of the photo's shorter side. */
const BRUSH = { min: 0.005, max: 0.08, step: 0.005, value: 0.02 };

const LONGEST_NAME = 60;

/** Colours for new classes, unlike those of the model. */
const COLOURS = ["#ff2fd6", "#00e5ff", "#ffe600", "#ff6a00", "#39ff14", "#b388ff"];

/** @param {import("../studio.js").Host} host @returns {Promise<import("../studio.js").Tool>} */
export async function open(host) {
  await addTexts({ en: () => import("../texts/teach-en.js"), zh: () => import("../texts/teach-zh.js") });
  return new Teach(host);
}

class Teach {
  #host;
  #name = make("div", { id: "teach-name", className: "teach-field", contentEditable: "true", spellcheck: false }); // no field of a form: see models-panel.js
  #colour = make("input", { type: "color", id: "teach-colour" });
  #brush = make("input", { type: "range", id: "teach-brush", ...BRUSH });
  #isNot;
  #undo;
  #status = make("output", { className: "teach-status" });
  #list = make("ul", { className: "teach-list" });
  #file = make("input", { type: "file", id: "teach-file", accept: ".safetensors", hidden: true });
  #save;
  #picture = null;
  #chosen = null; // name of the class that is taught on; null for a new one
  #strokes = new Map(); // on this photo, by the class's name
  #drawing = null; // the stroke at work
  #cursor = null;
  #isLearning = false;
  #isStale = false; // whether strokes changed while it learned

  constructor(host) {
    this.#host = host;
    const [isIt, isNot] = ["yes", "no"].map((kind) => make("input", { type: "radio", name: "teach-kind", value: kind, checked: kind === "yes" }));
    this.#isNot = isNot;
    const kinds = make("div", { className: "segmented" },
      make("label", {}, isIt, make("span", {}, () => t("teach.yes"))),
      make("label", {}, isNot, make("span", {}, () => t("teach.no"))));
    kinds.setAttribute("role", "radiogroup");
    say(kinds, () => t("teach.kind"), "aria-label");
    this.#undo = button("teach-undo", () => t("teach.undo"), () => this.#takeBack());
    this.#save = button("teach-save", () => t("teach.save"), () => this.#download());
    const another = button("teach-new", () => t("teach.new"), () => this.#choose(null));
    const open = button("teach-open", () => t("teach.open"), () => this.#file.click());
    say(this.#file, () => t("teach.open"), "aria-label");
    this.#status.setAttribute("role", "status");
    say(this.#list, () => t("teach.list"), "aria-label");
    const actions = (...buttons) => make("div", { className: "actions" }, ...buttons);
    host.panel.append(
      make("p", {}, () => t("teach.hint")),
      make("div", { className: "row" }, make("span", { className: "label" }, () => t("teach.name")), this.#name, this.#colour), kinds, row(this.#brush, "teach.brush"),
      actions(this.#undo, another), this.#status, this.#list, actions(this.#save, open), this.#file,
    );
    say(this.#colour, () => t("teach.colour"), "aria-label");
    this.#name.setAttribute("role", "textbox");
    say(this.#name, () => t("teach.name"), "aria-label");
    this.#name.addEventListener("blur", () => this.#rename());
    this.#name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // a name has one line
      this.#rename();
    });
    this.#colour.addEventListener("change", () => this.#change({ colour: this.#colour.value }));
    this.#colour.addEventListener("input", () => this.#draw());
    this.#file.addEventListener("change", () => this.#take(this.#file.files[0]));
  }

  show(picture) {
    if (picture.photo !== this.#picture?.photo) {
      this.#strokes.clear();
      this.#drawing = null;
    }
    this.#picture = picture;
    this.#showList();
    if (!this.#written) this.#choose(null);
    this.#tell();
    if (!this.#drawing) this.#begin();
  }

  hide() {
    this.#drawing = null;
    this.#host.surface.end();
  }

  get #segmenter() {
    return this.#host.segmenter();
  }

  /** The class at hand. @returns {import("../../library/segmenter.js").TaughtClass | undefined} */
  get #taught() {
    return this.#segmenter.taught.find(({ name }) => name === this.#chosen);
  }

  // Strokes.

  #begin() {
    this.#host.surface.begin(this.#picture.photo, () => t("teach.surface"), {
      onStart: (place) => {
        this.#drawing = { points: [place], width: this.#width, not: this.#isNot.checked !== place.alt };
        this.#draw();
      },
      onMove: (places) => {
        this.#drawing?.points.push(...places);
        this.#draw();
      },
      onEnd: () => this.#finish(),
      onCancel: () => {
        this.#drawing = null;
        this.#draw();
      },
      onHover: (place) => {
        this.#cursor = place;
        this.#draw();
      },
    });
    this.#draw();
  }

  get #width() {
    const { width, height } = this.#picture.photo;
    return Number(this.#brush.value) * Math.min(width, height);
  }

  #finish() {
    if (!this.#drawing) return;
    const { points, ...stroke } = this.#drawing;
    this.#drawing = null;
    const name = this.#named();
    const places = points.map(({ x, y }) => ({ x, y }));
    this.#strokes.set(name, [...(this.#strokes.get(name) ?? []), { ...stroke, points: places }]);
    this.#learn();
  }

  /** The name of the class at hand, which a new one takes now. */
  #named() {
    this.#chosen ??= this.#unused(this.#written || t("teach.unnamed", { number: this.#segmenter.taught.length + 1 }));
    this.#name.textContent = this.#chosen;
    return this.#chosen;
  }

  /** The name as the visitor wrote it. */
  get #written() {
    return this.#name.textContent.trim().slice(0, LONGEST_NAME);
  }

  /** A name that no other taught class has. */
  #unused(name) {
    const names = new Set(this.#segmenter.taught.map((one) => one.name));
    let free = name;
    for (let i = 2; names.has(free); i++) free = `${name} ${i}`;
    return free;
  }

  #takeBack() {
    const strokes = this.#strokes.get(this.#chosen) ?? [];
    if (strokes.length === 0) return;
    this.#strokes.set(this.#chosen, strokes.slice(0, -1));
    this.#learn();
  }

  /** Learns from the strokes on this picture; once more, if they changed meanwhile. */
  async #learn() {
    this.#draw();
    this.#isStale = true;
    if (this.#isLearning) return;
    this.#isLearning = true;
    say(this.#status, () => t("teach.learning"));
    try {
      while (this.#isStale) {
        this.#isStale = false;
        await this.#teach();
      }
      await this.#changed();
    } catch (error) {
      if (error.code !== "aborted") this.#host.fail(error, () => this.#learn());
      say(this.#status, "");
    } finally {
      this.#isLearning = false;
    }
  }

  async #teach() {
    const name = this.#chosen;
    const { photo, settings } = this.#picture;
    const strokes = this.#strokes.get(name) ?? [];
    const size = Number(settings.size) || undefined;
    await this.#segmenter.teach({ photo, name, colour: this.#colour.value, strokes, size });
    if (this.#taught?.strokes === 0) await this.#segmenter.forget(name);
  }

  /** Keeps what was taught, and shows it in the picture. */
  async #changed() {
    const isKept = await keep(this.#segmenter);
    if (!isKept) say(this.#status, () => t("teach.not-kept"));
    this.#showList();
    this.#host.segmentAgain();
  }

  // The classes that were taught.

  /** @param {import("../../library/segmenter.js").TaughtClass | null} taught  null for a new class */
  #choose(taught) {
    const count = this.#segmenter.taught.length;
    this.#chosen = taught?.name ?? null;
    this.#name.textContent = taught?.name ?? this.#unused(t("teach.unnamed", { number: count + 1 }));
    this.#colour.value = taught?.colour ?? COLOURS[count % COLOURS.length];
    this.#tell();
    this.#showList();
    this.#draw();
  }

  #showList() {
    const { taught } = this.#segmenter;
    this.#list.replaceChildren(...taught.map((one) => this.#entry(one)));
    this.#list.hidden = taught.length === 0;
    this.#save.disabled = taught.length === 0;
    this.#undo.disabled = !this.#strokes.get(this.#chosen)?.length;
  }

  #entry(taught) {
    const { name, colour, off, strokes } = taught;
    const swatch = make("span", { className: "swatch" });
    swatch.style.setProperty("--colour", colour);
    const count = make("small", {}, () => t("teach.strokes", { count: strokes }));
    const isOn = make("input", { type: "checkbox", checked: !off });
    say(isOn, () => t("teach.shown", { name }), "aria-label");
    isOn.addEventListener("change", () => this.#change({ off: !isOn.checked }, name));
    const on = button("", () => t("teach.on"), () => this.#choose(taught));
    say(on, () => t("teach.on-of", { name }), "aria-label");
    on.setAttribute("aria-pressed", name === this.#chosen);
    const remove = button("", "×", () => this.#remove(name));
    say(remove, () => t("teach.remove", { name }), "aria-label");
    return make("li", {}, isOn, swatch, make("span", { className: "teach-name" }, name, count), on, remove);
  }

  #rename() {
    const before = this.#chosen;
    const name = this.#written;
    if (!before || name === before) return;
    if (!name) {
      this.#name.textContent = before;
      return;
    }
    this.#chosen = this.#name.textContent = this.#unused(name);
    this.#strokes.set(this.#chosen, this.#strokes.get(before) ?? []);
    this.#strokes.delete(before);
    this.#change({ name: this.#chosen }, before);
  }

  async #change(change, name = this.#chosen) {
    if (!this.#segmenter.taught.some((one) => one.name === name)) return;
    await this.#run(() => this.#segmenter.changeTaught(name, change));
  }

  async #remove(name) {
    await this.#run(() => this.#segmenter.forget(name));
    this.#strokes.delete(name);
    if (name === this.#chosen) this.#choose(null);
    this.#name.focus();
  }

  async #take(file) {
    this.#file.value = "";
    if (file) await this.#run(() => this.#segmenter.importTaught(file));
  }

  async #run(task) {
    try {
      await task();
      await this.#changed();
    } catch (error) {
      this.#host.fail(error, () => this.#run(task));
    }
  }

  #download() {
    download(this.#segmenter.exportTaught(), "taught.safetensors");
  }

  // What is shown.

  /** Says what was learned. */
  #tell() {
    const taught = this.#taught;
    if (this.#isLearning || !taught) return say(this.#status, "");
    const found = this.#picture?.result.classes.find(({ id }) => id === taught.id);
    const values = { name: taught.name, share: percentage(found?.share ?? 0) };
    say(this.#status, () => t(taught.off ? "teach.off" : "teach.found", values));
  }

  #draw() {
    const { surface } = this.#host;
    if (!surface.isOpen) return;
    surface.clear();
    const context = surface.canvas.getContext("2d");
    const strokes = [...(this.#strokes.get(this.#chosen) ?? []), ...(this.#drawing ? [this.#drawing] : [])];
    for (const stroke of strokes) paintStroke(context, stroke, surface.scale, this.#colour.value);
    if (this.#cursor && !this.#drawing) paintCursor(context, this.#cursor, (this.#width / 2) * surface.scale, surface.scale);
  }
}

function paintStroke(context, { points, width, not }, scale, colour) {
  const path = new Path2D();
  for (const [i, { x, y }] of points.entries()) path[i === 0 ? "moveTo" : "lineTo"](x * scale, y * scale);
  if (points.length === 1) path.lineTo(points[0].x * scale + 0.01, points[0].y * scale);
  Object.assign(context, { lineCap: "round", lineJoin: "round" });
  const line = Math.max(2, width * scale);
  for (const [style, extra, dash] of [["#000", 2, []], [not ? "#fff" : colour, 0, []], ...(not ? [["#000", -line / 2, [line, line * 1.5]]] : [])]) {
    context.setLineDash(dash);
    context.strokeStyle = style;
    context.lineWidth = Math.max(1, line + extra);
    context.stroke(path);
  }
  context.setLineDash([]);
}

function paintCursor(context, { x, y }, radius, scale) {
  for (const [style, line] of [["#000", 3], ["#fff", 1]]) {
    context.beginPath();
    context.arc(x * scale, y * scale, Math.max(3, radius), 0, 2 * Math.PI);
    context.strokeStyle = style;
    context.lineWidth = line;
    context.stroke();
  }
}

function row(control, label) {
  return make("div", { className: "row" }, make("label", { htmlFor: control.id }, () => t(label)), control);
}
