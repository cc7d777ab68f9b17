import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { inflateRawSync } from "node:zlib";

import { directoryEntry, ending, localHeader, ZipWriter } from "../page/zip.js";

const DATE = new Date(2026, 4, 17, 13, 45, 58);

async function archive(files) {
  const pieces = [];
  const zip = new ZipWriter((piece) => void pieces.push(piece));
  for (const [name, content] of files) await zip.add(name, new Blob([content]), DATE);
  await zip.close();
  return Buffer.from(await new Blob(pieces).arrayBuffer());
}

/** What a reader finds from the end on. */
function entriesOf(bytes) {
  const end = bytes.length - 22;
  assert.equal(bytes.readUInt32LE(end), 0x06054b50);
  let [count, at] = [bytes.readUInt16LE(end + 10), bytes.readUInt32LE(end + 16)];
  if (count === 0xffff) {
    assert.equal(bytes.readUInt32LE(end - 20), 0x07064b50);
    const large = Number(bytes.readBigUInt64LE(end - 12));
    assert.equal(bytes.readUInt32LE(large), 0x06064b50);
    [count, at] = [Number(bytes.readBigUInt64LE(large + 32)), Number(bytes.readBigUInt64LE(large + 48))];
  }
  const entries = new Map();
  for (let i = 0; i < count; i++) {
    assert.equal(bytes.readUInt32LE(at), 0x02014b50);
    const [method, packed, length, extra, place] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt32LE(at + 42)];
    const name = bytes.toString("utf8", at + 46, at + 46 + length);
    const from = place + 30 + bytes.readUInt16LE(place + 26) + bytes.readUInt16LE(place + 28);
    const content = bytes.subarray(from, from + packed);
    entries.set(name, method === 8 ? inflateRawSync(content) : content);
    at += 46 + length + extra;
  }
  return entries;
}

const FILES = [["annotations.json", "[".padEnd(100_000, "1,")], ["SegmentationClass/猫 1.png", "\x89PNG"], ["labels/empty.txt", ""]];

test("an archive has its files", async () => {
  const bytes = await archive(FILES);
  assert.deepEqual(Array.from(entriesOf(bytes), ([name, content]) => [name, content.toString()]), FILES.map(([name, content]) => [name, Buffer.from(content).toString()]));
  assert.ok(bytes.length < 2000, `${bytes.length} bytes`);
});

test("unzip takes it", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "zip-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "a.zip");
  writeFileSync(path, await archive(FILES));
  try {
    execFileSync("unzip", ["-v"], { stdio: "ignore" });
  } catch {
    return context.skip("unzip is missing");
  }
  assert.match(execFileSync("unzip", ["-t", path], { encoding: "utf8" }), /No errors detected/);
});

test("70 000 files take zip64's count", async () => {
  const bytes = await archive(Array.from({ length: 70_000 }, (_, i) => [`${i}.png`, ""]));
  assert.equal(entriesOf(bytes).size, 70_000);
});

test("more than 4 GB take zip64's sizes", () => {
  const [size, packed, at] = [5e9, 6e9, 7e9];
  const entry = { name: new TextEncoder().encode("a"), method: 0, time: 0, date: 0, crc: 1, size, packed, at };
  const local = Buffer.from(localHeader(entry));
  assert.deepEqual([local.readUInt16LE(4), local.readUInt32LE(18), local.readUInt32LE(22)], [45, 0xffffffff, 0xffffffff]);
  assert.deepEqual([local.readBigUInt64LE(35), local.readBigUInt64LE(43)], [5_000_000_000n, 6_000_000_000n]);
  const listed = Buffer.from(directoryEntry(entry));
  assert.deepEqual([0, 8, 16].map((i) => listed.readBigUInt64LE(51 + i)), [5_000_000_000n, 6_000_000_000n, 7_000_000_000n]);
  const far = Buffer.from(directoryEntry({ ...entry, size: 1, packed: 1 }));
  assert.deepEqual([far.readUInt32LE(20), far.readUInt16LE(30), far.readBigUInt64LE(51)], [1, 12, 7_000_000_000n]);
  assert.equal(Buffer.from(ending({ count: 1, size: 10, at })).readBigUInt64LE(48), 7_000_000_000n);
});
