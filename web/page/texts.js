// Texts: what the page says, in the visitor's language.
//
// It owns the language: the one that ?lang= in the address asks for, else the one chosen before, else
// the one that the browser prefers. Everything on the page sends it keys, values and errors, and
// app.js the classes of the model in use; it sends back sentences. It loads texts/zh.js only where the page speaks Chinese.
//
// The markup is English. data-text in it is the key of an element's text; data-text-title, -label,
// -alt, -content and -lang are those of its attributes. Scripts show their texts through say().

import { firstSpoken, LANGUAGES, Phrases } from "./phrases.js";
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

let language = MARKUP;
let phrases = new Phrases(MARKUP, english);
let namesInUse = []; // of the classes of the model in use
/** The texts that scripts show, by element and attribute. @type {WeakMap<Element, Map<string, string | (() => string)>>} */
const said = new WeakMap();

// Without the other language's file the page stays English.
const wanted = firstSpoken([new URLSearchParams(location.search).get("lang"), stored(), ...navigator.languages]);
if (wanted && wanted !== MARKUP) await use(wanted).catch(() => {});

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

/**
 * Adds the texts of a part of the page that is loaded later.
 *
 * @param {Record<string, () => Promise<{ texts: Record<string, string>, errors?: Record<string, string> }>>} loaders  by language
 */
export async function addTexts(loaders) {
  for (const name of LANGUAGES) {
    const load = LOADERS[name];
    LOADERS[name] = async () => {
      const [file, part] = await Promise.all([load(), loaders[name]()]);
      Object.assign(file.texts, part.texts);
      Object.assign(file.errors, part.errors);
      return file;
    };
  }
  await Promise.all([LOADERS[MARKUP](), LOADERS[language]()]);
}

async function use(wanted) {
  phrases = new Phrases(wanted, await LOADERS[wanted](), english);
  language = wanted;
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
 * Shows a text, and shows it again in the new language when that changes.
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

// In the language of the moment; class Phrases describes them. (Functions, since the module uses them
// above while it loads.)

export function t(key, values) {
  return phrases.text(key, values);
}

/** @param {string} name @param {string[]} [names]  of all classes of its model, if it is not the one in use */
export function className(name, names = namesInUse) {
  return phrases.className(name, names);
}

/** Sets the model in use: its classes are what legends and pictures name. @param {{ name: string }[]} classes */
export function nameClasses(classes) {
  namesInUse = classes.map(({ name }) => name);
}

export function sentenceOf(error) {
  return phrases.sentenceOf(error);
}

export function number(value, digits) {
  return phrases.number(value, digits);
}

export function percentage(share, digits) {
  return phrases.percentage(share, digits);
}

export function roughly(value) {
  return phrases.roughly(value);
}
