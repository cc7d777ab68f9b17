// Edit: effects on photos, things that are picked, and corrections of the mask.
//
// It owns what the visitor keeps of a picture. studio.js opens it and sends it pictures; the surface sends
// it clicks and strokes, edit-controls.js settings. It sends them on to edit-model.js, which changes the
// mask, and shows what comes of it by edit-view.js and in the legend. Corrections stay when its tab is
// left. Where they would be lost, because the picture is another, the visitor may save them or bring them
// back.

import { applyEffect } from "../../library/photo-effects.js";
import { decodePhoto, shrinkPhoto } from "../../library/photo.js";
import { download } from "../download.js";
import { loadStyles, make } from "../elements.js";
import { percent } from "../legend.js";
import { FOREGROUND, hidesBackground } from "../live-settings.js";
import { encodeMask } from "../png.js";
import { announce, hideProgress, showMessage, showProgress } from "../status.js";
import { addTexts, className, say, t } from "../texts.js";
import { EditControls } from "./edit-controls.js";
import { EditModel } from "./edit-model.js";
import { drawCursor, EFFECT_SIDE, EditView } from "./edit-view.js";
import { readMask } from "./mask-file.js";

/** How long what is kept has to stay as it is before the engine is asked for its soft edges: in milliseconds. */
const SETTLED = 150;

const page = document.documentElement;

/** @param {import("../studio.js").Host} host */
export async function open(host) {
  await Promise.all([
    loadStyles("page/studio/edit.css"),
    addTexts({ en: () => import("../texts/edit-en.js"), zh: () => import("../texts/edit-zh.js") }),
  ]);
  return new Edit(host);
}

class Edit {
  #host;
  #controls;
  #view = new EditView();
  /** @type {EditModel | null} */
  #model = null;
  #isShown = false;
  #kept = null; // names of classes; null until there is a picture
  #hidden = new Set(); // names of classes that are not tinted
  #backdrop = null; // the picture behind
  #matte = null; // of the engine: { classes, values }
  #settling = 0; // a timer
  #isStale = false; // whether the stage shows an earlier mask
  #work = null; // AbortController of a file that is made

  constructor(host) {
    this.#host = host;
    this.#controls = new EditControls(host.panel, {
      onChange: (name) => this.#changed(name),
      onPress: (name) => this.#press(name),
    });
    document.addEventListener("keydown", (event) => this.#key(event));
    addEventListener("drop", (event) => this.#drop(event), true); // before the page takes it for a photo
    addEventListener("beforeunload", (event) => this.#model?.isUnsaved && event.preventDefault());
    const list = document.getElementById("legend");
    list.addEventListener("click", ({ target }) => this.#isShown && target.closest(".toggle") && this.#toggle(target.closest(".toggle").dataset.name));
    for (const type of ["pointerover", "focusin"]) list.addEventListener(type, () => this.#refreshStage());
    document.getElementById("opacity").addEventListener("input", () => this.#isShown && this.#showEffect());
    // The picture may be another while this tab is closed.
    new MutationObserver(() => this.#look()).observe(page, { attributes: true, attributeFilter: ["data-state"] });
  }

  /** @param {import("../app.js").Picture} picture */
  show(picture) {
    this.#isShown = true;
    if (!this.#model?.isOf(picture)) this.#take(picture);
    this.#view.begin(this.#model, this.#lookOf());
    this.#view.setMatte(this.#matte?.values ?? null);
    this.#showEffect();
    this.#useTool();
    this.#settle();
  }

  hide() {
    this.#isShown = false;
    this.#view.end();
    delete page.dataset.edit;
    this.#refreshStage();
    this.#host.legend.choose(() => true);
  }

  /** Begins with a picture. */
  #take(picture) {
    this.#offerLost(picture);
    this.#model = new EditModel(picture, (box) => this.#paintAgain(box));
    this.#matte = null;
    this.#isStale = false;
    this.#kept ??= new Set(FOREGROUND);
    const { classes } = picture.result;
    // Where nothing of what people mostly keep is in the picture, what is in its middle.
    if (!classes.some(({ name }) => this.#kept.has(name))) {
      const { width, height } = this.#model.mask;
      const id = this.#model.classAt(width >> 1, height >> 1);
      this.#kept.add(picture.classes.find((info) => info.id === id)?.name);
    }
    this.#follow();
  }

  // What is kept.

  get #effect() {
    const { effect: kind, colour, radius } = this.#controls;
    const opacity = document.getElementById("opacity").valueAsNumber / 100;
    if (kind === "picture") return this.#backdrop ? { kind, picture: this.#backdrop } : { kind: "blur", radius };
    return { kind, colour, radius, opacity };
  }

  #keeps(name) {
    return hidesBackground(this.#controls.effect) ? this.#kept.has(name) : !this.#hidden.has(name);
  }

  /** Ids of the classes that are kept, unless there is a selection. */
  get #classes() {
    return this.#model.picture.classes.filter(({ name }) => this.#keeps(name)).map(({ id }) => id);
  }

  #lookOf() {
    const ids = new Set(this.#classes);
    return { effect: this.#effect, keeps: (id) => ids.has(id), isPicking: this.#controls.tool !== "look" };
  }

  #showEffect() {
    page.dataset.edit = this.#controls.effect;
    this.#host.legend.choose((name) => this.#keeps(name));
    this.#view.set(this.#lookOf());
  }

  #toggle(name) {
    const set = hidesBackground(this.#controls.effect) ? this.#kept : this.#hidden;
    if (!set.delete(name)) set.add(name);
    this.#showEffect();
    this.#settle();
  }

  /** Pixels of the mask or the selection changed. */
  #paintAgain(box) {
    if (this.#isShown) this.#view.repaint(box);
  }

  /** Shows what depends on the whole of the mask or the selection, once a change is complete. */
  #follow() {
    const model = this.#model;
    const { result, classes } = model.picture;
    result.classes = model.classes;
    this.#host.legend.update(result.classes);
    const present = new Set(result.classes.map(({ id }) => id));
    const ordered = [...result.classes, ...classes.filter(({ id }) => !present.has(id))];
    this.#controls.offer(ordered.map(({ id, name }) => ({ id, name: () => className(name) })));
    this.#controls.follow({ ...this.#buttonStates(), isBusy: this.#work !== null });
    say(document.getElementById("result-title"), () => t("classes", { count: result.classes.length }));
  }

  #buttonStates() {
    const { canUndo, canRedo, hasSelection } = this.#model;
    return { canUndo, canRedo, hasSelection };
  }

  #finishChange() {
    this.#isStale = true;
    this.#follow();
    this.#settle();
  }

  /** The stage's own picture of the mask is under the preview; it is painted again when it is looked at. */
  #refreshStage() {
    if (!this.#isStale || !this.#model?.isOf(this.#host.picture())) return;
    this.#isStale = false;
    this.#host.stage.refresh();
  }

  /** Asks the engine for soft edges of what is kept, soon. */
  #settle() {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#softEdges().then((matte) => this.#isShown && this.#view.setMatte(matte)), SETTLED);
  }

  /** The engine's matte of what is kept; null where it has none, as of another photo since. */
  async #softEdges() {
    const model = this.#model;
    const classes = model.hasSelection ? model.selectedClasses : this.#classes;
    const key = classes.join();
    if (this.#matte?.model === model && this.#matte.key === key) return this.#matte.values;
    const values = await this.#host.segmenter().matte(classes).catch(() => null);
    if (this.#model !== model || values?.length !== model.mask.pixels.length) return null;
    this.#matte = { model, key, values };
    return values;
  }

  // Tools.

  #changed(name) {
    if (name === "edit-tool") this.#useTool();
    if (["edit-tool", "edit-effect", "edit-colour", "edit-strength"].includes(name)) this.#showEffect();
    if (name === "edit-effect") this.#settle();
    if (name === "edit-effect" && this.#controls.effect === "picture" && !this.#backdrop) this.#chooseBackdrop();
  }

  #useTool() {
    const { surface } = this.#host;
    const { tool } = this.#controls;
    const { mask } = this.#model;
    if (tool === "look") surface.end();
    if (tool === "pick") surface.begin(mask, () => t("edit.surface-pick"), this.#picking());
    if (tool === "brush") surface.begin(mask, () => t("edit.surface-brush"), this.#painting());
  }

  #picking() {
    return {
      onStart: () => {},
      onMove: () => {},
      onCancel: () => {},
      onEnd: (place) => this.#pick(place),
      onHover: (place) => drawCursor(this.#host.surface, place?.by === "keyboard" ? place : null, 0),
      onKey: () => {},
    };
  }

  #pick({ x, y, shift, alt }) {
    const { mask } = this.#model;
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= mask.width || row >= mask.height) return;
    const mode = alt ? "remove" : shift ? "add" : this.#controls.pickMode;
    const { classId, area } = this.#model.pick(column, row, mode, this.#classes);
    const { name } = this.#model.picture.classes.find(({ id }) => id === classId);
    const share = area / mask.pixels.length;
    announce(() => t(mode === "remove" ? "edit.removed" : "edit.picked", { class: className(name), share: percent(share) }));
    this.#finishChange();
  }

  #painting() {
    const placed = (place) => ({ x: place.x, y: place.y, radius: this.#radiusAt(place) });
    const finish = () => {
      this.#model.endStroke();
      this.#finishChange();
    };
    return {
      onStart: (place) => {
        this.#model.beginStroke(this.#controls.target, this.#controls.erases !== place.alt, placed(place), this.#classes);
        drawCursor(this.#host.surface, place, this.#radiusAt(place));
      },
      onMove: (places) => {
        this.#model.moveStroke(places.map(placed));
        drawCursor(this.#host.surface, places.at(-1), this.#radiusAt(places.at(-1)));
      },
      onEnd: finish,
      onCancel: () => this.#model.cancelStroke(),
      onHover: (place) => drawCursor(this.#host.surface, place, place ? this.#radiusAt(place) : 0),
      onKey: ({ key }) => {
        if (key === "[" || key === "]") this.#controls.resizeBrush(key === "[" ? -1 : 1);
      },
    };
  }

  #radiusAt({ by, pressure }) {
    const { width, height } = this.#model.mask;
    return this.#controls.brush * Math.max(width, height) * (by === "pen" ? 0.4 + 1.2 * pressure : 1);
  }

  #key(event) {
    if (!this.#isShown || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    this.#press(key === "y" || event.shiftKey ? "redo" : "undo");
  }

  #press(name) {
    const model = this.#model;
    const actions = {
      undo: () => this.#step(() => model.undo(), "edit.undone"),
      redo: () => this.#step(() => model.redo(), "edit.redone"),
      clear: () => this.#step(() => model.clearSelection(), "edit.cleared"),
      picture: () => this.#chooseBackdrop(),
      png: () => this.#saveFile("image/png", "png"),
      webp: () => this.#saveFile("image/webp", "webp"),
      copy: () => this.#copy(),
      share: () => this.#share(),
      "save-mask": () => this.#saveMask(model),
      "open-mask": () => choose("image/png", (file) => this.#openMask(file)),
    };
    Promise.resolve(actions[name]()).catch((error) => this.#fail(error, () => this.#press(name)));
  }

  #step(run, key) {
    run();
    announce(() => t(key));
    this.#finishChange();
  }

  #chooseBackdrop() {
    choose("image/*", async (file) => {
      this.#backdrop = await shrinkPhoto(await decodePhoto(file), { maxPixels: 12e6, maxSide: 8192 });
      this.#showEffect();
    }, (error) => this.#fail(error, () => {}));
  }

  // Files.

  /** Makes a file of the photo with its effect, at the photo's own size. */
  async #make(type) {
    this.#work?.abort();
    const work = (this.#work = new AbortController());
    const { picture, mask, selection, hasSelection } = this.#model;
    const since = performance.now();
    const cancelling = { since, onCancel: () => work.abort() };
    showProgress(() => t("edit.making"), cancelling);
    this.#controls.follow({ ...this.#buttonStates(), isBusy: true });
    try {
      const source = picture.note() ? picture.file : picture.photo; // which was shrunk, or is as it was
      const side = Math.max(mask.width, mask.height);
      const effect = this.#effect;
      const whole = { ...effect, radius: effect.radius && (effect.radius * side) / EFFECT_SIDE, colours: coloursOf(picture.classes) };
      const kept = { width: mask.width, height: mask.height, mask: mask.pixels, feather: this.#controls.feather * side };
      if (hasSelection) kept.selection = selection.pixels;
      else kept.classes = this.#classes;
      if (hidesBackground(effect.kind)) kept.matte = (await this.#softEdges()) ?? undefined;
      return await applyEffect(source, whole, kept, {
        type,
        signal: work.signal,
        onProgress: ({ done, total }) => this.#work === work && showProgress(() => t("edit.making"), { done, total, ...cancelling }),
      });
    } finally {
      if (this.#work === work) {
        this.#work = null;
        hideProgress();
        this.#controls.follow({ ...this.#buttonStates(), isBusy: false });
      }
    }
  }

  #nameOf(extension) {
    return `${this.#model.picture.name}-${this.#controls.effect === "cut" ? "cut-out" : this.#controls.effect}.${extension}`;
  }

  async #saveFile(type, extension) {
    const name = this.#nameOf(extension);
    download(await this.#make(type), name);
    announce(() => t("edit.saved", { name }));
  }

  /** The clipboard takes a promise: later, browsers would not know that the visitor asked for it. */
  async #copy() {
    const file = this.#make("image/png");
    file.catch(() => {}); // reported below
    await navigator.clipboard.write([new ClipboardItem({ "image/png": file })]).catch(async (error) => {
      await file;
      throw error;
    });
    showMessage(() => t("edit.copied"));
  }

  async #share() {
    const file = new File([await this.#make("image/png")], this.#nameOf("png"), { type: "image/png" });
    const share = () => navigator.share({ files: [file] }).catch((error) => {
      // Making the file took so long that the browser wants to be asked again.
      if (error.name === "NotAllowedError") showMessage(() => t("edit.share-ready"), { action: { label: () => t("edit.share"), run: share } });
      else if (error.name !== "AbortError") throw error;
    });
    await share();
  }

  /** @param {EditModel} model */
  async #saveMask(model) {
    const { picture: { name, classes }, mask } = model;
    download(await encodeMask({ ...mask, mask: mask.pixels }, classes), `${name}-mask.png`);
    model.noteSaved();
    announce(() => t("edit.saved", { name: `${name}-mask.png` }));
  }

  async #openMask(file) {
    const { mask, picture } = this.#model;
    const pixels = await readMask(file, { width: mask.width, height: mask.height, classes: picture.classes.length });
    this.#model.replaceMask(pixels);
    this.#model.noteSaved();
    announce(() => t("edit.opened"));
    this.#finishChange();
  }

  /** A file named as a mask that was saved is one; others are photos. */
  #drop(event) {
    const [file] = event.dataTransfer.files;
    if (!this.#isShown || !/-mask\.png$/i.test(file?.name ?? "")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    page.toggleAttribute("data-dragging", false);
    this.#openMask(file).catch((error) => this.#fail(error, () => {}));
  }

  #fail(error, again) {
    if (error.code !== "aborted") this.#host.fail(error, again);
  }

  // Corrections that would be lost.

  /** Sees whether the picture is another, while there are corrections that nobody saved. */
  #look() {
    const picture = this.#host.picture();
    if (page.dataset.state !== "done" && picture) return; // another may come
    if (this.#isShown || !this.#model || this.#model.isOf(picture)) return;
    this.#offerLost(picture);
    this.#model = null;
  }

  /** The picture is another, or has another mask. */
  #offerLost(picture) {
    const lost = this.#model;
    if (!lost?.isUnsaved) return;
    const { width, height, pixels } = lost.mask;
    const isSame = picture?.photo === lost.picture.photo && picture.result.width === width && picture.result.height === height;
    if (isSame) {
      const bringBack = () => {
        if (!this.#model?.isOf(this.#host.picture())) return;
        this.#model.replaceMask(pixels);
        this.#finishChange();
        this.#refreshStage();
      };
      showMessage(() => t("edit.lost"), { action: { label: () => t("edit.bring-back"), run: bringBack } });
    } else {
      const run = () => this.#saveMask(lost).catch((error) => this.#fail(error, run));
      showMessage(() => t("edit.left", { name: lost.picture.name }), { action: { label: () => t("edit.save-mask"), run } });
    }
  }
}

function coloursOf(classes) {
  return Object.fromEntries(classes.map(({ id, colour }) => [id, colour]));
}

/** Has the visitor choose a file. */
function choose(accept, take, fail) {
  const input = make("input", { type: "file", accept });
  input.addEventListener("change", () => take(input.files[0])?.catch(fail));
  input.click();
}
