// Frames: the picture that a video element shows now, upright and with square pixels.
//
// It owns nothing. live.js, photo.js and video.js send it videos, or frames; it sends back pictures for
// them to close.

/**
 * Whether VideoFrames of this browser are as the video is shown. In others they have the pixels as the
 * file stores them; and WebKit, at times, draws nothing of one, without an error.
 */
export const SHOWS_FRAMES = Boolean(globalThis.VideoFrame && "rotation" in VideoFrame.prototype);

/** Whether something is a VideoFrame, also where there are none. */
export function isFrame(picture) {
  return Boolean(globalThis.VideoFrame) && picture instanceof VideoFrame;
}

/** Where a picture is looked at to see whether it was drawn: a grid of so many points on a side. */
const LOOKS = 4;

/**
 * The frame that a video shows, without a copy of its pixels where the browser can do that.
 *
 * @param {HTMLVideoElement} video
 * @returns {VideoFrame | ImageBitmap | null}  null if it shows none: readyState promises frames that are
 *   not there yet
 */
export function frameOf(video) {
  if (!promisesFrame(video)) return null;
  if (SHOWS_FRAMES) {
    const frame = newFrame(video);
    if (!frame || (frame.displayWidth === video.videoWidth && frame.displayHeight === video.videoHeight)) return frame;
    frame.close();
  }
  return drawn(video);
}

/**
 * Whether a video shows a frame. To look copies no pixels where VideoFrames do not, and few elsewhere.
 *
 * @param {HTMLVideoElement} video
 */
export function hasFrame(video) {
  if (!promisesFrame(video)) return false;
  try {
    if (!SHOWS_FRAMES) return !isBlank(video);
    const frame = newFrame(video);
    frame?.close();
    return frame !== null;
  } catch {
    return true; // why nobody may read it, those say that try
  }
}

function promisesFrame({ readyState, videoWidth }) {
  return readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && videoWidth > 0;
}

function newFrame(video) {
  try {
    return new VideoFrame(video);
  } catch (error) {
    if (error.name === "InvalidStateError") return null;
    throw error;
  }
}

/**
 * A video or a frame, drawn: every browser does that upright and with its aspect. Chromium's
 * createImageBitmap does not turn a VideoFrame.
 *
 * @param {HTMLVideoElement | VideoFrame} picture
 * @returns {ImageBitmap | null}  null if the browser drew nothing, which WebKit does without an error
 */
export function drawn(picture) {
  const width = picture.videoWidth ?? picture.displayWidth;
  const height = picture.videoHeight ?? picture.displayHeight;
  // A new canvas: one that has shown another site's video gives no pixels any more.
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
  // Where browsers report errors, a blank frame is a transparent one.
  return !SHOWS_FRAMES && isBlank(canvas) ? null : canvas.transferToImageBitmap();
}

function isBlank(picture) {
  const context = new OffscreenCanvas(LOOKS, LOOKS).getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, LOOKS, LOOKS);
  const { data } = context.getImageData(0, 0, LOOKS, LOOKS);
  return data.every((value, i) => i % 4 < 3 || value === 0);
}
