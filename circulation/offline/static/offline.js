// The desk when the server does not answer: scans are decided by the local copy and logged under
// their own keys; when the server is back the log is sent and what became of it is shown.
import { against, code, due, holder, loansOf, ruleFor, since, today } from "./decide.js";
import { byNumber, cardOf, find } from "./find.js";
import { cardIn, readings } from "./readings.js";
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
let latest = null; // {key, time, row} of the last act noted, which may be taken back
const MOST = 20; // hits shown

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
  document.getElementById("away-help").hidden = !away;
}

async function recount() {
  const lines = await store.lines();
  unsent = lines.length;
  held = since(lines, copy);
  showBar();
}

// `done` is the key of an act that was noted: its row can be taken back.
function answer(tone, head, { item, notes = [], ask, row = true, done } = {}) {
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
    const line = make("li", { className: "done done--away" }, make("span", { className: "done__time", textContent: clock(Date.now()) }), make("span", { className: "done__sign", textContent: "…" }), make("span", { className: "done__what" }, make("b", { textContent: head }), ` ${item.title} `, make("span", { className: "code", textContent: item.at })));
    if (done) offerUndo(line, done);
    rows.prepend(line);
  }
}

// -- taking back --------------------------------------------------------------------------------
function offerUndo(line, key) {
  const seconds = Number(desk.dataset.undoSeconds);
  const button = make("button", { type: "button", className: "button button--quiet button--small", textContent: words.undo });
  const mine = { key, time: Date.now(), line, button };
  button.addEventListener("click", () => takeBackAct(mine));
  line.append(make("span", { className: "done__acts" }, button));
  latest = mine;
  setTimeout(() => button.remove(), seconds * 1000);
}

async function takeBackAct(one) {
  const young = one && Date.now() - one.time < Number(desk.dataset.undoSeconds) * 1000 && (await store.known(one.key));
  if (!young) { answer("red", words.nothing_to_undo); return; }
  if (latest === one) latest = null;
  one.button.remove();
  await note(await freshKey(), "undo", "", { of: one.key });
  last = { at: "", time: 0 };
  one.line.classList.add("done--undone");
  answer("green", words.undone);
  showReader();
  document.getElementById("scan").focus();
}

let made = 0;
async function freshKey() { made += 1; return `${await device()}-${Date.now()}-${made}`.slice(0, 78); }

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
  const part = make("section", { className: "reader" });
  part.dataset.patron = reader.id ?? "";
  part.append(make("header", { className: "reader__head" }, make("h2", { className: "reader__name", textContent: reader.name }), make("p", {}, make("span", { className: "code", textContent: reader.card ?? "" }))));
  if (known) part.append(make("p", { textContent: [known[1][1], known[2] ? fill(words.card_until, { day: dayOf(known[2]) }) : words.no_card].join(" · ") }));
  else part.append(make("p", { textContent: words.not_in_copy }));
  for (const [, text] of known?.[4] ?? []) part.append(make("p", { className: "reader__block", textContent: text }));
  const loans = loansOf(copy, held, reader);
  part.append(make("h3", { textContent: `${words.on_loan} (${loans.length})` }));
  if (loans.length) part.append(make("ul", { className: "reader__loans" }, ...loans.map(loanLine)));
  else part.append(make("p", { className: "quiet", textContent: words.nothing_on_loan }));
  const elsewhere = (known?.[3][0] ?? 0) + (known?.[3][2] ?? 0) - countOf(reader.id);
  if (elsewhere > 0) part.append(make("p", { className: "quiet", textContent: fill(words.more_loans, { n: elsewhere }) }));
  const waiting = reader.id ? Object.entries(copy?.items ?? {}).filter(([at, item]) => item[6] === reader.id && item[8] && !held.has(at)) : [];
  if (waiting.length) part.append(make("h3", { textContent: `${words.kept_for} (${waiting.length})` }), make("ul", { className: "reader__loans" }, ...waiting.map(([at, item]) => make("li", {}, titled({ at, title: item[1] }), make("span", { className: "reader__due", textContent: fill(words.until, { day: dayOf(item[8]) }) })))));
  const finished = make("button", { type: "button", className: "button button--quiet" }, `${words.finish} `, make("kbd", { className: "key", textContent: "Enter" }));
  finished.dataset.key = "finish";
  finished.addEventListener("click", () => { finish(); document.getElementById("scan").focus(); });
  part.append(make("p", {}, finished));
  panel.append(part);
}

const countOf = (id) => Object.values(copy?.items ?? {}).filter((item) => item[4] === id).length;
const titled = ({ at, title }) => make("span", { className: "reader__title" }, title === at ? "" : `${title} `, make("span", { className: "code", textContent: at }));

function loanLine(one) {
  const late = one.due && one.due < today();
  const day = one.due ? fill(late ? words.late : words.due, { day: dayOf(one.due) }) : words.noted_now;
  return make("li", {}, titled(one), make("span", { className: late ? "reader__due chip chip--bad" : "reader__due", textContent: day }));
}

// -- what a scan means --------------------------------------------------------------------------
const COMMANDS = { ";DONE": "finish", ";LEND": "", ";CHECKIN": "checkin", ";BOOKDROP": "drop", ";INHOUSE": "in_house", ";ROOM": "room" };

async function note(key, command, at, more = {}) {
  await store.log(key, { command, item: at ?? "", at: Date.now(), pass: desk.dataset.offlinePass, ...more }, desk.dataset.offlineLock);
  await recount();
}

function about(at) { return { at, title: copy?.items[at]?.[1] ?? words.unknown_item }; }

function finish() { reader = null; showReader(); answer("green", words.finished); }

// -- looking up ---------------------------------------------------------------------------------
const nameOf = (id) => copy?.patrons[id]?.[0];

// What a copy is doing, by the local copy and the desk's own log.
function doing(at) {
  const item = copy.items[at];
  const has = holder(copy, held, at);
  if (has) {
    const name = nameOf(has.patron) ?? has.card;
    const due_ = held.has(at) || !item[7] ? "" : `, ${fill(item[7] < today() ? words.late : words.due, { day: dayOf(item[7]) })}`;
    return (name ? fill(words.lent_to, { name }) : words.lent_away) + due_;
  }
  if (item[6]) return (nameOf(item[6]) ? fill(words.shelf_for, { name: nameOf(item[6]) }) : words.shelf_for_other) + (item[8] ? ` ${fill(words.until, { day: dayOf(item[8]) })}` : ` – ${words.on_its_way}`);
  const stops = item[5].map(([, text]) => text).join(" ");
  const place = { transit: words.on_its_way, box: words.in_box, elsewhere: words.elsewhere }[held.has(at) ? "" : item[11]] ?? words.here;
  return [place, stops].filter(Boolean).join(" – ");
}

function look(text, key) {
  const { readers, copies, more } = find(copy, text, MOST);
  const button = (label, then, quiet) => {
    const one = make("button", { type: "button", className: `button button--small${quiet ? " button--quiet" : ""}`, textContent: label });
    one.addEventListener("click", async () => { top.replaceChildren(); await then(); document.dispatchEvent(new Event("sen:answered")); });
    return one;
  };
  const list = make("ul", { className: "choice__list" });
  for (const id of readers) {
    const one = copy.patrons[id];
    const card = cardOf(copy, id);
    const open = button("", () => { reader = null; if (card) openReader(card); else openNoCard(id); }, true);
    open.className = "choice__one";
    open.append(make("b", { textContent: one[0] }), " ", make("span", { className: "code", textContent: card ?? "–" }), " ", make("span", { textContent: [one[1][1], one[5] && fill(words.phone_ends, { digits: one[5].slice(-3) })].filter(Boolean).join(" · ") }));
    list.append(make("li", {}, open));
  }
  for (const at of copies) {
    const item = copy.items[at];
    const acts = make("span", {});
    if (reader) acts.append(button(words.lend, async () => lend(at, await freshKey())));
    acts.append(button(words.take_back, async () => takeBack(at, await freshKey()), true));
    list.append(make("li", {}, make("div", { className: "choice__one" }, make("b", { textContent: item[1] }), " ", make("span", { className: "code", textContent: item[10] || at }), " ", make("span", { textContent: [item[9], doing(at)].filter(Boolean).join(" · ") }), acts)));
  }
  const none = !readers.length && !copies.length;
  const oneCode = !/\s/.test(text.trim()) && /\d/.test(text); // perhaps a code nobody knows here
  if (none && oneCode) { ask(code(text), key); return; }
  if (none) { answer("amber", copy ? words.found_none : words.no_copy); return; }
  if (oneCode) list.append(make("li", {}, button(words.none_of_these, () => ask(code(text), key), true)));
  const count = readers.length + copies.length;
  answer("green", fill(more ? words.found_many : words.found, { n: count }), { ask: make("div", { className: "choice" }, list) });
}

function openNoCard(id) { reader = null; showReader(); answer("red", copy.patrons[id][0], { notes: [words.no_card, ...copy.patrons[id][4].map((one) => one[1])] }); }

function ask(at, key) {
  answer("amber", fill(words.what_is_it, { code: at }), { ask: question([["y", words.it_is_card, () => openReader(at)], ...(reader ? [["l", words.lend, () => lend(at, key), true]] : []), ["t", words.take_back, () => takeBack(at, key), true], ["n", words.no, () => null, true]]) });
}

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
  answer("green", on ? fill(words.lent, { day: dayOf(on) }) : words.lent_unknown, { item: about(at), notes: item ? [] : [words.item_trusted], done: key });
  showReader();
}

async function renew(at, key) { await note(key, "renew", at); answer("green", words.renewed, { item: about(at), done: key }); }

async function takeBack(at, key, drop = false) {
  const item = copy?.items[at];
  await note(key, "check_in", at, drop ? { drop: true } : {});
  const waits = item?.[6];
  answer(waits || !item ? "amber" : "green", words.returned, { item: about(at), notes: [...(waits ? [words.waits] : []), ...(item ? [] : [words.item_trusted])], done: key });
  showReader();
}

async function other(at, key) {
  if (copy?.cards[at]) { answer("red", words.card_not_item); return; }
  if (mode === "in_house") { await note(key, "in_house", at); answer("green", words.in_house, { item: about(at), done: key }); return; }
  await takeBack(at, key, mode === "drop");
}

// Decides and logs a scan by the local copy; false when a question is open.
export async function take(text, key) {
  if (pending?.isConnected) return false;
  if (await store.known(key)) return true; // logged before the page was loaded again
  const at = meant(text);
  if (!at) { finish(); return true; }
  if (at.startsWith(";")) {
    const word = COMMANDS[at];
    if (at === ";UNDO") await takeBackAct(latest);
    else if (word === undefined) answer("red", words.not_now, { notes: [words.instead] });
    else if (word === "finish") finish();
    else setMode(word);
    return true;
  }
  const item = copy?.items[at];
  const isCard = Boolean(copy?.cards[at]) || (!item && Boolean(copy?.prefix) && at.startsWith(copy.prefix));
  if (!item && !isCard && isWords(text)) { look(text, key); return true; }
  if (mode && mode !== "room") { await other(at, key); return true; }
  if (isCard) { openReader(at); return true; }
  if (item && reader) { await lend(at, key); return true; }
  if (item) {
    if (holder(copy, held, at)) await takeBack(at, key);
    else answer("amber", words.card_first, { item: about(at), row: false, notes: [doing(at)] });
    return true;
  }
  if (reader && !isPhone(text)) await lend(at, key); else look(text, key);
  return true;
}

// The code that was scanned: as it came, as a card's QR code holds it, or as a keyboard spoiled it.
function meant(text) {
  const typed = code(cardIn(text) ?? text);
  const known = (at) => Boolean(copy?.items[at] ?? copy?.cards[at]);
  if (!copy || known(typed)) return typed;
  const fits = readings(typed).filter(known);
  return fits.length === 1 ? fits[0] : byNumber(copy, text) ?? typed;
}

// Codes have digits and no blanks; names and titles have letters, and most have blanks.
const isWords = (text) => /\p{L}/u.test(text) && (/\S\s+\S/.test(text.trim()) || !/\d/.test(text));
const isPhone = (text) => /^(\d{4,6}|0\d{8,10})$/.test(text.replace(/[\s.]/g, ""));

// The server hears of it as soon as it is back.
let leaving = null;
async function signOutHere(form) {
  leaving = form;
  await store.forget();
  document.getElementById("scan").form.remove();
  desk.replaceChildren(make("p", { className: "answer answer--green", textContent: words.signed_out }));
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
  if (leaving) { leaving.submit(); return; }
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
  copy ??= await store.readCopy(); // one that cannot be opened is asked for anew
  const about_ = copy && (await store.aboutCopy());
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

// A locked screen is refused whatever it asks for; the copy is asked for when it is open again.
const locked = () => Boolean(document.getElementById("lock")?.open);

async function keepPage() {
  await navigator.serviceWorker.register(desk.dataset.workerUrl, { scope: "/staff/desk" });
  const here = await navigator.serviceWorker.ready;
  navigator.serviceWorker.addEventListener("message", (event) => { if (event.data === "kept") document.documentElement.dataset.kept = "1"; });
  const parts = performance.getEntriesByType("resource").map((one) => one.name).filter((one) => one.startsWith(location.origin) && one.includes("/static/"));
  here.active.postMessage({ keep: ["/staff/desk/shell", ...new Set(parts)] });
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
  setInterval(() => { if (!away && ready && !locked()) refresh().catch(() => null); }, REFRESH);
  addEventListener("online", () => { if (away) comeBack(); });
}

if (desk && bar) {
  bar.querySelector("[data-visit]").addEventListener("click", async () => {
    await note(await freshKey(), "visit", "");
    answer("green", words.visit);
  });
  // Signing out takes away what the desk goes on with: nobody does that by a slip of the hand.
  document.addEventListener("submit", (event) => {
    if (!away || !event.target.action?.endsWith("/sign-out")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    answer("amber", words.sign_out, { notes: [words.sign_out_means], ask: question([["y", words.sign_out_yes, () => signOutHere(event.target), true], ["n", words.no, () => null, true]]) });
    document.getElementById("scan").focus();
  }, { capture: true });
  // Without the server the modes turn here; everything else needs it.
  desk.addEventListener("submit", (event) => {
    if (!away || !event.target.matches("[data-act]") || event.target.dataset.away !== undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.submitter?.name === "to") setMode(event.submitter.value);
    else if (event.submitter?.value === "undo_last") takeBackAct(latest);
    else answer("red", words.not_now, { notes: [words.instead] });
  }, { capture: true });
  start();
}
