// The service worker: keeps the site on this device and serves it from there, with or without its
// server.
//
// It owns the site's Cache Storage. Pages send it requests for files, and page/offline.js sends it
// messages, which it answers through their port:
//   check      fetch what is missing or broken; the answer: { whole, bytes }, what it keeps, and
//              { broken }, how many files were
//   list       the answer: the names of the files that it keeps
//   take over  replace the version before; the answer: whether all pages agreed
//   free       keep nothing any more
// It asks the pages in the same way:
//   reload?    whether the page would lose nothing by reloading
//
// A version of the site is a list of files with the hashes of their bytes. The cache keeps files by
// hash, so that versions share equal files, and checks the hash of one before it keeps it: a page gets
// the files of one version, or fails. A disk may break files later, so pages ask for a check once they
// have started, and when they cannot start. (Checking before every answer takes a visit a tenth of a second.)
//
// (A script, since not all browsers take modules here.)

"use strict";

/**
 * The files of the site, which site/offline fills in. The cache keeps those for `later` once a page
 * has asked for them, the others at once.
 *
 * @type {{
 *   version: string,
 *   headers: Record<string, string>,
 *   files: { name: string, type: string, size: number, sha256: string, later: boolean, model: boolean }[],
 * }}
 */
const SITE = {};

const SCOPE = self.registration.scope;
const STORE = `segmenter-site ${SCOPE}`; // other sites of the same origin have theirs
const MODELS = "segmenter-models"; // library/model.js owns it
const PATIENCE = 1000; // ms, for pages that may be asleep

const filesByName = new Map(SITE.files.map((file) => [file.name, file]));
const needed = SITE.files.filter(({ later }) => !later);

/** Whether the server has replaced files that are missing here: then all files come from the server. */
let superseded = false;

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const file = fileOf(event.request);
  if (file) event.respondWith(answer(event.request, file).catch(() => Response.error()));
});

self.addEventListener("message", (event) => {
  const tasks = { check, list, "take over": takeOver, free };
  event.waitUntil(tasks[event.data]().then((result) => event.ports[0].postMessage(result)));
});

// Keeping.

/** Fails if one file cannot be had as the list has it, so that there is never half a version. */
async function keepAll() {
  for (const file of needed) await ensure(file);
}

/** Removes files of older versions, and serves the pages that are open. */
async function begin() {
  const current = new Set(SITE.files.map(addressOf));
  const store = await caches.open(STORE);
  for (const { url } of await store.keys()) {
    if (!current.has(url)) await store.delete(url);
  }
  await self.clients.claim();
}

/** @returns {Promise<boolean>}  whether the file was there, and broken */
async function ensure(file) {
  const kept = await readKept(file);
  const isWhole = await isRightAnswer(file, kept);
  if (!isWhole) await keep(file, (await adopt(file)) ?? (await download(file)));
  if (file.model && (await caches.has(MODELS))) {
    await (await caches.open(MODELS)).delete(addressOf(file), { ignoreSearch: true });
  }
  return Boolean(kept) && !isWhole;
}

/** The file from the cache, unchecked; undefined if it is not there. */
async function readKept(file) {
  return caches.match(addressOf(file), { cacheName: STORE }).catch(() => undefined);
}

/** @param {Response} [answer]  is read */
async function isRightAnswer(file, answer) {
  try {
    return Boolean(answer) && (await isRight(file, await answer.arrayBuffer()));
  } catch {
    return false; // it cannot even be read
  }
}

/**
 * A program from the browser's own cache: only of such an answer Chromium keeps the compiled code. (WebKit
 * would ask the server.)
 *
 * @param {Response} kept  the same program, whose headers came with it
 */
async function readAsItCame(file, kept) {
  if (file.type !== "application/wasm" || !("userAgentData" in navigator)) return undefined;
  try {
    const response = await fetch(SCOPE + file.name, { cache: "only-if-cached", mode: "same-origin" });
    if (response.headers.get("Content-Type") !== file.type) return undefined; // the page could not compile it on the way
    const etag = response.headers.get("ETag") ?? "W/";
    const isSame = !etag.startsWith("W/") && etag === kept.headers.get("ETag");
    return isSame || (await isRightAnswer(file, response.clone())) ? response : undefined;
  } catch {
    return undefined;
  }
}

async function keep(file, response) {
  await (await caches.open(STORE)).put(addressOf(file), response);
}

/** The model that library/model.js kept before there was a service worker. */
async function adopt(file) {
  if (!file.model) return undefined;
  const stored = await caches.match(addressOf(file), { cacheName: MODELS });
  const bytes = await stored?.arrayBuffer();
  return bytes && (await isRight(file, bytes)) ? responseOf(file, bytes, {}) : undefined;
}

/** Downloads a file, unless the browser still has it from showing the page. */
async function download(file) {
  const address = file.model ? addressOf(file) : SCOPE + (file.name === "index.html" ? "" : file.name);
  for (const cache of ["force-cache", "reload"]) {
    const response = await fetch(address, { cache });
    const bytes = await response.arrayBuffer();
    if (response.ok && (await isRight(file, bytes))) return responseOf(file, bytes, response.headers);
  }
  throw new Error(`${address} is not the file of this version: the server has another version, or changed it.`);
}

/** A response with the headers of the site's own server, where the host sent none. */
function responseOf(file, bytes, given) {
  const headers = new Headers(given);
  for (const [name, value] of Object.entries(SITE.headers)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  for (const name of ["Content-Encoding", "Vary"]) headers.delete(name);
  headers.set("Content-Type", file.type);
  headers.set("Content-Length", file.size);
  return new Response(bytes, { headers });
}

async function isRight({ size, sha256 }, bytes) {
  if (bytes.byteLength !== size) return false;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

/** The address that the cache keeps a file under. The page asks for the model by the same one. */
function addressOf({ name, sha256 }) {
  return `${SCOPE}${name}?v=${sha256.slice(0, 12)}`;
}

// Serving.

/** The file that a request asks for, whatever its query; undefined if the network answers it. */
function fileOf({ method, url, headers }) {
  if (method !== "GET" || headers.has("Range") || !url.startsWith(SCOPE)) return undefined;
  const { pathname, href } = new URL(url);
  const file = filesByName.get(pathname.slice(new URL(SCOPE).pathname.length) || "index.html");
  return file && file.model && href !== addressOf(file) ? undefined : file;
}

async function answer(request, file) {
  const isPage = request.mode === "navigate";
  const reading = readKept(file);
  if (isPage) superseded = await isSuperseded();
  const kept = await reading;
  if (superseded || (!kept && !(await isKeeping()))) return fetch(request);
  if (kept) {
    const program = await readAsItCame(file, kept);
    // Without its page, nobody would ask for a check.
    if (program || !isPage || (await isRightAnswer(file, kept.clone()))) return program ?? kept;
  }
  const response = await download(file);
  await keep(file, response.clone()).catch(() => {}); // the page works with a full disk too
  return response;
}

/** False once the visitor has freed the storage. */
async function isKeeping() {
  return caches.has(STORE).catch(() => false);
}

async function isSuperseded() {
  try {
    if (isWhole(await keptAddresses())) return false;
    const worker = await fetch("service-worker.js", { cache: "no-cache" });
    return worker.ok && !(await worker.text()).includes(SITE.version);
  } catch {
    return false; // there is no server to ask
  }
}

async function keptAddresses() {
  const requests = await (await caches.open(STORE)).keys();
  return new Set(requests.map(({ url }) => url));
}

function isWhole(addresses) {
  return needed.every((file) => addresses.has(addressOf(file)));
}

// Messages.

async function check() {
  let broken = 0;
  for (const file of needed) broken += Number(await ensure(file).catch(() => false));
  const kept = await keptAddresses();
  const sizes = SITE.files.map((file) => (kept.has(addressOf(file)) ? file.size : 0));
  return { whole: isWhole(kept), bytes: sizes.reduce((sum, size) => sum + size, 0), broken };
}

async function list() {
  const kept = await keptAddresses();
  return SITE.files.filter((file) => kept.has(addressOf(file))).map(({ name }) => name);
}

async function takeOver() {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const answers = await Promise.all(windows.filter(({ url }) => url.startsWith(SCOPE)).map(mayReload));
  if (!answers.every(Boolean)) return false;
  await self.skipWaiting();
  return true;
}

/** A page that does not answer would lose something. */
function mayReload(page) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, PATIENCE, false);
    page.postMessage("reload?", [port2]);
  });
}

async function free() {
  await caches.delete(STORE);
  if (await caches.has(MODELS)) {
    const models = await caches.open(MODELS);
    for (const { url } of await models.keys()) {
      if (url.startsWith(SCOPE)) await models.delete(url);
    }
  }
  await self.registration.unregister();
}
