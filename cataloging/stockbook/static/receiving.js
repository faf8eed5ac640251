// Receiving by keyboard: Enter (or the scanner) goes from the code to the number of copies, Enter
// there puts the title on the voucher. Without JavaScript Enter in the first box does it at once.

const form = document.getElementById("receive");

form?.elements.code?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.isComposing || !event.target.value.trim()) return;
  event.preventDefault();
  form.elements.copies.focus();
  form.elements.copies.select();
});
