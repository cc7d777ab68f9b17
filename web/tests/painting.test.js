import assert from "node:assert/strict";
import test from "node:test";

import { ALL_BORDERS, LONGEST_SIDE, NO_BORDER, paintInto, paletteOf, sample, sized } from "../library/painting.js";
import { readCases } from "./cases.js";

const { palette: colours, paintings, lines } = readCases("painting");
const { valid } = readCases("colours");
const palette = paletteOf(Object.entries(colours));
const borderOf = (border) => ({ all: ALL_BORDERS, none: NO_BORDER }[border] ?? border);

/** A mask of rows of digits. */
function maskOf(rows) {
  return { width: rows[0].length, height: rows.length, mask: Uint8Array.from(rows.join("")) };
}

function paint(mask, { width, height, border }) {
  const pixels = new Uint32Array(width * height);
  paintInto(pixels, mask, { width, height, palette, border: borderOf(border) });
  return pixels;
}

for (const { name, mask, painted, ...painting } of paintings) {
  test(`painting: ${name}`, () => {
    const colour = (id) => new Uint32Array(palette.buffer)[id];
    const expected = [...painted.join("")].map((pixel) => (pixel === "|" ? 0xffffffff : colour(pixel)));
    assert.deepEqual([...paint(maskOf(mask), painting)], expected);
  });
}

for (const { longest, line } of lines) {
  test(`a painting of ${longest} pixels has borders of ${line}`, () => {
    const isBorder = (pixel) => pixel === 0xffffffff;
    assert.equal(paint(maskOf(["01"]), { width: longest, height: 1, border: "all" }).filter(isBorder).length, line);
    assert.equal(paint(maskOf(["0", "1"]), { width: 1, height: longest, border: "all" }).filter(isBorder).length, line);
  });
}

test("a palette has four bytes for each of 256 classes", () => {
  const entries = valid.map(({ colour }, id) => [id, colour]);
  const bytes = paletteOf([...entries, [200, "#01020304"]], "#05060708");
  assert.equal(bytes.length, 4 * 256);
  for (const [id, { rgb }] of valid.entries()) assert.deepEqual([...bytes.slice(4 * id, 4 * id + 4)], [...rgb, 255]);
  assert.deepEqual([...bytes.slice(800, 808)], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual([...paletteOf([]).slice(0, 4)], [0, 0, 0, 0]);
});

test("a missing size is the mask's, as far as a canvas has it", () => {
  const border = ALL_BORDERS;
  assert.deepEqual(sized({ border }, { width: 30, height: 20 }), { width: 30, height: 20, border });
  assert.deepEqual(sized({ border, width: 3, height: 2 }, { width: 30, height: 20 }), { width: 3, height: 2, border });
  assert.deepEqual(sized({}, { width: 4 * LONGEST_SIDE, height: 8 }), { width: LONGEST_SIDE, height: 2 });
  assert.deepEqual(sized({}, { width: 8 * LONGEST_SIDE, height: 1 }), { width: LONGEST_SIDE, height: 1 });
});

test("a mask of the size that is asked for is not copied", () => {
  const mask = maskOf(["01", "23"]);
  assert.equal(sample(mask, { width: 2, height: 2 }).mask, mask.mask);
  assert.deepEqual([...sample(mask, { width: 1, height: 4 }).mask], [1, 1, 3, 3]);
});
