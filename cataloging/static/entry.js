// A form of boxes by keyboard: Enter goes to the next box, Ctrl+S saves. Without JavaScript the form
// works by its buttons.

const form = document.querySelector("form[data-entry]");

const boxes = () => [...form.querySelectorAll("input.box, select.box, textarea.box, input[type=checkbox]")]
  .filter((box) => box.offsetParent !== null && !box.disabled);

const press = (act) => {
  const named = form.querySelector(`button[name=act][value=${act}]`);
  form.requestSubmit(named || form.querySelector("button[type=submit]"));
};

const goOn = (from) => {
  const all = boxes();
  const next = all[all.indexOf(from) + 1];
  if (next) { next.focus(); next.select?.(); } else form.querySelector("button[type=submit]").focus();
};

form?.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.key === "Enter" && !event.ctrlKey && box.matches("input.box, select.box") && !event.isComposing) {
    event.preventDefault();
    goOn(box);
  }
});

document.addEventListener("keydown", (event) => {
  if (form && event.ctrlKey && !event.shiftKey && !event.altKey && event.code === "KeyS") {
    event.preventDefault();
    press("save");
  }
});

// Work typed and not saved is not lost by a slip.
let typed = false;
form?.addEventListener("input", () => { typed = true; });
form?.addEventListener("submit", () => { typed = false; });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
