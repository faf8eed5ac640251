// Counting with a scanner or a phone. Scans are kept in the device until the server has them, so a
// lost line loses nothing; each has a key, so one sent twice is one. The page itself is kept as well
// (offline/static/worker.js), so a phone that dropped it opens it again in the store room.

const form = document.getElementById("count");
const box = form?.elements.code;
const list = document.getElementById("count-rows");
const line = document.getElementById("count-line");
const far = document.getElementById("count-far");
const store = `sen-take-${form?.dataset.take}`;
const client = localStorage.getItem("sen-count-client") || crypto.randomUUID?.() || String(Math.random()).slice(2);
localStorage.setItem("sen-count-client", client);
const SIGNALS = { ok: "green", info: "amber", warn: "amber", bad: "red" };
let sending = false;

const kept = () => JSON.parse(localStorage.getItem(store) || "[]");
const keep = (rows) => localStorage.setItem(store, JSON.stringify(rows));
const sound = (tone) => document.dispatchEvent(new CustomEvent("sen:sound", { detail: tone }));

function nextKey() {
  const n = Number(localStorage.getItem("sen-count-n") || 0) + 1;
  localStorage.setItem("sen-count-n", String(n));
  return `${client}-${n}`.slice(0, 78);
}

function addRow(scan) {
  const row = document.createElement("li");
  row.dataset.key = scan.key;
  row.append(`${scan.code} – ${form.dataset.waiting} `, backButton(scan.key));
  list.prepend(row);
  while (list.children.length > 40) list.lastChild.remove();
}

function backButton(key) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "button button--quiet button--small", textContent: form.dataset.back });
  button.addEventListener("click", () => takeBack(key));
  return button;
}

function told(one) {
  const row = list.querySelector(`[data-key="${CSS.escape(one.key)}"]`);
  if (!row) return;
  const chip = Object.assign(document.createElement("span"), { className: `chip chip--${one.tone}`, textContent: one.words });
  row.replaceChildren(chip, ` ${one.number} ${one.title} `, backButton(one.key));
}

// One signal for what was heard, the worst; the newest in words.
function heard(all) {
  all.forEach(told);
  const tones = all.map((one) => SIGNALS[one.tone]);
  sound(["red", "amber", "green"].find((tone) => tones.includes(tone)));
  const last = all.at(-1);
  line.textContent = `${last.words}: ${last.number} ${last.title}`;
}

async function post(more) {
  const data = new FormData();
  data.set("csrf_token", form.elements.csrf_token.value);
  data.set("scanner", form.elements.scanner.value);
  for (const [name, value] of Object.entries(more)) data.set(name, value);
  const answer = await fetch(form.dataset.url, {
    method: "POST", body: data, credentials: "same-origin",
    headers: { "X-Requested-With": "fetch", Accept: "application/json" },
  });
  if (answer.redirected || answer.status === 401) { line.textContent = form.dataset.again; return null; }
  const facts = await answer.json().catch(() => ({}));
  if (!answer.ok) { line.textContent = form.dataset.refused.replace("{why}", facts.detail || answer.status); return null; }
  far.textContent = form.dataset.count.replace("{seen}", facts.seen.toLocaleString("vi")).replace("{expected}", facts.expected.toLocaleString("vi"));
  return facts;
}

async function send() {
  if (sending || !form) return;
  sending = true;
  try {
    for (let rows = kept(); rows.length; rows = kept()) {
      const part = rows.slice(0, 200);
      const facts = await post({ scans: JSON.stringify(part) });
      if (!facts) return; // they stay in the device
      const done = new Set(part.map((one) => one.key));
      keep(kept().filter((one) => !done.has(one.key)));
      if (facts.heard.length) heard(facts.heard);
    }
  } catch {
    line.textContent = form.dataset.lost.replace("{n}", kept().length);
  } finally {
    sending = false;
  }
}

// What the server has is taken back there; what still waits here never goes.
async function takeBack(key) {
  while (sending) await new Promise((done) => setTimeout(done, 50));
  const waits = kept().some((one) => one.key === key);
  try {
    if (waits) keep(kept().filter((one) => one.key !== key));
    else if (!(await post({ back: key }))) return;
    list.querySelector(`[data-key="${CSS.escape(key)}"]`)?.remove();
    line.textContent = form.dataset.gone;
  } catch { line.textContent = form.dataset.lost.replace("{n}", kept().length); }
  box.focus();
}

function scanned(code) {
  if (!code) return;
  const scan = { key: nextKey(), code, at: Date.now(), place: form.elements.place.value.trim(), damaged: form.elements.damaged.checked };
  try { keep([...kept(), scan]); } catch { sound("red"); line.textContent = form.dataset.full; return; }
  form.elements.damaged.checked = false;
  addRow(scan);
  send();
}

async function keepPage() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register(form.dataset.workerUrl, { scope: "/staff/stock-takings/" });
  const here = await navigator.serviceWorker.ready;
  navigator.serviceWorker.addEventListener("message", (event) => { if (event.data === "kept") document.documentElement.dataset.kept = "1"; });
  const parts = performance.getEntriesByType("resource").map((one) => one.name).filter((one) => one.startsWith(location.origin) && one.includes("/static/"));
  here.active.postMessage({ keep: [location.pathname, ...new Set(parts)] });
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = box.value.trim();
    box.value = "";
    box.focus();
    scanned(code);
  });
  document.addEventListener("sen:scan", (event) => scanned(event.detail)); // the camera's
  for (const scan of kept()) addRow(scan);
  send();
  setInterval(send, 5000);
  addEventListener("online", send);
  keepPage().catch(() => null);
  document.addEventListener("keydown", (event) => {
    const free = !event.target.closest?.("input, textarea, select, button, a");
    if (free && event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey) box.focus();
  });
}
