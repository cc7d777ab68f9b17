// Settings of the live picture: the form beside it, which the address keeps.
//
// It owns the form and the lists of classes that are hidden or kept. It is sent what the address asks
// for, and sources; it calls onChange when anything changed.

import { decodePhoto, shrinkPhoto } from "../library/photo.js";
import { keepInAddress } from "./settings.js";
import { percentage, say } from "./texts.js";

/** Who is in front, where an effect changes what is behind. */
const FOREGROUND = ["person", "cat", "dog", "horse", "cow", "sheep", "bird"];

/** Effects that change the background. */
const ON_BACKGROUND = ["blur", "colour", "picture", "cut", "grey"];

export class LiveSettings {
  #form = document.getElementById("live");
  #picture = null; // to put behind
  #hidden;
  #kept;
  #mirror; // as chosen, undefined where the source decides
  #classes = []; // of the model
  #onChange;

  /**
   * @param {import("./settings.js").Address} address
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

  /** Tells whether a class of a name is shown, or kept. @type {(name: string) => boolean} */
  get chosen() {
    return this.#isOnBackground ? (name) => this.#kept.has(name) : (name) => !this.#hidden.has(name);
  }

  /** Begins with a source: people expect to see themselves as in a mirror. @param {import("./sources.js").Source} source */
  begin({ kind, facesUser }) {
    this.#field("mirror").checked = this.#mirror ?? (kind === "camera" && facesUser);
  }

  /** @param {import("../library/segmenter.js").ClassInfo[]} classes  of the model */
  offer(classes) {
    this.#classes = classes;
  }

  /** @param {string} name  of a class */
  toggle(name) {
    const set = this.#isOnBackground ? this.#kept : this.#hidden;
    if (!set.delete(name)) set.add(name);
    this.#keep();
    this.#onChange();
  }

  get #isOnBackground() {
    return ON_BACKGROUND.includes(this.#field("effect").value);
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

  /** Has the address hold what is not as it was at first. */
  #keep() {
    const isForeground = this.#kept.size === FOREGROUND.length && FOREGROUND.every((name) => this.#kept.has(name));
    const { value: effect } = this.#field("effect");
    keepInAddress({
      effect: effect === "tint" || effect === "picture" ? undefined : effect,
      colour: effect === "colour" ? this.#field("colour").value.slice(1) : undefined,
      hide: this.#hidden.size > 0 ? [...this.#hidden].join() : undefined,
      keep: isForeground ? undefined : [...this.#kept].join(),
      calm: unlessFirst(this.#field("calm")),
      rate: unlessFirst(this.#field("rate")),
      detail: unlessFirst(this.#field("detail")),
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

/** What a field holds, unless that is what the page begins with. */
function unlessFirst(field) {
  const first = field.options ? [...field.options].find(({ defaultSelected }) => defaultSelected).value : field.defaultValue;
  return field.value === first ? undefined : field.value;
}
