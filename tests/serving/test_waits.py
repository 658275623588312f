"""For how long an answer may wait, and what two looks at the store tell."""

from types import SimpleNamespace

import pytest

from app.serving import watch
from app.serving.watch import LONGEST, Wait, Watch, wait_of

NOW = 1_700_000_012.0  # a second of its minute: 32


def asked(path: str = "/projects/p1", **headers: str) -> SimpleNamespace:
    known = {"IF-NONE-MATCH": '"1.2-ab"', "PREFER": "wait=4"} | headers
    return SimpleNamespace(method="GET", path=path, headers=list(known.items()))


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch.time, "time", lambda: NOW)
    monkeypatch.setattr(watch.random, "uniform", lambda low, high: high)


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
    assert wait_of(asked(), 100.0) == Wait(103, "p1")


def test_what_changed_is_known_from_two_looks_alone() -> None:
    seen = Watch()
    assert seen.changed({"a": 1, "b": 1}, 1.0) is None  # before the first nobody looked
    assert seen.changed({"a": 1, "b": 1}, 2.0) == set()
    assert seen.changed({"a": 2, "c": 1}, 3.0) == {"a", "b", "c"}
    assert seen.looked_at == 3.0
    assert seen.changed(None, 4.0) is None  # the store did not answer
    assert seen.looked_at == 3.0
    assert seen.changed({"a": 2}, 5.0) is None
    seen.rest()
    assert seen.changed({"a": 2}, 6.0) is None
