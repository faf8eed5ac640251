// What asks for something to be done, or was not done, stays on top until somebody ticks it, or until
// the same item was dealt with after all.

const part = document.getElementById("desk-pinned-part");
const pinned = document.getElementById("desk-pinned");
const rows = document.getElementById("desk-rows");
const TICKED = "sen-ticked";
const ticked = new Set(JSON.parse(sessionStorage.getItem(TICKED) || "[]"));
const seen = new Set();

function tick(key) {
  ticked.add(key);
  sessionStorage.setItem(TICKED, JSON.stringify([...ticked].slice(-300)));
}

function arrange() {
  for (const row of [...rows.querySelectorAll("[data-row]")].reverse()) {
    const key = row.dataset.row;
    const button = row.querySelector("[data-ticks]");
    if (button) button.hidden = false;
    if (seen.has(key)) continue;
    seen.add(key);
    if (row.dataset.item) settle(row.dataset.item);
    if (!button || ticked.has(key)) continue;
    const copy = row.cloneNode(true);
    copy.dataset.pinned = key;
    delete copy.dataset.row;
    pinned.prepend(copy);
  }
  for (const copy of pinned.children) {
    const row = rows.querySelector(`[data-row="${CSS.escape(copy.dataset.pinned)}"]`);
    if (ticked.has(copy.dataset.pinned) || row?.classList.contains("done--undone")) copy.remove();
  }
  for (const row of rows.querySelectorAll("[data-row] [data-ticks]")) row.hidden = true;
  part.hidden = !pinned.children.length;
}

function settle(item) {
  for (const copy of [...pinned.children]) {
    if (copy.dataset.item === item) { tick(copy.dataset.pinned); copy.remove(); }
  }
}

if (part && rows) {
  arrange();
  document.addEventListener("sen:answer", arrange);
  pinned.addEventListener("click", (event) => {
    const button = event.target.closest("[data-ticks]");
    if (!button) return;
    tick(button.closest("[data-pinned]").dataset.pinned);
    arrange();
    document.getElementById("scan")?.focus({ preventScroll: true });
  });
}
