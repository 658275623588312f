// Tabs without asking the board again: a key that was made is on this page alone.
(() => {
  "use strict";
  const links = document.querySelectorAll("[data-way]"), project = document.getElementById("project");

  const show = (link) => {
    for (const one of links) {
      if (one === link) one.setAttribute("aria-current", "page");
      else one.removeAttribute("aria-current");
      document.getElementById(one.dataset.way).hidden = one !== link;
    }
    history.replaceState(null, "", link.href);
    // What is sent from here comes back to this way.
    project.elements.way.value = new URL(link.href).searchParams.get("way");
    const form = document.querySelector("[data-keeps-way]");
    if (form) form.action = link.href;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("[data-way]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(link);
  });
  project.addEventListener("change", () => project.requestSubmit());

  history.replaceState(null, "", location.href); // or a reload would make another key
})();
