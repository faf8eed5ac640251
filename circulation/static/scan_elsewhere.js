// A scan made while the cursor stands in a box of another form. Nobody can see a scanner type, so a
// scan is known by its speed: four characters or more without a space, a median gap under 30 ms,
// Enter or Tab at the end. It is taken out of that box again. Where something there is not saved
// yet, "save first?" is asked and the scan waits; otherwise it goes to the scan box.

const scanBox = document.getElementById("scan");
const ask = document.getElementById("scan-ask");
const WAITS = "sen-scan-waits"; // outlives the save, which brings another page
const LEAST = 4;
const GAP = 30;
const PAUSE = 120; // after this a press begins a new burst
const TYPED = "input:not([type=hidden], [type=checkbox], [type=radio], [type=submit], [type=file], [type=password]), textarea";
// Boxes meant for a scan keep it; so do searches, which save nothing.
const WANTED = "[name*=barcode], [name*=card], [name*=number], [name*=code], [name*=accession], [name=isbn], [name=lines], [name=item], [type=search], [data-takes-scans]";

let burst = null;
let asked = null; // {text, form, from} while the question stands

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const sound = (tone) => document.dispatchEvent(new CustomEvent("sen:sound", { detail: tone }));

function isTaken(node) {
  if (!node?.matches?.(TYPED) || node === scanBox || node.matches(WANTED) || node.closest("dialog")) return false;
  return Boolean(node.form && node.form.method === "post");
}

function begin(node, at) {
  let from = null;
  let to = null;
  try { from = node.selectionStart; to = node.selectionEnd; } catch { /* dates and numbers have no cursor */ }
  return { node, was: node.value, from: from ?? node.value.length, to: to ?? node.value.length, presses: [at] };
}

// What came between the text before the cursor and the text after it.
function textOf({ node, was, from, to }) {
  return node.value.slice(from, node.value.length - (was.length - to)).trim();
}

function isScan(found) {
  const gaps = found.presses.slice(1).map((at, n) => at - found.presses[n]);
  // The last press ends the scan. Words with spaces are a paste or a quick hand, never a code.
  return found.presses.length > LEAST && median(gaps) < GAP && !/\s/.test(textOf(found));
}

function putBack(found) {
  found.node.value = found.was;
  found.node.dispatchEvent(new Event("input", { bubbles: true }));
  try { found.node.setSelectionRange(found.from, found.from); } catch { /* no cursor there */ }
}

function isUnsaved(form) {
  if (form.querySelector("[aria-invalid=true]") || document.getElementById("form-errors")) return true;
  return [...form.elements].some((one) => {
    if (one.type === "hidden" || !one.name) return false;
    if (["checkbox", "radio"].includes(one.type)) return one.checked !== one.defaultChecked;
    if (one.type === "file") return one.files.length > 0;
    if (one.options) return [...one.options].some((o) => o.defaultSelected) && [...one.options].some((o) => o.selected !== o.defaultSelected);
    return one.defaultValue !== undefined && one.value !== one.defaultValue;
  });
}

function use(text) {
  sessionStorage.removeItem(WAITS);
  close();
  if (document.getElementById("desk")) { document.dispatchEvent(new CustomEvent("sen:scan", { detail: text })); return; }
  scanBox.value = text;
  scanBox.form.requestSubmit();
}

function close() {
  asked = null;
  if (ask) ask.hidden = true;
}

function question(text, form, from) {
  asked = { text, form, from };
  ask.querySelector("[data-scanned]").textContent = text;
  for (const node of ask.querySelectorAll("[data-of]")) node.hidden = (node.dataset.of === "form") !== Boolean(form);
  ask.hidden = false;
  sound("amber");
  ask.focus({ preventScroll: true }); // letters answer now, and no longer go into the box
}

function answer(word) {
  const { text, form, from } = asked;
  if (word === "back") { sessionStorage.removeItem(WAITS); close(); from?.focus({ preventScroll: true }); return; }
  if (word === "use") { use(text); return; }
  sessionStorage.setItem(WAITS, text);
  if (!form.reportValidity()) { question(text, null, from); return; }
  close();
  form.requestSubmit(form.querySelector("button:not([type=button]), input[type=submit]"));
}

function taken(found) {
  const text = textOf(found);
  putBack(found);
  if (found.node.closest("[data-question]")) { // a scan never answers a question
    sound("red");
    const place = document.getElementById("desk-assertive");
    if (place) place.textContent = document.getElementById("desk").dataset.question;
  } else if (isUnsaved(found.node.form)) question(text, found.node.form, found.node);
  else use(text);
}

// While the question stands, a scanner's letters and its Enter are no answer: one letter alone is.
let lastPress = 0;
function pressed(event) {
  const gap = event.timeStamp - lastPress;
  lastPress = event.timeStamp;
  if (event.key === "Escape") { event.preventDefault(); event.stopImmediatePropagation(); answer("back"); return; }
  if (event.key === "Enter" && gap < PAUSE) { event.preventDefault(); sound("red"); return; }
  if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = ask.querySelector(`button[data-letter="${CSS.escape(event.key.toLowerCase())}"]:not([hidden])`);
  if (button && gap > PAUSE) setTimeout(() => { if (lastPress === event.timeStamp) button.click(); }, PAUSE);
}

if (scanBox && ask) {
  document.addEventListener("keydown", (event) => {
    if (asked && !isTaken(event.target)) { pressed(event); return; }
    if (!isTaken(event.target) || event.ctrlKey || event.altKey || event.metaKey) { burst = null; return; }
    if (["Shift", "CapsLock"].includes(event.key)) return;
    if (event.repeat) { burst = null; return; }
    const at = event.timeStamp;
    const goesOn = burst?.node === event.target && at - burst.presses.at(-1) < PAUSE;
    if (["Enter", "Tab"].includes(event.key)) {
      burst?.presses.push(at);
      if (goesOn && isScan(burst)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        taken(burst);
      }
      burst = null;
    } else if (goesOn) burst.presses.push(at);
    else burst = begin(event.target, at);
  }, { capture: true });
  ask.addEventListener("click", (event) => {
    const word = event.target.closest("button")?.dataset.word;
    if (word && asked) answer(word);
  });
  // The page after the save: one that was taken leads on to another address and complains of nothing.
  const wasTaken = () => performance.getEntriesByType("navigation")[0]?.redirectCount > 0
    && !document.querySelector("main .notice--bad, main .notice--warn");
  const goOn = (saved) => {
    const text = sessionStorage.getItem(WAITS);
    if (!text) return;
    if (saved) use(text); else question(text, null, document.activeElement);
  };
  document.addEventListener("sen:answer", () => setTimeout(goOn, 0, true));
  goOn(wasTaken());
}
