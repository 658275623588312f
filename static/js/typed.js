// Times that are typed: in the zone in which the page tells times, while addresses are in UTC.
(() => {
  "use strict";
  const utc = () => document.documentElement.dataset.zone === "utc";
  const minute = (at) => new Date(at).toISOString().slice(0, 16);
  const write = () => {
    for (const field of document.querySelectorAll("[data-utc]")) {
      if (!field.dataset.utc) continue;
      const at = new Date(`${field.dataset.utc}Z`);
      field.value = minute(utc() ? at : at - at.getTimezoneOffset() * 6e4);
    }
  };
  write();
  document.addEventListener("change", ({ target }) => { if (target.name === "zone") write(); });
  document.addEventListener("formdata", ({ target, formData }) => {
    for (const { name, value, dataset } of target.elements) {
      if (value && dataset.utc !== undefined) formData.set(name, minute(utc() ? `${value}Z` : value));
    }
  });
})();
