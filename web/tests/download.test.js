import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { Download, statedLength } from "../library/download.js";
import { hasCode } from "./cases.js";

const weights = new URL("../../model/weights/", import.meta.url);

/** A safetensors file: a header, and as many bytes as its tensors take. */
function fileOf(header) {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const ends = typeof header === "string" ? [0] : Object.values(header).map(({ data_offsets }) => data_offsets?.[1] ?? 0);
  const file = new Uint8Array(8 + text.length + Math.max(0, ...ends));
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  for (let i = 8 + text.length; i < file.length; i++) file[i] = i;
  return file;
}

const small = fileOf({
  __metadata__: { format: "segmenter/1" },
  b: { dtype: "F32", shape: [2], data_offsets: [4, 12] },
  a: { dtype: "I8", shape: [4], data_offsets: [0, 4] },
});

for (const name of readdirSync(weights).filter((name) => name.endsWith(".safetensors"))) {
  test(`${name}, which Go wrote, states its length`, () => {
    const file = readFileSync(new URL(name, weights));
    assert.equal(statedLength(file.subarray(0, 1 << 20)), file.length);
  });
}

test("a head that is too short leaves the length open", () => {
  for (const length of [0, 7, 8, 40]) assert.equal(statedLength(small.subarray(0, length)), undefined, `${length}`);
  assert.equal(statedLength(small), small.length);
});

test("a head that lies in a larger buffer is read where it is", () => {
  const buffer = new Uint8Array(small.length + 3);
  buffer.set(small, 3);
  assert.equal(statedLength(buffer.subarray(3)), small.length);
});

test("a head that makes no sense states nothing", () => {
  const long = new Uint8Array(8).fill(255);
  for (const head of [long, fileOf("no JSON"), fileOf("[]"), fileOf("null"), fileOf({ a: { data_offsets: "x" } })]) {
    assert.ok([0, head.length].includes(statedLength(head)), `${head}`);
  }
});

const { fetch, setTimeout } = globalThis;
globalThis.addEventListener ??= () => {}; // browsers would tell of violated policies

/** Serves answers one after the other; each is { status, headers, chunks, breaks }. Returns the headers of the requests. */
function serve(t, ...answers) {
  const requests = [];
  globalThis.setTimeout = (run) => setTimeout(run, 0);
  t.after(() => Object.assign(globalThis, { fetch, setTimeout }));
  globalThis.fetch = async (url, { headers, method }) => {
    if (method === "HEAD") throw new TypeError("no network");
    requests.push(headers);
    const { status = 200, headers: given = {}, chunks, breaks = false } = answers.shift() ?? { breaks: true };
    if (!chunks) throw new TypeError("no network");
    const body = new ReadableStream({
      pull(controller) {
        if (chunks.length > 0) controller.enqueue(chunks.shift());
        else if (breaks) controller.error(new TypeError("cut"));
        else controller.close();
      },
    });
    return new Response(body, { status, headers: given });
  };
  return requests;
}

const { download } = await import("../library/download.js");
const get = (url, options = {}) => download({ url, mayResume: true, ...options }, () => {});
const halves = (at = 100) => [small.slice(0, at), small.slice(at)];
const rest = (at = 100) => ({ status: 206, headers: { "Content-Range": `bytes ${at}-${small.length - 1}/${small.length}`, ETag: '"a"' } });

test("a download that breaks goes on where it stopped, if the file is the same", async (t) => {
  const [first, second] = halves();
  const requests = serve(t, { headers: { ETag: '"a"' }, chunks: [first], breaks: true }, { ...rest(), chunks: [second] });
  const { bytes, expected } = await get("https://a.example/m");
  assert.deepEqual(bytes, small);
  assert.equal(expected, undefined, "the entity tag vouches for it");
  assert.deepEqual(requests, [{}, { Range: "bytes=100-", "If-Range": '"a"' }]);
});

test("a file that changed meanwhile is downloaded whole", async (t) => {
  const requests = serve(t, { headers: { ETag: '"a"' }, chunks: [small.slice(0, 100).fill(9, 90)], breaks: true }, { headers: { ETag: '"b"' }, chunks: [small] });
  assert.deepEqual((await get("https://a.example/m")).bytes, small);
  assert.equal(requests.length, 2);
});

test("without an entity tag, only a file whose hash is known goes on", async (t) => {
  const [first, second] = halves();
  const coded = { headers: { "Content-Encoding": "br", ETag: '"a"' }, chunks: [first], breaks: true };
  serve(t, { ...coded }, { ...rest(), chunks: [second] });
  const { bytes, expected, isPatched } = await get("https://a.example/m?v=0123456789ab");
  assert.deepEqual([bytes, expected, isPatched], [small, "0123456789ab", true]);

  serve(t, { ...coded, chunks: [first] });
  await assert.rejects(get("https://a.example/other"), hasCode("network"));
});

test("what broke off is there for the next attempt", async (t) => {
  const [first, second] = halves();
  const requests = serve(t, { headers: { ETag: '"a"' }, chunks: [first], breaks: true });
  await assert.rejects(get("https://a.example/m"), hasCode("network"));
  assert.equal(requests.length, 5, "four more attempts");
  const again = serve(t, { ...rest(), chunks: [second] });
  assert.deepEqual((await get("https://a.example/m")).bytes, small);
  assert.equal(again[0].Range, "bytes=100-");
});

test("a server that answers with another part is not believed", async (t) => {
  const [first] = halves();
  serve(t, { headers: { ETag: '"a"' }, chunks: [first], breaks: true }, { ...rest(50), chunks: [small.slice(50)] });
  await assert.rejects(get("https://a.example/m"), hasCode("bad-model"));
});

test("a server without the rest is asked for the whole file next time", async (t) => {
  const [first] = halves();
  serve(t, { headers: { ETag: '"a"' }, chunks: [first], breaks: true }, { status: 416, chunks: [] });
  await assert.rejects(get("https://a.example/m"), hasCode("network"));
  const again = serve(t, { chunks: [small] });
  assert.deepEqual((await get("https://a.example/m")).bytes, small);
  assert.deepEqual(again, [{}]);
});

test("what is no model, or longer than it states, is given up at once", async (t) => {
  const page = new TextEncoder().encode("<!doctype html><title>Not found</title>");
  for (const chunks of [[page, page], [small, Uint8Array.of(1)], [new Uint8Array([...small, 1])]]) {
    serve(t, { chunks });
    await assert.rejects(get("https://a.example/m"), hasCode("bad-model"));
  }
});

test("a file that ends early is not asked for again", async (t) => {
  const requests = serve(t, { chunks: [small.slice(0, -2)] });
  await assert.rejects(get("https://a.example/m"), /ended after \d+ of \d+ bytes/);
  assert.equal(requests.length, 1);
});

test("a download is put together from chunks of any size", () => {
  for (const size of [1, 5, 64, 1000]) {
    const download = new Download();
    for (let at = 0; at < small.length; at += size) download.add(small.slice(at, at + size));
    assert.deepEqual(download.bytes(), small);
    assert.deepEqual([download.loaded, download.total], [small.length, small.length]);
  }
});

test("the length in the headers counts only where nothing is compressed", () => {
  for (const [coding, total] of [[{}, 12], [{ "Content-Encoding": "br" }, 0]]) {
    const download = new Download();
    download.begin({ status: 200, headers: new Headers({ "Content-Length": "12", ...coding }) });
    assert.equal(download.total, total);
  }
});

/** Has threads share memory while a test runs, and keeps what it is told of files that arrive. */
function sharing(t) {
  globalThis.crossOriginIsolated = true;
  t.after(() => delete globalThis.crossOriginIsolated);
  const files = [];
  const begin = (url) => download({ url, mayResume: true }, () => {}, undefined, (file) => files.push(file));
  return { files, begin };
}

test("other threads can read a file while it arrives", async (t) => {
  const { files, begin } = sharing(t);
  const seen = [];
  const noted = (bytes) => new Proxy(bytes, { get: (target, name) => (seen.push(files[0]?.arrived[0]), Reflect.get(target, name, target)) });
  serve(t, { chunks: [small.slice(0, 60), small.slice(60, 160), noted(small.slice(160))] });
  const { bytes } = await begin("https://a.example/shared");
  assert.equal(files.length, 1);
  assert.ok(files[0].bytes.buffer instanceof SharedArrayBuffer);
  assert.equal(files[0].bytes.buffer, bytes.buffer, "it is the same memory");
  assert.deepEqual(new Uint8Array(files[0].bytes), small);
  assert.ok(seen.includes(160), `${seen}`);
  assert.equal(files[0].arrived[0], small.length);
});

test("who reads a file that is downloaded anew learns that the rest will not come", async (t) => {
  const { files, begin } = sharing(t);
  serve(t, { headers: { ETag: '"a"' }, chunks: [small.slice(0, 160)], breaks: true }, { headers: { ETag: '"b"' }, chunks: [small] });
  await begin("https://a.example/anew");
  assert.deepEqual(files.map(({ arrived }) => arrived[0]), [-1, small.length]);
});

test("another attempt tells of what has arrived already", async (t) => {
  const { files, begin } = sharing(t);
  serve(t, { headers: { ETag: '"a"' }, chunks: [small.slice(0, 160)], breaks: true });
  await assert.rejects(begin("https://a.example/again"), hasCode("network"));
  assert.deepEqual(files.map(({ arrived }) => arrived[0]), [160], "an attempt that may still come goes on with it");
  serve(t, { ...rest(160), chunks: [small.slice(160)] });
  await begin("https://a.example/again");
  assert.equal(files.length, 2);
  assert.equal(files[1].arrived, files[0].arrived);
  assert.equal(files[1].arrived[0], small.length);
});
