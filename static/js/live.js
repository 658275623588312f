// One poller for the live part, and the truth about how old it is. htmx asks and morphs; this says
// when, with which ETag, and what follows from the answer.
(() => {
  "use strict";
  const { jobwall } = window;
  const { ticks } = jobwall;
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const part = () => find("live");
  const RESTING = 60e3; // a hidden tab: its title and icon stay true, no more
  const STUCK = 6e3; // no request lives longer than its timeout of 4 s
  const SPEAK = 15e3;

  let timer, flying = 0, failures = 0, trouble = "", signedOut = false;
  let goodAt = ticks(), goodDate = jobwall.now(), held = false;
  let paused = sessionStorage.getItem("paused") === "1";

  const plan = (delay) => { clearTimeout(timer); timer = setTimeout(poll, delay); };

  function poll() {
    clearTimeout(timer);
    if (flying || paused || signedOut) return;
    flying = ticks() || 1;
    part().dispatchEvent(new CustomEvent("poll"));
  }

  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const url = new URL(location.href);
    held = jobwall.held();
    if (held && jobwall.anchor()) url.searchParams.set("at", jobwall.anchor());
    ctx.request.action = url.pathname + url.search;
    ctx.request.headers["If-None-Match"] = part().dataset.etag;
    ctx.request.cache = "no-store"; // or the browser's cache would turn the 304 into a 200
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks: [task] } = event.detail;
    if (ctx.swap === "none") return;
    const { fragment } = task;
    if (!fragment.querySelector("#live")) { // a proxy's page, whatever its status
      ctx.foreign = true;
      event.preventDefault();
      return;
    }
    // White space and comments beside the part would pile up at every poll.
    for (const node of [...fragment.childNodes]) if (node.nodeType !== 1) node.remove();
    if (jobwall.held()) jobwall.hold(fragment);
  });

  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    flying = 0;
    const status = ctx.response?.status, swapped = ctx.status === "swapped" && !ctx.foreign;
    if (status === 401) signedOut = true;
    else if (status === 304 || (status === 200 && swapped)) good(ctx.response.headers.get("Date"));
    else bad(status >= 400 ? `Error ${status}` : "No answer");
    show();
  });

  function good(date) {
    jobwall.hear(date);
    if (failures > 1) say("Live again");
    failures = 0;
    goodAt = ticks();
    goodDate = Date.parse(date) || jobwall.now();
    pulse();
    plan(document.hidden ? RESTING : Number(part().dataset.pace) || 5000);
  }

  function bad(what) {
    failures += 1;
    trouble = what;
    if (failures === 2) say(`${what} since ${jobwall.clock(goodDate)}`);
    const wait = Math.min(15e3, 1000 * 2 ** (failures - 1)) * (0.75 + Math.random() / 4);
    plan(document.hidden && failures > 1 ? RESTING : wait);
  }

  // A list that changes every second must not talk every second.
  let said = part().dataset.say, saidAt = -Infinity;
  const say = (text) => { find("status").textContent = text; saidAt = ticks(); };
  const speak = () => {
    const text = part().dataset.say;
    if (text !== said && ticks() - saidAt > SPEAK) { said = text; say(text); }
  };

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const pulse = () => {
    if (!calm.matches) document.querySelector(".link__dot").animate([{ transform: "scale(1.6)" }, { transform: "none" }], 400);
  };

  // A dead server serves no icon either, so all three are fetched while it lives.
  const favicon = find("favicon"), icons = {};
  for (const mood of ["calm", "failing", "lost"]) {
    fetch(favicon.dataset[mood]).then((answer) => answer.text())
      .then((svg) => { icons[mood] = `data:image/svg+xml,${encodeURIComponent(svg)}`; show(); }).catch(() => {});
  }

  function show() {
    const age = jobwall.rough(ticks() - goodAt), name = document.body.dataset.name;
    const lost = failures > 1, failing = Number(part().dataset.failing) > 0;
    const link = signedOut ? "out" : paused ? "paused" : lost ? "lost" : "live";
    const [word, detail] = {
      out: ["Signed out", ""],
      paused: ["Paused", `· data ${age} old`],
      lost: [trouble, `since ${jobwall.clock(goodDate)} · ${age}`],
      live: ["Live", `· as of ${jobwall.second(goodDate)}`],
    }[link];
    const mood = link === "lost" || link === "out" ? "lost" : failing ? "failing" : "calm";
    root.dataset.link = link;
    root.dataset.mood = mood;
    find("link-word").textContent = word;
    find("link-detail").textContent = detail;
    find("pause").textContent = paused ? "Resume" : "Pause";
    document.title = link === "lost" ? `Lost · ${name}` : link === "out" ? `Signed out · ${name}` : part().dataset.title;
    if (icons[mood] && favicon.href !== icons[mood]) favicon.href = icons[mood];
    speak();
  }

  find("pause").addEventListener("click", () => {
    paused = !paused;
    sessionStorage.setItem("paused", paused ? "1" : "0");
    if (paused) clearTimeout(timer);
    else poll();
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

  let ticked = ticks();
  setInterval(() => {
    // A request that never came back, or a laptop that slept.
    if (flying && ticks() - flying > STUCK) flying = 0, bad("No answer");
    else if (ticks() - ticked > 5000 && !document.hidden) poll();
    ticked = ticks();
    show();
  }, 1000);

  show();
  // At once, for the first answer tells the server's time; and without htmx too, so that a page
  // whose script is missing says that nothing answers.
  document.addEventListener("htmx:after:init", poll, { once: true });
  plan(1000);
})();
