// The morning grid by keyboard: Enter enters an issue and goes on at once, while the server is told
// in the background, one line after the other. Without JavaScript each Enter is a page.

const grid = document.getElementById("grid");
const said = document.getElementById("said");
let telling = Promise.resolve();

const lines = () => [...grid.querySelectorAll("tr.slot:not([hidden])")];
const boxOf = (line) => line.querySelector("[data-number]") ?? line.querySelector("button");
const isWhole = (box) => box.value === "" || (box.selectionStart === 0 && box.selectionEnd === box.value.length);

function go(line) {
  const box = line && boxOf(line);
  if (!box) return false;
  box.focus();
  box.select?.();
  return true;
}

// The next line below that is still open, or the first one anywhere.
function goOn(from) {
  const all = lines();
  const below = all.slice(all.indexOf(from) + 1);
  const isOpen = (line) => line.classList.contains("slot--open") && !line.dataset.sent;
  const next = below.find(isOpen) ?? all.find(isOpen);
  if (next) { go(next); return; }
  document.activeElement?.blur();
}

// Show what the server says now, but never under the fingers: the line one is in stays as it is.
function show(page, ofLine, ok) {
  const at = document.activeElement?.closest("tr.slot");
  const fresh = page.getElementById("grid");
  document.getElementById("tally")?.replaceWith(page.getElementById("tally") ?? "");
  if (!fresh) { location.reload(); return; }
  const ids = (root) => [...root.querySelectorAll("tr.slot")].map((line) => line.id).join();
  if (ids(fresh) === ids(grid)) {
    for (const line of fresh.querySelectorAll("tr.slot")) {
      const old = document.getElementById(line.id);
      if (line.id !== ofLine && (old === at || old.dataset.sent)) continue;
      if (line.dataset.special && line.id !== ofLine && !old.hidden) continue;
      old.replaceWith(document.adoptNode(line));
    }
  } else {
    grid.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
  }
  const line = document.getElementById(ofLine);
  said.textContent = line ? line.innerText.replace(/\s+/g, " ") : "";
  if (!ok) go(line);
  else if (at && document.activeElement !== at && !document.activeElement?.closest("tr.slot")) go(document.getElementById(at.id));
}

async function tell(form, sent, id) {
  try {
    const answer = await fetch(form, { method: "POST", body: sent });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const line = document.getElementById(id);
    if (line) delete line.dataset.sent;
    show(page, id, answer.ok);
  } catch {
    const line = document.getElementById(id);
    if (line) { delete line.dataset.sent; go(line); }
    said.classList.remove("hidden");
    said.textContent = said.dataset.failed;
  }
}

grid?.addEventListener("submit", (event) => {
  const line = event.target.closest("tr.slot");
  if (!line) return;
  event.preventDefault();
  if (line.dataset.sent) return;
  const sent = new FormData(event.target, event.submitter);
  const isBack = sent.get("act") === "back";
  line.dataset.sent = "1";
  if (line.dataset.special) line.hidden = true;
  if (!isBack) goOn(line);
  telling = telling.then(() => tell(event.target.action, sent, line.id));
});

grid?.addEventListener("keydown", (event) => {
  const line = event.target.closest("tr.slot");
  if (!line || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    const all = lines();
    if (go(all[all.indexOf(line) + step])) event.preventDefault();
    return;
  }
  if (!event.target.matches("[data-number]") || line.dataset.special || !isWhole(event.target)) return;
  if (event.key === "+") {
    const form = line.querySelector("form");
    const serial = form.action.match(/(\d+)\/issue$/)?.[1];
    const special = grid.querySelector(`tr[data-special="${serial}"]`);
    if (!special) return;
    event.preventDefault();
    special.hidden = false;
    line.after(special);
    go(special);
  } else if (event.key === "-") {
    const absent = line.querySelector("[data-absent]");
    if (!absent) return;
    event.preventDefault();
    absent.click();
  }
});

// autofocus does not select: what is typed is to take the place of the number shown.
const first = grid?.querySelector("[autofocus]");
if (first) { first.focus(); first.select?.(); }
