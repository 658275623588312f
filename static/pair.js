/* A screen that may not see the wall: it shows a code, a new one whenever that runs out, until
   wall.js says that somebody let it in. And the one-time link, /wall#TOKEN. As old as wall.js. */
(function () {
  'use strict';

  const TICK = 1000;
  const RETRY = 10000; // after a failure

  let out = false; // wall.js was refused
  let spending = false;
  let request = null;
  let code = '';
  let goodFor = 0; // ms, from the mark on
  let retryIn = 0;
  let spoilt = ''; // what is said of a link that did not work
  let mark = [0, 0];

  // The larger of both: performance.now() may stop in a sleep, Date.now() be set back.
  function passed() {
    return Math.max(performance.now() - mark[0], Date.now() - mark[1]);
  }

  function find(selector) {
    return document.querySelector('.notice--pair ' + selector);
  }

  function say(selector, text) {
    const node = find(selector);
    if (node && node.textContent !== text) node.textContent = text;
  }

  function paint() {
    if (!out || !find('.pair__code')) return;
    find('.pair__code').hidden = !code;
    say('.pair__code', code.slice(0, 4) + ' ' + code.slice(4));
    say('.pair__host', location.host + document.body.dataset.screens);
    find('.pair__how').hidden = !code;
  }

  function send(url, body) {
    const abort = new AbortController();
    const timer = setTimeout(function () { abort.abort(); }, 8000);
    const options = {
      method: 'POST', body: body, cache: 'no-store', credentials: 'same-origin', redirect: 'manual',
      headers: { 'X-Requested-With': 'wall' }, signal: abort.signal
    };
    return fetch(url, options).then(function (answer) {
      clearTimeout(timer);
      return answer;
    }, function (error) {
      clearTimeout(timer);
      throw error;
    });
  }

  function ask() {
    const mine = {};
    request = mine;
    send(document.body.dataset.code).then(function (answer) {
      if (answer.status === 429) retryIn = (Number(answer.headers.get('Retry-After')) || 60) * 1000;
      if (answer.status !== 200) throw new Error('answer ' + answer.status);
      return answer.json();
    }).then(function (told) {
      if (request !== mine) return;
      code = told.code || '';
      goodFor = (told.seconds || 5) * 1000; // known: the next poll shows the wall
      retryIn = 0;
      say('.pair__trouble', spoilt);
    }).catch(function () {
      if (request !== mine) return;
      say('.pair__trouble', retryIn > RETRY ? 'Too many screens wait for a code. This one tries again by itself.' : '');
      code = '';
      goodFor = Math.max(RETRY, retryIn);
      retryIn = 0;
    }).then(function () {
      if (request !== mine) return;
      request = null;
      mark = [performance.now(), Date.now()];
      paint();
    });
  }

  function tick() {
    if (!out || spending) return;
    if (!request && passed() >= goodFor) {
      code = '';
      ask();
    }
    paint();
  }

  // The token leaves the address before anything else.
  function takeToken() {
    const token = location.hash.slice(1);
    if (token) history.replaceState(null, '', location.pathname + location.search);
    spending = Boolean(token);
    return token;
  }

  function spend(token) {
    if (!token) return;
    const body = new URLSearchParams();
    body.append('token', token);
    send(document.body.dataset.link, body).then(function (answer) {
      if (answer.status === 200) location.reload();
      else throw new Error('answer ' + answer.status);
    }).catch(function () {
      spending = false;
      spoilt = 'This link was used already or is older than 15 minutes.';
      say('.pair__trouble', spoilt);
      tick();
    });
  }

  document.addEventListener('wall:out', function () {
    if (!out) goodFor = 0;
    out = true;
    tick();
  });
  document.addEventListener('wall:in', function () {
    out = false;
    spoilt = '';
    request = null;
    code = '';
  });
  const brought = takeToken();
  // Not sooner: wall.js begins with window.stop(), and an answer lost there is a link lost.
  document.addEventListener('wall:start', function () { spend(brought); });
  window.addEventListener('hashchange', function () { spend(takeToken()); });
  setInterval(tick, TICK);
})();
