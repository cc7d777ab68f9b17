// Videos: waits until a video element shows a frame.
//
// It owns nothing. photo.js and live.js send it video elements.

import { abortError, SegmenterError, unlessAborted } from "./errors.js";
import { hasFrame } from "./frame.js";

/** Events after which a video may have a frame, or never will. */
const TURNS = ["loadeddata", "canplay", "playing", "seeked", "error", "emptied"];

/** Some browsers tell of no frame that they have: milliseconds between looks. */
const LOOK = 100;

/** How long a video that could show a frame may leave it out before it is searched, which has it decoded. */
const PATIENCE = 500;

/** How long a video may be without a source: browsers look for one, then. */
const SOURCELESS = 1000;

/**
 * Waits until a video shows a frame: one that was never played, too.
 *
 * @param {HTMLVideoElement} video
 * @param {AbortSignal} [signal]
 * @param {boolean} [mayComeLater]  whether it waits for a source, too
 */
export async function untilFrame(video, signal, mayComeLater = false) {
  const start = performance.now();
  const waited = () => performance.now() - start;
  let isSearched = false;
  while (!hasFrame(video)) {
    if (signal?.aborted) throw abortError(signal);
    if (waited() > SOURCELESS) requireSource(video, mayComeLater);
    requirePlayable(video);
    if (video.preload !== "auto") video.preload = "auto"; // "none" would never load it
    if (!isSearched && waited() > PATIENCE && !video.srcObject && video.paused && video.readyState >= HTMLMediaElement.HAVE_METADATA) {
      isSearched = true;
      video.currentTime = video.currentTime;
    }
    await unlessAborted(nextTurn(video), signal);
  }
}

/** Whether a video shows a stream whose video has ended, for whatever reason: not all are told. */
export function hasEnded({ srcObject }) {
  return Boolean(srcObject?.getVideoTracks) && !srcObject.getVideoTracks().some(({ readyState }) => readyState === "live");
}

function requireSource({ srcObject, networkState }, mayComeLater) {
  const { NETWORK_EMPTY, NETWORK_NO_SOURCE } = HTMLMediaElement;
  const isEmpty = networkState === NETWORK_EMPTY && !mayComeLater;
  if (srcObject || !(isEmpty || networkState === NETWORK_NO_SOURCE)) return;
  throw new SegmenterError("no-image", "The video element has no source that this browser plays: check its src.", { reason: "unplayable" });
}

function requirePlayable(video) {
  if (hasEnded(video)) {
    throw new SegmenterError("no-image", "The stream has no video, or it has ended: start the camera or the screen again.", { reason: "ended" });
  }
  const isSound = !video.srcObject && video.readyState >= HTMLMediaElement.HAVE_METADATA && video.videoWidth === 0;
  if (!video.error && !isSound) return;
  throw new SegmenterError(
    "no-image",
    "This browser cannot play the video: MP4 (H.264) and WebM are the most likely to work.",
    { cause: video.error, reason: "unplayable" },
  );
}

function nextTurn(video) {
  return new Promise((resolve) => {
    const timer = setTimeout(go, LOOK);
    function go() {
      clearTimeout(timer);
      for (const type of TURNS) video.removeEventListener(type, go);
      resolve();
    }
    for (const type of TURNS) video.addEventListener(type, go);
    video.requestVideoFrameCallback?.(go);
  });
}
