import assert from "node:assert/strict";
import test from "node:test";

import { entriesOf, listModels } from "../library/model-list.js";
import { hasCode } from "./cases.js";

const LIST = "https://a.example/site/models.json";
const full = {
  name: "streets", title: "Streets", address: "models/streets.safetensors?v=1", bytes: 5, sha256: "ab", classes: ["road", "sky"],
  parameters: 7, precision: "int8", licence: "CC0", source: "somewhere",
};

test("an entry says what it says, and what it lacks is nothing", () => {
  const [streets, bare] = entriesOf(JSON.stringify({ models: [full, { name: "bare", address: "/bare" }] }), LIST);
  assert.deepEqual(streets, { ...full, address: "https://a.example/site/models/streets.safetensors?v=1" });
  assert.deepEqual(bare, {
    name: "bare", title: "bare", address: "https://a.example/bare", bytes: 0, sha256: "", classes: [], parameters: 0, precision: "", licence: "", source: "",
  });
});

test("what is no list is refused", () => {
  const entries = [{ ...full, name: "" }, { ...full, address: undefined }, { ...full, address: "http://[" }, { ...full, bytes: "5" }, { ...full, classes: "road" }, null];
  const texts = ["", "<!doctype html>", "[]", "null", "{}", ...entries.map((entry) => JSON.stringify({ models: [entry] }))];
  for (const text of texts) assert.throws(() => entriesOf(text, LIST), ({ code, reason }) => code === "network" && reason === "list", text);
});

test("without a network, the list is as it was", async (t) => {
  const { fetch } = globalThis;
  const kept = new Map();
  globalThis.caches = { open: async () => ({ put: async (url, response) => kept.set(url, response) }), match: async (url) => kept.get(url)?.clone() };
  t.after(() => {
    globalThis.fetch = fetch;
    delete globalThis.caches;
  });
  globalThis.fetch = async () => new Response(JSON.stringify({ models: [full] }));
  const before = await listModels(LIST);
  assert.equal(before[0].stored, false);
  globalThis.fetch = async () => {
    throw new TypeError("no network");
  };
  assert.deepEqual(await listModels(LIST), before);
  await assert.rejects(listModels("https://a.example/another.json"), hasCode("network"));
  await assert.rejects(listModels("http://["), hasCode("bad-option"));
});
