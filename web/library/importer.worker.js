// The importer worker: a Go program that makes a model of a checkpoint, off the page's thread.
//
// It is sent one import by importer.js, { module, files, weights, quantise }, and posts
//   { type: "progress", payload: { done, total } }   any number of times; parameters of the network
//   { type: "result", payload: { blob, description } }
//   { type: "error", payload: { code, message } }
// The page ends it then, or when nobody wants the model any more.
//
// Go's convert gets { files: [{ name, size, read(from, to) }], weights, quantise, write(bytes),
// progress(done, total) } and returns a description (importer.d.ts), or { error }. It reads and writes
// in pieces: the files stay on the disk, and the model goes into Blobs, which the browser may keep there.

import { startProgram } from "./program.js";

/** A message at most so often: a network has hundreds of parameters. */
const MILLISECONDS = 50;

self.addEventListener("message", async ({ data: { module, files, weights, quantise } }) => {
  try {
    const convert = await startProgram(module, "onSegmenterImporter", "importer");
    const parts = [];
    const answer = convert({
      files: files.map(readable),
      weights,
      quantise,
      write: (bytes) => void parts.push(new Blob([bytes])),
      progress: progressReporter(),
    });
    const blob = new Blob(parts, { type: "application/octet-stream" });
    postMessage({ type: "result", payload: { blob, description: answer } });
  } catch ({ code, message }) {
    postMessage({ type: "error", payload: { code: typeof code === "string" ? code : "internal", message } });
  }
});

/** A file as Go reads it: at once, which only workers may. */
function readable(file) {
  const reader = new FileReaderSync();
  const read = (from, to) => new Uint8Array(reader.readAsArrayBuffer(file.slice(from, to)));
  return { name: file.name ?? "", size: file.size, read };
}

function progressReporter() {
  let last = 0;
  return (done, total) => {
    const now = performance.now();
    if (now - last < MILLISECONDS && done < total) return;
    last = now;
    postMessage({ type: "progress", payload: { done, total } });
  };
}
