// Copy cataloguing: the answers arrive one by one, arrow keys go from record to record, T takes.
// Without JavaScript the search waits for the slowest target and shows all at once.

for (const form of document.querySelectorAll("form[data-asks]")) {
  const mark = document.createElement("input");
  Object.assign(mark, { type: "hidden", name: "script", value: "1" });
  form.append(mark);
}

const parts = document.getElementById("parts");

const links = () => [...document.querySelectorAll("[data-found]")];

const refresh = async () => {
  const answer = await fetch(parts.dataset.url, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (answer?.ok) {
    const at = document.activeElement?.getAttribute("href");
    parts.innerHTML = await answer.text();
    if (at) links().find((link) => link.getAttribute("href") === at)?.focus();
  }
  follow();
};

const follow = () => {
  if (parts?.querySelector("[data-waits]")) setTimeout(refresh, 300);
};
follow();

document.addEventListener("keydown", (event) => {
  if (!parts || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = links();
  const at = all.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const step = event.key === "ArrowDown" ? 1 : -1;
    const to = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    if (to) { event.preventDefault(); to.focus(); }
  } else if (event.key.toLowerCase() === "t" && at >= 0) {
    event.preventDefault();
    const form = document.createElement("form");
    form.method = "post";
    form.action = `${all[at].pathname}/take`;
    const token = document.createElement("input");
    Object.assign(token, { type: "hidden", name: "csrf_token", value: document.querySelector("[name=csrf_token]").value });
    form.append(token);
    document.body.append(form);
    form.submit();
  }
});
