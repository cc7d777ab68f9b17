// Texts: what the page says, in the visitor's language.
//
// It owns the language: what ?lang= in the address asks for, else what was chosen before, else what
// the browser prefers. It is sent keys, values and errors by everything on the page; it sends back
// sentences from texts/en.js or texts/zh.js, which is loaded only where it is used.
//
// The markup is English. data-text in it is the key of an element's text; data-text-title, -label,
// -alt, -content and -lang are those of its attributes. Texts that scripts show go through say().

import * as english from "./texts/en.js";

const LOADERS = { en: async () => english, zh: () => import("./texts/zh.js") };
const MARKUP = "en";
const STORE = "language";

/** Attributes that have texts, by the names of their keys in an element's dataset. */
const ATTRIBUTES = {
  text: "",
  textTitle: "title",
  textLabel: "aria-label",
  textAlt: "alt",
  textContent: "content",
  textLang: "lang",
};

export const LANGUAGES = Object.keys(LOADERS);

/** The language of the page. */
export let language = MARKUP;
/** What is said in it. */
let spoken = english;
/** Number formats and plural rules of the language, which take long to make. */
const formats = new Map();
/** The texts that scripts show, by element and attribute. @type {WeakMap<Element, Map<string, string | (() => string)>>} */
const said = new WeakMap();

// Without the other language's file the page stays English.
if (preferred() !== MARKUP) await use(preferred()).catch(() => {});

function preferred() {
  const wishes = [new URLSearchParams(location.search).get("lang"), stored(), ...navigator.languages.map(base)];
  return wishes.find((wish) => LANGUAGES.includes(wish)) ?? MARKUP;
}

function base(tag) {
  return tag.split("-")[0].toLowerCase();
}

function stored() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null; // storage is forbidden
  }
}

/** Has the page speak the other language, at this visit and later ones. */
export async function switchLanguage() {
  await use(LANGUAGES.find((other) => other !== language));
  try {
    localStorage.setItem(STORE, language);
  } catch {
    // It holds for this visit only.
  }
  const url = new URL(location.href);
  if (!url.searchParams.has("lang")) return;
  url.searchParams.delete("lang"); // or it would undo the choice at the next visit
  history.replaceState(history.state, "", url);
}

async function use(wanted) {
  spoken = await LOADERS[wanted]();
  language = wanted;
  formats.clear();
  document.documentElement.lang = t("language.tag");
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    for (const element of document.querySelectorAll(`[${attributeOf(name)}]`)) {
      write(element, attribute, t(element.dataset[name]));
    }
  }
  for (const element of document.querySelectorAll("[data-said]")) {
    for (const [attribute, text] of said.get(element)) write(element, attribute, valueOf(text));
  }
}

/** textTitle is data-text-title. */
function attributeOf(name) {
  return `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * The text of a key. Where there is a count among its values, the key has one text for each of the
 * language's plurals: key.one, key.other.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]  of the {placeholders} in it
 * @returns {string}
 */
export function t(key, values = {}) {
  const form = "count" in values ? `${key}.${pluralOf(values.count)}` : key;
  return fill(spoken.texts[form] ?? english.texts[form] ?? form, values);
}

function fill(text, values = {}) {
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
}

/**
 * Shows a text, and shows it anew when the language changes.
 *
 * @param {Element} element
 * @param {string | (() => string)} text  a function where the text depends on the language
 * @param {string} [attribute]  that has the text; "" for the element's own
 */
export function say(element, text, attribute = "") {
  if (!said.has(element)) said.set(element, new Map());
  said.get(element).set(attribute, text);
  element.toggleAttribute("data-said", true);
  write(element, attribute, valueOf(text));
}

function write(element, attribute, text) {
  if (attribute) element.setAttribute(attribute, text);
  else element.textContent = text;
}

function valueOf(text) {
  return typeof text === "function" ? text() : text;
}

/** What a class of the model is called; as the model calls it where that is not known. @param {string} name */
export function className(name) {
  return spoken.classes[name] ?? name;
}

/**
 * What went wrong. The library speaks English, so its own sentence is the English one; in another
 * language it is that of the error's code and reason.
 *
 * @param {{ code?: string, reason?: string, values?: object, message: string, key?: string }} error
 *   key: that of a text, for errors of the page's own
 * @returns {string}
 */
export function sentenceOf({ code, reason, values, message, key }) {
  if (key) return t(key, values);
  const text = spoken.errors[`${code}.${reason}`] ?? spoken.errors[code];
  return text ? fill(text, values) : message;
}

/** @param {number} value @param {number} [digits]  after the point */
export function number(value, digits = 0) {
  return numberFormat({ ...exactly(digits), useGrouping: false }).format(value);
}

/** @param {number} share  from 0 to 1 @param {number} [digits]  after the point */
export function percentage(share, digits = 0) {
  return numberFormat({ ...exactly(digits), style: "percent" }).format(share);
}

/** A large number, in words that the language has for such. @param {number} value */
export function roughly(value) {
  return numberFormat({ ...exactly(1), notation: "compact", compactDisplay: "long" }).format(value);
}

function exactly(digits) {
  return { minimumFractionDigits: digits, maximumFractionDigits: digits };
}

function numberFormat(options) {
  return format(JSON.stringify(options), () => new Intl.NumberFormat(language, options));
}

function pluralOf(count) {
  return format("plural", () => new Intl.PluralRules(language)).select(count);
}

function format(name, make) {
  if (!formats.has(name)) formats.set(name, make());
  return formats.get(name);
}
