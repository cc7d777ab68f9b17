// Status: progress over the stage, messages above it, and announcements for screen readers.
//
// It owns the progress line, the messages and the live region. It is sent sentences (functions, where
// they follow the language) and callbacks for their buttons.

import { say, t } from "./texts.js";

const progress = document.getElementById("progress");
const progressText = document.getElementById("progress-text");
const progressBar = document.getElementById("progress-bar");
const cancelButton = document.getElementById("cancel");
const messages = document.getElementById("messages");
const announcement = document.getElementById("announcement");

// Most jobs end before anybody would cancel them.
const PATIENCE = 2000; // ms

let patience; // the timer that offers to cancel

/**
 * Shows progress.
 *
 * @param {string | (() => string)} text
 * @param {object} [options]
 * @param {number} [options.done]
 * @param {number} [options.total]  without it, the bar shows no share
 * @param {() => void} [options.onCancel]
 * @param {number} [options.since]  when the job began: if it takes long, it can be cancelled
 */
export function showProgress(text, { done = 0, total = 0, onCancel, since = -Infinity } = {}) {
  progress.hidden = false;
  say(progressText, text);
  progressBar.max = total || 1;
  if (total) progressBar.value = done;
  else progressBar.removeAttribute("value");
  clearTimeout(patience);
  const wait = since + PATIENCE - performance.now();
  cancelButton.hidden = !onCancel || wait > 0;
  cancelButton.onclick = onCancel ?? null;
  if (onCancel && wait > 0) patience = setTimeout(() => (cancelButton.hidden = false), wait);
}

export function hideProgress() {
  clearTimeout(patience);
  progress.hidden = true;
}

/** Announces something to screen readers. @param {string | (() => string)} text */
export function announce(text) {
  say(announcement, text);
}

/**
 * Shows a message until it is dismissed.
 *
 * @param {string | (() => string)} text  one sentence
 * @param {object} [options]
 * @param {"error" | "notice"} [options.kind]
 * @param {{ label: string | (() => string), run: () => void }} [options.action]  what may help
 * @param {() => void} [options.onDismiss]
 */
export function showMessage(text, { kind = "notice", action, onDismiss } = {}) {
  const message = document.createElement("div");
  message.className = `message ${kind}`;
  message.setAttribute("role", kind === "error" ? "alert" : "status");
  const sentence = document.createElement("p");
  say(sentence, text);
  message.append(sentence);
  if (action) message.append(button(action.label, action.run, message));
  message.append(button(() => t("dismiss"), onDismiss, message));
  messages.append(message);
}

export function clearMessages() {
  messages.replaceChildren();
}

function button(label, run, message) {
  const element = document.createElement("button");
  element.type = "button";
  say(element, label);
  element.addEventListener("click", () => {
    message.remove();
    run?.();
  });
  return element;
}
