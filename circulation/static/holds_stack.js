/* The stack's page looks for new slips by itself and, if asked to, prints each once.
   The server gives every new slip to one page only. What was given and is not on paper yet is kept
   here, so that a reload or a line that breaks loses none and prints none twice. */
const form = document.querySelector("[data-stack]");
const list = document.querySelector("[data-slips-list]");
const every = 5_000;
const box = form.elements.print;
const TICK = "sen.stack.print";
const TAKEN = "sen.stack.taken";
const known = new Set(fresh());
let printing = false;

function fresh() {
  const ids = list.querySelector("[data-new]").dataset.new;
  return ids ? ids.split(",") : [];
}

const taken = () => JSON.parse(localStorage.getItem(TAKEN) || "[]");
const keep = (ids) => localStorage.setItem(TAKEN, JSON.stringify(ids));

async function take() {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const headers = { "X-Requested-With": "fetch" };
  const answer = await fetch(form.dataset.printed, { method: "POST", body, headers });
  if (answer.ok) keep([...new Set([...taken(), ...(await answer.json()).ids])]);
}

/** Print slips through a frame: with a browser that prints silently nobody has to press anything. */
function onPaper(url) {
  return new Promise((done) => {
    const frame = document.createElement("iframe");
    frame.className = "hidden";
    frame.title = document.title;
    frame.src = url;
    frame.addEventListener("load", () => {
      try { frame.contentWindow.focus(); frame.contentWindow.print(); } catch { window.open(url, "_blank"); }
      done();
    });
    document.body.append(frame);
    setTimeout(() => frame.remove(), 600_000);
  });
}

async function print() {
  if (printing || !box.checked) return;
  printing = true;
  try {
    await take();
    const ids = taken();
    if (!ids.length) return;
    const url = `${form.dataset.slips}?ids=${ids.join(",")}`;
    const answer = await fetch(url);
    if (answer.ok) await onPaper(url);
    if (answer.ok || answer.status === 404) { // gone: canceled or served meanwhile
      keep(taken().filter((id) => !ids.includes(id)));
      await show();
    }
  } finally { printing = false; }
}

/** Fetch the list again; return the numbers of the slips that are new in it. */
async function show() {
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) return [];
  const text = await answer.text();
  if (list.contains(document.activeElement)) { // nothing moves under somebody's fingers
    const there = new DOMParser().parseFromString(text, "text/html").querySelector("[data-new]").dataset.new;
    return there ? there.split(",") : [];
  }
  list.innerHTML = text;
  return fresh();
}

async function look() {
  const come = await show();
  if (come.some((id) => !known.has(id))) {
    const said = form.querySelector("[data-said]");
    said.textContent = said.dataset.words;
  }
  come.forEach((id) => known.add(id));
  if (come.length || taken().length) await print();
}

box.checked = localStorage.getItem(TICK) === "1";
box.addEventListener("change", () => {
  localStorage.setItem(TICK, box.checked ? "1" : "0");
  look().catch(() => {});
});
form.hidden = false;
look().catch(() => {});
setInterval(() => look().catch(() => {}), every);
