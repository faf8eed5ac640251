// The matrix of rules by keyboard: arrows move between boxes, Esc brings back what was there,
// Ctrl+Enter saves. Without this file the page is a plain form.

const form = document.getElementById("rulebook");
const boxes = form ? [...form.querySelectorAll("td .box")] : [];
const count = document.getElementById("rulebook-count");
document.querySelectorAll(".rulebook__keys").forEach((hint) => { hint.hidden = false; });

for (const box of boxes) box.dataset.was = box.value;

function place(box) {
  const cell = box.closest("td");
  const row = cell.parentElement;
  return [row.sectionRowIndex, cell.cellIndex];
}

function move(box, down, right) {
  const [row, column] = place(box);
  const table = box.closest("tbody");
  const next = table.rows[row + down]?.cells[column + right]?.querySelector(".box");
  if (next) { next.focus(); next.select?.(); }
  return Boolean(next);
}

function tell() {
  const changed = boxes.filter((box) => box.value !== box.dataset.was);
  for (const box of boxes) box.closest("td").classList.toggle("rulebook__cell--changed", box.value !== box.dataset.was);
  if (count) count.textContent = changed.length ? `● ${changed.length}` : "";
}

form?.addEventListener("keydown", (event) => {
  const box = event.target.closest("td .box");
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=save]"));
    return;
  }
  if (!box) return;
  if (event.key === "Escape" && box.value !== box.dataset.was) {
    event.preventDefault();
    event.stopPropagation();
    box.value = box.dataset.was;
    tell();
    return;
  }
  const select = box.tagName === "SELECT";
  if (event.key === "Enter" && !select) {
    event.preventDefault();
    move(box, event.shiftKey ? -1 : 1, 0);
    return;
  }
  if (select && !event.altKey) return;
  const edge = select || event.altKey
    ? { left: true, right: true }
    : { left: box.selectionStart === 0 && box.selectionEnd <= box.value.length && (box.selectionEnd === 0 || box.selectionEnd === box.value.length), right: box.selectionEnd === box.value.length };
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ...(edge.left && { ArrowLeft: [0, -1] }), ...(edge.right && { ArrowRight: [0, 1] }) };
  const step = steps[event.key];
  if (step && move(box, ...step)) event.preventDefault();
});

// A list whose ticks were touched is set here.
form?.addEventListener("change", (event) => {
  const list = event.target.matches("[type=checkbox]") ? event.target.closest("details")?.querySelector("[data-list]") : null;
  if (list) { list.value = "own"; tell(); }
});
form?.addEventListener("input", tell);
