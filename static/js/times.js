// The clock of the page: what time it is on the server, and every <time> in the viewer's own zone.
// A wrong clock on the viewer's side changes nothing.
(() => {
  "use strict";
  const SECOND = 1e3, MINUTE = 6e4, HOUR = 36e5, DAY = 864e5;
  const born = [performance.now(), Date.now()];
  // performance.now() may stop while a laptop sleeps, Date.now() be set back: the larger is truer.
  const ticks = () => Math.max(performance.now() - born[0], Date.now() - born[1]);
  let offset = born[1];
  const now = () => offset + ticks();
  // While lost or paused nobody knows whether a job still runs, so all relative times stand still
  // together, at the last answer (`jobwall.from`); the bar says how old that is.
  const then = () => window.jobwall?.from ?? now();

  // A Date header has whole seconds and is late by the way: the greatest guess is the best one, and
  // keeping it spares every running duration from stepping back and forth.
  const hear = (date) => {
    const guess = Date.parse(date) - ticks();
    if (Number.isNaN(guess)) return;
    offset = Math.abs(guess - offset) > 2 * SECOND ? guess : Math.max(guess, offset);
  };

  // In the zone that <html data-zone> names: UTC, or the viewer's own.
  const hm = { hour: "2-digit", minute: "2-digit" }, hms = { ...hm, second: "2-digit" };
  const page = document.documentElement;
  let zoned, formats;
  const choose = () => {
    if (zoned === page.dataset.zone) return;
    zoned = page.dataset.zone;
    const timeZone = zoned === "utc" ? "UTC" : undefined, timeZoneName = "short";
    const format = (options) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", timeZone, ...options });
    formats = {
      hour: format(hm), second: format(hms),
      weekday: format({ weekday: "short" }), date: format({ dateStyle: "short" }),
      year: format({ day: "numeric", month: "short", year: "numeric" }),
      full: format({ weekday: "short", day: "numeric", month: "short", year: "numeric", ...hms, timeZoneName }),
      zone: format({ timeZoneName }),
    };
  };
  choose();
  const zone = () => formats.zone.formatToParts(now()).find(({ type }) => type === "timeZoneName").value;
  const whole = (ms, unit) => Math.floor(Math.max(ms, 0) / unit);
  const two = (n) => String(n).padStart(2, "0");

  // As `app/rules/words.py` says it: `age` and `duration`.
  const UNITS = [[SECOND, "s", 120], [MINUTE, "min", 120], [HOUR, "h", 48], [DAY, "d", Infinity]];
  const age = (ms) => {
    const [unit, name] = UNITS.find(([unit, , most]) => whole(ms + unit / 2, unit) < most);
    return `${whole(ms + unit / 2, unit)} ${name}`;
  };
  const duration = (ms) =>
    ms > 0 && ms < SECOND ? "< 1 s"
    : ms < MINUTE ? `${whole(ms, SECOND)} s`
    : ms < HOUR ? `${whole(ms, MINUTE)} m ${two(whole(ms % MINUTE, SECOND))} s`
    : ms < DAY ? `${whole(ms, HOUR)} h ${two(whole(ms % HOUR, MINUTE))} m`
    : `${whole(ms, DAY)} d ${two(whole(ms % DAY, HOUR))} h`;
  const dated = (at) => {
    const text = formats.year.format(at);
    return text.slice(-4) === formats.year.format(now()).slice(-4) ? text.slice(0, -5) : text;
  };
  const clock = (at) => {
    const text = formats.hour.format(at), passed = now() - at;
    if (formats.date.format(at) === formats.date.format(now())) return text;
    return `${passed < 6 * DAY && passed > 0 ? formats.weekday.format(at) : dated(at)} ${text}`;
  };
  const styles = {
    ago: (at) => {
      const passed = then() - at;
      if (passed < -2 * MINUTE) return clock(at); // more than two right clocks differ by (rules/skew.py)
      if (passed < SECOND) return "now";
      return passed < 14 * DAY ? `${age(passed)} ago` : dated(at);
    },
    clock,
    hour: (at) => formats.hour.format(at),
    day: dated,
    // A day of UTC is one of the viewer's only where their midnights are the same.
    period: (at, until) => {
      const [from, to] = [at, until].map(styles.hour), day = styles.day(at);
      return until - at < DAY ? `${day}, ${from}–${to}`
        : from === "00:00" ? day : `${day}, ${from} – ${styles.day(until)}, ${to}`;
    },
    seconds: (at) => formats.second.format(at),
    date: (at) => `${formats.year.format(at)}, ${formats.second.format(at)}`,
    for: (at) => `for ${age(then() - at)}`,
    paren: (at) => ` (${age(then() - at)})`,
    run: (at) => duration(then() - at),
  };

  // The text node is kept where there is one, or a selection across it would be lost each second.
  const put = (element, text) => {
    if (element.textContent === text) return;
    if (element.firstChild?.nodeType === 3) element.firstChild.nodeValue = text;
    else element.textContent = text;
  };
  const write = () => {
    choose();
    for (const name of document.querySelectorAll(".zone")) put(name, zone());
    for (const time of document.querySelectorAll("time[data-style]")) {
      put(time, styles[time.dataset.style](Date.parse(time.dateTime), Date.parse(time.dataset.until)).replaceAll(" ", "\u00a0"));
    }
  };

  // In full, and in UTC as it is stored, for who points at it; written then, as few are ever asked.
  document.addEventListener("pointerover", ({ target }) => {
    const time = target.closest?.("time[data-style]");
    if (time) time.title = `${formats.full.format(Date.parse(time.dateTime))}\n${time.dateTime.replace("T", " ").replace("Z", " UTC")}`;
  });

  page.classList.add("js");
  write();
  document.addEventListener("DOMContentLoaded", write);
  document.addEventListener("htmx:after:swap", write);
  setInterval(() => { if (!document.hidden) write(); }, SECOND);
  window.jobwall = { ticks, now, hear, age, write, clock, zone, second: styles.seconds };
})();
