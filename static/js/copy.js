// Copy buttons, and commands that name this very address.
(() => {
  "use strict";
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy), label = button.querySelector("span"), word = label.textContent;
    let said;
    try {
      await navigator.clipboard.writeText(source.dataset.exact ?? source.textContent);
      said = "Copied";
    } catch { // no clipboard without https: the text is selected, ready for the keyboard
      getSelection().selectAllChildren(source);
      said = "Selected";
    }
    label.textContent = said;
    button.classList.add("is-done");
    setTimeout(() => { label.textContent = word; button.classList.remove("is-done"); }, 2000);
  });

  for (const board of document.querySelectorAll("[data-root]")) board.textContent = location.origin + board.dataset.root;
})();
