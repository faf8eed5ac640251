// Keeps a page for when the server is away, by where it is registered: the empty desk, or the page a
// stock is counted with. Neither holds a patron's data; the rest are scripts and styles.

const DESK = new URL(self.registration.scope).pathname === "/staff/desk";
const KEPT = DESK ? "sen-desk" : "sen-count";
const PATIENCE = 5000;
const isKept = (path) => (DESK ? path === "/staff/desk" : /\/\d+\/count$/.test(path));
const shellOf = (path) => (DESK ? "/staff/desk/shell" : path);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep).then(() => event.source?.postMessage("kept")));
});

async function keep(addresses) {
  const cache = await caches.open(KEPT);
  const wanted = new Set(addresses.map((one) => new URL(one, self.location).href));
  for (const one of await cache.keys()) if (!wanted.has(one.url)) await cache.delete(one);
  await Promise.all([...wanted].map((one) => renew(cache, one)));
}

async function renew(cache, address) {
  if (address.includes("?v=") && (await cache.match(address))) return; // its name is its content
  const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
  if (answer?.ok && !answer.redirected) await cache.put(address, answer);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && isKept(url.pathname)) event.respondWith(page(request, shellOf(url.pathname)));
  else if (url.pathname.includes("/static/")) event.respondWith(part(request, url));
});

async function page(request, shell) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status < 500) return answer;
    return (await caches.match(shell)) ?? answer;
  } catch (problem) {
    const kept = await caches.match(shell);
    if (kept) return kept;
    throw problem;
  }
}

async function part(request, url) {
  const kept = await caches.match(request);
  if (kept && url.searchParams.has("v")) return kept;
  try { return await fetch(request); } catch (problem) { if (kept) return kept; throw problem; }
}
