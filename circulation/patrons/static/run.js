/* The page of an act on many shows how far the worker is, and what came of it when it is over. */
const place = document.querySelector("[data-progress-url]");
const bar = place.querySelector("progress");
const text = place.querySelector(".progress__text");

async function look() {
  const answer = await fetch(place.dataset.progressUrl).catch(() => null);
  if (answer?.ok) {
    const told = await answer.json();
    if (!told.busy || told.state !== place.dataset.state) { location.reload(); return; }
    if (told.total) { bar.max = told.total; bar.value = told.done; }
    text.textContent = told.text;
  }
  setTimeout(look, 700);
}
setTimeout(look, 400);
