// The picker of classes at any box with data-classes: type a number or words (tone marks or not), walk
// down into a class with the right arrow and up with the left one, take it with Enter. Alt+Down opens it
// at the ten main classes, in a row of the editor, where Alt+Down moves the row, the arrow alone. With
// data-mark a call number is made: the class and the mark behind it. With data-on-call it opens by
// the arrow only. A box is found when it is entered, so one put in later works
// too. Without JavaScript it is a plain box, and the classes are a page.

const WAIT = 120;
const english = document.documentElement.lang === "en";
const SAID = english ? { found: "classes" } : { found: "lớp" };
let made = 0;

const BOXES = "input[data-classes], textarea[data-classes]";
const bound = new WeakSet();

const bind = (box) => {
  bound.add(box);
  const list = document.createElement("div");
  list.className = "suggested suggested--classes";
  list.id = `classes-${++made}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", english ? "Classes" : "Các lớp phân loại");
  list.hidden = true;
  const told = document.createElement("span");
  told.className = "hidden";
  told.setAttribute("role", "status");
  box.after(list, told);
  const single = box.tagName === "INPUT"; // a text area cannot be a combobox
  if (single) box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  const expand = (open) => { if (single) box.setAttribute("aria-expanded", String(open)); };
  expand(false);
  box.setAttribute("aria-controls", list.id);
  box.autocomplete = "off";
  let rows = [], at = -1, timer = 0, asked = 0;

  const close = () => {
    asked++; clearTimeout(timer);
    list.hidden = true; rows = []; at = -1;
    expand(false);
    box.removeAttribute("aria-activedescendant");
  };
  const mark = (n) => {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = n;
    const one = list.children[at];
    one?.setAttribute("aria-selected", "true");
    one?.scrollIntoView({ block: "nearest" });
    if (one) box.setAttribute("aria-activedescendant", one.id);
  };
  const take = (n) => {
    box.value = [rows[n].number, box.dataset.mark].filter(Boolean).join(" ");
    close();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new Event("change", { bubbles: true }));
    clearTimeout(timer);
  };
  const draw = (found, chosen = -1) => {
    rows = found; at = -1;
    list.replaceChildren(...rows.map((row, n) => {
      const one = document.createElement("div");
      one.className = "suggested__one";
      one.id = `${list.id}-${n}`;
      one.setAttribute("role", "option");
      one.setAttribute("aria-selected", "false");
      const number = Object.assign(document.createElement("span"), { className: "code", textContent: row.number });
      const caption = Object.assign(document.createElement("span"), { textContent: `${row.caption}${row.below ? " ›" : ""}`, lang: "vi" });
      const note = Object.assign(document.createElement("span"), { className: "suggested__note", textContent: row.in, lang: "vi" });
      one.append(number, caption, note);
      one.addEventListener("mousedown", (event) => { event.preventDefault(); take(n); });
      return one;
    }));
    list.hidden = rows.length === 0;
    list.style.top = `${box.offsetTop + box.offsetHeight}px`;
    expand(rows.length > 0);
    told.textContent = rows.length ? `${rows.length} ${SAID.found}` : "";
    if (chosen >= 0 && rows.length) mark(chosen);
  };
  const ask = async (query, chosen = () => -1) => {
    const mine = ++asked;
    const answer = await fetch(`${box.dataset.classes}?${new URLSearchParams(query)}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (!answer?.ok || mine !== asked || document.activeElement !== box) return;
    const found = await answer.json();
    if (mine === asked) draw(found, chosen(found));
  };
  const look = () => {
    if (!box.dataset.classes || ("onCall" in box.dataset && list.hidden)) return;
    clearTimeout(timer);
    if (box.value.trim().length < 2) { close(); return; }
    timer = setTimeout(() => ask({ q: box.value.trim() }), WAIT);
  };
  box.addEventListener("input", (event) => { if (event.isTrusted) look(); });
  box.addEventListener("named", () => { if (document.activeElement === box) look(); });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || !box.dataset.classes) return;
    if (list.hidden) {
      if (event.key === "ArrowDown" && event.altKey === single && !event.ctrlKey && !event.shiftKey) { event.preventDefault(); event.stopPropagation(); ask({}, () => 0); }
      return;
    }
    const here = rows[at];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      asked++; clearTimeout(timer); // what is chosen among stays as it is seen
      mark((at + (event.key === "ArrowDown" ? 1 : rows.length - (at < 0 ? 0 : 1))) % rows.length);
    } else if (event.key === "ArrowRight" && here?.below) {
      event.preventDefault(); ask({ at: here.number }, () => 0);
    } else if (event.key === "ArrowLeft" && here) {
      event.preventDefault();
      const above = here.above;
      if (above) ask({ q: above }, (found) => found.findIndex((one) => one.number === above));
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault(); event.stopPropagation(); take(at);
    } else if (event.key === "Tab" && at >= 0) {
      take(at);
    } else if (event.key === "Escape") {
      event.preventDefault(); event.stopPropagation(); close();
    }
  }, true);
  box.addEventListener("blur", close);
};

for (const box of document.querySelectorAll(BOXES)) bind(box);
// A box put in later, or one that became the box of a class (it is "named", maybe while it is typed in).
for (const kind of ["focusin", "keydown", "named"]) {
  document.addEventListener(kind, ({ target }) => {
    if (target.matches?.(BOXES) && !bound.has(target)) bind(target);
  }, { capture: true });
}
