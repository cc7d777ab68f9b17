// Bringing models in: a model as it is, or a checkpoint that is converted first.
//
// It owns nothing. models.js sends it the files that the visitor chose; it sends back a model file. The
// program that converts is fetched only for checkpoints.

import { statedLength } from "../library/download.js";
import { OF_MODEL } from "./intake.js";
import { failure } from "./models-own.js";

/** The length of the header, which comes before it. */
const LENGTH_BYTES = 8;
const LONGEST_HEADER = 4 << 20;

/** What the official code writes into a training's folder; other files of weights there are something else. */
const OFFICIAL = /^(checkpoint\.\w+|variant\.ya?ml)$/i;

/** The first tensors of either decoder, in files without a card. */
const OURS = ["mask.cls_emb", "linear.head.weight"];

/**
 * @param {File[]} files
 * @param {string} weights  the place of the network in a checkpoint, "" for the one that it is about
 * @param {{ signal: AbortSignal, onProgress: (progress: object) => void }} options
 * @returns {Promise<{ model: Blob, name: string, notes: object[], others: string[] }>}  others: places of
 *   other networks in the checkpoint; for notes see importer.d.ts
 */
export async function bringModel(files, weights, options) {
  const model = files.find(({ name }) => /\.safetensors$/i.test(name));
  if (model && (await isOurs(model))) return { model, name: nameOf(files), notes: [], others: [] };
  return convert(files.filter(({ name }) => OF_MODEL.test(name)), weights, options);
}

/** Whether a file is a model as the engine reads it. */
async function isOurs(file) {
  const length = await file.slice(0, LENGTH_BYTES).arrayBuffer();
  if (length.byteLength < LENGTH_BYTES) throw failure("models.error.damaged", { file: file.name });
  const end = LENGTH_BYTES + Number(new DataView(length).getBigUint64(0, true));
  if (end > LONGEST_HEADER) throw failure("models.error.damaged", { file: file.name });
  const head = await file.slice(0, end).arrayBuffer();
  if (statedLength(new Uint8Array(head)) !== file.size) throw failure("models.error.damaged", { file: file.name });
  const header = JSON.parse(new TextDecoder().decode(head.slice(LENGTH_BYTES)));
  return header.__metadata__?.format?.startsWith("segmenter/") || OURS.some((name) => name in header);
}

async function convert(files, weights, { signal, onProgress }) {
  onProgress({ stage: "fetch" });
  const { importCheckpoint } = await import("../library/importer.js").catch((cause) => {
    throw failure("part.unreachable", {}, cause);
  });
  const progress = ({ done, total }) => onProgress({ stage: "convert", loaded: done, total });
  try {
    const { blob, description } = await importCheckpoint(files, { weights, signal, onProgress: progress });
    const { name, notes, others } = description;
    return { model: blob, name: name || nameOf(files), notes, others };
  } catch (error) {
    if (error.code !== "bad-model") throw error;
    throw failure("models.error.convert", { message: error.message }, error);
  }
}

/** Files as they are; of folders, those that may belong to a model. @param {(File | FileSystemDirectoryEntry)[]} items */
export async function filesOf(items) {
  const lists = await Promise.all(items.map((item) => (item instanceof File ? [item] : filesIn(item))));
  const files = lists.flat();
  if (files.length === 0) throw failure("models.error.unknown", { file: items[0].name });
  return files;
}

async function filesIn(folder) {
  const reader = folder.createReader();
  const found = [];
  for (let some = await entries(reader); some.length > 0; some = await entries(reader)) found.push(...some);
  const wanted = found.filter(({ isFile, name }) => isFile && OF_MODEL.test(name));
  const official = wanted.filter(({ name }) => OFFICIAL.test(name));
  const isTraining = official.filter(({ name }) => !/ya?ml$/i.test(name)).length === 1;
  return Promise.all((isTraining ? official : wanted).map((entry) => new Promise((resolve, reject) => entry.file(resolve, reject))));
}

/** Browsers list a folder in parts. */
function entries(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/** A name for the model of some files. @param {File[]} files */
function nameOf(files) {
  const [{ name }] = files.toSorted((a, b) => b.size - a.size);
  return name.replace(/\.\w+$/, "") || "model";
}
