// By hand: single keys, none of them while somebody types, all of them can be switched off.
(() => {
  "use strict";
  const find = (query) => document.querySelector(query);
  const help = find("#help");

  // Focus goes to the row's own link: screen readers follow, Enter opens it, `held.js` sees a reader.
  const go = (by) => {
    const rows = [...document.querySelectorAll("#live [data-rows] > *")];
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = here < 0 ? rows.find((row) => row.getBoundingClientRect().top >= 0) : rows[here + by];
    next?.querySelector("a")?.focus();
    return rows.length;
  };
  const keys = {
    "/": () => {
      const field = find("[role=search] [type=search]");
      field?.select();
      return field;
    },
    j: () => go(1),
    k: () => go(-1),
    p: () => {
      const button = find("#pause");
      return button.checkVisibility() && !button.click();
    },
    "?": () => !help.showModal(),
    Escape: () => find("[data-rows] :focus")?.blur(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.documentElement.dataset.keys === "off") return;
    if (event.target.closest?.("input, select, textarea, [contenteditable]")) return;
    if (find("dialog[open], :popover-open")) return;
    if (keys[event.key]?.()) event.preventDefault();
  });

  find("#help-button")?.addEventListener("click", () => {
    find("#menu").hidePopover();
    help.showModal();
  });
  // For browsers that do not know `closedby`: all of the dialog's own box is covered by its parts.
  help.addEventListener("click", ({ target }) => { if (target === help) help.close(); });
})();
