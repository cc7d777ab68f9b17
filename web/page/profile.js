// The profile: where the time of the last photo went, on the page behind ?profile=1.
//
// It owns the table. It is sent what a result and the engine say of their times.

/**
 * @param {import("../segmenter.js").Segmentation["timings"]} timings
 * @param {import("../segmenter.js").OperationTime[]} operations  none on the processor
 */
export function showProfile({ total, ...steps }, operations) {
  const section = document.getElementById("profile");
  const rows = [
    head("Step", "ms", ""),
    ...Object.entries(steps).map(([name, ms]) => row(name, ms.toFixed(1), percent(ms / total))),
    row("total", total.toFixed(1), ""),
  ];
  if (operations.length > 0) {
    const sum = operations.reduce((ms, { milliseconds }) => ms + milliseconds, 0);
    rows.push(head("Operation on the graphics processor", "ms", "GOP/s"));
    for (const { operation, calls, milliseconds, work } of operations) {
      const name = `${operation} × ${calls}, ${percent(milliseconds / sum)}`;
      rows.push(row(name, milliseconds.toFixed(1), work ? (work / milliseconds / 1e6).toFixed(0) : ""));
    }
  }
  section.querySelector("table").replaceChildren(...rows);
  section.hidden = false;
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;
const head = (...cells) => line("th", "col", cells);
const row = (...cells) => line("td", "", cells);

function line(kind, scope, cells) {
  const element = document.createElement("tr");
  element.append(...cells.map((text) => {
    const cell = document.createElement(kind);
    if (scope) cell.scope = scope;
    cell.textContent = text;
    return cell;
  }));
  return element;
}
