// Folders: the photos in them, with their paths.
//
// It owns nothing. It is sent what was dropped or chosen; it sends back files with paths. Browsers have
// two ways to read folders, entries of drops and handles of pickers.

import { isPhoto } from "../intake.js";

/** Weights of a model; the folder of a training has one, or several. */
const OF_WEIGHTS = /\.(safetensors|pth|pt|ckpt|npz)$/i;

/**
 * @typedef {{ path: string, file: File }} Found
 *
 * @param {(FileSystemEntry | FileSystemHandle)[]} items
 * @returns {Promise<{ photos: Found[], isModel: boolean }>}  photos: with paths below a folder that is
 *   alone; isModel: whether they hold a model, or no photo
 */
export async function look(items) {
  const photos = [];
  let isModel = false;
  const alone = items.length === 1 ? contentOf(items[0]) : null;
  for await (const { path, open } of filesOf(alone ?? items, "")) {
    if (OF_WEIGHTS.test(path)) isModel = true;
    else if (isPhoto({ type: "", name: path })) photos.push({ path, file: await open() });
  }
  photos.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { photos, isModel: isModel || photos.length === 0 };
}

/** The photos of a field that takes files, or a folder. @param {File[]} files @returns {Found[]} */
export function ofField(files) {
  const found = files.map((file) => ({ path: file.webkitRelativePath.replace(/^[^/]*\//, "") || file.name, file }));
  return found.filter(({ path, file }) => isPhoto(file) && !isHidden(path));
}

async function* filesOf(items, folder) {
  for await (const item of items) {
    if (isHidden(item.name)) continue;
    const path = folder + item.name;
    const content = contentOf(item);
    if (content) yield* filesOf(content, `${path}/`);
    else yield { path, open: () => (item.getFile ? item.getFile() : new Promise((resolve, reject) => item.file(resolve, reject))) };
  }
}

/** What a folder holds; null for a file. */
function contentOf(item) {
  if (item.isDirectory) return entriesOf(item);
  return item.kind === "directory" ? item.values() : null;
}

/** Browsers list a folder in parts. */
async function* entriesOf(folder) {
  const reader = folder.createReader();
  for (let some = [null]; some.length > 0; ) {
    some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    yield* some;
  }
}

/** Systems hide files by a dot, and leave pictures in such folders. */
function isHidden(path) {
  return path.split("/").some((name) => name.startsWith("."));
}
