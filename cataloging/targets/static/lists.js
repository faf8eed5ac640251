// Lists of ISBNs: each number is checked while it is scanned. Without JavaScript the server checks them.

const form = document.querySelector("form[data-isbns]");

const isValid = (text) => {
  const digits = text.replace(/[^0-9Xx]/g, "");
  if (digits.length === 10 && /^\d{9}[\dXx]$/.test(digits)) {
    return [...digits].reduce((sum, d, n) => sum + (10 - n) * (/x/i.test(d) ? 10 : Number(d)), 0) % 11 === 0;
  }
  return /^97[89]\d{10}$/.test(digits) && [...digits].reduce((sum, d, n) => sum + (n % 2 ? 3 : 1) * Number(d), 0) % 10 === 0;
};

if (form) {
  const box = form.querySelector("textarea");
  const told = form.querySelector("[data-counted]");
  const count = () => {
    const at = box.value.slice(0, box.selectionEnd).split("\n").length; // the line being typed is not judged
    const good = [], wrong = [];
    for (const [n, line] of box.value.split("\n").entries()) {
      const pieces = line.split(/[,;|\t]|\s{2,}/).map((one) => one.replace(/^\W*isbn(?:[- ]?1[03])?\W*/i, ""));
      const valid = pieces.filter(isValid);
      good.push(...valid);
      if (line.trim() && !valid.length && n + 1 !== at) wrong.push(n + 1);
    }
    const said = [told.dataset.good.replace("{n}", String(good.length))];
    if (wrong.length) said.push(told.dataset.wrong.replace("{lines}", wrong.slice(0, 12).join(", ")));
    told.textContent = box.value.trim() ? said.join(" · ") : "";
  };
  box.addEventListener("input", count);
  count();
}
