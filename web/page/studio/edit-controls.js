// The controls of an edit: tools, the effect, and what can be saved.
//
// It owns the form and what it says. edit.js reads the settings from it, and is told when they change and
// what buttons are pressed. Buttons for what this browser cannot do are not there.

import { button, make } from "../elements.js";
import { percentage, say, t } from "../texts.js";

const EFFECTS = ["tint", "blur", "colour", "picture", "cut", "grey", "none"];

/** Strokes are at most so broad, as a part of the photo's longer side. */
const BROADEST = 0.25;

/** How much a key changes the size of the brush, in steps of its slider. */
const SIZE_STEP = 5;

export class EditControls {
  #form = make("form", { className: "edit", id: "edit" });
  #hooks;
  #rows = {};
  #outputs = {};
  #buttons = {};
  #classes = []; // that can be painted

  /**
   * @param {HTMLElement} panel
   * @param {object} hooks
   * @param {(name: string) => void} hooks.onChange  a field of that name has another value
   * @param {(name: string) => void} hooks.onPress   undo, redo, clear, picture, png, webp, copy, share, save-mask or open-mask
   */
  constructor(panel, hooks) {
    this.#hooks = hooks;
    this.#form.append(...this.#tools(), ...this.#effects(), ...this.#savings());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", ({ target }) => {
      this.show();
      hooks.onChange(target.name);
    });
    panel.append(this.#form);
    this.show();
  }

  /** "look", "pick" or "brush" */
  get tool() {
    return this.#value("edit-tool");
  }

  /** "new", "add" or "remove" */
  get pickMode() {
    return this.#value("edit-pick");
  }

  get erases() {
    return this.#value("edit-stroke") === "erase";
  }

  /** A class's id, or "selection". */
  get target() {
    const value = this.#value("edit-target");
    return value === "selection" ? value : Number(value);
  }

  /** The radius of the brush, as a part of the photo's longer side. Small ones are finely graded. */
  get brush() {
    return (BROADEST / 2) * (this.#field("edit-size").valueAsNumber / 100) ** 2;
  }

  /** "tint", "blur", "colour", "picture", "cut", "grey" or "none" */
  get effect() {
    return this.#value("edit-effect");
  }

  get colour() {
    return this.#value("edit-colour");
  }

  /** The radius of a blur, for a photo of 1280 pixels. */
  get radius() {
    return this.#field("edit-strength").valueAsNumber;
  }

  /** The breadth of soft edges, as a part of the photo's longer side. 0: they follow the photo. */
  get feather() {
    return this.#field("edit-feather").valueAsNumber / 1000;
  }

  /** @param {number} direction  1 or -1 */
  resizeBrush(direction) {
    this.#field("edit-size").valueAsNumber += direction * SIZE_STEP;
    this.show();
  }

  /** @param {string} name @param {string} value */
  set(name, value) {
    this.#form.elements[name].value = value;
    this.show();
  }

  /** The classes that can be painted. @param {{ id: number, name: () => string }[]} classes  those in the picture first */
  offer(classes) {
    const names = classes.map(({ id }) => id).join();
    if (names === this.#classes.join()) return;
    this.#classes = classes.map(({ id }) => id);
    const select = this.#field("edit-target");
    const before = select.value || "selection";
    const options = classes.map(({ id, name }) => make("option", { value: id }, name));
    select.replaceChildren(make("option", { value: "selection" }, () => t("edit.selection")), ...options);
    select.value = before;
    if (!select.value) select.value = "selection";
  }

  /** @param {{ canUndo: boolean, canRedo: boolean, hasSelection: boolean, isBusy: boolean }} state */
  follow({ canUndo, canRedo, hasSelection, isBusy }) {
    this.#buttons.undo.disabled = !canUndo;
    this.#buttons.redo.disabled = !canRedo;
    this.#buttons.clear.disabled = !hasSelection;
    for (const name of ["png", "webp", "copy", "share"]) if (this.#buttons[name]) this.#buttons[name].disabled = isBusy;
  }

  /** Shows what belongs to the tool and the effect. */
  show() {
    const { tool, effect } = this;
    this.#rows.pick.hidden = tool !== "pick";
    this.#rows.stroke.hidden = this.#rows.target.hidden = this.#rows.size.hidden = tool !== "brush";
    this.#rows.strength.hidden = effect !== "blur";
    this.#rows.feather.hidden = effect === "tint" || effect === "none";
    this.#field("edit-colour").hidden = effect !== "colour";
    this.#buttons.picture.hidden = effect !== "picture";
    const [hint, keys] = this.#rows.hint.children;
    say(hint, () => t(`edit.hint-${tool}`));
    keys.hidden = tool === "look";
    if (!keys.hidden) say(keys, () => t(`edit.keys-${tool}`));
    say(this.#outputs["edit-feather"], () => (this.feather ? t("edit.per-mille", { number: Math.round(this.feather * 1000) }) : t("edit.crisp")));
    for (const name of ["edit-size", "edit-strength"]) {
      const { valueAsNumber, max } = this.#field(name);
      say(this.#outputs[name], () => percentage(valueAsNumber / Number(max)));
    }
  }

  #tools() {
    const tools = this.#segmented("edit-tool", "edit.tool", { look: "edit.look", pick: "edit.pick", brush: "edit.brush" }, "pick");
    this.#rows.hint = make("p", { className: "hint" }, make("span", {}), " ", make("span", { className: "wide" })); // not by touch
    this.#rows.pick = this.#segmented("edit-pick", "edit.click", { new: "edit.new", add: "edit.add", remove: "edit.remove" }, "new");
    this.#rows.stroke = this.#segmented("edit-stroke", "edit.stroke", { paint: "edit.paint", erase: "edit.erase" }, "paint");
    this.#rows.target = this.#row("edit.target", "edit-target", make("select", { id: "edit-target", name: "edit-target" }));
    this.#rows.size = this.#slider("edit.size", "edit-size", { min: 1, max: 100, value: 40 });
    const changes = this.#group("edit.changes", this.#button("undo"), this.#button("redo"), this.#button("clear"));
    return [tools, this.#rows.hint, this.#rows.pick, this.#rows.stroke, this.#rows.target, this.#rows.size, changes];
  }

  #effects() {
    const select = make("select", { id: "edit-effect", name: "edit-effect" }, ...EFFECTS.map((kind) => make("option", { value: kind }, () => t(`effect.${kind}`))));
    const colour = make("input", { type: "color", name: "edit-colour", value: "#00b140" });
    say(colour, () => t("effect.colour"), "aria-label");
    const effect = this.#row("live.effect", "edit-effect", make("div", { className: "pair" }, select, colour, this.#button("picture", "live.choose")));
    this.#rows.strength = this.#slider("edit.strength", "edit-strength", { min: 2, max: 80, value: 16 });
    this.#rows.feather = this.#slider("edit.feather", "edit-feather", { min: 0, max: 30, value: 0 });
    return [effect, this.#rows.strength, this.#rows.feather];
  }

  #savings() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const writes = (type) => canvas.toDataURL(type).startsWith(`data:${type}`);
    const empty = new File([], "photo.png", { type: "image/png" });
    const can = {
      png: true,
      webp: writes("image/webp"),
      copy: Boolean(globalThis.ClipboardItem && navigator.clipboard?.write),
      share: navigator.canShare?.({ files: [empty] }) ?? false,
    };
    const files = Object.keys(can).filter((name) => can[name]).map((name) => this.#button(name));
    return [
      this.#group("save", ...files),
      this.#group("save.mask", this.#button("save-mask"), this.#button("open-mask")),
    ];
  }

  #button(name, key = `edit.${name}`) {
    const made = button(`edit-${name}`, () => t(key), () => this.#hooks.onPress(name));
    this.#buttons[name] = made;
    return made;
  }

  #row(key, id, ...elements) {
    const label = make("label", { htmlFor: id }, () => t(key));
    return make("div", { className: "row" }, label, ...elements);
  }

  #group(key, ...buttons) {
    const label = make("span", { className: "label", id: `edit-${key}-label` }, () => t(key));
    const group = make("div", { className: "pair" }, ...buttons);
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", label.id);
    return make("div", { className: "row" }, label, group);
  }

  #segmented(name, key, choices, chosen) {
    const label = make("span", { className: "label", id: `${name}-label` }, () => t(key));
    const radios = Object.entries(choices).map(([value, text]) => make("label", {},
      make("input", { type: "radio", name, value, checked: value === chosen }), make("span", {}, () => t(text))));
    const row = make("div", { className: "row" }, label, make("div", { className: "segmented" }, ...radios));
    row.setAttribute("role", "radiogroup");
    row.setAttribute("aria-labelledby", label.id);
    return row;
  }

  #slider(key, name, { min, max, value }) {
    const input = make("input", { type: "range", id: name, name, min, max, value });
    this.#outputs[name] = make("output", { htmlFor: name });
    return this.#row(key, name, input, this.#outputs[name]);
  }

  #value(name) {
    return this.#form.elements[name].value;
  }

  #field(name) {
    return this.#form.elements[name];
  }
}
