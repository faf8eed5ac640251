// What a scanner may have read when a keyboard layout or Unikey spoiled it: the readings of the
// server (ils/text/typing_keys.py, barcode_readings), for when the server is away.

const MOST = 48;
const ROWS = ["&É\"'(-È_ÇÀ", "ĂÂÊÔ\u0300\u0309\u0303\u0301\u0323Đ", "!@#$%^&*()"];
const FRENCH = new Map([..."AQZW,?;:!)"].map((one, n) => [one, [..."QAWZMM,./-"][n]]));
const TONES = "\u0300\u0309\u0303\u0301\u0323";
const METHODS = [
  { shapes: { â: "aa", ê: "ee", ô: "oo", ă: "aw", ơ: "ow", ư: "uw", đ: "dd" }, tones: "frxsj", short: true },
  { shapes: { â: "a6", ê: "e6", ô: "o6", ă: "a8", ơ: "o7", ư: "u7", đ: "d9" }, tones: "23415", short: false },
];
const isAscii = (text) => [...text].every((one) => one.codePointAt(0) < 128);

// The first 48 of all ways to take one of each, the last changing fastest.
function product(lists) {
  let found = [[]];
  for (const list of lists) found = found.flatMap((head) => list.map((one) => [...head, one])).slice(0, 4 * MOST);
  return found.slice(0, MOST);
}

function asDigits(came, row, letters) {
  const table = new Map([...row].map((sign, n) => [sign, String((n + 1) % 10)]));
  const spread = [...came].map((one) => (table.has(one) ? one : one.normalize("NFD"))).join("");
  const read = [...spread].map((one) => table.get(one) ?? letters?.get(one) ?? one).join("");
  return read !== came && isAscii(read) ? read : null;
}

// The letter with its shape, and the number of its tone: -1 for none.
function split(one) {
  const parts = [...one.normalize("NFD")];
  const mark = parts.find((part) => TONES.includes(part));
  return mark ? [parts.filter((part) => part !== mark).join("").normalize("NFC"), TONES.indexOf(mark)] : [one, -1];
}

// A key of a shape or tone stands anywhere between its letter and the end of the run.
function keysOf(run, { shapes, tones, short }) {
  const parts = [...run].map(split);
  const letters = parts.map(([letter]) => letter).join("");
  const variants = new Set([letters, letters.replaceAll("ươ", "uơ"), ...(short ? [letters.replaceAll("ư", "w")] : [])]);
  const found = new Set();
  for (const variant of variants) {
    const strokes = [...variant].map((letter) => shapes[letter] ?? letter);
    const keys = strokes.flatMap((stroke, at) => (stroke.length > 1 ? [[at + 1, stroke[1]]] : []));
    parts.forEach(([, tone], at) => { if (tone >= 0) keys.push([at + 1, tones[tone]]); });
    const places = keys.map(([first]) => Array.from({ length: Math.max(strokes.length + 1 - first, 0) }, (_one, n) => first + n));
    for (const chosen of product(places)) {
      found.add(strokes.map((stroke, n) => stroke[0] + keys.filter((_key, k) => chosen[k] === n + 1).map(([, key]) => key).join("")).join(""));
    }
  }
  return [...found];
}

export function readings(text) {
  const came = text.replace(/\s+/g, "").normalize("NFC").toUpperCase();
  if (!came) return [];
  const found = new Set([came]);
  if (isAscii(came) && !/[!@#$%^&*()"'_]/.test(came)) return [...found];
  for (const read of [asDigits(came, ROWS[0], FRENCH), ...ROWS.map((row) => asDigits(came, row))]) if (read) found.add(read);
  for (const method of METHODS) {
    const runs = (came.match(/\p{L}+|\P{L}+/gu) ?? []).map((run) => keysOf(run.toLowerCase(), method));
    for (const ways of product(runs)) { const read = ways.join("").toUpperCase(); if (isAscii(read)) found.add(read); }
  }
  return [...found].slice(0, MOST);
}

// The number in the QR code of a card, which may stand behind an address; null for any other text.
export function cardIn(text) {
  const parts = text.trim().split("#").at(-1).split(":");
  return parts.length === 6 && parts[0] === "SEN1" ? decodeURIComponent(parts[1]) : null;
}
