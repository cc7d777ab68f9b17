// What the panel of models shows of a model: its facts, its classes, its progress and its faults.
//
// It owns nothing. models-panel.js sends it entries, progress and errors; it sends back elements and texts.

import { make } from "./elements.js";
import { className, number, roughly, say, sentenceOf, t } from "./texts.js";

export function showProgress(line, progress) {
  const [text, bar] = line.children;
  const { stage, loaded = 0, total = 0 } = progress;
  say(text, () => textOfProgress(progress));
  bar.max = total || 1;
  if (total && (isLoading(progress) || stage === "convert")) bar.value = loaded;
  else bar.removeAttribute("value");
}

export function textOfProgress({ stage, loaded = 0, total = 0 }) {
  const values = { loaded: megabytes(loaded), total: megabytes(total), percent: number((100 * loaded) / (total || 1)) };
  const ofModel = isLoading({ stage, loaded, total }) ? "loading.model-of" : "loading.start";
  return t({ model: ofModel, convert: "models.converting", fetch: "models.fetching" }[stage] ?? "models.loading", values);
}

function isLoading({ stage, loaded, total }) {
  return stage === "model" && loaded < total;
}

/** What is wrong. An engine that stops at a model lacks memory for it. */
export function textOfError(error) {
  const key = !error.code ? "error.unknown" : error.code === "internal" ? "models.error.memory" : "";
  return key ? t(key, { message: error.message }) : sentenceOf(error);
}

export function errorLine(error) {
  const line = make("p", { className: "models-error" }, () => textOfError(error));
  line.setAttribute("role", "alert");
  return line;
}

/** What was inferred about a checkpoint; in English where this language has no words for it. */
export function noteOf({ code, values, text }) {
  const key = `models.note.${code}`;
  const said = t(key, values);
  return said.startsWith(key) ? text : said;
}

export function factsOf({ classes, parameters, precision, bytes }, kind) {
  const facts = [
    classes.length > 0 && t("classes", { count: classes.length }),
    parameters > 0 && t("models.parameters", { parameters: roughly(parameters) }),
    precision,
    bytes > 0 && size(bytes),
    kind,
  ];
  return facts.filter(Boolean).join(" · ");
}

/** @param {{ name: string, colour?: string }} info @param {string[]} names  of all classes of the model */
export function classChip({ name, colour }, names) {
  const chip = make("li", {});
  if (colour) {
    const swatch = make("span", { className: "swatch" });
    swatch.style.setProperty("--colour", colour);
    chip.append(swatch);
  }
  chip.append(make("span", {}, () => className(name, names)));
  return chip;
}

const megabytes = (bytes) => number(Math.ceil(bytes / 1e5) / 10, bytes < 99.95e6 ? 1 : 0);

export function size(bytes) {
  return bytes < 1e9 ? t("models.megabytes", { number: megabytes(bytes) }) : t("models.gigabytes", { number: number(bytes / 1e9, 1) });
}
