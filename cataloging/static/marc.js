// The MARC editor: checks while one types, leads from a remark to its line, shows what the field
// of the line is, doubles a line. Without JavaScript the buttons Check and Save do the work.

const form = document.querySelector(".marc-editor");
const text = document.getElementById("text");
const remarks = document.getElementById("remarks");
const help = document.getElementById("field-help");

const lineAt = (place) => text.value.slice(0, place).split("\n").length;

const selectLine = (number) => {
  const lines = text.value.split("\n");
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[number - 1] ?? "").length);
  text.scrollTop = ((number - 3) / lines.length) * text.scrollHeight;
};

const check = async () => {
  const body = new FormData(form);
  body.set("act", "check");
  const answer = await fetch(form.dataset.checkUrl, { method: "POST", body, headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (answer?.ok) remarks.innerHTML = await answer.text();
};

let shown = "";
const explain = async () => {
  const line = text.value.split("\n")[lineAt(text.selectionStart) - 1] ?? "";
  const tag = (line.match(/^\s*(\d{3}|LDR)/) || [])[1] ?? "";
  if (!tag || tag === shown) return;
  shown = tag;
  const answer = await fetch(`${help.dataset.url}/${tag}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (answer?.ok && shown === tag) help.innerHTML = await answer.text();
};

let waiting;
let typed = false;
text?.addEventListener("input", () => {
  typed = true;
  clearTimeout(waiting);
  waiting = setTimeout(check, 700);
});
for (const kind of ["click", "keyup", "focus"]) text?.addEventListener(kind, explain);

remarks?.addEventListener("click", (event) => {
  const line = Number(event.target.closest("[data-line]")?.dataset.line ?? 0);
  if (line) selectLine(line);
});

document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || event.altKey || event.shiftKey) return;
  if (event.code === "KeyS") {
    event.preventDefault();
    form.requestSubmit(form.querySelector("button[value=save]"));
  } else if (event.code === "KeyD" && document.activeElement === text) {
    event.preventDefault();
    const lines = text.value.split("\n");
    const number = lineAt(text.selectionStart);
    lines.splice(number, 0, lines[number - 1]);
    text.value = lines.join("\n");
    selectLine(number + 1);
    text.dispatchEvent(new Event("input"));
  }
});

form?.addEventListener("submit", () => { typed = false; });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
