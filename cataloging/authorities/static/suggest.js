// Headings offered while one is typed: any input or textarea (one heading a line, a role behind it in
// brackets) with data-heading="person|body|place|title|subject|genre". Arrow keys choose, Enter or Tab
// takes, Escape closes. Without JavaScript the box is a plain box.

const WAIT = 150;
const BOXES = "input[data-heading], textarea[data-heading]";
const SAID = document.documentElement.lang === "en"
  ? { see: "see", records: "records", provisional: "provisional", found: "headings offered" }
  : { see: "xem", records: "biểu ghi", provisional: "tạm", found: "tiêu đề gợi ý" };
let made = 0;

const bind = (box) => {
  if (box.dataset.suggests) return;
  box.dataset.suggests = "1";
  const list = document.createElement("div");
  list.className = "suggested";
  list.id = `suggested-${++made}`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  const told = document.createElement("span");
  told.className = "hidden";
  told.setAttribute("role", "status");
  box.after(list, told);
  const single = box.tagName === "INPUT";
  if (single) box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  const expand = (open) => { if (single) box.setAttribute("aria-expanded", String(open)); };
  expand(false);
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("autocomplete", "off");
  list.setAttribute("aria-label", box.labels?.[0]?.textContent.trim() || SAID.found);
  let rows = [], at = -1, timer = 0, asked = 0;

  const close = () => {
    list.hidden = true; rows = []; at = -1;
    expand(false);
    box.removeAttribute("aria-activedescendant");
  };
  // The line that is typed in: of an input the whole of it.
  const line = () => {
    if (single) return [0, box.value.length];
    const at = box.selectionStart;
    const start = box.value.lastIndexOf("\n", at - 1) + 1;
    const end = box.value.indexOf("\n", at);
    return [start, end < 0 ? box.value.length : end];
  };
  const typed = () => box.value.slice(...line()).replace(/\([^()]*\)?\s*$/, "").trim();
  const mark = (to) => {
    at = to;
    [...list.children].forEach((one, n) => one.setAttribute("aria-selected", String(n === at)));
    if (at >= 0) {
      box.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  };
  const take = (n) => {
    const [start, end] = line();
    const role = box.value.slice(start, end).match(/\s*\([^()]*\)\s*$/)?.[0] ?? "";
    const { text, name, dates } = rows[n];
    const apart = dates && box.closest(".msub"); // a view with a box for each subfield
    box.setRangeText((apart ? `${name},` : text) + role, start, end, "end");
    close();
    if (apart) box.dispatchEvent(new CustomEvent("dated", { bubbles: true, detail: dates }));
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new Event("change", { bubbles: true }));
    clearTimeout(timer);
  };
  const draw = (found) => {
    rows = found; at = -1;
    list.replaceChildren(...rows.map((row, n) => {
      const one = document.createElement("div");
      one.className = "suggested__one";
      one.id = `${list.id}-${n}`;
      one.setAttribute("role", "option");
      one.setAttribute("aria-selected", "false");
      const text = document.createElement("span");
      text.textContent = row.see ? `${row.see} → ${SAID.see} ${row.text}` : row.text;
      const note = document.createElement("span");
      note.className = "suggested__note";
      note.textContent = [row.established ? "" : SAID.provisional, `${row.records} ${SAID.records}`].filter(Boolean).join(" · ");
      one.append(text, note);
      one.addEventListener("mousedown", (event) => { event.preventDefault(); take(n); });
      return one;
    }));
    list.hidden = rows.length === 0;
    expand(rows.length > 0);
    told.textContent = rows.length ? `${rows.length} ${SAID.found}` : "";
  };
  const ask = async () => {
    const mine = ++asked;
    const kind = box.dataset.heading;
    if (typed().length < 2 || !kind) return close();
    try {
      const query = new URLSearchParams({ kind, q: typed() });
      const answer = await fetch(`/staff/authorities/suggest?${query}`, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok && mine === asked && document.activeElement === box) draw(await answer.json());
    } catch { close(); }
  };
  const look = () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); };
  box.addEventListener("input", (event) => { if (event.isTrusted) look(); });
  box.addEventListener("named", () => { if (document.activeElement === box) look(); });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      asked++; clearTimeout(timer); // what is chosen among stays as it is seen
      mark((at + (event.key === "ArrowDown" ? 1 : rows.length - (at < 0 ? 0 : 1))) % rows.length);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault(); event.stopPropagation(); take(at);
    } else if (event.key === "Tab" && at >= 0) {
      take(at);
    } else if (event.key === "Escape") {
      event.preventDefault(); event.stopPropagation(); close();
    }
  }, true);
  box.addEventListener("blur", () => { clearTimeout(timer); asked++; close(); });
};

const bindAll = (within) => { for (const box of within.querySelectorAll(BOXES)) bind(box); };
bindAll(document);
// Boxes that are put into the page later (a new field of an editor).
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) {
    if (node.nodeType !== 1) continue;
    if (node.matches(BOXES)) bind(node);
    bindAll(node);
  }
}).observe(document.body, { childList: true, subtree: true });
// A box that became one of a heading, maybe while it is typed in.
document.addEventListener("named", ({ target }) => { if (target.matches(BOXES)) bind(target); }, { capture: true });
