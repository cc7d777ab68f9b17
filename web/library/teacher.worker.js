// The teacher worker: a Go program that learns classes from strokes, off the page's thread.
//
// It is sent requests by teaching.js, { id, module, request }, and posts for each
//   { id, payload: { file } }                       Uint8Array: taught classes
//   { id, payload: { error: { code, message } } }
// A request has all the fields of NOTHING; Go's change gets it and returns the payload. teaching.js
// ends the worker with the Segmenter.

import { startProgram } from "./program.js";

/** A request that asks for nothing. */
const NOTHING = {
  action: "", // show, rename, remove or merge
  encoder: "", // of the model
  featureWidth: 0, // of a patch's features
  file: new Uint8Array(), // of what was taught before; empty for nothing
  index: 0, // of a class in it; to show a new class, their number
  name: "",
  colour: "", // #rrggbb
  off: false, // whether masks leave the class out
  // To show a class on a photo:
  width: 0, // pixels of the photo
  height: 0,
  network: { width: 0, height: 0 }, // pixels of what the network saw
  patch: 0, // pixels
  classes: 0, // of the model
  features: new Float32Array(), // patches × featureWidth
  scores: new Float32Array(), // patches × classes, or more
  rows: new Float32Array(), // of the linear decoder: weights and bias of each class
  strokes: [], // { points: Float32Array x, y, …; width; not }
  again: false, // whether they take the place of the class's last lesson
  typical: new Uint8Array(), // a file of what photos usually show; empty if there is none
  // To merge another file:
  other: new Uint8Array(),
};

/** Settles when Go runs. @type {Promise<(request: object) => { file: Uint8Array }> | null} */
let change = null;

self.addEventListener("message", async ({ data: { id, module, request } }) => {
  try {
    change ??= startProgram(module, "onSegmenterTeacher", "teacher");
    postMessage({ id, payload: (await change)({ ...NOTHING, ...request }) });
  } catch ({ code, message }) {
    postMessage({ id, payload: { error: { code: typeof code === "string" ? code : "internal", message } } });
  }
});
