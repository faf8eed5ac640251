// Keys of the lists and record pages. Every key has a visible link or button that does the same.

document.addEventListener("keydown", (event) => {
  if (event.altKey && !event.ctrlKey && !event.metaKey && event.code === "KeyN") {
    event.preventDefault();
    window.location.assign("/staff/catalog/new");
  }
});
