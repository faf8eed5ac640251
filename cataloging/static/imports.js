// Pages of imports: a file dropped or chosen, how far its sending is, how far the worker is.
// Without JavaScript the form sends the file as any form does, and the page loads itself anew.

const size = (bytes) => {
  const units = ["byte", "KB", "MB", "GB"];
  let value = bytes, at = 0;
  while (value >= 1000 && at < units.length - 1) { value /= 1000; at += 1; }
  return `${value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: at ? 1 : 0 })} ${units[at]}`;
};

const form = document.querySelector("form[data-upload]");
if (form) {
  const box = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop-zone]");
  const chosen = form.querySelector("[data-chosen]");
  const sending = form.querySelector("[data-sending]");
  const refused = form.querySelector("[data-refused]");
  const button = form.querySelector("button[type=submit]");
  for (const hint of form.querySelectorAll("[data-with-js]")) hint.hidden = false;

  const showChosen = () => {
    const file = box.files[0];
    chosen.hidden = !file;
    refused.hidden = true;
    if (file) chosen.textContent = `${file.name} · ${size(file.size)}`;
  };
  box.addEventListener("change", showChosen);

  for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => {
    event.preventDefault();
    zone.classList.add("drop-zone--over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) zone.classList.remove("drop-zone--over"); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("drop-zone--over");
    if (!event.dataTransfer.files.length) return;
    box.files = event.dataTransfer.files;
    showChosen();
  });

  const refuse = (text) => {
    sending.hidden = true;
    button.disabled = false;
    refused.hidden = false;
    refused.querySelector(".notice__head").textContent = text;
  };

  form.addEventListener("submit", (event) => {
    if (!box.files.length) return; // the server says what is missing
    event.preventDefault();
    button.disabled = true;
    sending.hidden = false;
    const bar = sending.querySelector("progress");
    const text = sending.querySelector(".progress__text");
    const said = text.textContent;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => {
      bar.max = step.total;
      bar.value = step.loaded;
      text.textContent = `${said} ${size(step.loaded)} / ${size(step.total)}`;
    });
    request.addEventListener("load", () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* an error page */ }
      if (answer.next) location.assign(answer.next);
      else refuse((answer.errors || [answer.detail || answer.title || request.statusText]).join(" "));
    });
    request.addEventListener("error", () => form.submit());
    request.open("POST", form.action || location.href);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.send(new FormData(form));
  });
}

const place = document.querySelector("[data-progress-url]");
if (place) {
  const bar = place.querySelector("progress");
  const text = place.querySelector(".progress__text");
  const look = async () => {
    const answer = await fetch(place.dataset.progressUrl, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
    if (answer?.ok) {
      const told = await answer.json();
      if (!told.busy || (place.dataset.state ?? told.state) !== told.state) { location.reload(); return; }
      if (told.total) { bar.max = told.total; bar.value = told.done; }
      text.textContent = told.text;
      for (const figure of place.querySelectorAll("[data-figure]")) figure.textContent = told[figure.dataset.figure] ?? "";
    }
    setTimeout(look, 700);
  };
  setTimeout(look, 400);
}
