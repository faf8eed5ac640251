// Scanning a box: scans are sent one after the other and told below the box. One that met a lost
// line waits in the page and is sent again; a copy scanned twice is one. What others scan at the same
// box is looked for every few seconds, and the lists of the page follow.

const form = document.getElementById("box-scan");
const box = form?.elements.code;
const list = document.getElementById("box-scan-rows");
const line = document.getElementById("box-scan-line");
const waiting = [];
let sending = false;

function addRow(scan) {
  const row = document.createElement("li");
  row.textContent = `${scan.code} – ${form.dataset.waiting}`;
  list.prepend(row);
  while (list.children.length > 40) list.lastChild.remove();
  return row;
}

const SIGNALS = { ok: "green", info: "amber", warn: "amber", bad: "red" };

function tell(row, one) {
  document.dispatchEvent(new CustomEvent("sen:sound", { detail: SIGNALS[one.tone] }));
  const chip = document.createElement("span");
  chip.className = `chip chip--${one.tone}`;
  chip.textContent = one.words;
  row.replaceChildren(chip, ` ${one.code} ${one.title}`);
}

async function send() {
  if (sending) return;
  sending = true;
  try {
    while (waiting.length) {
      const scan = waiting[0];
      const data = new FormData();
      data.set("csrf_token", form.elements.csrf_token.value);
      data.set("code", scan.code);
      if (form.elements.act) data.set("act", form.elements.act.value);
      if (scan.damaged) data.set("damaged", "1");
      const answer = await fetch(form.action, {
        method: "POST", body: data, credentials: "same-origin",
        headers: { "X-Requested-With": "fetch", Accept: "application/json" },
      });
      const facts = await answer.json();
      waiting.shift();
      if (answer.ok) {
        tell(scan.row, facts);
        const left = document.querySelector("#box-left .stat__figure");
        if (left) left.textContent = facts.left;
      } else {
        tell(scan.row, { tone: "bad", words: form.dataset.refused, code: scan.code, title: facts.detail || "" });
      }
      line.textContent = "";
    }
  } catch {
    line.textContent = form.dataset.lost.replace("{n}", waiting.length);
  } finally {
    sending = false;
  }
  look();
}

function takeOver(fresh) {
  // A part that somebody is just using waits for the next look.
  let all = true;
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (!now) continue;
    if (part.contains(document.activeElement)) { all = false; continue; }
    const name = (one) => `${one.name} ${one.value}`;
    const ticked = new Map([...part.querySelectorAll("[type=checkbox]")].map((one) => [name(one), one.checked]));
    part.replaceChildren(...now.childNodes);
    for (const one of part.querySelectorAll("[type=checkbox]")) one.checked = ticked.get(name(one)) ?? one.checked;
  }
  return all;
}

let looking = false;
async function look() {
  if (looking || sending || waiting.length || document.hidden || !form.dataset.progress) return;
  looking = true;
  try {
    const { mark } = await (await fetch(form.dataset.progress, { credentials: "same-origin", headers: { Accept: "application/json" } })).json();
    if (!mark || mark === form.dataset.mark) return;
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const state = fresh.getElementById("box-scan")?.dataset.state;
    if (state !== form.dataset.state) { location.reload(); return; }
    if (takeOver(fresh)) form.dataset.mark = mark;
  } catch { /* the next look may meet the line again */ } finally {
    looking = false;
  }
}

function take(typed) {
  const code = typed.trim();
  if (!code) return;
  const scan = { code, damaged: Boolean(form.elements.damaged?.checked) };
  if (form.elements.damaged) form.elements.damaged.checked = false;
  scan.row = addRow(scan);
  waiting.push(scan);
  send();
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const code = box.value;
  box.value = "";
  box.focus();
  take(code);
});

if (form) {
  document.addEventListener("sen:scan", (event) => take(event.detail)); // the camera's
  setInterval(() => (waiting.length ? send() : look()), 4000);
  addEventListener("online", send);
  addEventListener("beforeunload", (event) => { if (waiting.length) event.preventDefault(); });
}
