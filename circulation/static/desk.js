// The desk made quick: scans are queued, each with its own key, and sent one after the other.
// Without this file every form still works as a page.
import * as offline from "../offline/static/offline.js";

const desk = document.getElementById("desk");
const box = document.getElementById("scan");
const form = box?.form;
const mode = new URLSearchParams(location.search).get("mode") ?? form?.elements.mode?.value ?? "";
const client = sessionStorage.getItem("sen-client") || crypto.randomUUID?.() || String(Math.random()).slice(2);
sessionStorage.setItem("sen-client", client);
let counter = Number(sessionStorage.getItem("sen-counter") || 0);
// The queue outlives a reload (a locked screen, a server that was away): no scan is ever lost.
const QUEUE = "sen-queue";
const queue = JSON.parse(sessionStorage.getItem(QUEUE) || "[]");
const keepQueue = () => sessionStorage.setItem(QUEUE, JSON.stringify(queue));
let sending = false;
let lostSince = null;
let idle = 0;
document.addEventListener("sen:answered", () => { drain(); focusBox(); });

function nextKey() {
  counter += 1;
  sessionStorage.setItem("sen-counter", String(counter));
  return `${client}-${counter}`.slice(0, 78);
}

const sound = (tone) => document.dispatchEvent(new CustomEvent("sen:sound", { detail: tone }));

function say(text, tone) {
  const loud = tone === "red";
  for (const [name, words] of [["desk-assertive", loud ? text : ""], ["desk-polite", loud ? "" : text]]) {
    const place = document.getElementById(name);
    if (place) place.textContent = words;
  }
}

// A box that has the focus already may hold half a scan: selecting it would let the rest replace it.
function focusBox() {
  if (!box || document.activeElement === box) return;
  box.focus({ preventScroll: true });
  box.select();
}

function openQuestion() {
  return desk?.querySelector("[data-question]");
}

// An offer is taken by its letter like an answer, but nobody has to: the next scan passes it by.
function openOffer() {
  return desk?.querySelector("[data-question], [data-offer]");
}

// -- sending ------------------------------------------------------------------------------------
async function post(url, data, patience = 0) {
  const answer = await fetch(url, {
    method: "POST", body: data, credentials: "same-origin", signal: patience ? AbortSignal.timeout(patience) : undefined,
    headers: { "X-Requested-With": "fetch", Accept: "application/json" },
  });
  if (answer.redirected || [401, 423].includes(answer.status)) { location.reload(); return null; }
  const facts = await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error(facts?.detail || String(answer.status)), { facts, status: answer.status });
  return facts;
}

// An answer brings the newest rows: those shown already are replaced, all others stay.
function addRows(html) {
  const list = document.getElementById("desk-rows");
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  for (const row of [...fresh.content.querySelectorAll("[data-row]")].reverse()) {
    const known = list.querySelector(`[data-row="${CSS.escape(row.dataset.row)}"]`);
    if (known) known.replaceWith(row); else list.prepend(row);
    endUndo(row);
  }
  if (list.querySelector("[data-row]")) list.querySelector(".done--none")?.remove();
}

function endUndo(row) {
  const button = row.querySelector("[form=undo-form]");
  if (button) setTimeout(() => button.remove(), Number(desk.dataset.undoSeconds) * 1000);
}
for (const row of document.querySelectorAll("#desk-rows [data-row]")) endUndo(row);

function show(facts) {
  if (facts.mode !== mode) { location.assign(facts.address); return; } // its bar changes: the page anew
  document.getElementById("desk-top").innerHTML = facts.top;
  asked += 1;
  if (facts.panel === null) stale = facts; else { stale = null; document.getElementById("desk-panel").innerHTML = facts.panel; }
  addRows(facts.rows);
  carry(facts.state);
  if (facts.patron) sessionStorage.setItem("sen-last-patron", facts.patron);
  history.replaceState(null, "", facts.address);
  if (!facts.silent) sound(facts.tone);
  say(facts.headline, facts.tone);
  document.dispatchEvent(new CustomEvent("sen:answer", { detail: facts }));
  focusBox();
}

// The panel of a patron who stays open follows once no scan waits.
let stale = null;
let asked = 0;
async function refreshPanel() {
  if (!stale || queue.length || offline.isAway()) return;
  const [facts, turn] = [stale, asked];
  stale = null;
  const words = facts.address.split("?")[1] ?? "";
  const answer = await fetch(`${desk.dataset.panelUrl}?${words}`, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected || turn !== asked) return;
  const panel = document.getElementById("desk-panel");
  const html = await answer.text();
  if (turn === asked && !panel.contains(document.activeElement)) panel.innerHTML = html;
}

// The forms that stay carry on what the answer says is open now, and what an override remembered.
function carry(state) {
  for (const target of document.querySelectorAll("form[data-carries]")) {
    for (const old of target.querySelectorAll("input[data-carried]")) old.remove();
    for (const [name, value] of Object.entries(state)) {
      const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      input.dataset.carried = "";
      target.append(input);
    }
  }
}

async function drain() {
  if (sending) return;
  sending = true;
  while (queue.length) {
    const { text, key } = queue[0];
    if (offline.isAway()) {
      if (!(await offline.take(text, key))) { warnWaiting(); break; }
      queue.shift();
      keepQueue();
      continue;
    }
    const began = Date.now();
    const data = new FormData(form);
    data.set("scan", text);
    data.set("key", key);
    data.set("shows", document.querySelector("#desk-panel [data-patron]")?.dataset.patron ?? "");
    try {
      const facts = await post(desk.dataset.scanUrl, data, offline.patience());
      lostSince = null;
      if (!facts) break; // signed out or locked: the page comes again, and the queue with it
      queue.shift();
      keepQueue();
      show(facts);
      if (facts.asks || openQuestion()) { warnWaiting(); break; }
    } catch (problem) {
      if (problem.status && problem.status < 500) {
        queue.shift();
        keepQueue();
        sound("red");
        say(problem.message, "red");
        document.getElementById("desk-top").textContent = problem.message;
        continue;
      }
      lostSince ??= began;
      if (offline.canTake() && Date.now() - lostSince >= offline.lostFor) {
        await offline.begin({ patron: form.elements.patron?.value, mode });
        continue; // decided here, under the same key: should the server have it, it is not done twice
      }
      say(desk.dataset.lost, "red");
      document.getElementById("desk-top").textContent = desk.dataset.lost;
      await new Promise((done) => setTimeout(done, 1000)); // the same key goes again: it happens once
    }
  }
  sending = false;
  refreshPanel();
}

function warnWaiting() {
  if (queue.length) { sound("red"); say(desk.dataset.question, "red"); }
}

if (form && desk) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value.trim();
    box.value = "";
    if (text && openQuestion()) { sound("red"); say(desk.dataset.question, "red"); return; }
    enqueue(text);
  });
  // A pasted list is as many scans as it has lines.
  box.addEventListener("paste", (event) => {
    const lines = (event.clipboardData?.getData("text") ?? "").split(/\r?\n/).map((l) => l.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    for (const line of lines) enqueue(line);
  });
  document.addEventListener("sen:scan", (event) => enqueue(event.detail)); // the camera's
  if (queue.length) drain();
}

function enqueue(text) {
  queue.push({ text, key: nextKey() });
  keepQueue();
  drain();
}

async function act(target, button) {
  const data = new FormData(target, button);
  if (!data.get("key")) data.set("key", nextKey());
  try {
    const facts = await post(desk.dataset.actUrl, data);
    if (facts) show(facts);
    drain();
  } catch (problem) {
    const words = problem.status ? problem.message : desk.dataset.silent;
    if (problem.facts?.approvable && !data.has("approver_card")) { sendAsPage(target, button, data.get("key")); return; }
    if (problem.facts?.approvable && notApproved(target, words)) { sound("red"); return; }
    refused(target, words);
  }
}

// What somebody else must approve is asked on a page of its own, which sends the same form again.
function sendAsPage(target, button, key) {
  for (const [name, value] of [["key", key], ...(button?.name ? [[button.name, button.value]] : [])]) {
    target.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  HTMLFormElement.prototype.submit.call(target);
}

// Card and PIN did not fit: the question stays, with all that was typed but the PIN.
function notApproved(target, words) {
  const place = target.querySelector("[data-problem]");
  if (!place) return false;
  place.textContent = words;
  place.hidden = false;
  const pin = target.elements.approver_pin;
  pin.value = "";
  pin.focus();
  return true;
}

// What was typed into a form that was refused stays, with the reason above it.
function refused(target, words) {
  const top = document.getElementById("desk-top");
  const told = Object.assign(document.createElement("p"), { className: "answer answer--red", textContent: words });
  told.dataset.refused = "";
  top.querySelector("[data-refused]")?.remove();
  if (top.contains(target)) top.prepend(told); else top.replaceChildren(told);
  sound("red");
  say(words, "red");
}

desk?.addEventListener("submit", (event) => {
  const target = event.target;
  if (!target.matches("[data-act]")) return;
  const mode = event.submitter?.name === "to";
  if (mode) return; // changing the mode reloads the page: its bar changes
  event.preventDefault();
  act(target, event.submitter);
});

// -- keys ---------------------------------------------------------------------------------------
const typing = (node) => node.closest?.("input:not([type=hidden]):not([type=checkbox]), textarea, select") && node !== box;

document.addEventListener("keydown", (event) => {
  idle = 0;
  if (typing(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.defaultPrevented || document.querySelector("dialog[open]") || stepped(event)) return;
  if (openOffer() && !box?.value && event.key.length === 1 && fast(event) === false) {
    const answer = desk.querySelector(`[data-answer~="${CSS.escape(event.key.toLowerCase())}"]`);
    if (answer) { event.preventDefault(); pendingAnswer(answer); return; }
  }
  if (document.activeElement !== box && event.key.length === 1) focusBox(); // a scan never goes nowhere
});

// Of several hits one is chosen by arrows: down and up the list, sideways among what can be done.
const STEPS = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
function stepped(event) {
  const step = STEPS[event.key];
  const hits = [...(desk?.querySelectorAll(".choice__list > li") ?? [])];
  if (!step || !hits.length || (document.activeElement === box && (box.value || !step[0]))) return false;
  const acts = (hit) => [...hit.querySelectorAll("button, a")];
  const at = hits.findIndex((hit) => hit.contains(document.activeElement));
  if (at < 0 && document.activeElement !== box) return false;
  event.preventDefault();
  if (step[1]) {
    const here = acts(hits[at]);
    here[Math.min(Math.max(here.indexOf(document.activeElement) + step[1], 0), here.length - 1)].focus();
  } else if (at + step[0] < 0) focusBox();
  else acts(hits[Math.min(at + step[0], hits.length - 1)])[0]?.focus();
  return true;
}

// A letter answers a question only when no other key follows at once: a scanner types in bursts.
let lastPress = 0;
function fast(event) { const gap = event.timeStamp - lastPress; lastPress = event.timeStamp; return gap < 40; }
function pendingAnswer(button) {
  const at = lastPress;
  const why = button.form?.querySelector("input[name=why]");
  setTimeout(() => {
    if (lastPress !== at) return;
    if (why && !why.value) why.focus(); else button.click();
  }, 90);
}

const lastButton = document.querySelector("[data-key=last]");
if (lastButton && desk) {
  lastButton.hidden = false;
  lastButton.addEventListener("click", () => {
    const patron = sessionStorage.getItem("sen-last-patron");
    if (patron) location.href = `${location.pathname}?patron=${encodeURIComponent(patron)}`;
  });
}

// A patron's data do not stay on the screen of an empty desk.
setInterval(() => {
  idle += 1;
  const open = document.querySelector("[data-patron]");
  if (open && idle >= 180 && !sending && !queue.length) { idle = 0; document.querySelector("[data-key=finish]")?.click(); }
}, 1000);
document.addEventListener("pointerdown", () => { idle = 0; });

if (desk) {
  const shown = desk.querySelector(".answer");
  if (shown) sound(shown.dataset.tone);
  if (desk.querySelector("[data-patron]")) sessionStorage.setItem("sen-last-patron", desk.querySelector("[data-patron]").dataset.patron);
  focusBox();
}
