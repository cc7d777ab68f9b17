import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";

const web = new URL("../", import.meta.url);

/** The modules that a module imports before it runs, and theirs: all that the browser must fetch. */
async function importsOf(name, found = new Set()) {
  const source = await readFile(new URL(name, web), "utf8");
  for (const [, imported] of source.matchAll(/^(?:import|export)\s[^;(]*?"(\.[^"]+)"/gm)) {
    const path = new URL(imported, new URL(name, web)).pathname.slice(web.pathname.length);
    if (found.has(path)) continue;
    found.add(path);
    await importsOf(path, found);
  }
  return found;
}

test("the page preloads the modules that it starts with, and no others", async () => {
  const markup = await readFile(new URL("index.html", web), "utf8");
  const hrefs = (pattern) => [...markup.matchAll(pattern)].map(([, href]) => href);
  const scripts = hrefs(/<script type="module" (?:async )?src="([^"]+)"/g);
  const needed = new Set();
  for (const script of scripts) await importsOf(script, needed);
  assert.ok(needed.size > 20, `only ${needed.size} modules were found`);
  assert.deepEqual(hrefs(/rel="modulepreload" href="([^"]+)"/g).sort(), [...needed].filter((name) => !scripts.includes(name)).sort());
});
