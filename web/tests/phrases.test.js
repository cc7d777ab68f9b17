import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";

import { firstSpoken, Phrases } from "../page/phrases.js";
import * as en from "../page/texts/en.js";
import * as zh from "../page/texts/zh.js";

const english = new Phrases("en", en);
const chinese = new Phrases("zh", zh, en);

test("the first language that the page speaks wins", () => {
  assert.equal(firstSpoken([null, "fr", "zh-TW", "en"]), "zh");
  assert.equal(firstSpoken(["EN-gb", "zh"]), "en");
  assert.equal(firstSpoken(["fr", null]), undefined);
});

test("texts have their values, and plurals by the count", () => {
  const phrases = new Phrases("en", { texts: { a: "{x} of {y} {z}", "n.one": "{count} class", "n.other": "{count} classes" }, classes: {}, errors: {} });
  assert.equal(phrases.text("a", { x: 0, y: "two" }), "0 of two {z}");
  assert.equal(phrases.text("n", { count: 1 }), "1 class");
  assert.equal(phrases.text("n", { count: 2 }), "2 classes");
  assert.equal(phrases.text("unknown"), "unknown");
});

test("what a language lacks is said in the other", () => {
  const half = new Phrases("zh", { texts: {}, classes: {}, errors: {} }, en);
  assert.equal(half.text("open"), en.texts.open);
  assert.equal(half.className("cat", []), "cat");
  assert.equal(chinese.className("cat", ["other", "cat"]), "猫");
});

test("the classes of a model are all in one language", () => {
  assert.equal(chinese.className("wall", ["wall", "building", "chandelier"]), "wall");
  assert.equal(chinese.className("wall", ["wall", "building", "sky"]), "墙");
  assert.equal(chinese.className("constructor", ["constructor"]), "constructor");
  assert.equal(english.className("wall", ["wall"]), "wall");
});

test("an error is said by its key, its code and reason, or its own message", () => {
  const empty = { code: "no-image", reason: "empty", values: { file: "a.png" }, message: "“a.png” is empty: choose another file." };
  assert.equal(english.sentenceOf(empty), empty.message);
  assert.equal(chinese.sentenceOf(empty), "“a.png”是空文件：请换一个文件。");
  assert.equal(chinese.sentenceOf({ ...empty, reason: "of another kind" }), zh.errors["no-image"]);
  assert.equal(english.sentenceOf({ ...empty, key: "photo.refused", values: { url: "/a", status: 404 } }),
    "The photo could not be downloaded: /a answered 404. Check its address.");
});

test("numbers are written as the language does", () => {
  assert.equal(english.number(1234.56, 1), "1234.6");
  assert.equal(english.percentage(0.256), "26%");
  assert.equal(english.roughly(6_700_000), "6.7 million");
  assert.equal(chinese.roughly(6_700_000), "670.0万");
});

test("both languages have the same texts with the same placeholders", async () => {
  const placeholders = (text) => [...new Set(text.match(/\{\w+\}/g))].sort();
  const stems = (texts) => [...new Set(Object.keys(texts).map((key) => key.replace(/\.(one|other)$/, "")))].sort();
  const folder = new URL("../page/texts/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith("en.js"));
  assert.ok(names.length > 4, `only ${names}`);
  for (const name of names) {
    const [english, chinese] = await Promise.all([name, name.replace(/en\.js$/, "zh.js")].map((file) => import(new URL(file, folder))));
    for (const [key, text] of Object.entries(chinese.texts)) assert.deepEqual(placeholders(text), placeholders(english.texts[key]), key);
    assert.deepEqual(stems(chinese.texts), stems(english.texts), name);
  }
});
