// A staff screen left alone locks itself. What was open or typed stays below the cover; the server
// refuses this browser until the PIN, the card or the password is given.

const cover = document.getElementById("lock");
const form = cover?.querySelector("[data-unlocks]");
const secret = form?.elements.secret;
const minutes = Number(cover?.dataset.minutes || 0);
const SEEN = "sen-last-touch"; // shared by the tabs of this browser: work in one keeps all open
let from = null;

const headers = { "X-Requested-With": "fetch", Accept: "application/json" };

function touch() {
  if (!cover?.open) localStorage.setItem(SEEN, String(Date.now()));
}

async function send(url, data) {
  return fetch(url, { method: "POST", body: data, credentials: "same-origin", headers });
}

function coverUp() {
  if (cover.open) return;
  from = document.activeElement;
  document.body.classList.add("locked");
  cover.showModal();
  secret.value = "";
  secret.focus();
}

async function lock() {
  const data = new FormData();
  data.set("csrf_token", form.elements.csrf_token.value);
  coverUp();
  await send(cover.dataset.lockUrl, data).catch(() => null);
}

if (cover) {
  for (const kind of ["keydown", "pointerdown", "input"]) document.addEventListener(kind, touch, { capture: true, passive: true });
  touch();
  cover.addEventListener("cancel", (event) => event.preventDefault());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await send(form.action, new FormData(form)).catch(() => null);
    const facts = await answer?.json().catch(() => null);
    const problem = document.getElementById("lock-problem");
    secret.value = "";
    if (!facts?.unlocked) { problem.textContent = facts?.detail ?? ""; secret.focus(); return; }
    problem.textContent = "";
    cover.close();
    document.body.classList.remove("locked");
    touch();
    from?.focus?.({ preventScroll: true });
  });
  for (const one of document.querySelectorAll("[data-locks]")) {
    one.addEventListener("submit", (event) => { event.preventDefault(); lock(); });
  }
  if (minutes) {
    setInterval(() => {
      const idle = Date.now() - Number(localStorage.getItem(SEEN) || Date.now());
      // Nobody could be let in again while the server is away.
      if (!cover.open && idle >= minutes * 60_000 && !document.body.classList.contains("away")) lock();
    }, 5000);
  }
}
