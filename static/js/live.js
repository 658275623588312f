// One poller for the live part, and the truth about how old it is. htmx asks and morphs; this says
// when, with which ETag, and what follows from the answer.
(() => {
  "use strict";
  const { jobwall } = window, { ticks } = jobwall;
  const find = (id) => document.getElementById(id);
  const part = () => find("live"), data = () => part().dataset;
  const RESTING = 60e3; // a hidden tab: its title and icon stay true, no more
  const STUCK = 8e3; // no request outlives its timeout of 6 s, of which an answer may wait for 4
  const QUIET = 15e3; // a list that changes every second must not talk every second

  let timer, chosen, flying = 0, failures = 0, trouble = "", signedOut = false, removed = false;
  let goodAt = ticks(), goodDate = jobwall.now(), ticked = goodAt;
  let paused = sessionStorage.paused === "1";

  const plan = (delay) => { clearTimeout(timer); timer = setTimeout(poll, delay); };

  function poll() {
    clearTimeout(timer);
    if (flying || paused || signedOut || removed) return;
    flying = ticks() || 1;
    part().dispatchEvent(new CustomEvent("poll"));
  }

  document.addEventListener("htmx:config:request", ({ detail: { ctx: { request } } }) => {
    const url = new URL(location.href), anchor = jobwall.held() && jobwall.anchor();
    if (anchor) url.searchParams.set("at", anchor);
    request.action = url.pathname + url.search;
    request.headers["If-None-Match"] = data().etag;
    if (!document.hidden) request.headers.Prefer = "wait=4"; // rather than to say that nothing changed
    delete request.headers["HX-Current-URL"]; // the same address again, which may be long
    request.cache = "no-store"; // or the browser's cache would turn the 304 into a 200
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks: [task] } = event.detail;
    if (ctx.swap === "none") return;
    if (paused) return event.preventDefault(); // asked for before
    if (!task.fragment.querySelector("#live")) { // a proxy's page, whatever its status
      ctx.foreign = true;
      event.preventDefault();
      return;
    }
    // White space and comments beside the part would pile up at every poll.
    for (const node of [...task.fragment.childNodes]) if (node.nodeType !== 1) node.remove();
    if (jobwall.held()) {
      jobwall.hold(task.fragment, new URL(ctx.request.action, location).searchParams.has("at"));
    }
  });

  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const status = ctx.response?.status;
    flying = 0;
    if (status === 401) signedOut = true;
    else if (paused) return show();
    else if (status === 410) removed = true, say("Removed");
    else if (status < 400 && ctx.status === "swapped" && !ctx.foreign) good(ctx.response.headers);
    else bad(status >= 400 ? `Error ${status}` : "No answer");
    show();
  });

  function good(headers) {
    const date = headers.get("Date"), age = headers.get("Age") * 1000; // of a busy project's part
    jobwall.hear(date);
    if (failures > 1) say("Live again");
    failures = 0;
    goodAt = ticks() - age;
    goodDate = (Date.parse(date) || jobwall.now()) - age;
    pulse();
    plan(document.hidden ? RESTING : Number(data().pace) || 5000);
  }

  function bad(what) {
    failures += 1;
    trouble = what;
    if (failures === 2) say(`${what} since ${jobwall.clock(goodDate)}`);
    const wait = Math.min(15e3, 1000 * 2 ** (failures - 1)) * (0.75 + Math.random() / 4);
    plan(document.hidden && failures > 1 ? RESTING : wait);
  }

  let said = data().say, saidAt = -QUIET;
  const say = (text) => { find("status").textContent = text; saidAt = ticks(); };

  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const pulse = () => {
    if (!still.matches) find("dot").animate([{ transform: "scale(1.6)" }, { transform: "none" }], 400);
  };

  // A dead server serves no icon either, so all three are fetched while it lives.
  const favicon = find("favicon"), icons = {};
  for (const mood of ["calm", "trouble", "lost"]) {
    fetch(favicon.dataset[mood]).then((answer) => answer.text())
      .then((svg) => { icons[mood] = `data:image/svg+xml,${encodeURIComponent(svg)}`; }).catch(() => {});
  }

  function show() {
    const age = jobwall.age(ticks() - goodAt), name = document.body.dataset.name;
    const [link, word, detail, title] = signedOut ? ["out", "Signed out", "", `Signed out · ${name}`]
      : removed ? ["gone", "Removed", "", `Removed · ${name}`]
      : paused ? ["paused", "Paused", `· data ${age} old`, data().title]
      : failures > 1 ? ["lost", trouble, `since ${jobwall.clock(goodDate)} · ${age}`, `Lost · ${name}`]
      : ["live", "Live", `· as of ${jobwall.second(goodDate)} ${jobwall.zone()}`, data().title];
    const mood = signedOut || link === "lost" ? "lost" : data().alarm ? "trouble" : "calm";
    const from = link === "live" ? undefined : goodDate;
    Object.assign(document.documentElement.dataset, { link, mood });
    if (jobwall.from !== from) jobwall.from = from, jobwall.write();
    find("alarm").textContent = signedOut || removed ? `${word}. What stands below is from ${jobwall.clock(goodDate)}.`
      : `${trouble} ${detail}. What stands below is from then.`;
    find("link-word").textContent = word;
    find("link-detail").textContent = detail;
    find("pause").textContent = paused ? "Resume" : "Pause";
    if (document.title !== title) document.title = title;
    if (icons[mood] && favicon.href !== icons[mood]) favicon.href = icons[mood];
    if (data().say !== said && ticks() - saidAt > QUIET) say(said = data().say);
  }

  find("pause").addEventListener("click", () => {
    paused = !paused;
    sessionStorage.paused = paused ? "1" : "0";
    poll();
    show();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) poll();
    else if (failures !== 1) plan(RESTING);
    jobwall.write();
  });
  addEventListener("online", poll);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) poll(); });
  document.addEventListener("jobwall:poll", poll);
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("#filter select")) return;
    // By keyboard every letter and arrow is a change: wait for the last of them.
    clearTimeout(chosen);
    chosen = setTimeout(() => target.form.requestSubmit(), target.matches(":focus-visible") ? 800 : 0);
  });

  setInterval(() => {
    if (flying && ticks() - flying > STUCK) flying = 0, bad("No answer"); // it never came back
    else if (ticks() - ticked > 5000 && !document.hidden) poll(); // the machine slept
    ticked = ticks();
    show();
  }, 1000);

  // At once, for the first answer tells the server's time; and without htmx too, so that a page
  // whose script is missing says that nothing answers.
  document.addEventListener("htmx:after:init", poll, { once: true });
  plan(1000);
  show();
})();
