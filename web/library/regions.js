// Regions: the thing under a place of a mask.
//
// It owns nothing. It is sent a mask and a place; it sends back the pixels of the class there that hang
// together. A thing that only a hair connects to another is a thing of its own.
//
// The work is done on the mask at a smaller size, so it takes the same few milliseconds for any photo:
//   1. the pixels of the class that are connected to the place;
//   2. their cores: what is left of them without a margin as broad as half a hair;
//   3. each pixel belongs to the core that is nearest on the way through the class.
// So whatever hangs on a thing, thin or not, stays with it, and a bridge is cut in its middle.

import { sample } from "./painting.js";

/** The mask is looked at with at most so many pixels. */
const GRID_PIXELS = 1 << 18;

/** Half a hair: this part of the mask's longer side, but no more than this part of the thing's own breadth. */
const HAIR = 1 / 200;
const OF_BREADTH = 1 / 20;

/** A core with less than this part of the connected pixels is no thing of its own. */
const LEAST_CORE = 0.03;

/**
 * @typedef {object} Region
 * @property {number} classId
 * @property {number} left    of its box, in pixels of the mask
 * @property {number} top
 * @property {number} width
 * @property {number} height
 * @property {Uint8Array} pixels  of the box, row by row: 1 inside, 0 outside
 * @property {number} area   pixels inside
 */

/**
 * The thing at a pixel.
 *
 * @param {import("./painting.js").Mask} mask
 * @param {number} x
 * @param {number} y
 * @returns {Region}
 */
export function regionAt(mask, x, y) {
  const scale = Math.min(1, Math.sqrt(GRID_PIXELS / (mask.width * mask.height)));
  const size = { width: Math.max(1, Math.round(mask.width * scale)), height: Math.max(1, Math.round(mask.height * scale)) };
  const grid = sample(mask, size);
  const classId = mask.mask[y * mask.width + x];
  const start = Math.floor((y * size.height) / mask.height) * size.width + Math.floor((x * size.width) / mask.width);
  const connected = flood(grid, start, classId);
  const inside = thingOf(connected, size, start);
  return enlarge(mask, inside, size, classId);
}

/** The pixels of a class that are connected to one, which counts as one of the class: 1; others: 0. */
function flood({ width, height, mask }, start, classId) {
  const found = new Uint8Array(mask.length);
  const stack = [start];
  found[start] = 1;
  while (stack.length > 0) {
    const at = stack.pop();
    eachNeighbour(at, width, height, (next) => {
      if (found[next] || mask[next] !== classId) return;
      found[next] = 1;
      stack.push(next);
    });
  }
  return found;
}

/** The part of connected pixels that belongs to the same core as one of them. */
function thingOf(connected, { width, height }, start) {
  const area = connected.reduce((sum, value) => sum + value, 0);
  const radius = Math.floor(Math.min(HAIR * Math.max(width, height), OF_BREADTH * Math.sqrt(area)));
  if (radius < 1) return connected;
  const cores = coresOf(connected, width, height, radius, Math.max(1, LEAST_CORE * area));
  if (cores.count < 2) return connected;
  spread(cores.labels, connected, width, height);
  const own = cores.labels[start];
  return cores.labels.map((label) => Number(label === own));
}

/** Numbers the cores from 1. */
function coresOf(connected, width, height, radius, least) {
  const deep = erode(connected, width, height, radius);
  const labels = new Uint8Array(connected.length);
  let count = 0;
  for (let i = 0; i < deep.length && count < 255; i++) {
    if (!deep[i]) continue;
    const core = flood({ width, height, mask: deep }, i, 1);
    let area = 0;
    for (let j = i; j < core.length; j++) if (core[j]) [deep[j], area] = [0, area + 1];
    if (area < least) continue;
    count++;
    for (let j = i; j < core.length; j++) if (core[j]) labels[j] = count;
  }
  return { labels, count };
}

/** Pixels whose neighbours up to a distance are all inside. Beyond the edge of the picture all is. */
function erode(inside, width, height, radius) {
  const across = new Uint8Array(inside.length);
  for (let y = 0; y < height; y++) shrinkLine(inside, across, y * width, 1, width, radius);
  const both = new Uint8Array(inside.length);
  for (let x = 0; x < width; x++) shrinkLine(across, both, x, width, height, radius);
  return both;
}

function shrinkLine(from, to, first, stride, length, radius) {
  let run = radius; // of pixels inside, before this one
  for (let i = 0; i < length + radius; i++) {
    run = i >= length || from[first + i * stride] ? run + 1 : 0;
    if (i >= radius) to[first + (i - radius) * stride] = Number(run > 2 * radius);
  }
}

/** Gives all connected pixels the label of the nearest that has one. */
function spread(labels, connected, width, height) {
  let front = [];
  for (let i = 0; i < labels.length; i++) if (labels[i]) front.push(i);
  while (front.length > 0) {
    const next = [];
    for (const at of front) {
      eachNeighbour(at, width, height, (other) => {
        if (labels[other] || !connected[other]) return;
        labels[other] = labels[at];
        next.push(other);
      });
    }
    front = next;
  }
}

function eachNeighbour(at, width, height, visit) {
  const x = at % width;
  if (x > 0) visit(at - 1);
  if (x < width - 1) visit(at + 1);
  if (at >= width) visit(at - width);
  if (at < width * (height - 1)) visit(at + width);
}

/** The mask's pixels of the class that lie in cells of the grid that are inside, or at their edge. */
function enlarge({ width, height, mask }, inside, size, classId) {
  const cells = size.width === width && size.height === height ? inside : grown(inside, size);
  const box = boxOf(cells, size);
  const left = Math.floor((box.left * width) / size.width);
  const top = Math.floor((box.top * height) / size.height);
  const right = Math.min(width, Math.ceil((box.right * width) / size.width));
  const bottom = Math.min(height, Math.ceil((box.bottom * height) / size.height));
  const region = { classId, left, top, width: right - left, height: bottom - top, area: 0 };
  region.pixels = new Uint8Array(region.width * region.height);
  const columns = Uint32Array.from({ length: region.width }, (_, i) => Math.floor(((left + i) * size.width) / width));
  for (let y = top, to = 0; y < bottom; y++) {
    const row = Math.floor((y * size.height) / height) * size.width;
    for (let i = 0, from = y * width + left; i < region.width; i++, from++, to++) {
      if (mask[from] !== classId || !cells[row + columns[i]]) continue;
      region.pixels[to] = 1;
      region.area++;
    }
  }
  return region;
}

/** Larger by a cell on all sides: at an edge, a cell has pixels of several classes. */
function grown(inside, { width, height }) {
  const outside = inside.map((value) => 1 - value);
  return erode(outside, width, height, 1).map((value) => 1 - value);
}

function boxOf(cells, { width, height }) {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let i = 0; i < cells.length; i++) {
    if (!cells[i]) continue;
    const x = i % width;
    const y = (i - x) / width;
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x + 1);
    box.top = Math.min(box.top, y);
    box.bottom = y + 1;
  }
  return box;
}
