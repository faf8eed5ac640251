// What this browser keeps for the desk, all of it encrypted. The branch's copy: under a key that
// cannot leave the browser. The log: sealed for the server, so that whoever signs in next can send
// it, and readable here as well until somebody signs out.

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

// Two pages may make one at once: the first that is kept is everybody's.
const kept = (name, made, stands = () => true) => within(["kept"], "readwrite", (t, give) => {
  const asked = t.objectStore("kept").get(name);
  asked.onsuccess = () => {
    const known = asked.result && stands(asked.result) ? asked.result : made;
    if (known === made) t.objectStore("kept").put(made, name);
    give(known);
  };
});

async function secret() {
  return (await get("kept", "key")) ?? kept("key", await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]));
}

// -- sealing: ECDH on P-256 with the server's key, HKDF, AES-GCM; see sealed.py ------------------
const PURPOSE = new TextEncoder().encode("sen desk log");
const written = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const read = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

async function makeSeal(lock) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const theirs = await crypto.subtle.importKey("raw", read(lock.split(".")[1]), curve, false, []);
  const mine = await crypto.subtle.generateKey(curve, false, ["deriveBits"]);
  const point = await crypto.subtle.exportKey("raw", mine.publicKey);
  const shared = await crypto.subtle.importKey("raw", await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, mine.privateKey, 256), "HKDF", false, ["deriveKey"]);
  const key = await crypto.subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: point, info: PURPOSE }, shared, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  return { lock, head: `${lock.split(".")[0]}.${written(point)}`, key };
}

async function seal(lock) {
  const known = await get("kept", "seal");
  return known?.lock === lock ? known : kept("seal", await makeSeal(lock), (one) => one.lock === lock);
}

const bound = (line) => ({ name: "AES-GCM", iv: line.iv, additionalData: new TextEncoder().encode(line.key) });

async function unsealed(line, mine) {
  if (!line.data) return line; // of a page older than the sealing
  if (line.head !== mine?.head) return null;
  try { return { ...JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(bound(line), mine.key, line.data))), key: line.key, n: line.n }; } catch { return null; }
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

// What was not sent stays, whoever signs out: sealed, and readable by the server alone from then on.
export async function forget() {
  await within(["kept"], "readwrite", (t) => { for (const name of ["copy", "key", "seal"]) t.objectStore("kept").delete(name); });
  if ("caches" in window) for (const one of [NAME, "sen-count"]) await caches.delete(one);
}

export const known = (key) => get("log", key);

// Writes a line down, to the disk, before anything is said of it.
export async function log(key, said, lock) {
  const mine = await seal(lock);
  const line = { key, head: mine.head, iv: crypto.getRandomValues(new Uint8Array(12)) };
  line.data = await crypto.subtle.encrypt(bound(line), mine.key, new TextEncoder().encode(JSON.stringify(said)));
  await within(["kept", "log"], "readwrite", (t) => {
    const asked = t.objectStore("kept").get("counter");
    asked.onsuccess = () => {
      const n = (asked.result ?? 0) + 1;
      t.objectStore("kept").put(n, "counter");
      t.objectStore("log").put({ ...line, n });
    };
  });
}

const all = () => within(["log"], "readonly", (t, give) => {
  const asked = t.objectStore("log").getAll();
  asked.onsuccess = () => give(asked.result.sort((a, b) => a.n - b.n));
});

// The lines in order: as they were said where this browser can open them, else sealed.
export async function lines() {
  const mine = await get("kept", "seal");
  return Promise.all((await all()).map(async (line) => (await unsealed(line, mine)) ?? { key: line.key, n: line.n, sealed: `${line.head}.${written(line.iv)}.${written(line.data)}` }));
}

export const sent = (keys) => within(["log"], "readwrite", (t) => { for (const key of keys) t.objectStore("log").delete(key); });
