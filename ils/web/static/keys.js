// The keys of staff pages. What a key does stands in the page, data-hotkey="F2 Alt+R" on a link, a
// button or a box, so that every key has something visible that does the same; ? lists them.
// Letters go by their place on the keyboard: Unikey and other layouts do not matter.

const dialog = document.getElementById("keys");
const scan = document.getElementById("scan");

const isTyping = (node) => node !== scan && Boolean(node.closest?.("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select"));

function nameOf(event) {
  const place = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  const plain = event.altKey || event.ctrlKey ? place ?? event.key : event.key;
  return `${event.ctrlKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${plain}`;
}

const isThere = (node) => !node.disabled && !node.closest("[hidden]");

// The page's own comes before the menu's.
function bearerOf(name) {
  const found = [...document.querySelectorAll(`[data-hotkey~="${CSS.escape(name)}"]`)].filter(isThere);
  return found.find((node) => node.closest("main")) ?? found[0];
}

function use(node) {
  if (!node.matches("input, textarea, select")) { node.click(); return; }
  node.focus();
  node.select?.();
}

function labelOf(node) {
  if (node.dataset.hotkeyLabel || node.ariaLabel) return node.dataset.hotkeyLabel || node.ariaLabel;
  const copy = node.cloneNode(true);
  for (const cap of copy.querySelectorAll("kbd")) cap.remove();
  return copy.textContent.trim();
}

function showKeys() {
  const list = dialog.querySelector("dl");
  for (const row of list.querySelectorAll("[data-found]")) row.remove();
  const seen = new Set();
  const rows = [];
  const all = [...document.querySelectorAll("main [data-hotkey]"), ...document.querySelectorAll("[data-hotkey]")];
  for (const node of all.filter(isThere)) {
    const names = node.dataset.hotkey.split(" ").filter((name) => !seen.has(name));
    if (!names.length || !labelOf(node)) continue;
    for (const name of names) seen.add(name);
    const row = document.createElement("div");
    row.dataset.found = "";
    const keys = document.createElement("dt");
    for (const name of names) keys.append(Object.assign(document.createElement("kbd"), { className: "key", textContent: name }), " ");
    row.append(keys, Object.assign(document.createElement("dd"), { textContent: labelOf(node) }));
    rows.push(row);
  }
  list.prepend(...rows);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.metaKey || dialog?.open) return;
  if (event.key === "Escape") {
    if (scan) { scan.focus({ preventScroll: true }); scan.select(); }
    return;
  }
  const isPlain = event.key.length === 1 && !event.ctrlKey && !event.altKey;
  if (isPlain && !"/?".includes(event.key)) return;
  const inText = isTyping(event.target) || (event.target === scan && scan.value !== "");
  if (inText && (isPlain || event.ctrlKey)) return;
  const bearer = bearerOf(nameOf(event));
  if (!bearer) return;
  event.preventDefault();
  use(bearer);
});

document.addEventListener("click", (event) => {
  if (dialog && event.target.closest("[data-shows-keys]")) showKeys();
});
for (const button of document.querySelectorAll("[data-shows-keys]")) button.hidden = false;
