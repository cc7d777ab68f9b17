// Settings: the form beside the picture, and the address, which can fix what is otherwise chosen:
// ?lang=en&device=cpu&decoder=mask&size=512&threads=1&arithmetic=float&profile=1&model=URL&photo=URL
//
// It owns the form. It is sent the address; it calls onChange when a setting asks for another
// result, and onOpacity when only the overlay's strength changed.

import { LANGUAGES, percentage, say, t } from "./texts.js";

/**
 * @typedef {object} Address  what the address asks for
 * @property {"en" | "zh"} [lang]  which texts.js reads for itself
 * @property {"auto" | "cpu" | "webgpu"} [device]
 * @property {string} [decoder]
 * @property {string} [size]
 * @property {number} [threads]
 * @property {"int8" | "float"} [arithmetic]
 * @property {"1"} [profile]
 * @property {string} [model]
 * @property {string} [photo]
 * @property {(() => string)[]} notices  a sentence for each parameter that is ignored
 */

// How each parameter is read: undefined means that the value is no good. Expected is the key of a text.
const PARAMETERS = {
  lang: { read: oneOf(...LANGUAGES), expected: "address.lang" },
  device: { read: oneOf("auto", "cpu", "webgpu"), expected: "address.device" },
  decoder: { read: oneOf("mask", "linear"), expected: "address.decoder" },
  size: { read: oneOf("256", "384", "512", "0"), expected: "address.size" },
  threads: { read: count, expected: "address.threads" },
  arithmetic: { read: oneOf("int8", "float"), expected: "address.arithmetic" },
  profile: { read: oneOf("1"), expected: "address.profile" },
  model: { read: ownAddress, expected: "address.own" },
  photo: { read: ownAddress, expected: "address.own" },
};

// The official sliding window.
const FULL_SIZE = { size: 0, window: 512, stride: 384 };

/**
 * @param {string} search  the address's query
 * @returns {Address}
 */
export function readAddress(search) {
  const address = { notices: [] };
  const parameters = new URLSearchParams(search);
  for (const [name, { read, expected }] of Object.entries(PARAMETERS)) {
    const text = parameters.get(name);
    if (text === null) continue;
    address[name] = read(text);
    if (address[name] === undefined) {
      address.notices.push(() => t("address.ignored", { parameter: `${name}=${text}`, expected: t(expected) }));
    }
  }
  return address;
}

export class Settings {
  #form = document.getElementById("settings");
  #opacityValue = document.getElementById("opacity-value");

  /**
   * @param {Address} address
   * @param {{ onChange: () => void, onOpacity: (share: number) => void }} listeners
   */
  constructor({ decoder, size }, { onChange, onOpacity }) {
    this.restore({ ...this.save(), ...(decoder && { decoder }), ...(size && { size }) });
    const showOpacity = () => {
      say(this.#opacityValue, () => percentage(this.opacity));
      onOpacity(this.opacity);
    };
    showOpacity();
    this.#field("opacity").addEventListener("input", showOpacity);
    this.#form.addEventListener("change", ({ target }) => target.type === "radio" && onChange());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** The overlay's strength, from 0 to 1. */
  get opacity() {
    return this.#field("opacity").valueAsNumber / 100;
  }

  /** The options for Segmenter.segment. */
  get options() {
    const { decoder, size } = this.save();
    return { decoder, ...(size === "0" ? FULL_SIZE : { size: Number(size) }) };
  }

  /** Leaves the decoders to choose from that the model has. @param {string[]} decoders */
  offer(decoders) {
    for (const radio of this.#field("decoder")) radio.disabled = !decoders.includes(radio.value);
    if (!decoders.includes(this.save().decoder)) this.#field("decoder").value = decoders[0];
  }

  /** What asks for a result, to be restored when that result does not come. */
  save() {
    return { decoder: this.#field("decoder").value, size: this.#field("size").value };
  }

  restore({ decoder, size }) {
    this.#field("decoder").value = decoder;
    this.#field("size").value = size;
  }

  #field(name) {
    return this.#form.elements[name];
  }
}

function oneOf(...values) {
  return (text) => (values.includes(text) ? text : undefined);
}

function count(text) {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 64 ? number : undefined;
}

function ownAddress(text) {
  const url = URL.canParse(text, document.baseURI) ? new URL(text, document.baseURI) : undefined;
  return url?.origin === location.origin ? url.href : undefined;
}
