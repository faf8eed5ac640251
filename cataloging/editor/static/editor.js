// The editor's page while somebody types: remarks and card follow, drafts are kept, likely
// duplicates and other people on the record are told. Without JavaScript its buttons do the work.

import { beginRows } from "./rows.js";

const form = document.querySelector("form[data-editor]");
const view = form.dataset.view;
const marc = document.getElementById("text");
const part = (id) => document.getElementById(id);

// The page as it would be sent, in the short encoding: a long record has thousands of boxes.
const sent = () => new URLSearchParams(new FormData(form));
const post = (url, body, more = {}) =>
  fetch(url, { method: "POST", body, headers: { "X-Requested-With": "fetch" }, ...more });

for (const node of form.querySelectorAll("[data-plain]")) node.hidden = true;

// --- remarks and card ---------------------------------------------------------------------------

let checking, checkTimer;
async function check() {
  checking?.abort();
  const mine = checking = new AbortController();
  const answer = await post(form.dataset.check, sent(), { signal: mine.signal }).catch(() => null);
  if (!answer?.ok || mine !== checking) return;
  const found = await answer.json();
  if (mine !== checking) return;
  part("remarks").innerHTML = found.said;
  part("card").textContent = found.card;
  form.dataset.errors = found.errors;
}

// --- drafts -------------------------------------------------------------------------------------

let keepTimer, keeping = null, unsent = false, leaving = false;
async function keep() {
  clearTimeout(keepTimer);
  if (keeping) { unsent = true; return; }
  unsent = false;
  keeping = (async () => {
    const answer = await post(form.dataset.keep, sent()).catch(() => null);
    if (answer?.ok) form.elements.draft.value = (await answer.json()).draft;
    part("kept").textContent = answer?.ok
      ? `${form.dataset.kept} ${new Date().toLocaleTimeString("vi", { hour: "2-digit", minute: "2-digit" })}`
      : form.dataset.notKept;
    if (!answer?.ok) { unsent = true; keepTimer = setTimeout(keep, 5000); }
  })();
  await keeping;
  keeping = null;
  if (unsent && !leaving && part("kept").textContent !== form.dataset.notKept) keep();
}

// --- duplicates ---------------------------------------------------------------------------------

const TELLING = new Set(["b.title", "b.isbn", "b.authors", "b.year", "b.issn"]);
let alikeTimer, shownFor = "";
async function alike() {
  if (form.elements.record.value || form.elements.sure) return;
  const words = view === "form" ? [...TELLING].map((n) => form.elements[n]?.value ?? "").join("|") : String(sent());
  if (words === shownFor || !words.replaceAll("|", "")) return;
  shownFor = words;
  const answer = await post(form.dataset.alike, sent()).catch(() => null);
  if (answer?.ok && shownFor === words) part("alike").innerHTML = await answer.text();
}

export function changed(target) {
  clearTimeout(checkTimer); checkTimer = setTimeout(check, 350);
  clearTimeout(keepTimer); keepTimer = setTimeout(keep, 900);
  unsent = true;
  form.elements.typed.value = "1";
  if (view !== "form" || TELLING.has(target?.name)) { clearTimeout(alikeTimer); alikeTimer = setTimeout(alike, 800); }
}

form.addEventListener("input", (event) => { if (event.target.name !== "material_wanted") changed(event.target); });
form.addEventListener("change", (event) => {
  if (event.target.matches("[data-turns]")) turn("material");
});

// A save waits for the draft under way, which would otherwise come after it and stay.
form.addEventListener("submit", async (event) => {
  clearTimeout(checkTimer); clearTimeout(keepTimer); clearTimeout(alikeTimer);
  leaving = true;
  if (!keeping) return;
  event.preventDefault();
  const by = event.submitter;
  await keeping;
  form.requestSubmit(by ?? undefined);
});
window.addEventListener("pagehide", () => {
  if (unsent && !leaving) navigator.sendBeacon(form.dataset.keep, sent());
  if (form.dataset.here && !leaving) {
    navigator.sendBeacon(form.dataset.here, new URLSearchParams({ csrf_token: form.elements.csrf_token.value, leave: "1" }));
  }
});
window.addEventListener("pageshow", (event) => { if (event.persisted) { leaving = false; hereStill(); } });

// What was typed before the page was turned to another view is kept from there.
if (form.elements.typed.value) changed(null);

// --- others on this record ----------------------------------------------------------------------

async function hereStill() {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const answer = await post(form.dataset.here, body).catch(() => null);
  if (!answer?.ok) return;
  const { others, version } = await answer.json();
  const box = part("others");
  const says = [];
  if (others.length) says.push(`${box.dataset.says} ${others.join(", ")}`);
  if (version > Number(form.elements.version.value)) says.push(box.dataset.newer);
  const text = says.join(" · ");
  if (box.textContent.trim() === text) return;
  box.replaceChildren(...(text ? [Object.assign(document.createElement("p"), { className: "notice notice--warn", textContent: text })] : []));
}
if (form.dataset.here) setInterval(hereStill, Number(form.dataset.every) * 1000);

// --- keys ---------------------------------------------------------------------------------------

const boxes = () => [...form.querySelectorAll("input.box, select.box, textarea.box, input[type=checkbox]:not([name=pin])")]
  .filter((box) => box.offsetParent !== null && !box.disabled && box.name !== "material_wanted");
const press = (act) => {
  const button = form.querySelector(`.editor__actions button[value="${act}"]`) ?? form.querySelector("button[value=save]");
  form.requestSubmit(button);
};
const turn = (act) => form.requestSubmit(form.querySelector(`button[value="${act}"]`));

function goOn(from) {
  const all = boxes();
  const next = all[all.indexOf(from) + 1];
  if (next) { next.focus(); next.select?.(); } else form.querySelector(".editor__actions button[type=submit]").focus();
}

let last = null;
export async function lastRecord() {
  last ??= await fetch(form.dataset.last).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);
  return last ?? { boxes: {}, rows: [] };
}
async function ditto(box) {
  const value = (await lastRecord()).boxes[box.name.slice(2)];
  if (value === undefined) return;
  box.value = value;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

form.addEventListener("keydown", (event) => {
  const box = event.target;
  if (event.isComposing) return;
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault(); press("next");
  } else if (event.key === "Enter" && !event.shiftKey && !event.altKey && box.matches("input.box, select.box, .msub__value, .mrow__line, input[type=checkbox]")) {
    event.preventDefault(); goOn(box);
  } else if (event.altKey && event.code === "KeyL" && box.name?.startsWith("b.")) {
    event.preventDefault(); ditto(box);
  } else if (event.altKey && event.code === "KeyP" && box.name?.startsWith("b.")) {
    const pin = form.querySelector(`input[name=pin][value="${CSS.escape(box.name.slice(2))}"]`);
    if (pin) { event.preventDefault(); pin.click(); }
  }
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey && !event.shiftKey && !event.altKey && event.code === "KeyS") { event.preventDefault(); press("save"); }
});

// --- from a remark to its box -------------------------------------------------------------------

function selectLine(number) {
  const lines = marc.value.split("\n");
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  marc.focus();
  marc.setSelectionRange(start, start + (lines[number - 1] ?? "").length);
  marc.scrollTop = ((number - 3) / lines.length) * marc.scrollHeight;
}
part("remarks").addEventListener("click", (event) => {
  const link = event.target.closest("[data-target]");
  if (!link) return;
  event.preventDefault();
  if (view === "text") { selectLine(Number(link.dataset.line) || 1); return; }
  const found = part(link.dataset.target) ?? part(link.dataset.target.split("-")[0]);
  found?.closest("details")?.setAttribute("open", "");
  (found?.matches("input, textarea, select") ? found : found?.querySelector("textarea, input.box:not(.mrow__tag)") ?? found)?.focus();
});

// --- small comforts -----------------------------------------------------------------------------

for (const switch_ of form.querySelectorAll("[data-opens]")) {
  const opened = part(switch_.dataset.opens);
  const show = () => { opened.hidden = !switch_.checked; };
  switch_.addEventListener("change", show);
  show();
}

const title = form.elements["b.title"], code = form.elements["b.title_code"];
if (title && code) {
  let suggested = "";
  const author = form.elements["b.authors"];
  const suggest = async () => {
    if (code.value && code.value !== suggested) return;
    const answer = await fetch(`${form.dataset.code}?${new URLSearchParams({ title: title.value, author: author?.value.split("\n")[0] ?? "" })}`).catch(() => null);
    if (!answer?.ok) return;
    suggested = (await answer.json()).code;
    if (code.value === suggested) return;
    code.value = suggested;
    changed(code);
  };
  title.addEventListener("change", suggest);
  author?.addEventListener("change", suggest);
}

// What comes into the box that is entered; it is read out with the box itself.
const about = part("box-about");
const explainBox = (box) => {
  if (!box?.id?.startsWith("b-")) return;
  const said = document.getElementById(`${box.id}-about`);
  about.textContent = said?.textContent ?? "";
};
if (about) {
  form.addEventListener("focusin", (event) => explainBox(event.target));
  explainBox(document.activeElement);
}

if (view === "marc") beginRows(form, { changed, lastRecord, turn });
if (view === "text") {
  const lineAt = () => marc.value.slice(0, marc.selectionStart).split("\n").length;
  marc.addEventListener("keydown", (event) => {
    if (!event.ctrlKey || event.code !== "KeyD") return;
    event.preventDefault();
    const lines = marc.value.split("\n"), number = lineAt();
    lines.splice(number, 0, lines[number - 1]);
    marc.value = lines.join("\n");
    selectLine(number + 1);
    marc.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
