// Checks the QR code of a card in the browser, with the keys the page fetched when it was opened, so
// that it works on when the line is gone. Where the browser knows no Ed25519, the form is sent instead.

const form = document.querySelector("[data-card-check]");
const box = form.elements.text;
const answer = document.querySelector("[data-answer]");
const said = (code) => answer.dataset[code] ?? code;
let known = null;
let able = false;

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");

async function fetched() {
  const facts = await (await fetch(form.dataset.keys, { cache: "no-cache" })).json();
  const keys = {};
  for (const [id, raw] of Object.entries(facts.keys)) keys[id] = await crypto.subtle.importKey("raw", bytes(raw), { name: "Ed25519" }, false, ["verify"]);
  known = { ...facts, keys, ended: new Set(facts.ended) };
}

// Today where the server is; a clock that was set back is not believed.
function today() {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Ho_Chi_Minh" }).format(new Date());
  return parts > known.today ? parts : known.today;
}

async function check(text) {
  const parts = text.trim().split("#").at(-1).split(":");
  if (parts.length !== 6 || parts[0] !== "SEN1" || !/^\d{8}$/.test(parts[2])) return { state: "unreadable" };
  const key = known.keys[parts[4]];
  if (!key) return { state: "keyUnknown" };
  let genuine = false;
  try { genuine = await crypto.subtle.verify("Ed25519", key, bytes(parts[5]), new TextEncoder().encode(parts.slice(0, 5).join(":"))); } catch { /* no base64 */ }
  if (!genuine) return { state: "forged" };
  const number = decodeURIComponent(parts[1]);
  const day = parts[2].replace(/(....)(..)(..)/, "$1-$2-$3");
  const mark = hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(number))).slice(0, 16);
  const state = known.ended.has(mark) ? "ended" : day < today() ? "expired" : "valid";
  return { state, number, day: day.split("-").reverse().join("/"), kind: known.kinds[parts[3]] ?? parts[3] };
}

function show(found) {
  answer.hidden = false;
  answer.className = `notice notice--${found.state === "valid" ? "ok" : found.state === "expired" ? "warn" : "bad"}`;
  answer.querySelector("[data-head]").textContent = said(found.state);
  answer.querySelector("[data-facts]").textContent = found.number ? `${found.number} · ${found.kind} · ${found.day}` : "";
  document.querySelector("[data-served]")?.remove();
}

async function run() {
  if (!box.value.trim()) return;
  show(await check(box.value));
  box.select();
}

async function begin() {
  try { await fetched(); able = true; } catch { able = false; }
  form.querySelector("[data-able]").textContent = able ? said("able") : said("unable");
  if (!able) return;
  setInterval(() => fetched().catch(() => null), 10 * 60 * 1000); // with a line: what was lost since
  if (location.hash.length > 1) { box.value = decodeURIComponent(location.hash.slice(1)); await run(); }
}

form.addEventListener("submit", (event) => { if (able) { event.preventDefault(); run(); } });
addEventListener("hashchange", () => { if (able && location.hash.length > 1) { box.value = decodeURIComponent(location.hash.slice(1)); run(); } });
begin();
