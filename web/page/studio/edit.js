export function open({ panel }) {
  panel.textContent = "edit";
  return { show() {}, hide() {} };
}
