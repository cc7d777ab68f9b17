// The address, which can fix what the visitor or the page would otherwise choose:
// ?lang=en&device=cpu&decoder=mask&size=512&refine=1&threads=1&arithmetic=float&profile=1&model=NAME&photo=URL
// &opacity=60, and for the live picture &live=camera&effect=blur&keep=person,cat&hide=sky&colour=00b140
// &calm=85&rate=30&detail=256&mirror=1
//
// It owns the parameters. app.js sends it the address and spreads what it asks for; settings.js,
// live-settings.js and live-picture.js send it what the visitor chose, which it keeps in the address.

import { EFFECTS } from "../library/options.js";
import { LANGUAGES } from "./phrases.js";

/**
 * What the address asks for: what PARAMETERS reads, by parameter, and `ignored`: bad ones, such as
 * "size=9", with the key of the text that says what is expected.
 *
 * @typedef {{ [parameter: string]: any, ignored: { parameter: string, expected: string }[] }} Address
 */

// A larger one takes minutes.
const LARGEST_SIZE = 2048;

// How to read each parameter: undefined means that the value is bad. Expected is the key of a text.
const PARAMETERS = {
  lang: { read: oneOf(...LANGUAGES), expected: "address.lang" },
  device: { read: oneOf("auto", "cpu", "webgpu"), expected: "address.device" },
  decoder: { read: oneOf("mask", "linear"), expected: "address.decoder" },
  size: { read: side, expected: "address.size" },
  refine: { read: oneOf("0", "1"), expected: "address.switch" },
  threads: { read: count, expected: "address.threads" },
  arithmetic: { read: oneOf("int8", "float"), expected: "address.arithmetic" },
  profile: { read: oneOf("1"), expected: "address.profile" },
  model: { read: model, expected: "address.model" },
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

/**
 * @param {string} href  the page's address
 * @returns {Address}
 */
export function readAddress(href) {
  const address = { ignored: [] };
  const { searchParams } = new URL(href);
  for (const [name, { read, expected }] of Object.entries(PARAMETERS)) {
    const text = searchParams.get(name);
    if (text === null) continue;
    address[name] = read(text, href);
    if (address[name] === undefined) address.ignored.push({ parameter: `${name}=${text}`, expected });
  }
  return address;
}

/**
 * Keeps values in the address, so that a link to it, or a reload, begins with them.
 *
 * @param {Record<string, string | number | undefined>} values  by parameter; undefined removes it
 */
export function keepInAddress(values) {
  history.replaceState(history.state, "", addressWith(location.href, values));
}

/**
 * @param {string} href
 * @param {Record<string, string | number | undefined>} values
 * @returns {string}
 */
export function addressWith(href, values) {
  const url = new URL(href);
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  url.search = url.search.replaceAll("%2C", ",");
  return url.href;
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

function side(text) {
  return /^\d{1,4}$/.test(text) && Number(text) <= LARGEST_SIZE ? String(Number(text)) : undefined;
}

function count(text) {
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= 64 ? number : undefined;
}

/** The name of a model, or the address of a file. */
function model(text, href) {
  const isAddress = text.includes("/") || /\.safetensors(\?|$)/.test(text);
  return isAddress ? ownAddress(text, href) : text || undefined;
}

function ownAddress(text, href) {
  const url = URL.canParse(text, href) ? new URL(text, href) : undefined;
  return url?.origin === new URL(href).origin ? url.href : undefined;
}
