// Slips: printed at once, offered, or not at all, as this workstation is set; F9 prints again.

const desk = document.getElementById("desk");
let frame;
let offered = "";

function print(url) {
  frame?.remove();
  frame = Object.assign(document.createElement("iframe"), { src: url, title: "", hidden: false });
  frame.className = "print-frame";
  frame.setAttribute("aria-hidden", "true");
  frame.tabIndex = -1;
  frame.addEventListener("load", () => {
    try { frame.contentWindow.focus(); frame.contentWindow.print(); } catch { window.open(url, "_blank"); }
  });
  document.body.append(frame);
}

// A frame that holds an error page prints nothing and says nothing.
async function isThere(url) {
  const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
  return answer?.ok !== false || answer.status !== 404;
}

document.addEventListener("sen:answer", (event) => {
  const slip = event.detail.prints;
  offered = "";
  if (!slip) return;
  const url = slip.url === "last" ? desk.dataset.lastSlip : slip.url;
  const kind = slip.kind.charAt(0).toUpperCase() + slip.kind.slice(1);
  const when = slip.when ?? desk.dataset[`print${kind}`] ?? "ask"; // the patron's word, else the workstation's
  sessionStorage.setItem("sen-last-slip", url);
  if (slip.now || when === "always") print(url);
  else if (when === "ask") offered = url;
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-reprint], [data-prints-slip]");
  if (!link) return;
  event.preventDefault();
  const kept = offered || sessionStorage.getItem("sen-last-slip");
  const url = link.matches("[data-reprint]") ? kept || link.href : link.href;
  if (!kept && link.matches("[data-reprint]") && !(await isThere(url))) {
    document.dispatchEvent(new CustomEvent("sen:sound", { detail: "red" }));
    document.getElementById("desk-assertive").textContent = desk.dataset.noSlip;
    document.getElementById("desk-top").textContent = desk.dataset.noSlip;
    return;
  }
  sessionStorage.setItem("sen-last-slip", url);
  print(url);
  document.getElementById("scan")?.focus({ preventScroll: true });
});
