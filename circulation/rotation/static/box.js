// Scanning a box: scans are sent one after the other and told below the box. One that met a lost
// line waits in the page and is sent again; a copy scanned twice is one.

const form = document.getElementById("box-scan");
const box = form?.elements.code;
const list = document.getElementById("box-scan-rows");
const line = document.getElementById("box-scan-line");
const left = document.querySelector("#box-left .stat__figure");
const waiting = [];
let sending = false;

function addRow(scan) {
  const row = document.createElement("li");
  row.textContent = `${scan.code} – ${form.dataset.waiting}`;
  list.prepend(row);
  while (list.children.length > 40) list.lastChild.remove();
  return row;
}

function tell(row, one) {
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
      if (scan.damaged) data.set("damaged", "1");
      const answer = await fetch(form.action, {
        method: "POST", body: data, credentials: "same-origin",
        headers: { "X-Requested-With": "fetch", Accept: "application/json" },
      });
      const facts = await answer.json();
      waiting.shift();
      if (answer.ok) {
        tell(scan.row, facts);
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
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const code = box.value.trim();
  box.value = "";
  box.focus();
  if (!code) return;
  const scan = { code, damaged: Boolean(form.elements.damaged?.checked) };
  if (form.elements.damaged) form.elements.damaged.checked = false;
  scan.row = addRow(scan);
  waiting.push(scan);
  send();
});

if (form) {
  setInterval(send, 5000);
  addEventListener("online", send);
  addEventListener("beforeunload", (event) => { if (waiting.length) event.preventDefault(); });
}
