// The keys of staff pages. What a key does stands in the page, data-hotkey="F2 Alt+R" on a link, a
// button or a box, so that every key has something visible that does the same; ? lists them.
// Letters go by their place on the keyboard: Unikey and other layouts do not matter.

const dialog = document.getElementById("keys");
const scan = document.getElementById("scan");

// Keys changed for this workstation: ours → the one used here, kept in a cookie by its settings page.
const changed = (() => {
  const found = /(?:^|; )keys=([^;]*)/.exec(document.cookie)?.[1];
  try { return found ? JSON.parse(decodeURIComponent(found)) : {}; } catch { return {}; }
})();
const ours = Object.fromEntries(Object.entries(changed).map(([own, here]) => [here, own]));
const here = (own) => changed[own] ?? own;

function nameCaps(root) {
  for (const cap of root.querySelectorAll("kbd.key:not([data-own])")) {
    const own = cap.textContent.trim();
    if (changed[own]) { cap.textContent = changed[own]; cap.dataset.own = own; }
  }
}
if (Object.keys(changed).length) {
  nameCaps(document);
  new MutationObserver((seen) => { for (const one of seen) if (one.addedNodes.length) nameCaps(one.target); }).observe(document.querySelector("main"), { childList: true, subtree: true });
}

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
    for (const name of names) keys.append(Object.assign(document.createElement("kbd"), { className: "key", textContent: here(name) }), " ");
    row.append(keys, Object.assign(document.createElement("dd"), { textContent: labelOf(node) }));
    rows.push(row);
  }
  list.prepend(...rows);
  dialog.showModal();
}

// A digit is a key where the page has one for it, pressed alone: a scanner types many in a moment.
const ALONE = 150; // ms
let typedAt = 0, pending = 0;
function digit(event) {
  const first = event.timeStamp - typedAt > ALONE;
  typedAt = event.timeStamp;
  const isDigit = /^[0-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.repeat;
  if (!first || !isDigit || event.target === scan || isTyping(event.target)) return;
  const bearer = bearerOf(event.key);
  if (bearer) pending = setTimeout(use, ALONE, bearer);
}

// While something is typed, Ctrl and a key are the browser's, but for a key of the same form's button.
function savesIts(event) {
  const form = event.target !== scan && event.target.form;
  return Boolean(form) && bearerOf(nameOf(event))?.form === form;
}

document.addEventListener("keydown", (event) => {
  clearTimeout(pending);
  if (!event.defaultPrevented && !event.isComposing && !event.metaKey && !dialog?.open) digit(event);
  if (event.defaultPrevented || event.isComposing || event.metaKey || dialog?.open) return;
  if (event.key === "Escape") {
    if (scan) { scan.focus({ preventScroll: true }); scan.select(); }
    return;
  }
  const isPlain = event.key.length === 1 && !event.ctrlKey && !event.altKey;
  if (isPlain && !"/?".includes(event.key)) return;
  const inText = isTyping(event.target) || (event.target === scan && scan.value !== "");
  if (inText && (isPlain || (event.ctrlKey && !savesIts(event)))) return;
  const pressed = nameOf(event);
  const own = ours[pressed] ?? (changed[pressed] ? "" : pressed);
  const bearer = own && bearerOf(own);
  if (!bearer) return;
  event.preventDefault();
  use(bearer);
});

document.addEventListener("click", (event) => {
  if (dialog && event.target.closest("[data-shows-keys]")) showKeys();
});
for (const button of document.querySelectorAll("[data-shows-keys]")) button.hidden = false;

// The copy scanned last, wherever one has gone since.
const lastCopy = document.querySelector("[data-last-copy]");
function showLastCopy() {
  const address = sessionStorage.getItem("sen-last-copy");
  if (lastCopy && address) { lastCopy.href = address; lastCopy.hidden = false; }
}
document.addEventListener("sen:answer", (event) => {
  if (event.detail.copy) { sessionStorage.setItem("sen-last-copy", event.detail.copy); showLastCopy(); }
});
showLastCopy();
