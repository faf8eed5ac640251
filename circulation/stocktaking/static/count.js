// Counting with a scanner or a phone. Scans are kept in the device until the server has them, so a
// lost line loses nothing; each has a key, so one sent twice is one.

const form = document.getElementById("count");
const box = form?.elements.code;
const list = document.getElementById("count-rows");
const line = document.getElementById("count-line");
const far = document.getElementById("count-far");
const store = `sen-take-${form?.dataset.take}`;
const client = localStorage.getItem("sen-count-client") || crypto.randomUUID?.() || String(Math.random()).slice(2);
localStorage.setItem("sen-count-client", client);
let sending = false;

const kept = () => JSON.parse(localStorage.getItem(store) || "[]");
const keep = (rows) => localStorage.setItem(store, JSON.stringify(rows));

function nextKey() {
  const n = Number(localStorage.getItem("sen-count-n") || 0) + 1;
  localStorage.setItem("sen-count-n", String(n));
  return `${client}-${n}`.slice(0, 78);
}

function addRow(scan) {
  const row = document.createElement("li");
  row.dataset.key = scan.key;
  row.textContent = `${scan.code} – ${form.dataset.waiting}`;
  list.prepend(row);
  while (list.children.length > 40) list.lastChild.remove();
}

function told(one) {
  const row = list.querySelector(`[data-key="${CSS.escape(one.key)}"]`);
  if (!row) return;
  const chip = document.createElement("span");
  chip.className = `chip chip--${one.tone}`;
  chip.textContent = one.words;
  row.replaceChildren(chip, ` ${one.number} ${one.title}`);
}

async function send() {
  if (sending || !form) return;
  sending = true;
  try {
    for (let rows = kept(); rows.length; rows = kept()) {
      const part = rows.slice(0, 200);
      const data = new FormData();
      data.set("csrf_token", form.elements.csrf_token.value);
      data.set("scanner", form.elements.scanner.value);
      data.set("scans", JSON.stringify(part));
      const answer = await fetch(form.dataset.url, {
        method: "POST", body: data, credentials: "same-origin",
        headers: { "X-Requested-With": "fetch", Accept: "application/json" },
      });
      if (!answer.ok) {
        const why = await answer.json().catch(() => ({}));
        line.textContent = form.dataset.refused.replace("{why}", why.detail || answer.status);
        return; // they stay in the device
      }
      const facts = await answer.json();
      const done = new Set(part.map((one) => one.key));
      keep(kept().filter((one) => !done.has(one.key)));
      facts.heard.forEach(told);
      far.textContent = form.dataset.count.replace("{seen}", facts.seen.toLocaleString("vi")).replace("{expected}", facts.expected.toLocaleString("vi"));
      line.textContent = "";
    }
  } catch {
    line.textContent = form.dataset.lost.replace("{n}", kept().length);
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
  const scan = { key: nextKey(), code, at: Date.now(), place: form.elements.place.value.trim(), damaged: form.elements.damaged.checked };
  form.elements.damaged.checked = false;
  keep([...kept(), scan]);
  addRow(scan);
  send();
});

if (form) {
  for (const scan of kept()) addRow(scan);
  send();
  setInterval(send, 5000);
  addEventListener("online", send);
  document.addEventListener("keydown", (event) => {
    const free = !event.target.closest?.("input, textarea, select, button, a");
    if (free && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) box.focus();
  });
}
