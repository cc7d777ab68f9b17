// Look inside: how sure the network is, what it looks at, and what it takes for alike.
//
// It owns its controls and what they show on the picture. It has the engine segment the picture again,
// so that it is the last one there, and asks for what was in it then. Values are computed by heat.js
// and library/attention.js.

import { make } from "../elements.js";
import { addTexts, className, percentage, say, t } from "../texts.js";
import { certainty, coloured, gradient, nearest, plane, relative, similarity } from "./heat.js";

/** What can be shown, and what is asked of the engine for it. */
const VIEWS = {
  confidence: { load: async (segmenter) => certainty(await segmenter.scores(), FINER) },
  entropy: { load: async (segmenter) => certainty(await segmenter.scores(), FINER) },
  attention: { load: (segmenter, options) => segmenter.attention(options), isOfPatch: true },
  similarity: { load: (segmenter) => segmenter.features(), isOfPatch: true },
  classes: { load: (segmenter) => segmenter.classEmbeddings(), needs: "mask" },
};

const FINER = 4; // values a patch and axis
const STRENGTH = 0.82; // of the colours over the picture
const NAMED = 5; // neighbours of a class

/** @param {import("../studio.js").Host} host @returns {Promise<import("../studio.js").Tool>} */
export async function open(host) {
  await addTexts({ en: () => import("../texts/views-en.js"), zh: () => import("../texts/views-zh.js") });
  return new Views(host);
}

class Views {
  #host;
  #view = select("view", "views.show", Object.keys(VIEWS).map((name) => [name, () => t(`views.${name}`)]));
  #block = select("view-block", "views.block", []);
  #head = select("view-head", "views.head", []);
  #token = make("input", { type: "checkbox", id: "view-token" });
  #class = select("view-class", "views.class", []);
  #ofAttention;
  #scale;
  #hint = make("p", {});
  #found = make("output", { className: "view-found" });
  #plane = svg("svg", { viewBox: "-1.2 -1.1 2.4 2.2", role: "img", class: "view-plane" });
  #picture = null;
  #loads = new Map(); // of the picture: what a view has asked for, by its name
  #loading = null; // AbortController
  #place = null; // in the picture, that was pointed at last

  constructor(host) {
    this.#host = host;
    const token = make("label", { className: "check" }, this.#token, make("span", {}, () => t("views.token")));
    this.#ofAttention = make("div", { className: "view-attention" }, row(this.#block, "views.block"), row(this.#head, "views.head"), token);
    const bar = make("span", { className: "view-bar" });
    bar.style.background = gradient();
    this.#scale = make("p", { className: "view-scale" }, make("span", {}, () => t("views.low")), bar, make("span", {}, () => t("views.high")));
    host.panel.append(row(this.#view, "views.show"), this.#hint, this.#ofAttention, row(this.#class, "views.class"), this.#plane, this.#scale, this.#found);
    this.#found.setAttribute("role", "status");
    this.#view.addEventListener("change", () => this.#begin());
    for (const control of [this.#block, this.#head, this.#token, this.#class]) control.addEventListener("change", () => this.#draw());
    this.#plane.addEventListener("pointerover", ({ target }) => this.#point(target));
    this.#plane.addEventListener("click", ({ target }) => this.#point(target));
  }

  show(picture) {
    if (picture !== this.#picture) {
      this.#loading?.abort();
      this.#loads.clear();
      this.#place = null;
    }
    this.#picture = picture;
    this.#begin();
  }

  hide() {
    this.#loading?.abort();
    delete document.documentElement.dataset.view;
    this.#host.surface.end();
  }

  get #name() {
    return this.#view.value;
  }

  /** Shows what the chosen view needs, and loads it. */
  #begin() {
    const { model } = this.#host.segmenter();
    for (const option of this.#view.options) option.disabled = !isOffered(VIEWS[option.value], model);
    if (this.#view.selectedOptions[0].disabled) this.#view.value = "confidence";
    const name = this.#name;
    const isHeat = name !== "classes";
    this.#ofAttention.hidden = name !== "attention";
    this.#class.parentElement.hidden = isHeat;
    this.#plane.toggleAttribute("hidden", isHeat);
    this.#scale.hidden = !isHeat;
    say(this.#hint, () => t(`views.${name}-hint`));
    say(this.#found, "");
    this.#offer(model);
    if (isHeat) {
      document.documentElement.dataset.view = name;
      this.#host.surface.begin(this.#picture.photo, () => t("views.surface", { view: t(`views.${name}`) }), {
        onStart: (place) => {
          this.#token.checked = false;
          this.#lookAt(place);
        },
        onMove: (places) => this.#lookAt(places.at(-1)),
        onEnd() {},
        onCancel() {},
        onHover: (place) => this.#lookAt(place ?? this.#place),
      });
    } else {
      this.hide();
    }
    this.#draw();
  }

  /** Offers the model's blocks, heads and classes. */
  #offer({ depth, heads, classes }) {
    const numbers = (count) => Array.from({ length: count }, (_, i) => [String(i), String(i + 1)]);
    refill(this.#block, [...numbers(depth), ["all", () => t("views.rollout")]], String(depth - 1));
    refill(this.#head, [["mean", () => t("views.mean")], ...numbers(heads)], "mean");
    const present = new Set(this.#picture.result.classes.map(({ id }) => id));
    const sorted = [...classes].sort((a, b) => present.has(b.id) - present.has(a.id));
    refill(this.#class, sorted.map(({ id, name }) => [String(id), () => className(name)]), String(this.#picture.result.classes[0]?.id ?? 0));
  }

  #lookAt(place) {
    this.#place = place;
    this.#draw();
  }

  /** What the view needs of the picture: asked for once. */
  #load() {
    const name = this.#name;
    const kept = name === "entropy" ? "confidence" : name;
    if (!this.#loads.has(kept)) {
      const loads = this.#loads;
      const controller = new AbortController();
      this.#loading = controller;
      const load = this.#ask(VIEWS[name], controller.signal);
      loads.set(kept, load);
      say(this.#found, () => t("views.loading"));
      load.catch((error) => {
        if (loads.get(kept) === load) loads.delete(kept);
        if (!controller.signal.aborted) this.#host.fail(error, () => this.#draw());
      });
    }
    return this.#loads.get(kept);
  }

  /** Segments the picture again, since the engine may have had another one meanwhile. */
  async #ask({ load }, signal) {
    const segmenter = this.#host.segmenter();
    const { decoder, size } = this.#picture.settings;
    const wanted = Number(size) || segmenter.model.size; // one window
    const isThere = segmenter.model.decoders.includes(decoder);
    const { network } = await segmenter.segment(this.#picture.photo, { size: wanted, mask: false, signal, ...(isThere && { decoder }) });
    const values = await load(segmenter, { signal });
    return { values, network, patch: segmenter.model.patch };
  }

  /** Draws what is known; once more when the rest has come. */
  async #draw() {
    const name = this.#name;
    const picture = this.#picture;
    const loaded = await this.#load().catch(() => null);
    if (!loaded || name !== this.#name || picture !== this.#picture || !this.#host.isShown()) return;
    if (name === "classes") this.#showPlane(loaded.values);
    else await this.#showHeat(name, loaded);
  }

  async #showHeat(name, { values, network, patch }) {
    const place = this.#place;
    const isOfPatch = Boolean(VIEWS[name].isOfPatch);
    const cell = isOfPatch ? patch : patch / FINER; // pixels of the network's picture for a value of the map
    const at = place && this.#cellAt(place, isOfPatch ? values : values[name], network, cell);
    const map = await this.#mapOf(name, values, at);
    if (place !== this.#place || name !== this.#name) return;
    const { surface } = this.#host;
    surface.clear();
    if (!map) {
      say(this.#found, "");
      return;
    }
    this.#paint(map, network, cell);
    if (isOfPatch) {
      this.#mark(at, map, network, patch);
      this.#tellClasses(name, map, network, patch);
    } else {
      this.#tell(name, values, at);
    }
  }

  /** The number of the value of a map under a place. */
  #cellAt({ x, y }, { rows, cols }, network, cell) {
    const { width, height } = this.#picture.photo;
    const inside = (value, count) => Math.max(0, Math.min(Math.floor(value), count - 1));
    const col = inside((x / width) * (network.width / cell), cols);
    return inside((y / height) * (network.height / cell), rows) * cols + col;
  }

  /** @returns {Promise<import("./heat.js").Map | null>}  null until a patch is pointed at */
  async #mapOf(name, values, at) {
    if (name === "confidence" || name === "entropy") return values[name];
    if (name === "similarity") return at === null ? null : similarity(values, at);
    const from = this.#token.checked ? "class" : at;
    if (from === null) return null;
    const isRollout = this.#block.value === "all";
    this.#head.disabled = isRollout;
    if (isRollout) say(this.#found, () => t("views.loading"));
    const head = this.#head.value === "mean" ? "mean" : Number(this.#head.value);
    const seen = isRollout ? await values.rollout(from) : values.map(from, { block: Number(this.#block.value), head });
    return relative(values.rows, values.cols, seen);
  }

  /** Draws a map over the picture. Its last row and column of patches may reach beyond it. */
  #paint(map, network, cell) {
    const { canvas } = this.#host.surface;
    const image = coloured(map);
    const small = new OffscreenCanvas(image.width, image.height);
    small.getContext("2d").putImageData(image, 0, 0);
    const [width, height] = [map.cols * cell * (canvas.width / network.width), map.rows * cell * (canvas.height / network.height)];
    const context = canvas.getContext("2d");
    context.globalAlpha = STRENGTH;
    context.imageSmoothingQuality = "high";
    context.drawImage(small, 0, 0, width, height);
    context.globalAlpha = 1;
  }

  /** Frames the patch that is looked from. */
  #mark(at, { cols }, network, patch) {
    if (this.#token.checked && this.#name === "attention") return;
    const { canvas } = this.#host.surface;
    const [width, height] = [patch * (canvas.width / network.width), patch * (canvas.height / network.height)];
    const context = canvas.getContext("2d");
    const [x, y] = [(at % cols) * width, Math.floor(at / cols) * height];
    for (const [colour, line] of [["#000", 4], ["#fff", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = line * devicePixelRatio;
      context.strokeRect(x, y, width, height);
    }
  }

  /** Says what is under the pointer. */
  #tell(name, values, at) {
    const info = at !== null && this.#picture.classes.find(({ id }) => id === values.classes[at]);
    const share = info && percentage(values[name].values[at]);
    say(this.#found, () => (info ? t(`views.${name}-here`, { class: className(info.name), share }) : ""));
  }

  /** Says to which classes what is bright belongs. */
  #tellClasses(name, { rows, cols, values }, network, patch) {
    const { width, height, mask } = this.#picture.result;
    const sums = new Map();
    let total = 0;
    for (let i = 0; i < rows * cols; i++) {
      const x = Math.min(width - 1, Math.floor(((i % cols) + 0.5) * patch * (width / network.width)));
      const y = Math.min(height - 1, Math.floor((Math.floor(i / cols) + 0.5) * patch * (height / network.height)));
      const id = mask[y * width + x];
      sums.set(id, (sums.get(id) ?? 0) + values[i]);
      total += values[i];
    }
    const largest = [...sums].sort(([, a], [, b]) => b - a).slice(0, 3);
    const nameOf = (id) => className(this.#picture.classes.find((info) => info.id === id)?.name ?? String(id));
    const list = () => largest.map(([id, sum]) => `${nameOf(id)} ${percentage(sum / (total || 1))}`).join(t("comma"));
    say(this.#found, () => t(`views.${name}-here`, { list: list() }));
  }

  // The plane of class embeddings.

  #showPlane({ classes: count, values: vectors }) {
    const classes = this.#host.segmenter().model.classes.slice(0, count);
    const chosen = Number(this.#class.value);
    const near = nearest(vectors, count, chosen).slice(0, NAMED);
    const present = new Set(this.#picture.result.classes.map(({ id }) => id));
    const places = plane(vectors, count);
    const dots = classes.map(({ id, name, colour }) => {
      const { x, y } = places[id];
      const dot = svg("circle", { cx: x, cy: y, r: id === chosen ? 0.06 : 0.035, fill: colour, "data-id": id, class: present.has(id) ? "present" : "" });
      const title = svg("title", {});
      say(title, () => className(name));
      dot.append(title);
      if (id !== chosen && !present.has(id)) return [dot];
      const text = svg("text", { x: x > 0.4 ? x - 0.07 : x + 0.07, y: y + 0.03, "text-anchor": x > 0.4 ? "end" : "start", class: id === chosen ? "chosen" : "" });
      say(text, () => className(name));
      return [dot, text];
    });
    this.#plane.replaceChildren(...dots.flat());
    const list = () => near.map(({ id, cosine }) => t("views.neighbour", { class: className(classes[id].name), cosine: cosine.toFixed(2) })).join(t("comma"));
    const name = classes[chosen].name;
    say(this.#plane, () => t("views.plane", { count }), "aria-label");
    say(this.#found, () => t("views.neighbours", { class: className(name), list: list() }));
  }

  #point(target) {
    const id = target.dataset?.id;
    if (id === undefined || id === this.#class.value) return;
    this.#class.value = id;
    this.#draw();
  }
}

function isOffered({ needs }, { decoders }) {
  return !needs || decoders.includes(needs);
}

function select(id, label, options) {
  const element = make("select", { id });
  say(element, () => t(label), "aria-label");
  refill(element, options);
  return element;
}

/** Replaces the options; what was chosen stays, if it is still there. */
function refill(element, options, otherwise) {
  const before = element.value;
  element.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  const values = options.map(([value]) => value);
  if (values.length > 0) element.value = values.includes(before) ? before : otherwise ?? values[0];
}

function row(control, label) {
  const name = make("label", { htmlFor: control.id }, () => t(label));
  return make("div", { className: "row" }, name, control);
}

function svg(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
