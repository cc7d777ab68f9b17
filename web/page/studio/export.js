// The tool that exports: the mask as a file for other programs.
//
// It owns its form. studio.js sends it the picture; it counts and writes in a worker, and has the
// browser download what comes.

import { countPoints, exportMask } from "../../library/annotations.js";
import { download } from "../download.js";
import { make } from "../elements.js";
import { FormatChoice, loadFormats } from "../formats.js";
import { announce } from "../status.js";
import { say, t } from "../texts.js";

/** Until a slider rests, nothing is counted. */
const REST = 150; // ms

/** @param {import("../studio.js").Host} host @returns {Promise<import("../studio.js").Tool>} */
export async function open({ panel, fail }) {
  await loadFormats();
  let picture = null;
  let counting = new AbortController();
  let isSaving = false;
  const points = make("p", { className: "facts" });
  const save = make("button", { type: "submit", className: "primary", id: "export-save" }, () => t("export.save"));
  const choice = new FormatChoice("export", () => count(REST));
  const form = make("form", { className: "studio-tool", id: "export" }, ...choice.elements, points, make("p", { className: "actions" }, save));
  points.setAttribute("role", "status");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    saveFiles();
  });
  panel.append(form);

  const options = () => {
    const { format, tolerance, class: chosen } = choice.value;
    return { format, tolerance, class: chosen, classes: picture.classes, size: picture.size };
  };

  /** Says how many points there would be. A later count replaces one at work. */
  async function count(wait) {
    counting.abort();
    const { signal } = (counting = new AbortController());
    points.hidden = !choice.hasPolygons;
    if (points.hidden) return;
    try {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (signal.aborted) return;
      const late = setTimeout(() => say(points, () => t("export.counting")), 4 * REST);
      const { format: _, class: __, ...rest } = options();
      const found = await countPoints(picture.result, { ...rest, signal }).finally(() => clearTimeout(late));
      say(points, () => t("export.points", { count: found }));
    } catch (error) {
      if (error.code === "aborted") return;
      say(points, "");
      fail(error, () => count(0));
    }
  }

  async function saveFiles() {
    if (isSaving) return;
    isSaving = true;
    save.setAttribute("aria-disabled", "true");
    announce(() => t("export.saving"));
    try {
      const { name, file } = picture;
      const { format, ...rest } = options();
      const files = await exportMask(picture.result, { format, ...rest, name: file.name ?? name });
      await hand(files, name, format === "class" ? rest.class : format);
    } catch (error) {
      fail(error, saveFiles);
    } finally {
      isSaving = false;
      save.removeAttribute("aria-disabled");
    }
  }

  return {
    show(shown) {
      picture = shown;
      choice.offer(picture.result.classes, picture.classes);
      count(0);
    },
    hide: () => counting.abort(),
  };
}

/** One file as it is, several as an archive. */
async function hand(files, name, what) {
  const [{ name: only, blob }] = files;
  if (files.length === 1) {
    // A mask called as the photo would lie in its place.
    const isPicture = only.endsWith(".png");
    download(blob, isPicture ? `${name}-${what === "png" ? "mask" : what}.png` : only.split("/").at(-1));
    return;
  }
  const { ZipWriter } = await import("../zip.js");
  const pieces = [];
  const zip = new ZipWriter((piece) => void pieces.push(piece));
  for (const file of files) await zip.add(file.name, file.blob);
  await zip.close();
  download(new Blob(pieces, { type: "application/zip" }), `${name}-${what}.zip`);
}
