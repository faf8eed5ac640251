// The screen at the entrance: the cursor waits in the box; what was said to one is gone before the next.
const box = document.querySelector("[data-door-scan]");
const answer = document.querySelector("[data-door-answer]");

const waits = () => document.activeElement === document.body;
box.focus();
document.addEventListener("keydown", (event) => {
  if (waits() && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) box.focus();
});
if (answer && answer.getAttribute("role") === "alert") {
  setTimeout(() => {
    if (!box.value) window.location.replace(window.location.pathname);
  }, 8000);
}
