export function open({ panel }) {
  panel.textContent = "export";
  return { show() {}, hide() {} };
}
