// Who signs out takes the branch's copy and every key off this browser. What was not sent stays,
// sealed for the server, and is sent by whoever signs in next.
import { forget, possible } from "./store.js";

for (const form of document.querySelectorAll('form[action$="/sign-out"]')) {
  form.addEventListener("submit", async (event) => {
    if (!possible()) return;
    event.preventDefault();
    await forget().catch(() => null);
    form.submit();
  });
}
