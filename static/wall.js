/* The wall keeps itself true: it polls the board, tells the time by the server's clock, and sizes
   the rows and chips to the screen. ES2017 and the APIs of Chromium 68. */
(function () {
  'use strict';

  const TICK = 500; // ms: the one timer
  const POLL = 1200; // ms from poll to poll, where the answer did not wait for a change
  const TIMEOUT = 6000; // an answer slower than this is a missed one; it may wait for 4 s
  const MISSES = 2; // this many missed answers, and the screen says so
  const RELOAD_EVERY = 6 * 3600000; // ms: what a browser hoards in months goes
  const SHIFT_EVERY = 240000; // ms: against burn-in all of it moves a little, in a circle
  const SHIFT = 0.5; // vmin
  const REST = 5000; // ms after which a pointer that does not move is gone
  const DRIFT = 5000; // two clocks apart by this: the screen slept, or its clock was set
  const RELOAD_APART = 60000; // two builds behind one address must not make it reload for ever
  const RELOADED = 'wall-reloaded-at'; // in sessionStorage
  const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

  let root = document.getElementById('wall');
  let etag = root.dataset.etag;
  let build = root.dataset.build;
  let times = [];
  let chips = null; // what was measured of the chips on the board
  let request = null;
  let dueAt = 0;
  let missed = 0;
  let unsure = false;
  let signedOut = false;
  let renewing = false;
  let stirredAt = -REST;
  let pointer = ''; // where it was seen last
  let agedBefore = 0; // ms: how old the board was when it came

  // The clock: the server's time at the last answer, and what has passed since.

  const base = { server: Number(root.dataset.now) / 1000, steady: performance.now(), wall: Date.now() };

  function passed() {
    return [performance.now() - base.steady, Date.now() - base.wall];
  }

  function elapsed() {
    return Math.max.apply(null, passed());
  }

  function serverNow() {
    return base.server + elapsed();
  }

  // `Date` has whole seconds: keep the running clock while it agrees, so that it does not jitter.
  function setClock(header) {
    const sent = Date.parse((header || '').split(/, (?=[A-Z][a-z]{2},)/)[0]);
    const told = serverNow();
    const agrees = isNaN(sent) || (told >= sent && told < sent + 1500);
    base.server = agrees ? told : sent + 500;
    base.steady = performance.now();
    base.wall = Date.now();
  }

  // Words for times

  function two(number) {
    return (number < 10 ? '0' : '') + number;
  }

  // In UTC, if that is how this browser wants its times: read off as if it were the local zone.
  function dateOf(ms) {
    const utc = document.documentElement.dataset.zone === 'utc';
    return new Date(utc ? ms + new Date(ms).getTimezoneOffset() * 60000 : ms);
  }

  function clock(ms) {
    const date = dateOf(ms);
    return two(date.getHours()) + ':' + two(date.getMinutes());
  }

  // As `app/rules/words.py` says it.
  const UNITS = [[1000, 's', 120], [60000, 'min', 120], [3600000, 'h', 48], [86400000, 'd', Infinity]];

  function nearest(ms, unit) {
    return Math.floor(Math.max(0, ms) / unit + 0.5);
  }

  function age(ms) {
    const found = UNITS.find(function (one) { return nearest(ms, one[0]) < one[2]; });
    return nearest(ms, found[0]) + ' ' + found[1];
  }

  // The time of day, or the day where the time of day would mislead.
  function moment(ms, now) {
    const date = dateOf(ms);
    const passed = now - ms;
    if (Math.abs(passed) < 86400000) return clock(ms);
    if (passed > 0 && passed < 6 * 86400000) return DAYS[date.getDay()];
    const year = date.getFullYear();
    return date.getDate() + ' ' + MONTHS[date.getMonth()] + (year === dateOf(now).getFullYear() ? '' : ' ' + year);
  }

  function phrase(show, ms, now) {
    if (show === 'age') return age(now - ms);
    if (show === 'ago') return age(now - ms) + ' ago';
    return moment(ms, now);
  }

  // Painting what changes by itself

  function find(selector) {
    return root.querySelector(selector);
  }

  function say(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function paint() {
    const now = serverNow();
    const lost = missed >= MISSES;
    const silence = elapsed() + agedBefore;
    document.body.classList.toggle('is-lost', lost);
    document.body.classList.toggle('is-unsure', unsure);
    document.body.classList.toggle('is-signed-out', signedOut);
    document.body.classList.toggle('is-resting', performance.now() - stirredAt >= REST);
    say(find('.head__clock'), clock(now));
    say(find('.head__age'), signedOut ? '' : age(silence) + ' old');
    find('.head__counts').hidden = lost || signedOut;
    find('.head__lost').hidden = !lost;
    if (lost) say(find('.head__lost'), 'NO ANSWER SINCE ' + clock(base.server - agedBefore) + ' · ' + age(silence));
    times.forEach(function (time) {
      say(time.node, phrase(time.show, time.at, now));
    });
    shift(now);
    const title = root.dataset.title;
    document.title = signedOut ? 'Not paired · jobwall' : lost ? 'Lost · ' + title : title;
  }

  // A person's pointer brings the way back; a screen that nobody touches shows neither. Browsers tell
  // of a move also where the board moved under a pointer that lies still.
  function stir(event) {
    const before = pointer;
    pointer = event.screenX + ',' + event.screenY;
    if (event.type === 'pointermove' && (!before || before === pointer)) return;
    stirredAt = performance.now();
    document.body.classList.remove('is-resting');
  }

  function shift(now) {
    const turn = Math.floor(now / SHIFT_EVERY) % 8 * Math.PI / 4;
    const reach = SHIFT * Math.min(window.innerWidth, window.innerHeight) / 100;
    const moved = 'translate(' + Math.round(reach * Math.cos(turn)) + 'px, ' + Math.round(reach * Math.sin(turn)) + 'px)';
    if (root.style.transform !== moved) root.style.transform = moved;
  }

  function readTimes() {
    times = Array.from(root.querySelectorAll('time')).map(function (node) {
      return { node: node, show: node.dataset.show, at: Date.parse(node.getAttribute('datetime')) };
    });
  }

  // Fitting: everything is arithmetic on widths in em, measured once for each board.

  const LEADING = 1.7; // the height of a chip with one line, in em of its text
  const LEADING_TALL = 3.1; // with two lines
  const READABLE = 4.7; // vmin: 16 minutes of arc at 5 m on 55 inches
  const SMALLEST = 2.8;
  const LEAST_ROW = 8.4; // vmin, of a list on the wall of one project
  const MOST_ROW = 26;
  const READABLE_BELOW = 3.5; // vmin: no text of a list is made smaller for a second line

  function measureChips(list) {
    const nodes = Array.from(list.children);
    const rest = nodes.pop();
    list.removeAttribute('style');
    nodes.forEach(function (node) { node.hidden = false; });
    const beyond = {};
    list.dataset.beyond.split(';').filter(Boolean).forEach(function (pair) {
      beyond[pair.split('=')[0]] = Number(pair.split('=')[1]);
    });
    list.className = 'chips chips--measured';
    const em = 50;
    const sizes = nodes.map(function (node) {
      return {
        name: node.querySelector('.chip__name').getBoundingClientRect().width / em,
        words: node.querySelector('.chip__words').getBoundingClientRect().width / em,
        quiet: node.classList.contains('chip--quiet')
      };
    });
    list.className = 'chips';
    const more = Object.keys(beyond).reduce(function (sum, kind) { return sum + beyond[kind]; }, 0);
    return { list: list, nodes: nodes, rest: rest, beyond: beyond, sizes: sizes, total: nodes.length + more };
  }

  // The width in em that a chip needs when names may be cut to `most` em.
  function chipWidth(mode, most) {
    return chips.sizes.reduce(function (widest, size) {
      const name = Math.min(size.name, most);
      // In a tight grid the words are as large as the name, and those of the fine are left out.
      const large = mode === 'tight' ? size.words / 0.8 : size.words;
      const words = mode === 'tight' && size.quiet ? 0 : Math.max(large, 3.2) + 0.6;
      const text = mode === 'tall' ? Math.max(name, size.words) + 1.7 : name + words + 1.2;
      return Math.max(widest, text + 1.1);
    }, 0);
  }

  // The grid with the largest text that shows every chip.
  function grid(mode, most, room) {
    const needed = chipWidth(mode, most);
    const leading = mode === 'tall' ? LEADING_TALL : LEADING;
    const count = chips.total;
    let best = { size: 0 };
    for (let columns = 1; columns <= Math.min(count, 24); columns++) {
      const rows = Math.ceil(count / columns);
      const width = (room.width - (columns - 1) * room.gap) / columns;
      const height = (room.height - (rows - 1) * room.gap) / rows;
      const size = Math.min(width / needed, height / leading, room.largest);
      const blanks = rows * columns - count;
      if (size > best.size + 0.01 || (size > best.size - 0.01 && blanks < best.blanks)) {
        best = { mode: mode, size: size, columns: columns, rows: rows, height: height, blanks: blanks };
      }
    }
    return best;
  }

  // How to show the chips in a room: all of them and readable; else all of them; else as many as fit.
  function plan(room) {
    if (!chips) return { good: true, height: 0 };
    if (chips.nodes.length === chips.total) {
      const cuts = [34, 24, 17, 12, 9];
      const modes = ['tall', 'line', 'tight'];
      for (let i = 0; i < cuts.length; i++) {
        for (let j = 0; j < modes.length; j++) {
          const found = grid(modes[j], cuts[i], room);
          if (found.size >= READABLE * room.unit) return Object.assign(found, { good: true });
        }
      }
      const small = grid('tight', 9, room);
      if (small.size >= SMALLEST * room.unit) return small;
    }
    const size = (room.few ? READABLE : SMALLEST) * room.unit;
    const fits = function (length, one) {
      return Math.max(1, Math.floor((length + room.gap) / (one + room.gap)));
    };
    const rows = fits(room.height, size * LEADING);
    return {
      mode: 'tight', size: size, rows: rows, folded: true,
      columns: fits(room.width, size * chipWidth('tight', 9)),
      height: (room.height - (rows - 1) * room.gap) / rows
    };
  }

  // "+117 projects fine", or "+3 projects running, 114 fine": those of one kind stand together, worst first.
  function restWords(from) {
    const kinds = [];
    const counts = {};
    const add = function (kind, count) {
      if (!counts[kind]) kinds.push(kind);
      counts[kind] = (counts[kind] || 0) + count;
    };
    chips.nodes.slice(from).forEach(function (node) { add(node.dataset.kind, 1); });
    Object.keys(chips.beyond).forEach(function (kind) { add(kind, chips.beyond[kind]); });
    return '+' + kinds.map(function (kind, place) {
      const noun = place ? ' ' : counts[kind] === 1 ? ' project ' : ' projects ';
      return counts[kind].toLocaleString('en') + noun + kind;
    }).join(', ');
  }

  function layChips(found, room) {
    const list = chips.list;
    const height = Math.floor(Math.min(found.height, room.tallest) * 100) / 100;
    list.className = 'chips chips--' + found.mode;
    list.style.fontSize = found.size + 'px';
    list.style.gridTemplateColumns = 'repeat(' + found.columns + ', minmax(0, 1fr))';
    list.style.gridAutoRows = height + 'px';
    chips.nodes.forEach(function (node) { node.hidden = false; });
    chips.rest.hidden = !found.folded;
    if (!found.folded) return;
    const cells = found.columns * found.rows;
    // The last cell says how many are not shown; long words take two cells, or become a number.
    const close = function (span, words) {
      const shown = Math.max(0, Math.min(cells - span, chips.nodes.length));
      chips.nodes.forEach(function (node, index) { node.hidden = index >= shown; });
      chips.rest.textContent = words(shown);
      chips.rest.style.gridColumn = 'span ' + span;
      return chips.rest.scrollWidth <= chips.rest.clientWidth;
    };
    if (close(1, restWords)) return;
    if (found.columns > 1 && close(2, restWords)) return;
    close(1, function (shown) { return '+' + (chips.total - shown).toLocaleString('en') + ' more'; });
  }

  // What the trouble rows could use: how much they may grow before a line is cut (more), and how
  // many lines their longest cause needs.
  function wishes(board) {
    const wish = { growth: board.classList.contains('board--two') ? 1.25 : 1.6, lines: 1 };
    board.querySelectorAll('.trouble__name, .trouble__cause').forEach(function (node) {
      const range = document.createRange();
      range.selectNodeContents(node);
      const needed = range.getBoundingClientRect().width + 2;
      const whole = node.parentNode.parentNode.clientWidth;
      if (needed < node.clientWidth) {
        wish.growth = Math.min(wish.growth, whole / (whole - node.clientWidth + needed));
      } else {
        wish.growth = 1;
        if (node.classList.contains('trouble__cause')) wish.lines = Math.max(wish.lines, Math.min(3, Math.ceil(needed * 1.1 / node.clientWidth)));
      }
    });
    return wish;
  }

  function fit() {
    const board = find('.board');
    const troubles = find('.troubles');
    const unit = Math.min(window.innerWidth, window.innerHeight) / 100;
    const room = { width: board.clientWidth, unit: unit, gap: 0.8 * unit };
    const whole = board.getBoundingClientRect().height - 1;
    setRows(board, 1, 1, 1);
    board.classList.remove('board--brief');
    if (chips) chips.list.hidden = true;
    root.querySelectorAll('.head__counts, .figure__number, .figure__words').forEach(shrink);
    if (find('.lists')) fitLists(unit);
    let found = null;
    if (troubles) {
      found = fitTroubles(board, troubles, room, whole);
    } else if (chips) {
      found = plan(Object.assign(room, { few: true, height: whole, largest: 9 * unit, tallest: Infinity }));
    }
    if (!chips) return;
    chips.list.hidden = false;
    layChips(found, room);
  }

  // The wall of one project: each list shows as many rows as its room has, and counts the others.
  function fitLists(unit) {
    const lists = Array.from(root.querySelectorAll('.list'));
    const upright = window.innerWidth <= window.innerHeight * 0.8;
    find('.lists').style.gridTemplateRows = !upright ? '' : lists.map(function (list) {
      return 'minmax(0, ' + Math.max(2, Math.min(6, list.children.length - 1)) + 'fr)';
    }).join(' ');
    lists.forEach(function (list) { fitList(list, unit); });
  }

  function fitList(list, unit) {
    const nodes = Array.from(list.children);
    const rest = nodes.pop();
    const gap = 0.8 * unit;
    const room = list.clientHeight + gap; // also the last row has a gap below it
    const most = Math.max(1, Math.floor(room / (LEAST_ROW * unit + gap)));
    const total = nodes.length + Number(list.dataset.more);
    const shown = total <= most ? nodes.length : Math.min(nodes.length, most - 1);
    const rows = shown + (total > shown ? 1 : 0);
    const height = Math.min(room / rows - gap, MOST_ROW * unit);
    nodes.forEach(function (node, index) { node.hidden = index >= shown; });
    list.style.setProperty('--row', height + 'px');
    const write = function (text) {
      const lines = Math.max(1, Math.floor((height / text - 1.1) / 1.2));
      list.style.fontSize = text + 'px';
      list.style.setProperty('--lines', lines);
      list.classList.toggle('list--wrapped', lines > 1);
      return lines;
    };
    // Smaller, where that gives a second line to what one cannot hold.
    const two = height / (2 * 1.2 + 1.11);
    if (write(Math.min(height * 0.42, 5.9 * unit)) === 1 && two >= READABLE_BELOW * unit && cut(list)) write(two);
    list.style.setProperty('--done', '0px');
    list.style.setProperty('--done', widest(list.querySelectorAll('.item__bar + .item__done')) + 'px');
    rest.hidden = total <= shown;
    say(rest, '+' + (total - shown).toLocaleString('en') + ' ' + list.dataset.noun);
  }

  function cut(list) {
    return Array.from(list.querySelectorAll('.item__top, .item__same, .item__own')).some(function (node) {
      return node.scrollWidth > node.clientWidth;
    });
  }

  function widest(nodes) {
    return Array.from(nodes).reduce(function (most, node) {
      return Math.max(most, node.getBoundingClientRect().width);
    }, 0);
  }

  // One line whose words are known, but neither their number nor the font.
  function shrink(node) {
    node.style.fontSize = '';
    if (node.scrollWidth <= node.clientWidth) return;
    const size = parseFloat(getComputedStyle(node).fontSize);
    node.style.fontSize = Math.floor(size * node.clientWidth / node.scrollWidth * 10) / 10 + 'px';
  }

  function setRows(board, growth, stretch, lines) {
    board.style.setProperty('--k', growth);
    board.style.setProperty('--stretch', stretch);
    board.style.setProperty('--lines', lines);
    board.classList.toggle('board--wrapped', lines > 1);
  }

  // Whole causes come before larger rows, and both only where the chips stay readable.
  function fitTroubles(board, troubles, room, whole) {
    let wish = wishes(board);
    if (wish.lines > 1 && board.classList.contains('board--two')) {
      board.classList.add('board--brief'); // since when, and not for how long: the cause needs the room
      wish = wishes(board);
    }
    const row = find('.trouble');
    const text = parseFloat(getComputedStyle(row).fontSize);
    const block = troubles.getBoundingClientRect().height;
    const one = row.getBoundingClientRect().height;
    const count = Math.round((block + room.gap) / (one + room.gap));
    const gaps = (count - 1) * room.gap;
    const least = chips ? SMALLEST * room.unit * LEADING + room.gap : 0;
    const height = function (growth, lines) {
      return (block - gaps + count * (lines - 1) * 1.2 * text) * growth + gaps;
    };
    const attempt = function (growth, lines) {
      const left = whole - height(growth, lines) - (chips ? room.gap : 0);
      if (left < least - room.gap && growth > 1) return { good: false };
      return plan(Object.assign(room, {
        few: board.classList.contains('board--large'), height: left, largest: text * growth, tallest: 13 * room.unit * growth
      }));
    };
    let growth = 1;
    let lines = 1;
    let found = { good: false };
    for (lines = wish.lines; lines >= 1 && !found.good; lines--) {
      for (growth = wish.growth; growth >= 1 && !found.good; growth -= 0.05) {
        if (height(growth, lines) + least <= whole) found = attempt(growth, lines);
      }
    }
    if (found.good) {
      lines += 1; // each loop stepped once more after it had found its place
      growth += 0.05;
    } else {
      // Some chips fold in any case: the causes may have half of the screen.
      lines = wish.lines;
      while (lines > 1 && height(1, lines) > whole / 2) lines--;
      growth = Math.min(1, (whole - gaps - least) / (block - gaps));
      found = attempt(growth, lines);
    }
    // What is left goes into the rows: as more lines of the causes, then as air.
    const used = chips ? chipsHeight(found, room) + room.gap : 0;
    const left = whole - height(growth, lines) - used;
    const stretch = (height(growth, lines) - gaps + Math.max(0, left)) / count / (one * growth);
    const most = chips ? 3 : 20;
    setRows(board, growth, Math.max(1, Math.min(most, stretch)), lines);
    return found;
  }

  function chipsHeight(found, room) {
    return found.rows * (Math.min(found.height, room.tallest) + room.gap) - room.gap;
  }

  // A new board

  function adopt() {
    const list = find('.chips');
    chips = list ? measureChips(list) : null;
    readTimes();
    paint();
    fit();
  }

  function replaceBoard(html) {
    const fresh = new DOMParser().parseFromString(html, 'text/html').getElementById('wall');
    if (!fresh) throw new Error('the answer is not a board');
    const focused = document.activeElement.href;
    document.adoptNode(fresh);
    root.parentNode.replaceChild(fresh, root);
    root = fresh;
    etag = root.dataset.etag;
    adopt();
    const same = Array.from(root.querySelectorAll('a')).find(function (link) { return link.href === focused; });
    if (same) same.focus();
  }

  // A new build, or a long time: the page loads itself anew, but only onto a page that is there,
  // since a browser's own error page would ask for a hand.
  function refresh() {
    if (renewing || (root.dataset.build === build && performance.now() < RELOAD_EVERY)) return;
    let last = 0;
    try {
      last = Number(sessionStorage.getItem(RELOADED));
      sessionStorage.setItem(RELOADED, String(last));
    } catch (error) {
      return; // without a memory it could reload for ever
    }
    if (Math.abs(Date.now() - last) <= RELOAD_APART) {
      build = root.dataset.build;
      return;
    }
    renewing = true;
    fetch(location.pathname + location.search, { cache: 'no-store', credentials: 'same-origin', redirect: 'manual' }).then(function (answer) {
      if (answer.status !== 200) throw new Error('answer ' + answer.status);
      sessionStorage.setItem(RELOADED, String(Date.now()));
      location.reload();
    }).catch(function () {
      renewing = false;
    });
  }

  function signOut() {
    signedOut = true;
    etag = null;
    missed = 0;
    chips = null;
    times = [];
    root.querySelectorAll('.troubles, .chips, .figures, .lists, .day, .head__name, .notice:not(.notice--pair)').forEach(function (node) {
      node.remove();
    });
    find('.notice--pair').hidden = false;
    document.dispatchEvent(new CustomEvent('wall:out')); // pair.js gets a code
  }

  // Polling

  async function ask(mine) {
    const headers = etag ? { 'If-None-Match': etag, Prefer: 'wait=4' } : {};
    const answer = await fetch(document.body.dataset.board, {
      headers: headers, cache: 'no-store', credentials: 'same-origin', redirect: 'manual', signal: mine.abort.signal
    });
    // A proxy that sends to its own sign-in page means the same as our 401.
    if (answer.status === 401 || answer.type === 'opaqueredirect') return signOut;
    if (answer.status === 304) {
      return function () { heard(answer); };
    }
    if (answer.status !== 200) throw new Error('answer ' + answer.status);
    const html = await answer.text();
    return function () {
      if (signedOut) document.dispatchEvent(new CustomEvent('wall:in'));
      replaceBoard(html);
      signedOut = false;
      heard(answer);
    };
  }

  function heard(answer) {
    setClock(answer.headers.get('Date'));
    agedBefore = (Number(answer.headers.get('Age')) || 0) * 1000;
    missed = 0;
    unsure = false;
    refresh();
  }

  function poll() {
    const mine = { abort: new AbortController(), startedAt: performance.now() };
    request = mine;
    ask(mine).then(function (act) {
      if (request === mine) act();
    }).catch(function () {
      if (request === mine) missed += 1;
    }).then(function () {
      if (request !== mine) return;
      request = null;
      dueAt = mine.startedAt + POLL - TICK / 2;
      paint();
    });
  }

  function tick() {
    const clocks = passed();
    if (!unsure && Math.abs(clocks[0] - clocks[1]) >= DRIFT) {
      unsure = true;
      dueAt = 0;
      if (request) request.abort.abort();
    }
    if (request && performance.now() - request.startedAt >= TIMEOUT) request.abort.abort();
    if (!request && performance.now() >= dueAt) poll();
    paint();
  }

  function start() {
    // Without its style sheet the page is none: then the <meta> refresh must do its work.
    if (getComputedStyle(root).position !== 'fixed') return;
    // Cancels the <meta> refresh; everything has loaded. What is void need not stand there.
    window.stop();
    const refresh = document.querySelector('meta[http-equiv=refresh]');
    if (refresh) refresh.parentNode.removeChild(refresh);
    document.dispatchEvent(new CustomEvent('wall:start'));
    tick();
    setInterval(tick, TICK);
    window.addEventListener('resize', fit);
  }

  document.addEventListener('pointermove', stir);
  document.addEventListener('pointerdown', stir);
  document.fonts.addEventListener('loadingdone', adopt); // every width is another

  adopt(); // before the first paint, so that a reload is not seen
  if (document.readyState === 'complete') start();
  else window.addEventListener('load', function () { setTimeout(start, 0); });
})();
