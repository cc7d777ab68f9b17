import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { fileError, kindOf, orientationOf, statedSize } from "../library/files.js";

const read = (name) => new Uint8Array(readFileSync(new URL(`files/${name}`, import.meta.url)));
const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const ftyp = (...brands) => bytesOf(`\0\0\0${String.fromCharCode(12 + 4 * brands.length)}ftyp${brands[0]}\0\0\0\0${brands.slice(1).join("")}`);

test("files state their sizes", () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 1, 2, 0, 0, 3, 4, 8, 2);
  assert.deepEqual(statedSize(png), { width: 0x102, height: 0x304 });
  const comment = [0xff, 0xfe, 0, 4, 1, 2];
  const tables = [0xff, 0xc4, 0, 3, 9]; // Huffman tables, whose marker is among those of frames
  const frame = [0xff, 0xc2, 0, 11, 8, 1, 2, 3, 4, 1, 0];
  assert.deepEqual(statedSize(Uint8Array.of(0xff, 0xd8, ...comment, ...tables, ...frame)), { width: 0x304, height: 0x102 });
  assert.deepEqual(statedSize(bytesOf("GIF89a\x28\0\x1e\0")), { width: 40, height: 30 });
  const bmp = [0x42, 0x4d, ...Array(16).fill(0), 48, 0, 0, 0, 0xe0, 0xff, 0xff, 0xff]; // from top to bottom: a height below 0
  assert.deepEqual(statedSize(Uint8Array.from(bmp)), { width: 48, height: 32 });
  assert.deepEqual(statedSize(read("exif6.webp")), { width: 32, height: 48 });
  assert.deepEqual(statedSize(read("exif6.webp").copyWithin(12, 30)), { width: 32, height: 48 }, "VP8L alone");
  assert.deepEqual(statedSize(bytesOf("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x20\x40\x30\0")), { width: 32, height: 48 }, "VP8 alone");
  for (const head of [[], [0xff, 0xd8], [1, 2, 3, 4], [0xff, 0xd8, ...comment]]) {
    assert.equal(statedSize(Uint8Array.from(head)), undefined, `${head}`);
  }
});

test("kinds that browsers cannot open are known by their bytes", () => {
  const kinds = [
    ["HEIC", ftyp("heic", "mif1")], ["HEIC", ftyp("mif1", "mif1", "heic")], ["HEIC", ftyp("heix")], ["HEIC", ftyp("msf1", "hevc")],
    ["HEIC", read("heic-named.jpg")], ["AVIF", ftyp("avif", "mif1")], ["AVIF", ftyp("mif1", "avif")], ["AVIF", ftyp("avis")],
    ["video", ftyp("isom", "mp42")], ["video", ftyp("qt  ")], ["camera raw", ftyp("crx ", "isom")],
    ["TIFF or camera raw", bytesOf("II*\0\x08\0\0\0")], ["TIFF or camera raw", bytesOf("MM\0*")], ["Photoshop", bytesOf("8BPS")],
    ["JPEG XL", bytesOf("\xff\x0a")], ["JPEG XL", bytesOf("\0\0\0\x0cJXL ")], ["JPEG 2000", bytesOf("\0\0\0\x0cjP  ")],
    ["SVG", bytesOf("<svg xmlns=''>")], ["SVG", bytesOf("<?xml version='1.0'?>\n<!-- a <b> -->\n<svg>")], ["PDF", bytesOf("%PDF-1.7")],
    [undefined, bytesOf("Dear <svg>")], [undefined, bytesOf("")], [undefined, bytesOf("\0\0\0\x08ftyp")],
  ];
  for (const [kind, head] of kinds) assert.equal(kindOf(head), kind, JSON.stringify(String.fromCharCode(...head.subarray(0, 20))));
});

test("a file's error says what its bytes are, whatever its name", async () => {
  const reasonOf = async (...file) => {
    const { code, reason, values } = await fileError(new File(...file), new Error("the browser's"));
    assert.equal(code, reason === "pixels" ? "too-large" : "no-image");
    return [reason, values];
  };
  assert.deepEqual(await reasonOf([read("heic-named.jpg")], "a.jpg"), ["heic", { file: "a.jpg" }]);
  assert.deepEqual(await reasonOf(["no HEIC at all"], "a.heic"), ["heic", { file: "a.heic" }]);
  assert.deepEqual(await reasonOf([bytesOf("II*\0")], "a.jpg"), ["kind", { file: "a.jpg", kind: "TIFF or camera raw" }]);
  assert.deepEqual(await reasonOf([], "a.png"), ["empty", { file: "a.png" }]);
  assert.deepEqual(await reasonOf([read("exif6.webp").subarray(0, 60)], "a.webp"), ["damaged", { file: "a.webp" }]);
  assert.deepEqual(await reasonOf([bytesOf("GIF89a\xff\xff\xff\xff")], "a.gif"), ["pixels", { width: 65535, height: 65535 }]);
  assert.deepEqual(await reasonOf(["Dear photo"], "a.png"), ["unknown", { file: "a.png" }]);
});

test("a file that changed on disk says so", async () => {
  for (const [name, reason] of [["NotReadableError", "changed"], ["NotFoundError", "changed"], ["SecurityError", "unreadable"]]) {
    const file = new File(["x"], "a.png");
    file.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", name)) });
    assert.equal((await fileError(file, null)).reason, reason);
  }
});

/** A little EXIF data with an orientation. */
function exifOf(orientation, isLittle) {
  const view = new DataView(new ArrayBuffer(26));
  view.setUint16(0, isLittle ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, isLittle);
  view.setUint32(4, 8, isLittle);
  view.setUint16(8, 1, isLittle);
  view.setUint16(10, 274, isLittle);
  view.setUint16(12, 3, isLittle);
  view.setUint32(14, 1, isLittle);
  view.setUint16(18, orientation, isLittle);
  return new Uint8Array(view.buffer);
}

test("the orientation of WebP and PNG is that of their EXIF data", () => {
  assert.equal(orientationOf(read("exif6.webp")), 6);
  for (let orientation = 0; orientation <= 9; orientation++) {
    const expected = orientation >= 1 && orientation <= 8 ? orientation : 1;
    for (const isLittle of [true, false]) {
      const exif = exifOf(orientation, isLittle);
      const png = Uint8Array.of(...bytesOf("\x89PNG\r\n\x1a\n\0\0\0\x03JUNKabc\0\0\0\0\0\0\0\x1aeXIf"), ...exif, 0, 0, 0, 0);
      const webp = Uint8Array.of(...bytesOf("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x08\0\0\0\0\0\0\0\0\0JUNK\x03\0\0\0abc\0EXIF\x20\0\0\0Exif\0\0"), ...exif);
      assert.equal(orientationOf(png), expected);
      assert.equal(orientationOf(webp), expected);
      for (const file of [png, webp]) for (let cut = 0; cut < file.length; cut++) orientationOf(file.subarray(0, cut)); // throws nothing
    }
  }
});

test("the orientation of an AVIF is that of its properties", () => {
  const file = read("irot3.avif");
  assert.equal(orientationOf(file), 6);
  const at = Buffer.from(file.buffer).indexOf("irot");
  for (const [angle, orientation] of [1, 8, 3, 6].entries()) {
    file[at + 4] = angle;
    assert.equal(orientationOf(file), orientation);
  }
  file.set(bytesOf("imir"), at);
  for (const [axis, orientation] of [4, 2].entries()) {
    file[at + 4] = axis;
    assert.equal(orientationOf(file), orientation);
  }
  for (let cut = 0; cut < file.length; cut++) orientationOf(file.subarray(0, cut)); // throws nothing
  for (let i = 0; i < 3000; i++) {
    const broken = file.slice();
    broken[(i * 7919) % file.length] = i;
    assert.ok(orientationOf(broken) >= 1);
  }
});
