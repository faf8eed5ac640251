// The desk when the server does not answer: scans are decided by the local copy and logged under
// their own keys; when the server is back the log is sent and what became of it is shown.
import { against, code, due, holder, ruleFor, since, today } from "./decide.js";
import * as store from "./store.js";

const desk = document.getElementById("desk");
const bar = document.getElementById("away");
const words = bar ? JSON.parse(bar.dataset.words) : {};
const top = document.getElementById("desk-top");
const panel = document.getElementById("desk-panel");
const rows = document.getElementById("desk-rows");
const LOST_FOR = 3000;
const REFRESH = 600_000;
let away = false;
let ready = false;
let copy = null;
let held = new Map();
let unsent = 0;
let reader = null; // {card, id, name} of the turn that is open
let mode = "";
let pending = null; // what a question waits for
let last = { at: "", time: 0 }; // a scanner that fires twice lends once
let sending = false;

const fill = (text, facts = {}) => text.replace(/\{(\w+)\}/g, (_all, name) => facts[name] ?? "");
const clock = (time) => new Date(time).toLocaleTimeString("vi", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
const dayOf = (iso) => (iso ? iso.split("-").reverse().join("/") : "");
const make = (tag, more = {}, ...inside) => { const node = Object.assign(document.createElement(tag), more); node.append(...inside); return node; };

export const isAway = () => away;
export const patience = () => (ready ? LOST_FOR : 0); // 0: wait as long as it takes
export const lostFor = LOST_FOR;
export const canTake = () => ready;

// -- the frame ----------------------------------------------------------------------------------
function showBar() {
  document.body.classList.toggle("away", away);
  bar.hidden = !away && !unsent;
  bar.querySelector("[data-count]").textContent = fill(words.unsent, { n: unsent });
  bar.querySelector("[data-age]").textContent = copy ? fill(words.age, { time: clock(copy.at) }) : words.no_copy;
  bar.querySelector("[data-visit]").hidden = !away;
}

async function recount() {
  const lines = await store.lines();
  unsent = lines.length;
  held = since(lines, copy);
  showBar();
}

function answer(tone, head, { item, notes = [], ask, row = true } = {}) {
  const box = make("div", { className: `answer answer--${tone}` });
  box.dataset.tone = tone;
  box.append(make("p", { className: "answer__head" }, make("span", { textContent: head })));
  if (item) box.append(make("p", { className: "answer__item" }, make("b", { textContent: item.title }), " ", make("span", { className: "code", textContent: item.at })));
  if (notes.length) box.append(make("ul", { className: "answer__reasons" }, ...notes.map((text) => make("li", { className: "reason", textContent: text }))));
  if (ask) box.append(ask);
  top.replaceChildren(box);
  document.dispatchEvent(new CustomEvent("sen:sound", { detail: tone }));
  document.getElementById(tone === "red" ? "desk-assertive" : "desk-polite").textContent = head;
  if (row && item) {
    rows.querySelector(".done--none")?.remove();
    rows.prepend(make("li", { className: "done done--away" }, make("span", { className: "done__time", textContent: clock(Date.now()) }), make("span", { textContent: "…" }), make("span", { className: "done__words" }, `${head} `, make("b", { textContent: item.title }), " ", make("span", { className: "code", textContent: item.at }))));
  }
}

function question(buttons, needsWhy) {
  const form = make("form", { className: "answer__ask" });
  form.dataset.question = "";
  form.dataset.away = "";
  if (needsWhy) form.append(make("label", { htmlFor: "away-why", textContent: words.why }), make("input", { className: "box", id: "away-why", name: "why", required: true, maxLength: 200 }));
  for (const [letter, text, then, free] of buttons) {
    const button = make("button", { className: "button", type: free ? "button" : "submit" }, `${text} `, make("kbd", { className: "key", textContent: letter.toUpperCase() }));
    button.dataset.answer = letter;
    const done = async () => {
      const why = form.elements.why?.value.trim() ?? "";
      pending = null;
      top.replaceChildren();
      await then(why);
      document.dispatchEvent(new Event("sen:answered"));
    };
    if (free) button.addEventListener("click", done); else form.addEventListener("submit", (event) => { event.preventDefault(); done(); });
    form.append(button);
  }
  pending = form;
  return form;
}

function showReader() {
  panel.replaceChildren();
  if (!reader) return;
  const known = copy?.patrons[reader.id];
  const mine = [...held.values()].filter((one) => one && ((one.patron && one.patron === reader.id) || one.card === reader.card)).length;
  const part = make("section", { className: "reader" });
  part.dataset.patron = reader.id ?? "";
  part.append(make("h2", { className: "reader__name", textContent: reader.name }), make("p", {}, make("span", { className: "code", textContent: reader.card ?? "" })));
  if (known) {
    part.append(make("p", { textContent: `${known[1][1]} · ${fill(words.card_until, { day: dayOf(known[2]) })}` }));
    part.append(make("p", { textContent: fill(words.has, { n: known[3][0], more: mine }) }));
    for (const [, text] of known[4]) part.append(make("p", { className: "reason reason--refuse", textContent: text }));
  } else part.append(make("p", { textContent: words.not_in_copy }));
  panel.append(part);
}

// -- what a scan means --------------------------------------------------------------------------
const COMMANDS = { ";DONE": "finish", ";LEND": "", ";CHECKIN": "checkin", ";BOOKDROP": "drop", ";INHOUSE": "in_house", ";ROOM": "room" };

async function note(key, command, at, more = {}) {
  await store.log({ key, command, item: at ?? "", at: Date.now(), pass: desk.dataset.offlinePass, ...more });
  await recount();
}

function about(at) { return { at, title: copy?.items[at]?.[1] ?? words.unknown_item }; }

function finish() { reader = null; showReader(); answer("green", words.finished); }

function openReader(at) {
  const [id, active] = copy?.cards[at] ?? [null, true];
  const known = id === null ? null : copy.patrons[id];
  if (reader && (reader.card === at || (id !== null && reader.id === id))) { finish(); return; }
  reader = { card: at, id, name: known?.[0] ?? at };
  showReader();
  const stopped = (known?.[4] ?? []).map((one) => one[1]);
  if (id === null) answer("amber", words.card_unknown, { notes: [words.card_trusted] });
  else if (!active) answer("red", words.card_replaced);
  else answer(stopped.length ? "amber" : "green", known?.[0] ?? at, { notes: stopped });
}

function sentence([name, text]) {
  if (name === "limit") return fill(words.limit, text);
  return text ?? words[name] ?? name;
}

async function lend(at, key) {
  if (last.at === `${at} ${reader.card}` && Date.now() - last.time < 10_000) return;
  const room = mode === "room";
  const stops = against({ copy, held, at, reader, room });
  if (stops[0]?.[0] === "own_loan") {
    answer("amber", words.own_loan, { item: about(at), row: false, ask: question([["y", words.renew, () => renew(at, key)], ["t", words.take_back, () => takeBack(at, key), true], ["n", words.no, () => null, true]]) });
    return;
  }
  if (stops.some(([, , lifts]) => !lifts)) { answer("red", words.refused, { item: about(at), row: false, notes: stops.map(sentence) }); return; }
  if (stops.length) {
    const hard = stops.some((one) => !one[3]);
    answer(hard ? "red" : "amber", hard ? words.refused : words.ask, { item: about(at), row: false, notes: stops.map(sentence), ask: question([["y", hard ? words.anyway : words.yes, (why) => lent(at, key, room, why)], ["n", words.no, () => null, true]], hard) });
    return;
  }
  await lent(at, key, room, "");
}

async function lent(at, key, room, why) {
  const item = copy?.items[at];
  const known = copy?.patrons[reader.id];
  last = { at: `${at} ${reader.card}`, time: Date.now() };
  const asRoom = room || item?.[3] === "reading_room";
  await note(key, "check_out", at, { card: reader.card, ...(room ? { kind: "reading_room" } : {}), ...(why ? { why } : {}) });
  const on = asRoom ? today() : item && known ? due(copy, ruleFor(copy, item[2], known[1][0]), known[2]) : null;
  answer("green", on ? fill(words.lent, { day: dayOf(on) }) : words.lent_unknown, { item: about(at), notes: item ? [] : [words.item_trusted] });
  showReader();
}

async function renew(at, key) { await note(key, "renew", at); answer("green", words.renewed, { item: about(at) }); }

async function takeBack(at, key, drop = false) {
  const item = copy?.items[at];
  await note(key, "check_in", at, drop ? { drop: true } : {});
  const waits = item?.[6];
  answer(waits || !item ? "amber" : "green", words.returned, { item: about(at), notes: [...(waits ? [words.waits] : []), ...(item ? [] : [words.item_trusted])] });
  showReader();
}

async function other(at, key) {
  if (copy?.cards[at]) { answer("red", words.card_not_item); return; }
  if (mode === "in_house") { await note(key, "in_house", at); answer("green", words.in_house, { item: about(at) }); return; }
  await takeBack(at, key, mode === "drop");
}

// Decides and logs a scan by the local copy; false when a question is open.
export async function take(text, key) {
  if (pending?.isConnected) return false;
  if (await store.known(key)) return true; // logged before the page was loaded again
  const at = code(text);
  if (!at) { finish(); return true; }
  if (at.startsWith(";")) {
    const word = COMMANDS[at];
    if (word === undefined) answer("red", words.not_now); else if (word === "finish") finish(); else setMode(word);
    return true;
  }
  if (mode && mode !== "room") { await other(at, key); return true; }
  const item = copy?.items[at];
  const isCard = Boolean(copy?.cards[at]) || (!item && Boolean(copy?.prefix) && at.startsWith(copy.prefix));
  if (isCard) { openReader(at); return true; }
  if (reader) { await lend(at, key); return true; }
  if (item) {
    if (holder(copy, held, at)) await takeBack(at, key); else answer("amber", words.card_first, { item: about(at), row: false });
    return true;
  }
  answer("amber", fill(words.what_is_it, { code: at }), { ask: question([["y", words.it_is_card, () => openReader(at)], ["t", words.take_back, () => takeBack(at, key), true], ["n", words.no, () => null, true]]) });
  return true;
}

function setMode(to) {
  mode = to;
  if (mode && mode !== "room") { reader = null; showReader(); }
  for (const button of desk.querySelectorAll("[data-mode]")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    button.classList.toggle("button--main", button.dataset.mode === mode);
    button.classList.toggle("button--quiet", button.dataset.mode !== mode);
  }
  top.replaceChildren();
}

// -- away and back ------------------------------------------------------------------------------
export async function begin(state = {}) {
  if (away || !ready) return;
  away = true;
  copy ??= await store.readCopy();
  if (copy && String(copy.unit) !== desk.dataset.offlineUnit) copy = null;
  mode = state.mode ?? "";
  const id = Number(state.patron) || null;
  if (id) {
    const card = Object.entries(copy?.cards ?? {}).find(([, one]) => one[0] === id && one[1])?.[0];
    if (card) reader = { card, id, name: copy.patrons[id]?.[0] ?? card };
  }
  await recount();
  setMode(mode);
  showReader();
  answer("amber", words.began, { notes: [copy ? fill(words.age, { time: clock(copy.at) }) : words.no_copy] });
}

async function answers() {
  try { return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(2500) })).ok; } catch { return false; }
}

async function send() {
  const lines = await store.lines();
  if (!lines.length) return [];
  const told = [];
  for (let n = 0; n < lines.length; n += 500) {
    const part = lines.slice(n, n + 500);
    const answer_ = await fetch(desk.dataset.replayUrl, {
      method: "POST", credentials: "same-origin", signal: AbortSignal.timeout(120_000),
      headers: { "Content-Type": "application/json", "X-Requested-With": "fetch", "X-CSRFToken": document.querySelector("#scan").form.elements.csrf_token.value },
      body: JSON.stringify({ device: await device(), clock: Date.now(), copy_of: (await store.aboutCopy())?.at ?? null, lines: part }),
    });
    if (answer_.status === 401 || answer_.status === 423 || answer_.redirected) { location.reload(); return null; }
    const facts = await answer_.json();
    if (!answer_.ok) throw Object.assign(new Error(facts.detail ?? answer_.status), { status: answer_.status });
    const done = facts.lines.filter((one) => one.state !== "waiting");
    await store.sent(done.map((one) => one.key));
    told.push(...done);
  }
  return told;
}

async function device() {
  let name = localStorage.getItem("sen-device");
  if (!name) { name = crypto.randomUUID(); localStorage.setItem("sen-device", name); }
  return name;
}

async function comeBack() {
  if (sending || pending?.isConnected || !(await answers())) return;
  sending = true;
  try {
    const told = await send();
    if (told === null) return;
    sessionStorage.setItem("sen-replayed", JSON.stringify(told));
    const query = new URLSearchParams({ ...(reader?.id ? { patron: reader.id } : {}), ...(mode ? { mode } : {}) });
    location.assign(`/staff/desk?${query}`.replace(/\?$/, ""));
  } catch (problem) {
    if (problem.status) { away = false; answer("red", fill(words.not_taken, { why: problem.message })); }
  } finally { sending = false; await recount(); }
}

function showReplayed() {
  const told = JSON.parse(sessionStorage.getItem("sen-replayed") || "null");
  if (!told) return;
  sessionStorage.removeItem("sen-replayed");
  const worst = told.some((one) => one.tone === "red") ? "red" : told.some((one) => one.tone === "amber") ? "amber" : "green";
  const list = make("ul", { className: "away__list" });
  for (const one of told.filter((each) => each.tone !== "green")) list.append(make("li", {}, make("b", { textContent: one.title || one.code }), ` ${[one.words, ...one.notes].join(" ")}`));
  const box = make("div", { className: `answer answer--${worst}` }, make("p", { className: "answer__head" }, make("span", { textContent: fill(words.replayed, { n: told.length }) })), list);
  if (worst !== "green") box.append(make("p", {}, make("a", { href: desk.dataset.linesUrl, textContent: words.look })));
  top.prepend(box);
}

// -- the copy -----------------------------------------------------------------------------------
async function refresh() {
  const about_ = await store.aboutCopy();
  const mine = about_ && String(about_.unit) === desk.dataset.offlineUnit ? about_ : null;
  const headers = { "X-Requested-With": "fetch", ...(mine ? { "If-None-Match": `"${mine.version}"` } : {}) };
  const got = await fetch(desk.dataset.copyUrl, { credentials: "same-origin", headers, signal: AbortSignal.timeout(60_000) });
  if (got.status === 304) { await store.heard(Date.now()); copy = await store.readCopy(); return; }
  if (!got.ok || got.redirected) return;
  const text = await got.text();
  const { version, at, unit } = JSON.parse(text);
  await store.keepCopy(text, { version, at, unit });
  copy = await store.readCopy();
}

async function keepPage() {
  await navigator.serviceWorker.register(desk.dataset.workerUrl, { scope: "/staff/desk" });
  const here = await navigator.serviceWorker.ready;
  navigator.serviceWorker.addEventListener("message", (event) => { if (event.data === "kept") document.documentElement.dataset.kept = "1"; });
  const parts = performance.getEntriesByType("resource").map((one) => one.name).filter((one) => one.startsWith(location.origin) && one.includes("/static/"));
  here.active.postMessage({ keep: [...new Set(parts)] });
}

async function start() {
  if (!desk.dataset.offlinePass) return; // nothing is lent here
  if (!store.possible()) { bar.hidden = false; bar.classList.add("away--plain"); bar.textContent = words.plain; return; }
  ready = true;
  showReplayed();
  await recount();
  try {
    await refresh();
  } catch { await begin(Object.fromEntries(new URLSearchParams(location.search))); document.dispatchEvent(new Event("sen:answered")); }
  document.documentElement.dataset.copied = copy ? "1" : "";
  if (!away) await keepPage().catch(() => null);
  if (!away && unsent) await comeBack();
  showBar();
  setInterval(() => { if (away) comeBack(); }, 3000);
  setInterval(() => { if (!away && ready) refresh().catch(() => null); }, REFRESH);
  addEventListener("online", () => { if (away) comeBack(); });
}

if (desk && bar) {
  bar.querySelector("[data-visit]").addEventListener("click", async () => {
    await note(`${await device()}-v${Date.now()}`.slice(0, 78), "visit", "");
    answer("green", words.visit);
  });
  // Without the server the modes turn here; everything else needs it.
  desk.addEventListener("submit", (event) => {
    if (!away || !event.target.matches("[data-act]") || event.target.dataset.away !== undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.submitter?.name === "to") setMode(event.submitter.value);
    else answer("red", words.not_now);
  }, { capture: true });
  start();
}
