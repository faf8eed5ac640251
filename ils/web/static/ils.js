// Small comforts of every page. Nothing here is needed for a page to work.

const closeOthers = (opened) => {
  for (const other of document.querySelectorAll("details.drop[open]")) {
    if (other !== opened && !other.contains(opened)) other.open = false;
  }
};

document.addEventListener("click", (event) => {
  const inside = event.target.closest("details.drop");
  closeOthers(inside);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.drop[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
  event.stopImmediatePropagation();
}, { capture: true });

// <select data-submits> sends its form when changed; without JavaScript its button does.
for (const select of document.querySelectorAll("select[data-submits]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
  const button = select.form.querySelector("[data-without-js]");
  if (button) button.hidden = true;
}

// <button data-prints> prints the page.
for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Errors of a form are read aloud and shown first.
document.getElementById("form-errors")?.focus();
