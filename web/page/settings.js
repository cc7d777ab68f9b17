// Settings: the form beside the picture, kept in the address.
//
// It owns the form. It is sent what the address asks for, and the model's decoders; it calls onChange
// when a setting asks for another result, and onOpacity when only the overlay's strength changed.

import { keepInAddress } from "./address.js";
import { sizesAround } from "./sizes.js";
import { percentage, say } from "./texts.js";

export class Settings {
  #form = document.getElementById("settings");
  #opacityValue = document.getElementById("opacity-value");
  #decoders = null; // of the model, once it is there
  #best = 0; // the model's size, once it is there

  /**
   * @param {import("./address.js").Address} address
   * @param {{ onChange: () => void, onOpacity: (share: number) => void }} listeners
   */
  constructor({ decoder, size, refine, opacity }, { onChange, onOpacity }) {
    const wanted = { ...(decoder && { decoder }), ...(size && { size }), ...(refine && { refine: refine === "1" }) };
    this.restore({ ...this.save(), ...wanted });
    if (opacity) this.#field("opacity").value = opacity;
    const showOpacity = () => {
      say(this.#opacityValue, () => percentage(this.opacity));
      onOpacity(this.opacity);
    };
    showOpacity();
    this.#field("opacity").addEventListener("input", showOpacity);
    this.#form.addEventListener("change", ({ target }) => {
      this.#keep();
      if (target.type !== "range") onChange();
    });
    this.#form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** The overlay's strength, from 0 to 1. */
  get opacity() {
    return this.#field("opacity").valueAsNumber / 100;
  }

  /** The options for Segmenter.segment; without a decoder until one is chosen or offered. */
  get options() {
    const { decoder, size, refine } = this.save();
    // The full size takes a sliding window, which overlaps by a quarter.
    const whole = { size: 0, window: this.#best, stride: Math.round(this.#best * 0.75) };
    return { decoder: decoder || undefined, refine, ...(size === "0" ? whole : { size: Number(size) }) };
  }

  /**
   * Offers the model's decoders, and sizes around its own. Its first decoder and its size are the
   * defaults.
   *
   * @param {import("../library/segmenter.js").ModelInfo} model
   */
  offer({ decoders, size }) {
    const before = this.save();
    const isDefault = !unlessDefault(this.#field("size"));
    this.#decoders = decoders;
    this.#best = size;
    for (const radio of this.#field("decoder")) radio.disabled = !decoders.includes(radio.value);
    this.#offerSizes(sizesAround(size));
    this.restore(isDefault ? { ...before, size: String(size) } : before);
  }

  #offerSizes(sizes) {
    const radios = [...this.#field("size")].filter(({ value }) => value !== "0");
    for (const [i, radio] of radios.entries()) {
      radio.value = sizes[i];
      radio.nextElementSibling.textContent = sizes[i];
      radio.defaultChecked = i === 1;
    }
  }

  /** The settings that a result depends on, to be restored if that result does not come. */
  save() {
    return { decoder: this.#field("decoder").value, size: this.#field("size").value, refine: this.#field("refine").checked };
  }

  restore({ decoder, size, refine }) {
    const isOffered = !this.#decoders || this.#decoders.includes(decoder);
    this.#field("decoder").value = isOffered ? decoder : this.#decoders[0];
    this.#chooseSize(size);
    this.#field("refine").checked = refine;
  }

  /** Chooses a size; one that is not offered takes the place of the one that is nearest. */
  #chooseSize(size) {
    const radios = [...this.#field("size")];
    if (!radios.some(({ value }) => value === size)) {
      const distance = ({ value }) => Math.abs(Number(value) - Number(size));
      const [nearest] = radios.filter(({ value }) => value !== "0").sort((a, b) => distance(a) - distance(b));
      nearest.value = size;
      nearest.nextElementSibling.textContent = size;
    }
    this.#field("size").value = size;
  }

  #keep() {
    const decoder = this.#field("decoder").value;
    keepInAddress({
      decoder: decoder === this.#decoders?.[0] ? undefined : decoder || undefined,
      size: unlessDefault(this.#field("size")),
      refine: unlessDefault(this.#field("refine")),
      opacity: unlessDefault(this.#field("opacity")),
    });
  }

  #field(name) {
    return this.#form.elements[name];
  }
}

/**
 * The value of a field for the address, or undefined where the field is as the markup has it.
 *
 * @param {HTMLInputElement | HTMLSelectElement | RadioNodeList} field
 */
export function unlessDefault(field) {
  if (field.type === "checkbox") return field.checked === field.defaultChecked ? undefined : Number(field.checked);
  const choices = field instanceof RadioNodeList ? [...field] : [...(field.options ?? [])];
  const chosen = choices.find(({ defaultChecked, defaultSelected }) => defaultChecked || defaultSelected);
  return field.value === (chosen?.value ?? field.defaultValue) ? undefined : field.value;
}
