// /sign-in#TOKEN: the token leaves the address before anything else, then signs in by POST. A
// fragment reaches no log, and a link preview that fetches the page cannot spend it.
(() => {
  "use strict";
  const enter = () => {
    const token = location.hash.slice(1);
    if (!token) return;
    history.replaceState(null, "", location.pathname);
    const form = document.getElementById("by-link");
    form.elements.token.value = token;
    document.getElementById("by-key").hidden = true;
    form.hidden = false;
    form.requestSubmit();
  };
  enter();
  addEventListener("hashchange", enter); // the link pasted into a tab that shows this page
})();
