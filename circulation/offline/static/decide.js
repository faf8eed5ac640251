// What the desk decides by its local copy. Modest on purpose: the server decides again at replay.
// A copy's item: [id, title, type, use, patron who has it, against, patron it waits for, due day, last
// day on the hold shelf, call number, accession number, where else it is];
// a patron: [name, [kind, its name], card's end, [loans, by type, reading], against, end of telephone].

const DAY = 86_400_000;
const asDay = (iso) => Date.parse(`${iso}T00:00:00Z`);
const asIso = (time) => new Date(time).toISOString().slice(0, 10);

export const today = () => new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);
export const code = (text) => text.normalize("NFC").trim().toUpperCase().replace(/\s+/g, "");

function isOpen(copy, time) {
  return copy.days[Math.round((time - asDay(copy.first)) / DAY)] !== "0"; // beyond the calendar: open
}

function seek(copy, time, step, most) {
  for (let n = 0; n < most; n += 1) if (isOpen(copy, time + n * step * DAY)) return time + n * step * DAY;
  return null;
}

function nthOpen(copy, from, count) {
  if (!count) return from;
  for (let n = 1, left = count; n < 400; n += 1) { if (isOpen(copy, from + n * DAY)) left -= 1; if (left <= 0) return from + n * DAY; }
  return null;
}

export function ruleFor(copy, type, kind) {
  const found = copy.rules[`${type}|${kind}`] ?? [true, 14, "calendar", null, null, true, null, null, true, null];
  const names = ["loanable", "days", "count", "fixed", "ceiling", "withinCard", "total", "ofKind", "room", "inRoom"];
  return Object.fromEntries(names.map((name, n) => [name, found[n]]));
}

// Days or the fixed day, forward to an open day, cut by ceiling and card: the order of the server.
export function due(copy, rule, expires, start = today()) {
  const from = asDay(start);
  const fixed = Boolean(rule.fixed) && asDay(rule.fixed) >= from;
  let on = fixed ? asDay(rule.fixed) : from + rule.days * DAY;
  if (rule.count === "open" && !fixed) on = nthOpen(copy, from, rule.days) ?? on;
  on = seek(copy, on, 1, 60) ?? on;
  for (const limit of [rule.ceiling, rule.withinCard ? expires : null]) {
    if (!limit || asDay(limit) < from || asDay(limit) >= on) continue;
    on = seek(copy, asDay(limit), -1, (asDay(limit) - from) / DAY + 1) ?? asDay(limit);
  }
  return asIso(on);
}

// The lines that stand: what was taken back is out, with what took it back.
export function standing(lines) {
  const gone = new Set(lines.filter((line) => line.command === "undo").map((line) => line.of));
  return lines.filter((line) => line.command && line.command !== "undo" && !gone.has(line.key));
}

// What was done since the copy was made, by the log: who has what now.
export function since(lines, copy) {
  const held = new Map();
  for (const line of standing(lines)) {
    const at = code(line.item || "");
    if (line.command === "check_out") held.set(at, { card: line.card, patron: copy?.cards[line.card]?.[0] ?? null, kind: line.kind });
    if (line.command === "check_in") held.set(at, null);
  }
  return held;
}

// What a reader has: of the copy what did not come back since, and what was noted since.
export function loansOf(copy, held, reader) {
  const found = [];
  if (reader.id) for (const [at, item] of Object.entries(copy?.items ?? {})) if (item[4] === reader.id && !held.has(at)) found.push({ at, title: item[1], due: item[7] });
  for (const [at, one] of held) if (one && ((one.patron && one.patron === reader.id) || one.card === reader.card)) found.push({ at, title: copy?.items[at]?.[1] ?? at, due: null });
  return found;
}

export function holder(copy, held, at) {
  if (held.has(at)) return held.get(at);
  const patron = copy?.items[at]?.[4];
  return patron ? { patron, card: null } : null;
}

// What stands against a loan: [code, sentence or null, may be lifted here, is only a question].
export function against({ copy, held, at, reader, room }) {
  const found = [];
  const item = copy?.items[at];
  const has = holder(copy, held, at);
  const own = has && ((has.patron && has.patron === reader.id) || (has.card && has.card === reader.card));
  if (own) return [["own_loan", null, true, true]];
  if (has) found.push(["on_loan_other", null, true, true]);
  const patron = copy?.patrons[reader.id];
  for (const [name, words, lifts] of patron?.[4] ?? []) {
    if (!room || !/_of_reading_room$/.test(name)) found.push([name, words, lifts, false]);
  }
  for (const [name, words, lifts] of item?.[5] ?? []) {
    if (/_of_reading_room$/.test(name) && room) continue;
    if (/_for_other$/.test(name) && item[6] === reader.id) continue;
    found.push([name, words, lifts, false]);
  }
  if (!item || !patron) return found;
  const rule = ruleFor(copy, item[2], patron[1][0]);
  const mine = [...held.values()].filter((one) => one && one.patron === reader.id);
  const more = mine.filter((one) => (one.kind === "reading_room") === room).length;
  const [loans, byType, reading] = patron[3];
  const back = [...held].filter(([at_, one]) => !one && copy.items[at_]?.[4] === reader.id).length;
  const value = (room ? reading : loans - back) + more + 1;
  const limit = room ? rule.inRoom : rule.total;
  if (limit !== null && value > limit) found.push(["limit", { value, limit }, copy.lifts, false]);
  if (!room && rule.ofKind !== null && (byType[item[2]] ?? 0) + more + 1 > rule.ofKind) found.push(["limit", { value: (byType[item[2]] ?? 0) + more + 1, limit: rule.ofKind }, copy.lifts, false]);
  if (!rule.loanable && !room) found.push(["not_lent", null, false, false]);
  return found;
}
