// Finding readers and copies in the local copy: names and titles with or without marks, the end of a
// telephone number, accession numbers with or without dots and zeros.

const MARKS = /[\u0300-\u036f]/g;
export const fold = (text) => text.normalize("NFD").replace(MARKS, "").replace(/[đĐ]/g, "d").toLowerCase();
const wordsOf = (text) => fold(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);

// `tn. 00012` and `TN 12` are `TN12`; between two numbers a dot stays: the form of the server.
export function accession(text) {
  let key = "";
  for (const part of text.normalize("NFC").toUpperCase().match(/\p{Nd}+|\p{L}+/gu) ?? []) {
    if (/^\p{Nd}/u.test(part)) key += (/\p{Nd}$/u.test(key) ? "." : "") + (part.replace(/^0+/, "") || "0");
    else key += part;
  }
  return key.slice(0, 40);
}

// Made once for each copy that comes.
const made = new WeakMap();
function index(copy) {
  if (made.has(copy)) return made.get(copy);
  const cards = {};
  for (const [number, [id, active]] of Object.entries(copy.cards)) if (active) cards[id] = number;
  const byNumber = new Map();
  for (const [at, item] of Object.entries(copy.items)) if (item[10]) byNumber.set(accession(item[10]), byNumber.has(accession(item[10])) ? null : at);
  const found = {
    cards, byNumber,
    readers: Object.entries(copy.patrons).map(([id, one]) => [id, wordsOf(one[0])]),
    copies: Object.entries(copy.items).map(([at, one]) => [at, wordsOf(one[1])]),
  };
  made.set(copy, found);
  return found;
}

export const cardOf = (copy, id) => index(copy).cards[id] ?? null;

// The barcode of an accession number; null where none or several have it.
export function byNumber(copy, text) {
  const key = accession(text);
  return /\p{L}/u.test(key) && /\p{Nd}/u.test(key) ? index(copy).byNumber.get(key) ?? null : null;
}

const fits = (wanted, words) => wanted.every((one) => words.some((word) => word.startsWith(one)));

// What was typed may be a name, the last digits of a telephone number (four at least) or a title.
export function find(copy, text, most) {
  if (!copy) return { readers: [], copies: [], more: false };
  const wanted = wordsOf(text);
  const digits = text.replace(/[\s.+-]/g, "");
  const isPhone = /^\d{4,15}$/.test(digits);
  const readers = [];
  const copies = [];
  const { readers: names, copies: titles } = index(copy);
  for (const [id, words] of names) {
    const tail = copy.patrons[id][5];
    if (isPhone ? tail && tail.endsWith(digits.slice(-tail.length)) : wanted.length && fits(wanted, words)) readers.push(Number(id));
  }
  if (!isPhone && wanted.join("").length > 1) for (const [at, words] of titles) if (fits(wanted, words)) copies.push(at);
  copies.sort((a, b) => Number(Boolean(copy.items[a][4])) - Number(Boolean(copy.items[b][4]))); // what is here first
  return { readers: readers.slice(0, most), copies: copies.slice(0, Math.max(most - readers.length, 0)), more: readers.length + copies.length > most };
}
