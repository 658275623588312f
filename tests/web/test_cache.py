"""Pages that are kept: never too many, never old, never another viewer's."""

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app import create_app
from app.access.keys import revoke_keys
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.models import Session
from app.store.database import db, writing
from app.web import cache, etags
from app.web.cache import Kept, Made, PageCache, serve
from app.web.cookies import SESSION
from app.web.etags import lasting, still_known, versioned_etag, versions_known
from app.web.live import PATIENCE
from tests.kit.api import Api
from tests.kit.cookies import give, held
from tests.kit.forms import sign_in
from tests.kit.judged import Asked, count_judged

PART = {"HX-Request-Type": "partial"}
MIB = 1024 * 1024


class Clock:
    """Seconds that pass only when told."""

    seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, still: int) -> Clock:
    """The cache's clock, which stands still, and the minute with it."""
    clock = Clock()
    monkeypatch.setattr(cache, "time", clock)
    return clock


# The cache alone


def kept(body: bytes = b"", about: object = None, versions: tuple[int, ...] = (1,)) -> Kept:
    return Kept("etag", versions, body, about, 0)


puts = st.tuples(
    st.text(max_size=2) | st.integers(0, 2000).map(lambda size: "😀" * size),
    st.integers(0, 30_000),
    st.none() | st.integers(0, 20_000).map(lambda size: {"Link": "x" * size}),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(puts, max_size=30), st.integers(1, 50_000))
def test_a_cache_is_bounded_in_bytes_whatever_is_put_in(
    puts: list[tuple[str, int, dict[str, str] | None]], most: int
) -> None:
    pages = PageCache(most)
    for slot, size, about in puts:
        pages.keep(slot, kept(b"x" * size, about))
        held = {slot: page for slot, _, _ in puts if (page := pages.find(slot))}
        texts = [(len(one.encode()), page.body, page.about) for one, page in held.items()]
        taken = sum(
            slot + len(body) + len(about["Link"] if about else "") for slot, body, about in texts
        )
        assert taken <= pages.bytes <= most
        assert bool(held) == bool(pages.bytes)


def test_the_page_least_recently_asked_for_goes_first() -> None:
    pages = PageCache(12_000)
    for slot in "abc":
        pages.keep(slot, kept(b"x" * 2000))
    pages.find("a")
    pages.keep("d", kept(b"x" * 2000))
    assert [slot for slot in "abcd" if pages.find(slot)] == ["a", "c", "d"]


def test_a_page_larger_than_the_cache_is_not_kept_and_drives_none_out() -> None:
    pages = PageCache(12_000)
    pages.keep("a", kept(b"x" * 2000))
    pages.keep("b", kept(b"x" * 12_000))
    assert pages.find("a")
    assert pages.find("b") is None
    pages.keep("a", kept(b"x" * 12_000))
    assert pages.find("a") is None, "the old page would be served in its stead"
    assert pages.bytes == 0


def test_a_page_in_the_place_of_another_takes_only_its_own_bytes() -> None:
    pages = PageCache(12_000)
    pages.keep("a", kept(b"x" * 100))
    once = pages.bytes
    for _ in range(50):
        pages.keep("a", kept(b"x" * 100))
    assert pages.bytes == once


# What is served


@pytest.fixture
def bare() -> Flask:
    """An app with a cache and nothing else."""
    app = Flask("bare")
    app.config["BUILD"] = "1"
    cache.init_app(app, MIB)
    return app


class Maker:
    """Makes pages that say how many it made."""

    def __init__(self, seconds: float = 0, fails: int = 0, until: int | None = None) -> None:
        self.made = 0
        self._seconds, self._fails, self._until = seconds, fails, until

    def __call__(self, etag: str) -> Made:
        self.made += 1
        number = self.made
        time.sleep(self._seconds)
        if number <= self._fails:
            raise LookupError
        return Made(b"%d" % number, None, lasting(etag, self._until), self._until)


def served(
    slot: object, versions: tuple[int, ...], make: Callable[[str], Made], **how: Any
) -> Kept:
    return serve(slot, versions, make, **{"now": 0} | how)


def in_threads(app: Flask, number: int, ask: Callable[[], bytes]) -> list[bytes | str]:
    """What so many threads get that ask at once; the name of an error where one was raised."""
    start, answers = threading.Barrier(number), []

    def run() -> None:
        with app.app_context():
            start.wait()
            try:
                answers.append(ask())
            except LookupError as error:
                answers.append(type(error).__name__)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def test_one_thread_makes_a_page_while_the_others_wait_for_it(bare: Flask) -> None:
    make = Maker(seconds=0.1)
    answers = in_threads(bare, 8, lambda: served("slot", (1,), make).body)
    assert answers == [b"1"] * 8


def test_threads_that_make_different_pages_do_not_wait_for_each_other(bare: Flask) -> None:
    both, number = threading.Barrier(2), iter("ab")

    def make(etag: str) -> Made:
        both.wait(10)  # breaks where only one is let in
        return Made(b"", None, etag)

    assert in_threads(bare, 2, lambda: served(next(number), (1,), make).body) == [b"", b""]


def test_a_maker_that_fails_leaves_nothing_and_lets_the_next_one_try(bare: Flask) -> None:
    make = Maker(seconds=0.05, fails=2)
    answers = in_threads(bare, 6, lambda: served("slot", (1,), make).body)
    assert answers == ["LookupError", "LookupError", *[b"3"] * 4]
    pages: PageCache = bare.extensions["page_cache"]
    assert pages._making == {}


@pytest.mark.parametrize("patience", [0, 1])
def test_neither_an_older_page_is_served_nor_one_that_seems_newer(
    bare: Flask, clock: Clock, patience: float
) -> None:
    make = Maker()
    with bare.app_context():
        assert served("slot", (2,), make).body == served("slot", (2,), make).body == b"1"
        restored = served("slot", (1,), make, patience=patience)
        assert (restored.body, restored.etag) == (b"2", etag(bare, "slot", (1,)))
        assert served("slot", (2,), make, patience=patience, known=(2,)).body == b"3"


def test_what_a_slot_shows_is_hashed_once_however_often_it_is_asked_for(
    bare: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[object] = []
    hash_of = etags._hash_of
    monkeypatch.setattr(etags, "_hash_of", lambda *parts: hashed.append(parts) or hash_of(*parts))
    slot = "asked for again"
    with bare.app_context():
        first = versioned_etag(slot, (1,))
        assert served(slot, (1,), Maker()).etag == versioned_etag(slot, (1,)) == first
        assert len(hashed) == 1
        bare.config["BUILD"] = "2"
        assert len({first, versioned_etag(slot, (1,)), versioned_etag(slot, (2,))}) == 3


def etag(app: Flask, slot: str, versions: tuple[int, ...]) -> str:
    with app.app_context():
        return versioned_etag(slot, versions)


def test_who_is_patient_gets_an_older_page_while_it_is_young(bare: Flask, clock: Clock) -> None:
    make = Maker()
    with bare.app_context():
        served("slot", (1,), make)
        clock.seconds += 0.9
        young = served("slot", (2,), make, patience=1)
        assert (young.body, young.etag) == (b"1", etag(bare, "slot", (1,)))
        assert young.age == pytest.approx(0.9)
        clock.seconds += 0.1
        assert served("slot", (2,), make, patience=1).body == b"2"
        assert served("slot", (3,), make).body == b"3"


def test_a_page_is_as_old_as_its_making_is_long(bare: Flask, clock: Clock) -> None:
    def make(etag: str) -> Made:
        clock.seconds += 5
        return Made(b"slow", None, etag)

    with bare.app_context():
        assert served("slot", (1,), make).age == 5
        assert served("slot", (2,), Maker(), patience=1).body == b"1"


def test_what_takes_long_is_made_anew_seldom(bare: Flask, clock: Clock) -> None:
    numbers = iter(range(1, 9))

    def make(etag: str) -> Made:
        clock.seconds += 0.075
        return Made(b"%d" % next(numbers), None, etag)

    def asked(version: int, patience: float = 1) -> bytes:
        return served("slot", (version,), make, patience=patience).body

    with bare.app_context():
        assert asked(1) == b"1"
        clock.seconds += 1
        assert asked(2) == b"2", "that the first one took long need not mean much"
        clock.seconds += 2.8  # less than 40 times as long as it took
        assert asked(3) == b"2"
        assert asked(3, patience=0) == b"3", "who loads the page gets the newest"
        clock.seconds += 3.1
        assert asked(4) == b"4"


class History:
    """A database that is written to and restored, and two processes that keep pages of it."""

    def __init__(self) -> None:
        self.version = self.last = 1
        self.known: dict[str, tuple[int, ...]] = {}
        self.apps = [Flask(name) for name in ("one", "other")]
        for app in self.apps:
            app.config["BUILD"] = "1"
            cache.init_app(app, MIB)

    def change(self, _: object) -> None:
        self.version = self.last = self.last + 1

    def restore(self, back: int) -> None:
        self.version = max(1, self.version - back)

    def poll(self, of: tuple[int, str]) -> None:
        number, client = of
        known, now = self.known.get(client, ()), (self.version,)
        with self.apps[number].app_context():
            kept = served(
                "slot", now, lambda etag: Made(b"%d" % now, None, etag), patience=1, known=known
            )
        assert kept.body == b"%d" % kept.versions, "what its name says"
        assert kept.versions == now or known <= kept.versions <= now
        self.known[client] = kept.versions


steps = st.one_of(
    st.tuples(st.just("change"), st.none()),
    st.tuples(st.just("restore"), st.integers(1, 3)),
    st.tuples(st.just("poll"), st.tuples(st.integers(0, 1), st.sampled_from("abc"))),
    st.tuples(st.just("wait"), st.sampled_from([0.3, 0.8])),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=30))
def test_nobody_gets_less_than_they_had_whichever_process_answers(
    steps: list[tuple[str, Any]],
) -> None:
    history, clock = History(), Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "time", clock)
        for what, how in steps:
            if what == "wait":
                clock.seconds += how
            else:
                getattr(history, what)(how)


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        ("", ()),
        ("*", ()),
        ('"5-ab"', (5,)),
        ('W/"5.28-ab"', (5, 28)),
        ('"5.28-"', (5, 28)),  # of rows that a page holds: the name of nothing
        ('"7-ab", W/"12.3-cd", "no"', (12, 3)),
        ('"0123456789abcdef0123456789abcdef"', ()),
        ('"-5-ab"', ()),
        ('"5.-ab"', ()),
        ('"٣-ab"', ()),
        (f'"{"9" * 21}-ab"', ()),
    ],
)
def test_versions_are_read_from_the_etag_that_comes_back(
    bare: Flask, header: str, versions: tuple[int, ...]
) -> None:
    sent = {"If-None-Match": header} if header else {}
    with bare.test_request_context(headers=sent):
        assert versions_known() == versions
    with bare.test_request_context(headers={"If-None-Match": etag(bare, "slot", (3, 4))}):
        assert versions_known() == (3, 4)


@pytest.mark.parametrize("minute", [9, 11])
def test_a_page_of_another_minute_is_not_served(bare: Flask, minute: int) -> None:
    make = Maker()
    with bare.app_context():
        served("slot", (1, 10), make)
        assert served("slot", (1, minute), make).body == b"2", "also where a clock went back"


def test_a_page_is_served_until_its_moment_and_known_until_then(bare: Flask) -> None:
    make = Maker(until=50)
    with bare.app_context():
        first = served("slot", (1,), make, now=40)
        assert served("slot", (1,), make, now=49).body == first.body == b"1"
        assert served("slot", (1,), make, now=50, patience=1).body == b"2"
    bare_etag = etag(bare, "slot", (1,))
    assert first.etag == f'{bare_etag[:-1]}~50"'
    for sent, known in (
        (first.etag, first.etag),
        (f"W/{first.etag}", first.etag),
        (bare_etag, bare_etag),
    ):
        with bare.test_request_context(headers={"If-None-Match": sent}):
            assert still_known(bare_etag, 49) == known
            assert still_known(bare_etag, 50) == (None if "~" in sent else known)
    for end in ("~", "~x", "~-9", "~ 99", "x~99", f"~{'9' * 21}"):
        with bare.test_request_context(headers={"If-None-Match": f'{bare_etag[:-1]}{end}"'}):
            assert still_known(bare_etag, 40) is None
    with bare.test_request_context(headers={"If-None-Match": "*"}):
        assert still_known(bare_etag, 40) == bare_etag


# Through HTTP


@pytest.fixture
def viewer(api: Api, clock: Clock) -> FlaskClient:
    """A browser that sees every project."""
    return enter(api)


def enter(api: Api, project_id: str | None = None) -> FlaskClient:
    client = api.app.test_client()
    assert sign_in(client, key=api.key("write", project_id)).status_code == 303
    return client


def report(api: Api, number: int, project_id: str = "p1") -> None:
    job = {
        "job_id": f"j{number:03}",
        "source_doc_id": f"doc-of-{project_id}-{number:03}",
        "status": "failed",
        "error_message": f"error-of-{project_id}",
    }
    url = f"/api/v1/projects/{project_id}/jobs"
    assert api.client.post(url, json=job, headers=api.headers()).status_code == 201


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Grows with every page about projects that is made."""
    return count_judged(monkeypatch)


@pytest.mark.parametrize("path", ["/projects/p1", "/", "/wall/board"])
def test_the_part_of_a_busy_project_is_made_twice_a_second(
    api: Api, viewer: FlaskClient, clock: Clock, made: list[object], path: str
) -> None:
    report(api, 0)
    first = viewer.get(path, headers=PART)
    assert "Age" not in first.headers
    for number in range(1, 50):
        report(api, number)
        clock.seconds += 0.99 * PATIENCE / 50
        polled = viewer.get(path, headers=PART)
        assert (polled.data, polled.headers["ETag"]) == (first.data, first.headers["ETag"])
        assert polled.headers["Age"] == "1"
        known = viewer.get(path, headers={**PART, "If-None-Match": first.headers["ETag"]})
        assert (known.status_code, known.data, known.headers["Age"]) == (304, b"", "1")
    assert len(made) == 1
    clock.seconds += 0.05 * PATIENCE
    newest = viewer.get(path, headers={**PART, "If-None-Match": first.headers["ETag"]})
    assert newest.status_code == 200
    assert newest.data != first.data
    assert "Age" not in newest.headers
    assert len(made) == 2


POLLED = [
    "/",
    "/projects/p1",
    "/projects/p1/causes",
    "/projects/p1/jobs/j000",
    "/projects/p1/document?id=doc-of-p1-000",
    "/wall/board",
]


@pytest.mark.parametrize("path", POLLED)
def test_a_page_never_goes_backwards_between_two_processes(
    api: Api, settings: dict[str, str], viewer: FlaskClient, clock: Clock, path: str
) -> None:
    """The first keeps an older page, which is young still, when who saw the other's comes to it."""
    app = create_app(read(settings))
    other = app.test_client()
    give(other, SESSION, held(viewer, SESSION) or "")

    def poll(client: FlaskClient, etag: str = ""):
        clock.seconds += 0.1 * PATIENCE
        return client.get(path, headers={**PART, "If-None-Match": etag})

    report(api, 0)
    first = poll(viewer)
    fail_again(api, 1)
    newer = poll(other, first.headers["ETag"])
    assert newer.status_code == 200
    assert newer.data != first.data
    assert poll(viewer, first.headers["ETag"]).status_code == 304, "who had no more is patient"
    known = poll(viewer, newer.headers["ETag"])
    assert (known.status_code, known.headers["ETag"]) == (304, newer.headers["ETag"])
    fail_again(api, 2)
    newest = poll(viewer, newer.headers["ETag"])
    assert (newest.status_code, "Age" in newest.headers) == (200, False)
    assert newest.data not in (first.data, newer.data)
    assert poll(other, newest.headers["ETag"]).status_code == 304
    assert poll(other, newer.headers["ETag"]).status_code == 304, "the other's is young still"
    with app.app_context():
        db.engine.dispose()


def fail_again(api: Api, attempt: int) -> None:
    """Let the first job fail once more, which every page shows."""
    job = {"status": "failed", "attempt": attempt + 1, "error_message": f"error-{attempt}"}
    assert api.patch("j000", job).status_code == 200


@pytest.mark.parametrize("path", POLLED)
def test_a_minute_later_a_page_is_another_though_nobody_reported(
    api: Api, viewer: FlaskClient, clock: Clock, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    report(api, 0)
    first = viewer.get(path, headers=PART)
    assert first.status_code == 200
    known = {**PART, "If-None-Match": first.headers["ETag"]}
    assert viewer.get(path, headers=known).status_code == 304
    clock.seconds += 60
    later = time.time_ns() + 60_000_000_000
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: later))
    assert viewer.get(path, headers=known).status_code == 200


def test_the_api_and_whoever_loads_a_page_see_the_newest_at_once(
    api: Api, viewer: FlaskClient
) -> None:
    for number in range(20):
        report(api, number)
        listed = api.get("?limit=1")
        assert (listed.json["jobs"][0]["job_id"], listed.json["total"]) == (
            f"j{number:03}",
            number + 1,
        )
        assert "Age" not in listed.headers
        viewer.get("/projects/p1", headers=PART)
        page = viewer.get("/projects/p1")
        assert f"doc-of-p1-{number:03}" in page.text
        assert "Age" not in page.headers
        assert f"doc-of-p1-{number:03}" in viewer.get("/projects/p1", headers=PART).text


URLS = {
    project_id: [
        f"/projects/{project_id}",
        f"/projects/{project_id}?status=failed",
        f"/projects/{project_id}/jobs/j001",
        f"/api/v1/projects/{project_id}",
        f"/api/v1/projects/{project_id}/jobs",
        f"/api/v1/projects/{project_id}/jobs?q=doc",
        f"/api/v1/projects/{project_id}/jobs/j001",
    ]
    for project_id in ("p1", "p2")
}
TOURS = ["/", "/?q=p", "/wall", "/wall/board", "/api/v1/projects"]


@pytest.mark.parametrize("order", [("p1", "p2", None), (None, "p2", "p1")])
def test_nobody_gets_a_page_of_another_project_from_the_cache(
    api: Api, clock: Clock, order: tuple[str | None, ...]
) -> None:
    create_project("p2", name="Project two", mode="kg_vector", now=now())
    report(api, 1, "p1")
    report(api, 1, "p2")
    names = {"p1": "Project one", "p2": "Project two"}
    etags: set[str] = set()
    clients = {only: enter(api, only) for only in order}
    for only in order * 2:  # the second time, every page is in the cache
        key = {"Authorization": f"Bearer {api.key('write', only)}"}

        def ask(
            path: str, *, part: bool = False, client=clients[only], key=key, old=frozenset(etags)
        ) -> Iterator:
            for known in ({}, {"If-None-Match": ", ".join(old)}):
                yield client.get(path, headers={**key, **known, **(PART if part else {})})

        seen: set[str] = set()
        for part in (False, True):
            for project_id, urls in URLS.items():
                for path in urls:
                    for answer in ask(path, part=part):
                        gone = 410 if part and not path.startswith("/api") else 404
                        allowed = (200, 304) if only in (None, project_id) else (gone, 404)
                        assert answer.status_code in allowed, (path, only)
                        shows(answer, names, only)
                        seen.add(answer.headers.get("ETag", ""))
            for path in TOURS:
                fresh, known = ask(path, part=part)
                assert fresh.status_code == 200
                assert known.status_code in (200, 304)
                shows(fresh, names, only, tour=True)
                shows(known, names, only)
                etag = fresh.headers.get("ETag", "")
                assert known.headers.get("ETag", "") == etag, "another viewer's page would do"
                seen.add(etag)
        etags |= seen - {""}


def shows(answer, names: dict[str, str], only: str | None, *, tour: bool = False) -> None:
    """The answer says nothing of a project that the viewer may not see; a tour shows the rest."""
    for project_id, name in names.items():
        if only not in (None, project_id):
            assert not any(word in answer.text for word in (name, f"of-{project_id}"))
        elif tour and "q=" not in answer.request.url:
            assert name in answer.text


def test_who_lost_the_key_is_out_at_once_though_the_page_is_kept(api: Api, clock: Clock) -> None:
    report(api, 1)
    client, pages = enter(api), ["/", "/wall", "/projects/p1", "/projects/p1/jobs/j001"]
    parts = {path: client.get(path, headers=PART) for path in pages}
    listed = api.get(scope="write")
    assert {answer.status_code for answer in (*parts.values(), listed)} == {200}
    with writing() as connection:
        assert revoke_keys(connection, now(), name="write None") == 1
    for known in ({}, {"If-None-Match": listed.headers["ETag"]}):
        assert api.get(scope="write", **known).status_code == 401
    for path, part in parts.items():
        for known in ({}, {"If-None-Match": part.headers["ETag"]}):
            answer = client.get(path, headers={**PART, **known})
            assert (answer.status_code, answer.text) == (401, "Signed out")
        loaded = client.get(path)
        assert loaded.status_code == (200 if path == "/wall" else 302)  # a screen asks for a code
        assert "Project one" not in loaded.text


def test_who_is_signed_out_elsewhere_is_out_at_once(api: Api, viewer: FlaskClient) -> None:
    report(api, 1)
    etag = viewer.get("/projects/p1", headers=PART).headers["ETag"]
    with writing() as connection:
        connection.execute(update(Session).values(revoked_at=now()))
    polled = viewer.get("/projects/p1", headers={**PART, "If-None-Match": etag})
    assert polled.status_code == 401
    assert viewer.get("/projects/p1").status_code == 302


API = "/api/v1/projects/p1/jobs"
QUERIES = [
    *(
        f"{path}{query}"
        for path in (API, "/projects/p1")
        for query in (
            "",
            "?status=failed",
            "?status=completed",
            "?q=status%3Dfailed",
            "?q=failed",
            "?q=doc",
            "?q=doc&status=failed",
            "?q=doc%26status%3Dfailed",
            "?q=j1",
            "?q=j10",
            "?since=2026-01-01T00:00:20Z",
            "?until=2026-01-01T00:00:20Z",
            "?since=2026-01-01T00:00:20Z&until=2026-01-01T00:00:21Z",
            "?since=2026-01-01T00:00:21Z&until=2026-01-01T00:00:20Z",
        )
    ),
    f"{API}?status=failed&status=completed",
    f"{API}?limit=1&offset=2",
    f"{API}?limit=2&offset=1",
    f"{API}?limit=12",
    f"{API}?offset=12",
    f"{API}?cursor=older~1767225620000000~j20",
    f"{API}?cursor=newer~1767225620000000~j20",
    f"{API}?cursor=older~1767225620000000~j2",
    "/projects/p1?stalled=1",
    "/projects/p1?empty=1",
    "/projects/p1?page=2",
    "/projects/p1?q=doc&page=2",
    "/projects/p1?at=1767225620000000~j20",
    "/projects/p1?at=1767225620000000~j2",
    "/projects/p1?page=2&at=1767225620000000~j20",
    "/",
    "/?q=failing",
    "/?state=failing",
    "/?q=Project&state=failing",
    "/?page=2",
    "/?q=2",
    "/wall/board",
    "/projects/p1/jobs/j1",
    "/projects/p1/jobs/j2",
    "/projects/p2",
]  # fmt: skip


def test_every_query_gets_its_own_answer_with_and_without_a_cache(
    api: Api, settings: dict[str, str], viewer: FlaskClient
) -> None:
    jobs = [
        {
            "job_id": f"j{number}",
            "source_doc_id": f"doc-{number}",
            "status": ("failed", "completed", "running")[number % 3],
            "chunks_processed": number,
            "created_at": f"2026-01-01T00:00:{number:02}Z",
        }
        for number in range(60)
    ]
    assert api.post({"jobs": jobs}, "/bulk").status_code == 200
    create_project("p2", name="Project two", mode="kg_vector", now=now())
    app = create_app(read(settings | {"CACHE_MB": "0"}))
    session = held(viewer, SESSION)
    assert session is not None
    plain = app.test_client()
    give(plain, SESSION, session)
    headers = api.headers() | PART
    expected = {}
    with app.app_context():
        for path in QUERIES:
            expected[path] = plain.get(path, headers=headers)
            assert expected[path].status_code == 200, path
        db.engine.dispose()
    for path in [*QUERIES, *QUERIES[::-1]]:
        answer = viewer.get(path, headers=headers)
        assert answer.data == expected[path].data, path
        for name in ("ETag", "Link", "Vary", "Cache-Control", "Content-Type"):
            assert answer.headers.get(name) == expected[path].headers.get(name), path
    etags = [answer.headers["ETag"] for answer in expected.values()]
    assert len(set(etags)) == len(etags)
