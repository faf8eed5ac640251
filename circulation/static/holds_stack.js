/* The stack's page looks for new slips by itself and, if asked to, prints each once. */
const form = document.querySelector("[data-stack]");
const list = document.querySelector("[data-slips-list]");
const every = 15_000;
const box = form.elements.print;
const known = new Set(fresh());

function fresh() {
  const ids = list.querySelector("[data-new]").dataset.new;
  return ids ? ids.split(",") : [];
}

function printed(ids) {
  const body = new URLSearchParams({ ids: ids.join(","), csrf_token: form.elements.csrf_token.value });
  return fetch(form.dataset.printed, { method: "POST", body });
}

/** Print slips through a frame: with a browser that prints silently nobody has to press anything. */
function print(ids) {
  const frame = document.createElement("iframe");
  frame.className = "hidden";
  frame.title = document.title;
  frame.src = `${form.dataset.slips}?ids=${ids.join(",")}`;
  frame.addEventListener("load", async () => {
    frame.contentWindow.print();
    await printed(ids);
    await look();
  });
  document.body.append(frame);
}

async function look() {
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
  if (!answer.ok) return;
  if (list.contains(document.activeElement)) return; // nothing moves under somebody's fingers
  list.innerHTML = await answer.text();
  const come = fresh().filter((id) => !known.has(id));
  come.forEach((id) => known.add(id));
  if (!come.length) return;
  const said = form.querySelector("[data-said]");
  said.textContent = said.dataset.words;
  if (box.checked) print(come);
}

box.checked = localStorage.getItem("sen.stack.print") === "1";
box.addEventListener("change", () => {
  localStorage.setItem("sen.stack.print", box.checked ? "1" : "0");
  if (box.checked && fresh().length) print(fresh());
});
form.hidden = false;
setInterval(() => look().catch(() => {}), every);
