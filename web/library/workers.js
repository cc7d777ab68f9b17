// Engine workers, started when a client needs one, or before.
//
// It owns those that were started before, until engine.js takes them; ranks.js ends what is left.
// preload.js and segmenter.js ask it how many there should be.

import { canShareMemory } from "./protocol.js";

export const WORKER = new URL("./engine.worker.js", import.meta.url);

// Each rank takes some 30 MB, and the more there are, the more often the slowest is waited for.
const MOST_BY_DEFAULT = 8;

/**
 * @typedef {object} Started
 * @property {Worker} worker
 * @property {string} name       the worker's, and that of its lock
 * @property {string} address
 * @property {object[]} [missed]  messages that came before anybody listened
 */

/** How many are prepared at most, whatever an address says. */
const MOST_PREPARED = 16;

/** @type {Started[]} */
const spares = [];
/** Whether a client has asked: then it is too late for others. */
let isAsked = false;

/**
 * How many threads to use: where there is no memory to share, one.
 *
 * @param {number} [wanted]
 */
export function usableThreads(wanted) {
  if (!canShareMemory()) return 1;
  return wanted ?? Math.min(navigator.hardwareConcurrency || 1, MOST_BY_DEFAULT);
}

/**
 * Whether workers are to be started one after the other, which takes longer: of more than two that are
 * started together, WebKit asks a service worker for two's modules and the server for the others'. So
 * without its server the page would have no engine, and an old page would have parts of a new one.
 *
 * @param {number} count
 */
export function mustStartInTurn(count) {
  if (count <= 2) return false;
  if (!("document" in globalThis)) return true; // a worker learns neither
  return navigator.vendor.startsWith("Apple") && Boolean(navigator.serviceWorker?.controller);
}

/**
 * Starts workers that load their modules until they are taken.
 *
 * @param {number} [threads]
 */
export function prepareWorkers(threads) {
  const count = usableThreads(threads);
  if (isAsked || !(count <= MOST_PREPARED)) return;
  if (WORKER.origin !== location.origin || mustStartInTurn(count)) return;
  for (let i = 0; i < count; i++) spares.push(startListening());
}

function startListening() {
  const started = { ...start(), missed: [] };
  started.worker.onmessage = ({ data }) => started.missed.push(data);
  started.worker.onerror = (event) => {
    event.preventDefault();
    spares.splice(spares.indexOf(started), 1); // the next that is started tells its client why
  };
  return started;
}

/** A worker that was prepared, or a new one. It may throw. @returns {Started} */
export function takeWorker() {
  isAsked = true;
  return spares.shift() ?? start();
}

/** Ends the workers that nobody took. */
export function endSpares() {
  for (const { worker } of spares.splice(0)) worker.terminate();
}

/** @returns {Started} */
function start() {
  const name = crypto.randomUUID?.() ?? `${Math.random()}`; // missing where the connection is not secure
  if (WORKER.origin === location.origin) {
    // Not the address: these are the words by which bundlers know that the file is a worker.
    return { worker: new Worker(new URL("./engine.worker.js", import.meta.url), { type: "module", name }), name, address: WORKER.href };
  }
  // A page may import the library from another site, but start workers only of its own: so one of
  // its own that imports the other.
  const source = new Blob([`import ${JSON.stringify(WORKER.href)};`], { type: "text/javascript" });
  const address = URL.createObjectURL(source);
  return { worker: new Worker(address, { type: "module", name }), name, address };
}
