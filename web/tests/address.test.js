import assert from "node:assert/strict";
import test from "node:test";

import { addressWith, readAddress } from "../page/address.js";

const page = "https://example.org/some/where/";
const read = (query) => readAddress(`${page}?${query}`);

test("an address without a query asks for nothing", () => {
  assert.deepEqual(readAddress(page), { ignored: [] });
});

test("every parameter is read", () => {
  const { ignored, ...address } = read(
    "lang=zh&device=webgpu&decoder=linear&size=0&refine=0&threads=64&arithmetic=float&profile=1&opacity=100" +
      "&live=camera&effect=blur&keep=person,tv monitor&hide=&colour=00B140&calm=95&rate=15&detail=auto&mirror=1&other=x",
  );
  assert.deepEqual(ignored, []);
  assert.deepEqual(address, {
    lang: "zh", device: "webgpu", decoder: "linear", size: "0", refine: "0", threads: 64, arithmetic: "float", profile: "1",
    opacity: "100", live: "camera", effect: "blur", keep: ["person", "tv monitor"], hide: [], colour: "00B140", calm: "95",
    rate: "15", detail: "auto", mirror: "1",
  });
});

test("photos and models come from the page's own site", () => {
  assert.equal(read("photo=samples/cat.png").photo, `${page}samples/cat.png`);
  assert.equal(read("model=/m.safetensors?v=2").model, "https://example.org/m.safetensors?v=2");
  for (const url of ["https://elsewhere.org/cat.png", "//elsewhere.org/cat.png", "data:,", "http://example.org/cat.png", "http://["]) {
    assert.deepEqual(read(`photo=${encodeURIComponent(url)}`).ignored, [{ parameter: `photo=${url}`, expected: "address.own" }]);
  }
});

test("models have names, too", () => {
  for (const name of ["everyday", "My streets: 2", "Seg-B 1.0"]) assert.equal(read(`model=${encodeURIComponent(name)}`).model, name);
  assert.equal(read("model=m.safetensors").model, `${page}m.safetensors`);
  assert.deepEqual(read("model=https://elsewhere.org/m").ignored, [{ parameter: "model=https://elsewhere.org/m", expected: "address.model" }]);
});

test("bad values are ignored, each with what is expected", () => {
  const bad = {
    lang: ["fr"], device: ["gpu", ""], decoder: ["none"], size: ["2049", "-1", "1e3", ""], refine: ["yes"], threads: ["0", "65", "2.5", "x"],
    arithmetic: ["int4"], profile: ["0"], opacity: ["101", "1000", "-1", "x"], live: ["screen"], effect: ["melt"],
    colour: ["#00b140", "00b14"], calm: ["96"], rate: ["24"], detail: ["100"], mirror: ["2"],
  };
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      const { ignored, [name]: found } = read(`${name}=${encodeURIComponent(value)}`);
      assert.equal(found, undefined);
      assert.equal(ignored[0]?.parameter, `${name}=${value}`);
      assert.match(ignored[0].expected, /^address\./);
    }
  }
});

test("values go into the address and out of it", () => {
  assert.equal(addressWith(`${page}?size=256&other=1#top`, { size: undefined, keep: "person,cat", rate: 15 }), `${page}?other=1&keep=person,cat&rate=15#top`);
  assert.equal(addressWith(page, { size: undefined }), page);
});
