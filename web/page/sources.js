// Sources of live pictures: a camera, the screen, or a video file.
//
// It owns nothing. It sends back a video element that shows the source, with facts about it, or an
// error that says what to do.

import { SegmenterError } from "../library/segmenter.js";

/**
 * @typedef {object} Source
 * @property {"camera" | "screen" | "file"} kind
 * @property {string} name
 * @property {HTMLVideoElement} video
 * @property {string} [device]    of a camera
 * @property {boolean} facesUser  whether people see themselves in it
 * @property {() => void} close
 */

// All phones and laptops have this; the network sees less.
const CAMERA = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };

/** The page's reason for each error with which a browser refuses a stream. */
const REFUSALS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/**
 * @param {string} [device]  one of cameras(); default: the browser's choice
 * @returns {Promise<Source>}
 */
export async function openCamera(device) {
  const wanted = device ? { deviceId: { exact: device } } : { facingMode: "user" };
  const stream = await ask("camera", () => navigator.mediaDevices.getUserMedia({ video: { ...CAMERA, ...wanted } }));
  const [track] = stream.getVideoTracks();
  const { deviceId, facingMode } = track.getSettings();
  return { ...ofStream("camera", stream), name: "camera", device: deviceId, facesUser: facingMode !== "environment" };
}

/** @returns {Promise<Source>} */
export async function openScreen() {
  const stream = await ask("screen", () => navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 30 } }));
  return { ...ofStream("screen", stream), name: "screen", facesUser: false };
}

/**
 * @param {File} file
 * @returns {Promise<Source>}
 */
export async function openVideo(file) {
  const video = newVideo();
  video.src = URL.createObjectURL(file);
  await findEnd(video);
  const close = () => {
    video.pause();
    URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
  };
  return { kind: "file", name: file.name.replace(/\.\w+$/, "") || "video", video, facesUser: false, close };
}

/** The cameras. Browsers tell their names once the visitor has allowed one. */
export async function cameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return devices.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
}

async function ask(kind, open) {
  if (!navigator.mediaDevices) throw refusal(kind, isSecureContext ? "unsupported" : "insecure");
  try {
    return await open();
  } catch (cause) {
    throw refusal(kind, REFUSALS[cause.name] ?? "broken", cause);
  }
}

/** An error with a text of the page. */
function refusal(kind, reason, cause) {
  const error = new SegmenterError("no-image", `The ${kind} gives no picture: ${reason}.`, { cause });
  const mayHelp = !["insecure", "unsupported"].includes(reason); // to try again
  return Object.assign(error, { key: `source.${kind}.${reason}`, values: { message: cause?.message ?? "" }, mayHelp });
}

function ofStream(kind, stream) {
  const video = newVideo();
  video.srcObject = stream;
  const close = () => {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  return { kind, video, close };
}

/** Seeks the end of a video that does not state its length, such as a browser's recording. */
async function findEnd(video) {
  await happened(video, "loadedmetadata", "error");
  if (video.duration !== Infinity) return; // LiveSegmentation reports videos that cannot play
  for (const place of [Number.MAX_SAFE_INTEGER, 0]) {
    video.currentTime = place;
    await happened(video, "seeked", "error");
  }
}

function happened(target, ...types) {
  return new Promise((resolve) => {
    for (const type of types) target.addEventListener(type, resolve, { once: true });
  });
}

function newVideo() {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  return video;
}
