// The profile: where the time of the last photo went, on the page behind ?profile=1.
//
// It owns the table. app.js loads it when the visitor wants it, and sends it the times.

import { number, percentage, say, t } from "./texts.js";

/**
 * @param {import("../library/segmenter.js").Segmentation["timings"]} timings
 * @param {import("../library/segmenter.js").OperationTime[]} operations  none on the CPU
 */
export function showProfile({ total, ...steps }, operations) {
  const section = document.getElementById("profile");
  const rows = [
    head(text("profile.step"), text("profile.milliseconds"), ""),
    ...Object.entries(steps).map(([name, ms]) => row(text(`profile.${name}`), number(ms, 1), percentage(ms / total))),
    row(text("profile.total"), number(total, 1), ""),
  ];
  if (operations.length > 0) {
    const sum = operations.reduce((ms, { milliseconds }) => ms + milliseconds, 0);
    rows.push(head(text("profile.operation"), text("profile.milliseconds"), "GOP/s"));
    for (const { operation, calls, milliseconds, work } of operations) {
      const name = `${operation} × ${calls}, ${percentage(milliseconds / sum)}`;
      rows.push(row(name, number(milliseconds, 1), work ? number(work / milliseconds / 1e6) : ""));
    }
  }
  section.querySelector("table").replaceChildren(...rows);
  section.hidden = false;
}

const text = (key) => () => t(key);
const head = (...cells) => line("th", "col", cells);
const row = (...cells) => line("td", "", cells);

function line(kind, scope, cells) {
  const element = document.createElement("tr");
  element.append(...cells.map((text) => {
    const cell = document.createElement(text === "" ? "td" : kind); // headers must have a text
    if (scope && text !== "") cell.scope = scope;
    say(cell, text);
    return cell;
  }));
  return element;
}
