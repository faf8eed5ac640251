// Choosing a key by pressing it.

for (const box of document.querySelectorAll("[data-takes-key]")) {
  box.addEventListener("keydown", (event) => {
    if (["Tab", "Enter", "Escape", "Shift", "Control", "Alt"].includes(event.key)) return;
    if (event.key === "Backspace" || event.key === "Delete") return;
    event.preventDefault();
    event.stopPropagation();
    const place = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? event.key;
    box.value = `${event.ctrlKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${place}`;
  });
}
