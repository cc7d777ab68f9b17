// Intake: takes photos from the file dialogue, drops, pastes and samples, and models from drops.
//
// It owns the file input, the drop target and the samples. It calls onFile with a photo, onPhotos with
// several, onFolders with what only folders can tell, onModel with the files of a model, onSample with a
// sample's address, and onNothing with a sentence where there is no photo.

import { t } from "./texts.js";

/** A model, or a checkpoint and what lies beside it. */
export const OF_MODEL = /\.(safetensors|pth|pt|ckpt|bin|npz|ya?ml)$/i;

const OF_PHOTO = /\.(jpe?g|png|webp|avif|gif|bmp|hei[cf])$/i;

/** Whether a file is a photo: by its kind, or by its name where the browser says no kind. */
export function isPhoto({ type, name }) {
  return type ? type.startsWith("image/") : OF_PHOTO.test(name);
}

/**
 * @param {object} listeners
 * @param {(file: File) => void} listeners.onFile
 * @param {(files: File[]) => void} listeners.onPhotos
 * @param {(entries: FileSystemEntry[]) => void} listeners.onFolders  of photos, or of a model
 * @param {(files: File[]) => void} listeners.onModel
 * @param {(url: string) => void} listeners.onSample
 * @param {(sentence: () => string) => void} listeners.onNothing
 */
export function takePhotos({ onFile, onPhotos, onFolders, onModel, onSample, onNothing }) {
  const take = (files, otherwise = () => {}) => {
    if (files.length === 0) return otherwise();
    const photos = files.filter(isPhoto);
    const ofModel = files.filter(({ name }) => OF_MODEL.test(name));
    const [shown] = [...photos, ...files.filter(({ type }) => type.startsWith("video/"))]; // a model beside it is to be tried on it
    if (photos.length > 1) onPhotos(photos);
    else if (shown || ofModel.length === 0) onFile(shown ?? files[0]);
    if (ofModel.length > 0) onModel(ofModel);
  };
  takeFromDialogue(take);
  takeFromDrops((files) => take(files, () => onNothing(() => t("drop.nothing"))), onFolders);
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

function takeFromDrops(take, onFolders) {
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
    const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.some(({ isDirectory }) => isDirectory)) onFolders(entries);
    else take([...files]);
  });
}
