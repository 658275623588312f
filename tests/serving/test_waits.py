"""For how long an answer may wait, and what two looks at the store tell."""

from types import SimpleNamespace

import pytest

from app.queries.versions import Versions
from app.serving import watch
from app.serving.watch import LONGEST, Wait, Watch, wait_of

NOW = 1_700_000_012.0  # a second of its minute: 32


def asked(path: str = "/projects/p1", **headers: str) -> SimpleNamespace:
    known = {"IF-NONE-MATCH": '"1.2-ab"', "PREFER": "wait=4"} | headers
    return SimpleNamespace(method="GET", path=path, headers=list(known.items()))


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch.time, "time", lambda: NOW)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (asked(), Wait(104, "p1")),
        (asked("/below/projects/a%3Ab/jobs/j"), Wait(104, "a:b")),
        (asked("/"), Wait(104, None)),
        (asked("/wall/board"), Wait(104, None)),
        (asked(PREFER="respond-async, wait=2"), Wait(102, "p1")),
        (asked(PREFER="wait=999"), Wait(100 + LONGEST, "p1")),
        (asked(PREFER="wait=0"), None),
        (asked(PREFER="wait=soon"), None),
        (asked(PREFER=""), None),
        (asked(**{"IF-NONE-MATCH": ""}), None),
        (asked(**{"IF-NONE-MATCH": f'"1-ab~{int(NOW + 3)}000000"'}), Wait(103, "p1")),
        (asked(**{"IF-NONE-MATCH": f'"1-ab~{int(NOW)}000000"'}), None),
    ],
)
def test_how_long_an_answer_may_wait(moment: None, request_: object, expected: Wait | None) -> None:
    assert wait_of(request_, 100.0) == expected


def test_no_answer_waits_beyond_its_minute(monkeypatch: pytest.MonkeyPatch, moment: None) -> None:
    monkeypatch.setattr(watch.time, "time", lambda: 1_700_000_038.0)  # second 58
    assert wait_of(asked(), 100.5) == Wait(103, "p1")  # in half a second of the next


def looked(**versions: int) -> Versions:
    """What a look finds."""
    return {project: (project, version, 0) for project, version in versions.items()}


def test_who_is_concerned_is_known_from_two_looks_alone() -> None:
    one, other, every = (SimpleNamespace(wait=Wait(9.0, of)) for of in ("a", "b", None))
    seen: Watch[SimpleNamespace] = Watch()
    assert not seen.must_look(0.0)  # nobody waits
    seen.waiting = [one, other, every]
    assert seen.must_look(0.0) and not seen.must_look(0.0)  # one after the other
    first = seen.concerned(looked(a=1, b=1), 1.0)
    assert first == [one, other, every]  # before it nobody looked
    assert seen.must_look(0.0)
    assert seen.concerned(looked(a=1, b=1), 2.0) == []
    assert seen.concerned(looked(a=2, b=1), 3.0) == [one, every]
    assert seen.concerned(looked(a=2, c=1), 4.0) == [other, every]
    assert seen.is_fresh(5.0, 1.0) and not seen.is_fresh(5.1, 1.0)
    assert seen.concerned(None, 6.0) == [one, other, every]  # the store did not answer
    assert not seen.is_fresh(6.0, 1.0)
    assert seen.concerned(looked(a=2), 7.0) == [one, other, every]
    seen.waiting = []
    assert not seen.must_look(0.0)
    seen.waiting = [one]
    assert seen.concerned(looked(a=2), 8.0) == [one]  # what was known is too old


def test_many_projects_are_looked_at_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "MANY", 1)
    seen: Watch[SimpleNamespace] = Watch()
    seen.waiting = [SimpleNamespace(wait=Wait(9.0, None))]
    assert seen.must_look(1.0)
    seen.concerned(looked(a=1, b=1), 1.0)
    assert seen.must_look(1.5)
    seen.concerned(looked(a=1, b=1), 1.5)
    assert not seen.must_look(2.0) and seen.must_look(2.5)
    seen.concerned(looked(a=1), 2.5)
    assert seen.is_fresh(3.0, 0.5) and not seen.is_fresh(3.1, 0.5)
    assert not seen.must_look(3.0) and seen.must_look(3.5)


def test_whose_time_is_up_is_told() -> None:
    seen: Watch[SimpleNamespace] = Watch()
    seen.waiting = [SimpleNamespace(wait=Wait(until, None)) for until in (1.0, 2.0, 3.0)]
    assert [one.wait.until for one in seen.over(2.0)] == [1.0, 2.0]
