// Frames: the picture that a video element shows now, upright and with square pixels.
//
// It owns nothing. live.js and photo.js send it videos that have a frame, or frames; it sends back
// pictures for them to close.

/** Whether this browser takes a video's rotation over. Others give the pixels as the file stores them. */
const TAKES_ROTATION = Boolean(globalThis.VideoFrame && "rotation" in VideoFrame.prototype);

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
 * A video or a frame, drawn: every browser does that upright and with its aspect. Chromium's
 * createImageBitmap does not turn a VideoFrame.
 *
 * @param {HTMLVideoElement | VideoFrame} picture
 * @returns {ImageBitmap}
 */
export function drawn(picture) {
  const width = picture.videoWidth ?? picture.displayWidth;
  const height = picture.videoHeight ?? picture.displayHeight;
  // A new canvas: one that has shown another site's video gives no pixels any more.
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
  return canvas.transferToImageBitmap();
}
