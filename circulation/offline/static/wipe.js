// Who signs out takes the branch's copy off this browser. What was not sent stays and is sent by
// whoever signs in next; it holds codes, no names.
import { forget, possible } from "./store.js";

for (const form of document.querySelectorAll('form[action$="/sign-out"]')) {
  form.addEventListener("submit", async (event) => {
    if (!possible()) return;
    event.preventDefault();
    await forget().catch(() => null);
    form.submit();
  });
}
