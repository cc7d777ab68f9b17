// Intake: takes photos from the file dialogue, drops, pastes and samples, and models from drops.
//
// It owns the file input, the drop target and the samples. It calls onFile with a photo, onModel with
// the files of a model, onSample with a sample's address, and onNothing with a sentence where there is
// no photo.

import { t } from "./texts.js";

/** A model, or a checkpoint and what lies beside it. */
export const OF_MODEL = /\.(safetensors|pth|pt|ckpt|bin|npz|ya?ml)$/i;

/**
 * @param {object} listeners
 * @param {(file: File) => void} listeners.onFile
 * @param {(files: (File | FileSystemDirectoryEntry)[]) => void} listeners.onModel
 * @param {(url: string) => void} listeners.onSample
 * @param {(sentence: () => string) => void} listeners.onNothing
 */
export function takePhotos({ onFile, onModel, onSample, onNothing }) {
  const take = (files, otherwise = () => {}) => {
    if (files.length === 0) return otherwise();
    if (!files.some(({ name }) => OF_MODEL.test(name))) return onFile(files[0]);
    const picture = files.find(({ type }) => /^(image|video)\//.test(type));
    if (picture) onFile(picture); // that the model is to be tried on
    onModel(files.filter((file) => file !== picture));
  };
  takeFromDialogue(take);
  takeFromDrops((files) => take(files, () => onNothing(() => t("drop.nothing"))), onModel);
  addEventListener("paste", ({ clipboardData }) => take([...clipboardData.files]));
  for (const sample of document.querySelectorAll("[data-sample]")) {
    sample.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab opens the sample's address
      event.preventDefault();
      if ("missing" in sample.dataset) onNothing(() => t("samples.offline"));
      else onSample(sample.dataset.sample);
    });
  }
}

function takeFromDialogue(take) {
  const input = document.getElementById("file");
  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => input.click());
  }
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = ""; // so that the same file can be chosen again
    take(files);
  });
}

function takeFromDrops(take, onModel) {
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
    const { files, items } = event.dataTransfer;
    const folders = [...items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
    if (folders.length > 0) onModel(folders); // of a training
    else take([...files]);
  });
}
