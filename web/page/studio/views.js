export function open({ panel }) {
  panel.textContent = "views";
  return { show() {}, hide() {} };
}
