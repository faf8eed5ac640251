// The entry form by keyboard: Enter goes to the next box, Ctrl+S saves, Ctrl+Enter saves and goes
// on to the next title, Alt+L repeats what the last title had in the box. Without JavaScript the
// form works by its buttons.

const form = document.querySelector("form[data-entry]");
const KEPT = "catalog-last-title";

const boxes = () => [...form.querySelectorAll("input.box, select.box, textarea.box, input[type=checkbox]")]
  .filter((box) => box.offsetParent !== null && !box.disabled);

const press = (act) => {
  const named = form.querySelector(`button[name=act][value=${act}]`);
  form.requestSubmit(named || form.querySelector("button[type=submit]"));
};

const lastTitle = () => {
  try { return JSON.parse(sessionStorage.getItem(KEPT) || "{}"); } catch { return {}; }
};

const keep = () => {
  const values = {};
  for (const box of form.querySelectorAll("input.box[name], select.box[name], textarea.box[name]")) values[box.name] = box.value;
  try { sessionStorage.setItem(KEPT, JSON.stringify(values)); } catch { /* a full store loses a comfort only */ }
};

const goOn = (from) => {
  const all = boxes();
  const next = all[all.indexOf(from) + 1];
  if (next) { next.focus(); next.select?.(); } else form.querySelector("button[type=submit]").focus();
};

form?.addEventListener("submit", keep);

form?.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    press("next");
  } else if (event.key === "Enter" && box.matches("input.box, select.box") && !event.isComposing) {
    event.preventDefault();
    goOn(box);
  } else if (event.altKey && event.code === "KeyL" && box.name) {
    event.preventDefault();
    const value = lastTitle()[box.name];
    if (value !== undefined) { box.value = value; box.dispatchEvent(new Event("change", { bubbles: true })); }
  }
});

document.addEventListener("keydown", (event) => {
  if (form && event.ctrlKey && !event.shiftKey && !event.altKey && event.code === "KeyS") {
    event.preventDefault();
    press("save");
  }
});

// The boxes of copies are shown while copies are wanted.
for (const switch_ of form?.querySelectorAll("[data-opens]") ?? []) {
  const opened = document.getElementById(switch_.dataset.opens);
  const show = () => { opened.hidden = !switch_.checked; };
  switch_.addEventListener("change", show);
  show();
}

// The title code is suggested from the title, never overwritten.
const title = form?.elements.namedItem("title");
const code = form?.elements.namedItem("title_code");
if (form?.dataset.codeUrl && title && code) {
  let suggested = "";
  title.addEventListener("change", async () => {
    if (code.value && code.value !== suggested) return;
    const answer = await fetch(`${form.dataset.codeUrl}?title=${encodeURIComponent(title.value)}`).catch(() => null);
    if (!answer?.ok) return;
    suggested = (await answer.json()).code;
    code.value = suggested;
  });
}

// Work typed and not saved is not lost by a slip.
let typed = false;
form?.addEventListener("input", () => { typed = true; });
form?.addEventListener("submit", () => { typed = false; });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
