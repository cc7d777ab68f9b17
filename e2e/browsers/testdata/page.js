// The page, from the inside.

import { spotOf } from "/test/videos.js";

function livePixels() {
  const canvas = document.querySelector("canvas.live");
  const context = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Parts of cat.webm. */
export function lookAtLive() {
  const image = livePixels();
  return {
    sky: spotOf(image, 300, 20, 470, 95),
    temple: spotOf(image, 100, 85, 215, 175),
    cat: spotOf(image, 80, 240, 150, 310),
  };
}

/** By how much the channels of a pixel differ, at most. */
export function colourOfTemple() {
  const { data, width } = livePixels();
  let most = 0;
  for (let y = 85; y < 175; y++) {
    for (let x = 100; x < 215; x++) {
      const [r, g, b] = data.subarray(4 * (y * width + x));
      most = Math.max(most, Math.max(r, g, b) - Math.min(r, g, b));
    }
  }
  return most;
}

export function quartersOfLive() {
  const { data, width, height } = livePixels();
  const at = (x, y) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)];
  const [left, right, top, bottom] = [width / 4, (3 * width) / 4, height / 4, (3 * height) / 4].map(Math.floor);
  return { width, height, quarters: [at(left, top), at(right, top), at(left, bottom), at(right, bottom)] };
}

/** Has the page take cat.webm for the camera. */
export async function pretendCamera() {
  const video = document.createElement("video");
  video.muted = true;
  video.loop = true;
  video.src = "/test/cat.webm";
  await video.play();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 480, height: 360 });
  const context = canvas.getContext("2d");
  setInterval(() => context.drawImage(video, 0, 0), 50);
  // Of the class: WebKit may forget what is set on the object, when it collects garbage.
  MediaDevices.prototype.getUserMedia = async () => canvas.captureStream(20);
  return true;
}

const downloads = [];

/** Keeps what the page would have the browser save, which its policy lets nobody fetch. */
export function catchDownloads() {
  const blobs = new Map();
  const { createObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const url = createObjectURL(blob);
    blobs.set(url, blob);
    return url;
  };
  HTMLAnchorElement.prototype.click = function () {
    downloads.push({ name: this.download, size: blobs.get(this.href).size });
  };
  return true;
}

/** The size of the last file with an extension, -1 while there is none. */
export function sizeOfDownload(...extensions) {
  return downloads.findLast(({ name }) => extensions.some((extension) => name.endsWith(`.${extension}`)))?.size ?? -1;
}

/** Controls below the end of what can be scrolled to. */
export function outOfReach() {
  const { scrollHeight } = document.documentElement;
  const controls = [...document.querySelectorAll("button, select, input, a")];
  return controls
    .filter((control) => control.checkVisibility() && control.getBoundingClientRect().bottom + scrollY > scrollHeight + 1)
    .map(({ id, textContent }) => id || textContent.trim());
}
