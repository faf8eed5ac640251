// What this browser keeps for the desk: the branch's copy, encrypted under a key that cannot leave
// the browser, and the log of what was done without the server. The log holds codes and no names.

const NAME = "sen-desk";
let opened;

export const possible = () => window.isSecureContext && Boolean(crypto.subtle) && "indexedDB" in window && "serviceWorker" in navigator;

function open() {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("kept");
      asked.result.createObjectStore("log", { keyPath: "key" });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opened;
}

async function within(stores, how, work) {
  const db = await open();
  const options = how === "readwrite" ? { durability: "strict" } : {};
  const transaction = db.transaction(stores, how, options);
  let found;
  const ended = new Promise((done, failed) => {
    transaction.oncomplete = () => done(found);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
  work(transaction, (value) => { found = value; });
  return ended;
}

const get = (store, key) => within([store], "readonly", (t, give) => {
  const asked = t.objectStore(store).get(key);
  asked.onsuccess = () => give(asked.result);
});
const put = (key, value) => within(["kept"], "readwrite", (t) => t.objectStore("kept").put(value, key));

async function secret() {
  const known = await get("kept", "key");
  if (known) return known;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await put("key", made);
  return made;
}

export async function keepCopy(text, about) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await secret(), new TextEncoder().encode(text));
  await put("copy", { ...about, iv, data });
}

// Says when, what version and of which branch, without opening it.
export async function aboutCopy() {
  const kept = await get("kept", "copy");
  return kept ? { unit: kept.unit, version: kept.version, at: kept.at } : null;
}

export async function heard(at) {
  const kept = await get("kept", "copy");
  if (kept) await put("copy", { ...kept, at });
}

export async function readCopy() {
  const kept = await get("kept", "copy");
  if (!kept) return null;
  try {
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, await secret(), kept.data);
    return { ...JSON.parse(new TextDecoder().decode(text)), at: kept.at };
  } catch { return null; } // another key: it is asked for again
}

// What was not sent stays, whoever signs out.
export async function forget() {
  await within(["kept"], "readwrite", (t) => { t.objectStore("kept").delete("copy"); t.objectStore("kept").delete("key"); });
  if ("caches" in window) await caches.delete(NAME);
}

export const known = (key) => get("log", key);

export const log = (line) => within(["kept", "log"], "readwrite", (t) => {
  const kept = t.objectStore("kept");
  const asked = kept.get("counter");
  asked.onsuccess = () => {
    const n = (asked.result ?? 0) + 1;
    kept.put(n, "counter");
    t.objectStore("log").put({ ...line, n });
  };
});

export const lines = () => within(["log"], "readonly", (t, give) => {
  const asked = t.objectStore("log").getAll();
  asked.onsuccess = () => give(asked.result.sort((a, b) => a.n - b.n));
});

export const sent = (keys) => within(["log"], "readwrite", (t) => { for (const key of keys) t.objectStore("log").delete(key); });
