// Elements: how the parts of the page that are loaded later make theirs.
//
// It owns nothing. It is sent properties, texts and listeners; it sends back elements.

import { say } from "./texts.js";

/** An element with properties and children; functions among them are texts that follow the language. */
export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  if (typeof children[0] === "function") say(element, children[0]);
  else element.append(...children);
  return element;
}

export function button(id, text, run) {
  const element = make("button", { type: "button", ...(id && { id }) }, text);
  element.addEventListener("click", run);
  return element;
}

/** Loads a part's looks. Without them it still works. @param {string} address */
export function loadStyles(address) {
  const link = make("link", { rel: "stylesheet", href: address });
  document.head.append(link);
  return new Promise((resolve) => (link.onload = link.onerror = resolve));
}
