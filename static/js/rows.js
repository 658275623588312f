// A click anywhere on a row opens it, as Enter does on its first link. What is a link of its own leads
// where it says, and who has selected text wanted that.
document.addEventListener("click", (event) => {
  const row = event.target.closest?.("[data-rows] > *");
  if (!row || event.target.closest("a, button, summary") || getSelection().type === "Range") return;
  row.querySelector("a")?.dispatchEvent(new MouseEvent("click", event)); // with the keys that are held
});
