// Nothing moves under a reader. While someone points at, selects or focuses a row, or has scrolled
// past the head, the rows in sight keep their order and their number; a pill tells what is waiting.
(() => {
  "use strict";
  const { jobwall } = window;
  const REST = 30e3; // a pointer that has not moved for so long reads no more
  let moved = -Infinity;
  let released = false;

  const rows = () => document.querySelector("#live [data-rows]");

  document.addEventListener("pointermove", ({ target }) => {
    if (target.closest?.("[data-rows]")) moved = jobwall.ticks();
  }, { passive: true });

  const held = () => {
    const body = rows();
    if (!body || released) return false;
    const selection = getSelection(), table = body.closest("table");
    return jobwall.ticks() - moved < REST
      || body.contains(document.activeElement)
      || (selection.type === "Range" && selection.containsNode(body, true))
      || table.getBoundingClientRect().top < 0;
  };

  // The rows that came are made into the rows that are shown: the known ones in their places, those
  // that no longer match dimmed, the others counted. `anchored`: they were asked for as a held
  // list's, from its anchor.
  const hold = (fragment, anchored) => {
    const shown = [...rows().children], came = fragment.querySelector("[data-rows]");
    if (!came) return;
    const coming = new Map([...came.children].map((row) => [row.id, row]));
    const known = new Set(shown.map((row) => row.id));
    const ids = [...coming.keys()];
    const last = Math.max(-1, ...shown.map((row) => ids.indexOf(row.id)));
    const fresh = ids.filter((id, place) => !known.has(id) && place < last).length;
    // With fresh rows in between, the end of the list was pushed to the next page: not gone.
    const lastKept = shown.findLastIndex((row) => coming.has(row.id));
    let gone = 0;
    came.replaceChildren(...shown.map((row, place) => {
      const kept = coming.get(row.id) ?? row.cloneNode(true);
      if (!coming.has(row.id) && !(fresh && place > lastKept)) {
        kept.classList.add("is-gone");
        gone += 1;
      }
      return kept;
    }));
    // Not from an anchor, it is what everyone who is not held gets: it must not pass for what is
    // shown, or nothing would come when the reader lets go. Its versions stay, so that nothing older
    // comes.
    const data = fragment.querySelector("#live").dataset;
    if (!anchored && (fresh || gone)) data.etag = data.etag.replace(/-.*/, '-"');
    tell(fragment, Number(came.dataset.new) + fresh, gone);
  };

  const tell = (fragment, fresh, gone) => {
    const pill = fragment.querySelector("#news");
    if (!pill) return;
    pill.querySelector("span").textContent = [fresh && `${fresh} new`, gone && `${gone} gone`].filter(Boolean).join(", ");
    pill.hidden = !(fresh || gone);
  };

  // The pill of the page one is on needs no navigation: let go, ask again, and show the top.
  document.addEventListener("click", (event) => {
    const pill = event.target.closest?.("#news");
    if (!pill || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (new URL(pill.href).href !== location.href.split("#")[0]) return;
    event.preventDefault();
    moved = -Infinity;
    released = true;
    getSelection().removeAllRanges();
    document.activeElement?.blur();
    scrollTo({ top: 0 });
    document.dispatchEvent(new CustomEvent("jobwall:poll"));
  });
  document.addEventListener("htmx:finally:request", () => { released = false; });

  Object.assign(jobwall, { held, hold, anchor: () => rows()?.dataset.anchor });
})();
