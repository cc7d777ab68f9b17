// Settings: the form beside the picture, and the address, which can fix what is otherwise chosen:
// ?lang=en&device=cpu&decoder=mask&size=512&refine=1&threads=1&arithmetic=float&profile=1&model=URL&photo=URL
// &opacity=60, and of the live picture &live=camera&effect=blur&keep=person,cat&hide=sky&colour=00b140
// &calm=85&rate=30&detail=256&mirror=1
//
// It owns the form and the address, which it keeps up to date. It calls onChange when a setting asks
// for another result, and onOpacity when only the overlay's strength changed.

import { EFFECTS } from "../library/effects.js";
import { LANGUAGES, percentage, say, t } from "./texts.js";

/**
 * @typedef {object} Address  what the address asks for
 * @property {"en" | "zh"} [lang]  which texts.js reads for itself
 * @property {"auto" | "cpu" | "webgpu"} [device]
 * @property {string} [decoder]
 * @property {string} [size]
 * @property {"0" | "1"} [refine]
 * @property {number} [threads]
 * @property {"int8" | "float"} [arithmetic]
 * @property {"1"} [profile]
 * @property {string} [model]
 * @property {string} [photo]
 * @property {string} [opacity]  in percent
 * @property {"camera"} [live]
 * @property {string} [effect]
 * @property {string[]} [keep]    names of classes
 * @property {string[]} [hide]
 * @property {string} [colour]    without #
 * @property {string} [calm]      in percent
 * @property {string} [rate]
 * @property {string} [detail]
 * @property {"0" | "1"} [mirror]
 * @property {(() => string)[]} notices  a sentence for each parameter that is ignored
 */

// How each parameter is read: undefined means that the value is no good. Expected is the key of a text.
const PARAMETERS = {
  lang: { read: oneOf(...LANGUAGES), expected: "address.lang" },
  device: { read: oneOf("auto", "cpu", "webgpu"), expected: "address.device" },
  decoder: { read: oneOf("mask", "linear"), expected: "address.decoder" },
  size: { read: oneOf("256", "384", "512", "0"), expected: "address.size" },
  refine: { read: oneOf("0", "1"), expected: "address.switch" },
  threads: { read: count, expected: "address.threads" },
  arithmetic: { read: oneOf("int8", "float"), expected: "address.arithmetic" },
  profile: { read: oneOf("1"), expected: "address.profile" },
  model: { read: ownAddress, expected: "address.own" },
  photo: { read: ownAddress, expected: "address.own" },
  opacity: { read: percents(100), expected: "address.percent" },
  live: { read: oneOf("camera"), expected: "address.live" },
  effect: { read: oneOf(...EFFECTS), expected: "address.effect" },
  keep: { read: names, expected: "address.names" },
  hide: { read: names, expected: "address.names" },
  colour: { read: (text) => (/^[\da-f]{6}$/i.test(text) ? text : undefined), expected: "address.colour" },
  calm: { read: percents(95), expected: "address.calm" },
  rate: { read: oneOf("10", "15", "25", "30", "60"), expected: "address.rate" },
  detail: { read: oneOf("auto", "128", "192", "256", "384", "512"), expected: "address.detail" },
  mirror: { read: oneOf("0", "1"), expected: "address.switch" },
};

/** What the form begins with, which the address need not say. */
const FIRST = { decoder: "mask", size: "512", refine: 1, opacity: "60" };

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

  /** The options for Segmenter.segment. */
  get options() {
    const { decoder, size, refine } = this.save();
    return { decoder, refine, ...(size === "0" ? FULL_SIZE : { size: Number(size) }) };
  }

  /** Leaves the decoders to choose from that the model has. @param {string[]} decoders */
  offer(decoders) {
    for (const radio of this.#field("decoder")) radio.disabled = !decoders.includes(radio.value);
    if (!decoders.includes(this.save().decoder)) this.#field("decoder").value = decoders[0];
  }

  /** What asks for a result, to be restored when that result does not come. */
  save() {
    return { decoder: this.#field("decoder").value, size: this.#field("size").value, refine: this.#field("refine").checked };
  }

  restore({ decoder, size, refine }) {
    this.#field("decoder").value = decoder;
    this.#field("size").value = size;
    this.#field("refine").checked = refine;
  }

  #keep() {
    const { refine, ...rest } = this.save();
    const values = Object.entries({ ...rest, refine: Number(refine), opacity: this.#field("opacity").value });
    keepInAddress(Object.fromEntries(values.map(([name, value]) => [name, value === FIRST[name] ? undefined : value])));
  }

  #field(name) {
    return this.#form.elements[name];
  }
}

/**
 * Has the address hold values, so that a link to it, or a reload, begins with them.
 *
 * @param {Record<string, string | number | undefined>} values  by parameter; undefined takes it out
 */
export function keepInAddress(values) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  url.search = url.search.replaceAll("%2C", ",");
  history.replaceState(history.state, "", url);
}

function percents(most) {
  return (text) => (/^\d{1,3}$/.test(text) && Number(text) <= most ? text : undefined);
}

function names(text) {
  return text.split(",").filter(Boolean);
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
