// Runs one Go program: fetches the program and its arguments, provides the part of
// Node's fs that reads files, and sends the output and the exit status back. All
// requests are synchronous: the output keeps its order, and none is lost if the
// program crashes.
"use strict";

/** Sends a synchronous request and returns it with the response. */
function ask(method, url, body) {
  const request = new XMLHttpRequest();
  request.open(method, url, false);
  if (method === "GET") request.responseType = "arraybuffer";
  request.send(body);
  return request;
}

/** Open files and folders, by descriptor: { content } or { names }. */
const open = new Map();
let nextDescriptor = 3;

function failure(code) {
  return Object.assign(new Error(code), { code });
}

/** Reads a file or a folder of the module. */
function load(name) {
  const answer = ask("GET", `/file?name=${encodeURIComponent(name)}`);
  if (answer.status !== 200) throw failure("ENOENT");
  const content = new Uint8Array(answer.response);
  if (answer.getResponseHeader("Folder") === null) return { content };
  return { content: new Uint8Array(), names: JSON.parse(new TextDecoder().decode(content)) };
}

/** Describes a file or a folder like Node's fs.stat. */
function describe({ content, names }) {
  return {
    dev: 0, ino: 0, mode: names ? 0o40555 : 0o100444, nlink: 1, uid: 0, gid: 0, rdev: 0,
    size: content.length, blksize: 4096, blocks: 0, atimeMs: 0, mtimeMs: 0, ctimeMs: 0,
    isDirectory: () => names !== undefined,
  };
}

/** Wraps a function in Node's style: it calls its last argument with an error or the result. */
function nodeStyle(work) {
  return (...args) => {
    const callback = args.pop();
    try {
      callback(null, work(...args));
    } catch (error) {
      callback(error.code ? error : failure("EIO"));
    }
  };
}

const reading = {
  open: nodeStyle((name, flags) => {
    if (flags !== 0) throw failure("EROFS");
    open.set(nextDescriptor, load(name));
    return nextDescriptor++;
  }),
  close: nodeStyle((descriptor) => void open.delete(descriptor)),
  fstat: nodeStyle((descriptor) => describe(open.get(descriptor))),
  stat: nodeStyle((name) => describe(load(name))),
  lstat: nodeStyle((name) => describe(load(name))),
  readdir: nodeStyle((name) => load(name).names),
  read: nodeStyle((descriptor, buffer, offset, length, position) => {
    const file = open.get(descriptor);
    const from = position ?? file.position ?? 0;
    const part = file.content.subarray(from, from + length);
    buffer.set(part, offset);
    if (position === null) file.position = from + part.length;
    return part.length;
  }),
  writeSync(descriptor, bytes) {
    // A copy: the program's memory may be shared or grow.
    ask("POST", `/write?fd=${descriptor}`, bytes.slice());
    return bytes.length;
  },
};

async function main() {
  importScripts("wasm_exec.js");
  const job = JSON.parse(new TextDecoder().decode(ask("GET", "/job").response));
  Object.assign(globalThis.fs, reading);
  // Only the flags for writing must differ from those for reading.
  Object.assign(globalThis.fs.constants, { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 0 });
  globalThis.process.cwd = () => job.dir;

  const go = new Go();
  go.argv = job.args;
  go.env = job.env;
  go.exit = (status) => ask("POST", `/exit?status=${status}`);
  const { Kernels } = await import("./kernel.js");
  const kernels = new Kernels();
  const imports = { ...go.importObject, kernel: kernels.imports };
  const { instance } = await WebAssembly.instantiateStreaming(fetch("program.wasm"), imports);
  kernels.memory = instance.exports.mem;
  await go.run(instance);
}

main().catch((error) => {
  ask("POST", "/write?fd=2", `${error.stack ?? error}\n`);
  ask("POST", "/exit?status=2");
});
