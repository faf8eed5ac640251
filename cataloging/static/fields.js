// What the field of the row or line in focus is, in the panel beside an editor. Asked for as whole
// sentences when a field is reached, so that the page itself stays light.

const page = document.querySelector("[data-fields]");
const panel = document.getElementById("field-help");
let explained = "";

async function explain(tag) {
  if (!/^(\d{3}|LDR)$/.test(tag) || tag === explained) return;
  explained = tag;
  const answer = await fetch(`${page.dataset.fields}/${tag}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (answer?.ok && explained === tag) panel.innerHTML = await answer.text();
}

// A record as text: the line the cursor is on.
const text = page?.querySelector("#text:not([hidden])");
function explainLine() {
  const before = text.value.slice(0, text.selectionStart).split("\n").length;
  explain((text.value.split("\n")[before - 1] ?? "").trim().slice(0, 3));
}

if (page && panel) {
  for (const kind of ["click", "keyup", "focus"]) text?.addEventListener(kind, explainLine);
  page.addEventListener("focusin", (event) => {
    const row = event.target.closest(".mrow");
    if (row) explain(row.querySelector(".mrow__tag")?.value ?? (row.querySelector("#ldr") ? "LDR" : ""));
  });
}
