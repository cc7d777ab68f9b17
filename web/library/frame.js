// Frames: the picture that a video element shows now, upright and with square pixels.
//
// It owns a canvas. live.js and photo.js send it videos that have a frame; it sends back pictures for
// them to close.

/** Whether this browser takes a video's rotation over. Others give the pixels as the file stores them. */
const TAKES_ROTATION = Boolean(globalThis.VideoFrame && "rotation" in VideoFrame.prototype);

let context; // of the canvas that draws frames

/**
 * The frame that a video shows, without a copy of its pixels where the browser can do that.
 *
 * @param {HTMLVideoElement} video
 * @returns {VideoFrame | ImageBitmap}
 */
export function frameOf(video) {
  if (TAKES_ROTATION) {
    const frame = new VideoFrame(video);
    if (frame.displayWidth === video.videoWidth && frame.displayHeight === video.videoHeight) return frame;
    frame.close();
  }
  return drawn(video);
}

/**
 * The frame that a video shows, as a bitmap.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<ImageBitmap>}
 */
export async function bitmapOf(video) {
  return TAKES_ROTATION ? createImageBitmap(video) : drawn(video);
}

/** Every browser draws a video upright and with its aspect. */
function drawn(video) {
  const { videoWidth: width, videoHeight: height } = video;
  context ??= new OffscreenCanvas(width, height).getContext("2d");
  const { canvas } = context;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.globalCompositeOperation = "copy";
  context.drawImage(video, 0, 0, width, height);
  return canvas.transferToImageBitmap();
}
