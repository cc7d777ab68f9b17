// The visitor's own models, kept on this device.
//
// It owns a Cache Storage with two entries for each model: the file, and what is known of it, so that
// a list or another name needs no file. models.js sends it models and what is known of them.

import { SegmenterError } from "../library/segmenter.js";

const STORE = "segmenter-own-models";

/** Other sites of the same origin have theirs. */
const FOLDER = new URL("own-models/", document.baseURI).href;

const fileOf = (id) => `${FOLDER}${id}.safetensors`;
const factsOf = (id) => `${FOLDER}${id}.json`;

export function newId() {
  return crypto.randomUUID?.() ?? `${Date.now()}`; // missing where the connection is not secure
}

/** The models that are kept, the oldest first. @returns {Promise<import("./models.js").Entry[]>} */
export async function list() {
  try {
    const store = await caches.open(STORE);
    const kept = (await store.keys()).map(({ url }) => url).filter((url) => url.startsWith(FOLDER));
    const read = async (url) => (await store.match(url))?.json().catch(() => ({})) ?? {}; // it may be gone by now
    const entries = await Promise.all(kept.filter((url) => url.endsWith(".json")).map(read));
    const isWhole = ({ id }) => kept.includes(fileOf(id));
    return entries.filter(isWhole).map((entry) => ({ ...entry, stored: true })).sort((a, b) => a.added - b.added);
  } catch {
    return []; // nothing is kept here
  }
}

/**
 * Keeps a model.
 *
 * @param {import("./models.js").Entry} entry
 * @param {Blob} file
 * @returns {Promise<SegmenterError | null>}  why it could not be kept
 */
export async function keep(entry, file) {
  try {
    const { usage = 0, quota = Infinity } = (await navigator.storage?.estimate?.()) ?? {};
    if (file.size > quota - usage) return noRoom(file, quota - usage);
    const store = await caches.open(STORE);
    await store.put(fileOf(entry.id), new Response(file));
    await writeFacts(store, { ...entry, added: Date.now() });
    navigator.storage?.persist?.().catch(() => {}); // there is no other copy
    return null;
  } catch (cause) {
    await remove(entry.id);
    return cause.name === "QuotaExceededError" ? noRoom(file, 0) : failure("models.error.forbidden", {}, cause);
  }
}

function noRoom({ size }, free) {
  const megabytes = (bytes) => Math.max(0, bytes / 1e6).toFixed(0);
  return failure("models.error.full", { megabytes: megabytes(size), free: megabytes(free) });
}

/** An error with a text of the page. */
export function failure(key, values = {}, cause) {
  return Object.assign(new SegmenterError("bad-model", key, { cause, values }), { key });
}

async function writeFacts(store, entry) {
  await store.put(factsOf(entry.id), new Response(JSON.stringify(entry)));
}

/** The file of a model, which the browser leaves on disk. @param {string} id @returns {Promise<Blob>} */
export async function read(id) {
  const response = await caches.match(fileOf(id), { cacheName: STORE });
  if (!response) throw failure("models.error.gone");
  return response.blob();
}

/** @param {string} id @param {string} name */
export async function rename(id, name) {
  try {
    const store = await caches.open(STORE);
    const facts = await store.match(factsOf(id));
    if (facts) await writeFacts(store, { ...(await facts.json()), name, title: name });
  } catch {
    // It is not kept here.
  }
}

/** @param {string} id */
export async function remove(id) {
  try {
    const store = await caches.open(STORE);
    for (const url of [factsOf(id), fileOf(id)]) await store.delete(url);
    if ((await store.keys()).length === 0) await caches.delete(STORE); // offline.js asks whether there is one
  } catch {
    // It is not kept here.
  }
}

/** Removes a model of the site, which the library keeps once it was used. @param {string} address */
export async function forget(address) {
  try {
    for (const name of await caches.keys()) await (await caches.open(name)).delete(address);
  } catch {
    // It is not kept here.
  }
}

/** Whether a model of the site is kept. @param {string} address */
export async function isKept(address) {
  try {
    return Boolean(await caches.match(address));
  } catch {
    return false;
  }
}

/** The room that is left on this device, in bytes; undefined where the browser does not say. */
export async function room() {
  try {
    const { usage, quota } = await navigator.storage.estimate();
    return Math.max(0, quota - usage);
  } catch {
    return undefined;
  }
}
