// Settings of the live picture: the form beside it, kept in the address.
//
// It owns the form and the lists of classes to hide or keep. It is sent what the address asks for, and
// sources; it calls onChange when anything changed.

import { decodePhoto, shrinkPhoto } from "../library/photo.js";
import { keepInAddress } from "./address.js";
import { unlessDefault } from "./settings.js";
import { percentage, say } from "./texts.js";

/** The classes in front, where an effect changes the background. */
export const FOREGROUND = ["person", "cat", "dog", "horse", "cow", "sheep", "bird"];

/** Effects that change the background. */
const ON_BACKGROUND = ["blur", "colour", "picture", "cut", "grey"];

/** Whether an effect shows something else than the background. @param {string} kind */
export function hidesBackground(kind) {
  return ON_BACKGROUND.includes(kind);
}

export class LiveSettings {
  #form = document.getElementById("live");
  #picture = null; // for the background
  #hidden;
  #kept;
  #mirror; // as chosen, undefined where the source decides
  #classes = []; // of the model
  #onChange;

  /**
   * @param {import("./address.js").Address} address
   * @param {{ onChange: () => void, onError: (error: Error) => void }} listeners
   */
  constructor({ effect, hide, keep, colour, calm, rate, detail, mirror }, { onChange, onError }) {
    this.#onChange = onChange;
    this.#hidden = new Set(hide);
    this.#kept = new Set(keep ?? FOREGROUND);
    this.#mirror = mirror && mirror === "1";
    for (const [name, value] of Object.entries({ effect, calm, rate, detail })) {
      if (value !== undefined) this.#field(name).value = value;
    }
    if (colour) this.#field("colour").value = `#${colour}`;
    if (effect === "picture") this.#field("effect").value = "blur"; // a link holds no picture
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", ({ target }) => this.#changed(target));
    this.#form.addEventListener("change", () => this.#keep());
    document.getElementById("backdrop").addEventListener("click", () => this.#choosePicture(onError));
    this.#show();
  }

  /** For LiveSegmentation. */
  get options() {
    const kind = this.#field("effect").value;
    return {
      size: this.#field("detail").value === "auto" ? "auto" : Number(this.#field("detail").value),
      rate: Number(this.#field("rate").value),
      smoothing: this.#field("calm").valueAsNumber / 100,
      mirror: this.#field("mirror").checked,
      effect: { ...this.#effectOf(kind), classes: this.#ids() },
    };
  }

  /** Tells whether a class is shown or kept, by its name. @type {(name: string) => boolean} */
  get chosen() {
    return this.hidesBackground ? (name) => this.#kept.has(name) : (name) => !this.#hidden.has(name);
  }

  /** Whether the effect shows something else than the background. */
  get hidesBackground() {
    return hidesBackground(this.#field("effect").value);
  }

  /** Takes a new source: people expect to see themselves as in a mirror. @param {import("./sources.js").Source} source */
  begin({ kind, facesUser }) {
    this.#field("mirror").checked = this.#mirror ?? (kind === "camera" && facesUser);
  }

  /** @param {import("../library/segmenter.js").ClassInfo[]} classes  of the model */
  offer(classes) {
    this.#classes = classes;
  }

  /** @param {string} name  of a class */
  toggle(name) {
    const set = this.hidesBackground ? this.#kept : this.#hidden;
    if (!set.delete(name)) set.add(name);
    this.#keep();
    this.#onChange();
  }

  #ids() {
    return this.#classes.filter(({ name }) => this.chosen(name)).map(({ id }) => id);
  }

  #effectOf(kind) {
    if (kind === "colour") return { kind, colour: this.#field("colour").value };
    if (kind === "picture") return this.#picture ? { kind, picture: this.#picture } : { kind: "blur" };
    return { kind };
  }

  #changed(target) {
    if (target.name === "mirror") this.#mirror = target.checked;
    if (["camera", "seek", "loop"].includes(target.name)) return; // of the source
    this.#show();
    this.#onChange();
    if (target.name === "effect" && target.value === "picture" && !this.#picture) {
      document.getElementById("backdrop").click();
    }
  }

  #show() {
    const kind = this.#field("effect").value;
    document.documentElement.dataset.effect = kind;
    this.#field("colour").hidden = kind !== "colour";
    document.getElementById("backdrop").hidden = kind !== "picture";
    say(document.getElementById("calm-value"), () => percentage(this.#field("calm").valueAsNumber / 100));
  }

  /** Keeps in the address what differs from the defaults. */
  #keep() {
    const isForeground = this.#kept.size === FOREGROUND.length && FOREGROUND.every((name) => this.#kept.has(name));
    const { value: effect } = this.#field("effect");
    keepInAddress({
      effect: effect === "tint" || effect === "picture" ? undefined : effect,
      colour: effect === "colour" ? this.#field("colour").value.slice(1) : undefined,
      hide: this.#hidden.size > 0 ? [...this.#hidden].join() : undefined,
      keep: isForeground ? undefined : [...this.#kept].join(),
      calm: unlessDefault(this.#field("calm")),
      rate: unlessDefault(this.#field("rate")),
      detail: unlessDefault(this.#field("detail")),
      mirror: this.#mirror === undefined ? undefined : Number(this.#mirror),
    });
  }

  #choosePicture(onError) {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = "image/*";
    input.addEventListener("change", async () => {
      try {
        const picture = await shrinkPhoto(await decodePhoto(input.files[0]), { maxPixels: 4e6, maxSide: 4096 });
        this.#picture?.close();
        this.#picture = picture;
        this.#onChange();
      } catch (error) {
        onError(error);
      }
    });
    input.click();
  }

  #field(name) {
    return this.#form.elements[name];
  }
}
