// The annotator worker: a Go program that writes masks as annotations, off the page's thread.
//
// It is sent the compiled program once, { module }, then tasks by annotations.js, one at a time, and
// answers each:
//   { task: "write", format, classes, tolerance, class, photos: [name], width, height, mask, size }
//   { task: "finish", format, classes, tolerance, class, photos, parts: [{ name, blob }] }
//   { task: "count", … } as "write"
//     { type: "result", payload: { files: [{ name, blob }], points } }
//     { type: "error", payload: { code, message } }
//
// Go's annotate gets the same with read(name) and write(name, bytes) in place of parts, and returns
// { points }, or { error }. It writes in pieces, which go into Blobs: the browser may keep them on disk.

import { sample } from "./painting.js";
import { startProgram } from "./program.js";

/** Settles when Go runs. @type {Promise<(request: object) => object>} */
let started;

self.addEventListener("message", async ({ data: { module, ...task } }) => {
  if (module) {
    started = startProgram(module, "onSegmenterAnnotator", "annotator");
    started.catch(() => {}); // the first task reports it
    return;
  }
  try {
    postMessage({ type: "result", payload: carryOut(await started, task) });
  } catch ({ code, message }) {
    postMessage({ type: "error", payload: { code: typeof code === "string" ? code : "internal", message } });
  }
});

function carryOut(annotate, { task, format, classes, tolerance, class: chosen, photos, size, parts = [], ...given }) {
  const { width, height, mask } = size ? sample(given, size) : given;
  const files = new Map(); // name → pieces
  const answer = annotate({
    task,
    format,
    classes,
    tolerance,
    class: chosen,
    photos,
    width,
    height,
    mask,
    read: reader(parts),
    write: (name, bytes) => {
      if (!files.has(name)) files.set(name, []);
      if (bytes.length > 0) files.get(name).push(new Blob([bytes]));
    },
  });
  return { files: Array.from(files, ([name, pieces]) => ({ name, blob: new Blob(pieces) })), points: answer.points };
}

/** Reads files at once, which only workers may. */
function reader(parts) {
  const blobs = new Map(parts.map(({ name, blob }) => [name, blob]));
  const files = new FileReaderSync();
  return (name) => (blobs.has(name) ? new Uint8Array(files.readAsArrayBuffer(blobs.get(name))) : undefined);
}
