// The rows of the MARC view by keyboard, in place: new field and subfield, double, move, delete,
// undo. The server does the same for pages without scripts.

export function beginRows(form, { changed, lastRecord, turn }) {
  const rows = document.getElementById("rows");
  const blank = document.getElementById("blank-row");
  const undone = [];
  let names = null;

  const current = () => rows.querySelector(":scope > li:has(input[name=at]:checked)") ?? rows.lastElementChild;
  const choose = (row) => { const pick = row?.querySelector("input[name=at]"); if (pick) pick.checked = true; };
  const subsOf = (row) => row.querySelector(".mrow__subs");
  const keepState = () => {
    undone.push([[...rows.children].map((row) => [row, [...(subsOf(row)?.children ?? [])]]), document.activeElement]);
    if (undone.length > 100) undone.shift();
  };
  const free = () => Math.max(-1, ...[...rows.children].map((row) => Number(row.dataset.row))) + 1;

  // A copy of a row under a number of its own, with what was typed in it.
  function copyOf(row, values) {
    const made = row.cloneNode(true);
    const old = `f${row.dataset.row}`, now = `f${free()}`;
    made.dataset.row = now.slice(1);
    made.id = now;
    // What offers headings in a box belongs to that box: the copy gets its own when it is put in.
    for (const node of made.querySelectorAll(".suggested, [role=status]")) node.remove();
    for (const node of made.querySelectorAll("[data-suggests]")) delete node.dataset.suggests;
    for (const node of made.querySelectorAll("[name], [id], [for], [data-code-of]")) {
      if (node.name?.startsWith(`${old}.`)) node.name = now + node.name.slice(old.length);
      if (node.id.startsWith(`${old}-`)) node.id = now + node.id.slice(old.length);
      if (node.htmlFor?.startsWith(`${old}-`)) node.htmlFor = now + node.htmlFor.slice(old.length);
      if (node.dataset.codeOf === old) node.dataset.codeOf = now;
      if (node.name === "at") node.value = now.slice(1);
    }
    if (values) {
      const from = row.querySelectorAll("input:not([name=at]), textarea, select");
      made.querySelectorAll("input:not([name=at]), textarea, select").forEach((box, place) => { box.value = from[place].value; });
    }
    return made;
  }

  const COMMANDS = {
    field(row) {
      const made = copyOf(blank.content.querySelector("li"), false);
      if (row) row.after(made); else rows.append(made);
      return made.querySelector(".mrow__tag");
    },
    subfield(row) {
      const subs = row && subsOf(row);
      if (!subs) return null;
      const made = blank.content.querySelector(".msub").cloneNode(true);
      for (const box of made.children) { box.name = box.name.replace(/^f\d+/, `f${row.dataset.row}`); box.value = ""; box.removeAttribute("id"); }
      (document.activeElement.closest?.(".msub") ?? subs.lastElementChild)?.after(made) ?? subs.append(made);
      if (!made.isConnected) subs.append(made);
      return made.querySelector(".msub__code");
    },
    double(row) {
      if (!row) return null;
      const made = copyOf(row, true);
      row.after(made);
      return made.querySelector(".msub__value, .mrow__text, .mrow__line");
    },
    up(row) { row?.previousElementSibling?.before(row); return document.activeElement.closest?.("li") === row ? document.activeElement : null; },
    down(row) { row?.nextElementSibling?.after(row); return document.activeElement.closest?.("li") === row ? document.activeElement : null; },
    delete(row) {
      if (!row) return null;
      const sub = document.activeElement.closest?.(".msub");
      if (sub && sub.parentElement.children.length > 1) {
        const beside = sub.nextElementSibling ?? sub.previousElementSibling;
        sub.remove();
        return beside.querySelector(".msub__value");
      }
      const beside = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      choose(beside);
      return beside?.querySelector(".mrow__tag, .mrow__line") ?? null;
    },
  };

  function run(command) {
    const row = current(), focused = document.activeElement;
    if (command === "undo") {
      const state = undone.pop();
      if (!state) return;
      rows.replaceChildren(...state[0].map(([one]) => one));
      for (const [one, subs] of state[0]) subsOf(one)?.replaceChildren(...subs);
      state[1]?.focus();
    } else {
      keepState();
      const next = COMMANDS[command](row) ?? focused;
      next?.focus();
      next?.select?.();
      choose(next?.closest?.("li"));
    }
    changed(rows);
  }
  for (const button of form.querySelectorAll("[data-command]")) {
    button.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    button.addEventListener("click", (event) => { event.preventDefault(); run(button.dataset.command); });
  }

  // The names of what is typed.
  const known = async () => (names ??= fetch(form.dataset.names).then((answer) => answer.json()).catch(() => ({})));
  async function nameRow(row) {
    const tag = row.querySelector(".mrow__tag")?.value ?? "";
    const field = (await known())[tag];
    row.querySelector(".mrow__name").textContent = field?.name ?? "";
    row.querySelectorAll(".mrow__mark").forEach((mark, place) => {
      mark.title = Object.entries(field?.marks[place] ?? {}).map(([value, name]) => `${value} ${name}`).join("\n");
    });
    for (const sub of row.querySelectorAll(".msub")) {
      const code = sub.querySelector(".msub__code").value, value = sub.querySelector(".msub__value");
      value.title = field?.subs[code] ?? "";
      value.ariaLabel = `${tag} $${code} ${value.title}`;
      if (code === "a" && field?.classes) {
        value.dataset.classes = form.dataset.classes;
        value.toggleAttribute("data-on-call", field.classes === "on_call");
      } else delete value.dataset.classes;
      if (code === "a" && field?.heading) value.dataset.heading = field.heading; else delete value.dataset.heading;
      // Names may come when the box is typed in already: whoever offers something there is told.
      if (value.dataset.classes || value.dataset.heading) value.dispatchEvent(new Event("named", { bubbles: true }));
    }
  }
  rows.addEventListener("change", (event) => {
    if (event.target.matches(".mrow__tag, .msub__code")) nameRow(event.target.closest("li"));
  });
  rows.addEventListener("focusin", (event) => {
    const row = event.target.closest("li");
    choose(row);
    known(); // asked for early: they are wanted at the first box
    if (event.target.matches(".mrow__mark") && !event.target.title) nameRow(row);
  });

  // A heading taken with its years: they go into a subfield of their own.
  rows.addEventListener("dated", ({ target, detail }) => {
    const row = target.closest("li");
    let sub = [...row.querySelectorAll(".msub")].find((one) => one.querySelector(".msub__code").value === "d");
    if (!sub) {
      sub = blank.content.querySelector(".msub").cloneNode(true);
      for (const box of sub.children) { box.name = box.name.replace(/^f\d+/, `f${row.dataset.row}`); box.removeAttribute("id"); }
      sub.querySelector(".msub__code").value = "d";
      target.closest(".msub").after(sub);
    }
    sub.querySelector(".msub__value").value = detail;
    nameRow(row);
  });

  // The subfields of the same field of the last record.
  rows.addEventListener("keydown", async (event) => {
    if (!event.altKey || event.code !== "KeyL") return;
    event.preventDefault();
    const row = event.target.closest("li"), tag = row.querySelector(".mrow__tag")?.value;
    const found = (await lastRecord()).rows.find((one) => one.tag === tag);
    const subs = subsOf(row);
    if (!found || !subs) return;
    keepState();
    subs.replaceChildren(...found.subs.map(([code, text]) => {
      const made = blank.content.querySelector(".msub").cloneNode(true);
      for (const box of made.children) { box.name = box.name.replace(/^f\d+/, `f${row.dataset.row}`); box.removeAttribute("id"); }
      made.children[0].value = code; made.children[1].value = text;
      return made;
    }));
    row.querySelectorAll(".mrow__mark").forEach((mark, place) => { mark.value = found.marks[place]; });
    nameRow(row);
    subs.querySelector(".msub__value")?.focus();
    changed(rows);
  });

  // A code chosen by name is written where it stands; one that says what the others are has them shown anew.
  form.addEventListener("change", (event) => {
    const of = event.target.dataset.codeOf;
    if (!of) return;
    const text = of === "ldr" ? form.elements.ldr : form.elements[`${of}.x`], before = form.elements[`${of}.o`];
    const at = Number(event.target.dataset.at), value = event.target.value;
    if (value) text.value = before.value = text.value.slice(0, at) + value + text.value.slice(at + value.length);
    changed(text);
    const says = of === "ldr" ? at === 6 || at === 7 : at === 0 && /^00[67]$/.test(form.elements[`${of}.t`].value);
    if (says) turn("view:marc");
  });
}
