// Typing a report quickly: Enter and the arrows go down a column, Ctrl+S saves. Without this
// script Tab and the buttons do the same.

const form = document.querySelector("[data-paper]");

const neighbor = (box, step) => {
  const column = [...form.querySelectorAll(`input[data-column="${box.dataset.column}"]`)];
  return column[column.indexOf(box) + step];
};

form.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=save]"));
    return;
  }
  const box = event.target.closest("input[data-column]");
  if (!box || event.isComposing) return;
  const step = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const next = neighbor(box, event.key === "Enter" && event.shiftKey ? -1 : step);
  event.preventDefault();
  if (next) {
    next.focus();
    next.select();
  }
});

form.addEventListener("focusin", (event) => {
  if (event.target.matches("input[data-column]")) event.target.select();
});
