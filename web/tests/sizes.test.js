import assert from "node:assert/strict";
import test from "node:test";

import { sizesAround } from "../page/sizes.js";

test("sizes lie around the model's own", () => {
  assert.deepEqual(sizesAround(384), [256, 384, 512]);
  assert.deepEqual(sizesAround(288), [192, 288, 384]);
  assert.deepEqual(sizesAround(513), [336, 513, 688]);
});
