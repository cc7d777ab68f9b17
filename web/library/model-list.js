// Lists of models, such as the site's models.json.
//
// It owns their format. segmenter.js sends it a list's address; it sends back what the list says, and
// which models the browser keeps. It keeps the list, too, for when there is no network.

import { abortError, SegmenterError, unlessAborted } from "./errors.js";
import { STORE } from "./model.js";
import { absolute, requireSignal } from "./options.js";

/** The fields of an entry that may be missing, with what stands for them then. */
const OPTIONAL = { bytes: 0, sha256: "", classes: [], parameters: 0, precision: "", licence: "", source: "" };

/**
 * @param {string | URL} list
 * @param {{ signal?: AbortSignal }} [options]
 * @returns {Promise<import("./segmenter.js").ListedModel[]>}
 */
export async function listModels(list, { signal } = {}) {
  requireSignal(signal);
  const url = absolute("list", list);
  const text = await read(url, signal);
  return unlessAborted(Promise.all(entriesOf(text, url).map(async (model) => ({ ...model, stored: Boolean(await kept(model.address)) }))), signal);
}

/** The list as it is, or as it was when there was a network. */
async function read(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal, cache: "no-cache" });
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    const before = await kept(url);
    if (before) return before.text();
    throw new SegmenterError("network", `The list of models could not be downloaded from ${url}: check the connection and try again.`, { cause });
  }
  if (!response.ok) {
    const sentence = `The list of models could not be downloaded: ${url} answered ${response.status}. Check its address.`;
    throw new SegmenterError("network", sentence, { reason: "refused", values: { url, status: response.status } });
  }
  const text = await response.text();
  await keep(url, text);
  return text;
}

async function keep(url, text) {
  try {
    await (await caches.open(STORE)).put(url, new Response(text));
  } catch {
    // Without a store, the list needs the network.
  }
}

/**
 * @param {string} text  of a list
 * @param {string} url   of the list, to which addresses in it are relative
 */
export function entriesOf(text, url) {
  try {
    return JSON.parse(text).models.map((entry) => entryOf(entry, url));
  } catch (cause) {
    const fault = cause instanceof SyntaxError ? "it is no JSON" : cause.message;
    const sentence = `${url} is no list of models (${fault}): it should be as segmenter.d.ts describes it.`;
    throw new SegmenterError("network", sentence, { cause, reason: "list", values: { url } });
  }
}

function entryOf(entry, url) {
  const { name, title = name, address } = entry;
  if (typeof name !== "string" || !name) throw new Error("a model has no name");
  if (typeof address !== "string" || !URL.canParse(address, url)) throw new Error(`the model ${name} has no address`);
  const facts = Object.entries(OPTIONAL).map(([field, none]) => {
    const value = entry[field] ?? none;
    if (typeof value !== typeof none || Array.isArray(value) !== Array.isArray(none)) {
      throw new Error(`${field} of the model ${name} is ${JSON.stringify(value)}`);
    }
    return [field, value];
  });
  return { name, title: String(title), address: new URL(address, url).href, ...Object.fromEntries(facts) };
}

async function kept(url) {
  try {
    return await caches.match(url);
  } catch {
    return undefined; // nothing is kept here
  }
}
