// A setting counts at once, and is remembered by the server; so it does in every tab on return.
(() => {
  "use strict";
  const form = document.getElementById("settings"), root = document.documentElement;
  if (!form) return;
  const colours = document.querySelectorAll("[name=theme-color]");

  const apply = () => {
    const chosen = Object.fromEntries(new FormData(form)), { theme, zone, keys } = chosen;
    Object.assign(root.dataset, { theme, zone, keys });
    document.querySelector("[name=color-scheme]").content = theme === "system" ? "light dark" : theme;
    for (const colour of colours) colour.content = colour.dataset[theme === "system" ? colour.media.match(/light|dark/) : theme];
    window.jobwall.write();
    return chosen;
  };

  form.addEventListener("change", () => {
    const body = new URLSearchParams(apply());
    fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true })
      .then(({ type }) => type === "opaqueredirect" || Promise.reject())
      .catch(() => { document.getElementById("status").textContent = "This setting could not be remembered"; });
  });

  const remembered = new RegExp(`(?:^|; )${form.dataset.cookie}=([a-z-]+)`);
  const recall = () => {
    for (const word of document.cookie.match(remembered)?.[1].split("-") ?? []) {
      const choice = form.querySelector(`[value=${word}]`);
      if (choice) choice.checked = true;
    }
    apply();
  };
  recall(); // a browser may have kept what was chosen before a reload
  addEventListener("pageshow", ({ persisted }) => { if (persisted) recall(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) recall(); });
})();
