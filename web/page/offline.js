// Offline: has the service worker keep the site on this device, says so in the footer, and brings
// new versions to the page.
//
// It owns the service worker's registration and the line in the footer, and marks samples that cannot
// be opened without a network. It reads the page's state and sends the service worker the messages
// that service-worker.js lists. It stands apart from app.js, so that a version whose page does not
// start can still be replaced.

import { showMessage } from "./status.js";
import { number, say, t } from "./texts.js";

const WORKER = new URL("service-worker.js", document.baseURI).href;
const SCOPE = new URL("./", WORKER).href;

// So that a server with changing versions does not reload the page again and again.
const LEAST_BETWEEN_RELOADS = 60_000; // ms
const RELOADED = "segmenter-reloaded";

const LONGEST_START = 20_000; // ms; a page that takes longer has failed
const LONGEST_ANSWER = 5000; // ms, for a new version to take over
const MOST_ATTEMPTS = 5;

const page = document.documentElement;
const line = document.getElementById("offline");
const text = document.getElementById("offline-text");
const freeButton = document.getElementById("offline-free");
const workers = navigator.serviceWorker; // undefined where the connection is not secure
const comesBack = workers?.controller?.scriptURL === WORKER;

/** Whether the visitor asked for the new version. */
let isWanted = false;
/** Until when this page stands by its answer that it would lose nothing by reloading. */
let mayReloadUntil = 0;
/** Settles when the service worker has done its last task. More messages would delay a new version. */
let turn = untilStarted();

// Browsers may forbid it, as in private windows. The page works without.
if (workers) keepOffline().catch(() => {});

async function keepOffline() {
  workers.addEventListener("message", ({ data, ports }) => data === "reload?" && ports[0].postMessage(agree()));
  workers.addEventListener("controllerchange", replaced);
  const present = await workers.getRegistration(SCOPE);
  const isOurs = present?.scope === SCOPE; // not that of a site above this one
  if (isOurs) {
    watch(present);
    present.update().catch(() => {}); // without a network there is nothing new
  }
  await untilState("ready", "done", "error"); // the model and the first photo come first
  const registration = isOurs ? present : await workers.register(WORKER);
  if (!isOurs) watch(registration);
  const worker = await activeWorker(registration);
  freeButton.addEventListener("click", () => free(registration.active));
  const kept = await inTurn(() => ask(worker, "check"));
  if (kept.broken > 0 && page.dataset.state === "error" && isIdle()) return reload(); // now it may start
  await show(kept);
  for (const type of ["online", "offline"]) addEventListener(type, () => markSamples(registration.active));
  await markSamples(worker);

  // Some browsers ask the visitor before they promise to keep it: so only those who return.
  if (!comesBack || !navigator.storage?.persist) return;
  await untilState("done");
  await navigator.storage.persist();
  if (!freeButton.hidden) await show(kept);
}

/** Waits until the page has loaded all it needs, or has failed. */
async function untilStarted() {
  const isLoaded = new Promise((resolve) => {
    if (document.readyState === "complete") resolve();
    else addEventListener("load", resolve, { once: true });
  });
  const isStarted = Promise.all([isLoaded, untilState("ready", "done", "error")]);
  await Promise.race([isStarted, new Promise((resolve) => setTimeout(resolve, LONGEST_START))]);
}

function inTurn(task) {
  const result = turn.then(task);
  turn = result.catch(() => {});
  return result;
}

function untilState(...states) {
  return new Promise((resolve) => {
    const look = () => states.includes(page.dataset.state) && resolve();
    new MutationObserver(look).observe(page, { attributes: true, attributeFilter: ["data-state"] });
    look();
  });
}

/** Waits for the first version, forever if it cannot be installed. */
function activeWorker(registration) {
  return new Promise((resolve) => {
    const look = () => registration.active && resolve(registration.active);
    registration.installing?.addEventListener("statechange", look);
    look();
  });
}

/** Sends the service worker a message and waits for its answer. */
function ask(worker, message) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage(message, [port2]);
  });
}

// What the service worker keeps.

async function show({ whole, bytes }) {
  const persisted = await navigator.storage?.persisted?.();
  const key = `offline.${whole ? "whole" : "part"}${persisted ? "-persisted" : ""}`;
  say(text, () => t(key, { megabytes: number(bytes / 1e6, 1) }));
  line.hidden = false;
}

/** Without a network, marks the samples that are not kept. Those are kept that were opened once. */
async function markSamples(worker) {
  const isOffline = navigator.onLine === false;
  const kept = isOffline ? await ask(worker, "list") : [];
  const samples = [...document.querySelectorAll("[data-sample]")];
  for (const sample of samples) sample.toggleAttribute("data-missing", isOffline && !kept.includes(sample.dataset.sample));
  document.getElementById("samples-offline").hidden = !samples.some((sample) => "missing" in sample.dataset);
}

async function free(worker) {
  freeButton.hidden = true;
  await ask(worker, "free");
  const keepsModels = await caches.has("segmenter-own-models"); // models-own.js owns it
  say(text, () => t(keepsModels ? "offline.freed-but-models" : "offline.freed"));
}

// New versions.

/** Offers versions that wait or arrive. */
function watch(registration) {
  const follow = (worker) => worker?.addEventListener("statechange", () => {
    if (worker.state === "installed" && registration.active) offer(worker);
  });
  if (registration.waiting) offer(registration.waiting);
  follow(registration.installing);
  registration.addEventListener("updatefound", () => follow(registration.installing));
}

/** Tries more than once: a tab that just closed still counts, and browsers may be busy. */
async function offer(worker) {
  for (let attempt = 0; attempt < MOST_ATTEMPTS && isIdle(); attempt++) {
    await inTurn(() => isIdle() && takeOver(worker));
    await pause(LONGEST_ANSWER); // the page reloads meanwhile if all goes well
  }
  offerReload(() => insist(worker));
}

function offerReload(run) {
  showMessage(() => t("offline.new"), { action: { label: () => t("offline.reload"), run } });
}

async function insist(worker) {
  isWanted = true;
  if (await inTurn(() => takeOver(worker))) {
    await pause(LONGEST_ANSWER);
    return reload(); // unless it happened by itself
  }
  isWanted = false;
  showMessage(() => t("offline.other-tab"));
}

/** Has a version replace the one before; false if a page objects or it takes too long. */
function takeOver(worker) {
  return Promise.race([ask(worker, "take over"), pause(LONGEST_ANSWER).then(() => false)]);
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function agree() {
  const may = isWanted || isIdle();
  mayReloadUntil = may ? performance.now() + LONGEST_ANSWER : 0;
  return may;
}

/** Another version serves this page now. */
function replaced() {
  if (mayReloadUntil === 0) return; // the first version, which served this page
  if (performance.now() < mayReloadUntil || isWanted || isIdle()) reload();
  else offerReload(reload); // it came too late
}

/** Whether the visitor has done nothing on the page yet. */
function isIdle() {
  const isQuiet = ["loading", "ready", "error"].includes(page.dataset.state) && !("photo" in page.dataset) && !("queue" in page.dataset);
  const isTouched = navigator.userActivation?.hasBeenActive || document.querySelector("dialog[open]");
  const sinceReload = Date.now() - Number(sessionStorage.getItem(RELOADED));
  return isQuiet && !isTouched && sinceReload > LEAST_BETWEEN_RELOADS;
}

function reload() {
  sessionStorage.setItem(RELOADED, Date.now());
  location.reload();
}
