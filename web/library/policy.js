// The page's Content-Security-Policy: which directive of it is in the way.
//
// It owns nothing. compile.js, model.js and engine.js ask it, after something failed, to name the
// directive; it tries the same again and listens.

import { SegmenterError } from "./errors.js";

/** How long an attempt may take, and how long after it browsers may tell of a violation. Milliseconds. */
const LONGEST_ATTEMPT = 2000;
const DELAY = 100;

/**
 * The error for a file that a policy keeps from the page, or the given one where it is none.
 *
 * @param {SegmenterError} error
 * @param {string} url
 * @param {"fetch" | "worker"} use
 * @returns {Promise<SegmenterError>}
 */
export async function explained(error, url, use) {
  const directive = await directiveAgainst(url, use);
  if (!directive) return error;
  return new SegmenterError(
    "network",
    `The page's Content-Security-Policy forbids ${url}: allow it in the directive ${directive}.`,
    { cause: error, reason: "csp", values: { url, directive } },
  );
}

async function directiveAgainst(url, use) {
  let directive;
  const note = ({ effectiveDirective, blockedURI }) => {
    if (url.startsWith(blockedURI)) directive = effectiveDirective;
  };
  const end = new AbortController();
  addEventListener("securitypolicyviolation", note, { signal: end.signal });
  const attempt = use === "worker" ? startWorker(url, end.signal) : fetch(url, { method: "HEAD", signal: end.signal });
  await Promise.race([attempt.catch(() => {}), pause(LONGEST_ATTEMPT)]);
  await pause(DELAY);
  end.abort();
  return directive;
}

/** Settles when the worker fails to start. */
async function startWorker(url, signal) {
  const worker = new Worker(url, { type: "module" });
  signal.addEventListener("abort", () => worker.terminate());
  await new Promise((resolve) => worker.addEventListener("error", resolve));
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
