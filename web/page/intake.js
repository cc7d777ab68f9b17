// Intake: takes photos from the file dialogue, drops, pastes and samples.
//
// It owns the file input, the drop target and the samples. It calls onFile with a photo, onSample with
// a sample's address, and onNothing with a sentence where there is no photo.

import { t } from "./texts.js";

/**
 * @param {object} listeners
 * @param {(file: File) => void} listeners.onFile
 * @param {(url: string) => void} listeners.onSample
 * @param {(sentence: () => string) => void} listeners.onNothing
 */
export function takePhotos({ onFile, onSample, onNothing }) {
  takeFromDialogue(onFile);
  takeFromDrops(onFile, onNothing);
  takeFromClipboard(onFile);
  for (const sample of document.querySelectorAll("[data-sample]")) {
    sample.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab opens the sample's address
      event.preventDefault();
      if ("missing" in sample.dataset) onNothing(() => t("samples.offline"));
      else onSample(sample.dataset.sample);
    });
  }
}

function takeFromDialogue(onFile) {
  const input = document.getElementById("file");
  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => input.click());
  }
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (file) onFile(file);
  });
}

function takeFromDrops(onFile, onNothing) {
  const page = document.documentElement;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    page.toggleAttribute("data-dragging", true);
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) page.toggleAttribute("data-dragging", false);
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    page.toggleAttribute("data-dragging", false);
    const [file] = event.dataTransfer.files;
    if (file) onFile(file);
    else onNothing(() => t("drop.nothing"));
  });
}

function takeFromClipboard(onFile) {
  addEventListener("paste", ({ clipboardData }) => {
    const [file] = clipboardData.files;
    if (file) onFile(file);
  });
}
