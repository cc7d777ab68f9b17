// The fixtures that tests in Go and in JavaScript share; cases/cases.go lists them.

import { readFileSync } from "node:fs";

/** @param {string} name */
export function readCases(name) {
  return JSON.parse(readFileSync(new URL(`cases/${name}.json`, import.meta.url), "utf8"));
}

/** A predicate for assert.throws and assert.rejects: an error with this code. */
export function hasCode(code) {
  return (error) => error.code === code;
}
