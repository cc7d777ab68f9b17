export function open({ panel }) {
  panel.textContent = "teach";
  return { show() {}, hide() {} };
}
