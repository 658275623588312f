"""What of an error is its cause."""

import pytest

from app.rules.causes import (
    cause_name,
    cause_of,
    fold,
    headline,
    parse_cause,
    remedy_of,
    telling_line,
)

ALIKE = [
    ("LLM API timeout after 3 retries", "LLM API timeout after 12 retries"),
    ("timeout after 31 s on part-7f3a.pdf", "timeout after 6.5 s on part-91bc.pdf"),
    ("Can't open '/data/a b.pdf': no", "Can't open '/data/c.pdf': no"),
    ("GET https://one.example/v1?b=1 failed", "GET http://two.example failed"),
    ("s3://contracts/q4/nda.docx is encrypted", "s3://hr/2026/x.pdf is encrypted"),
    ("hr/handbook/2026-11.md has no text", "wiki/a/b/c.html has no text"),
    ("no 123e4567-e89b-12d3-a456-426614174000", "no 00000000-e89b-12d3-a456-42661417400f"),
    ("request req_8f2c91 failed", "request req_77ab02 failed"),
    ("chunk deadbeef01 lost", "chunk 99aa88bb77 lost"),
    ("no field “nodes”", "no field “edges”"),
    ("byte 0xe2 in position 4096", "byte 0x80 in position 7"),
    ("one@example.com bounced", "two.three@mail.example.org bounced"),
    ("Timeout", "timeout"),
]
APART = [
    ("LLM API timeout after 3 retries", "Database connection lost"),
    ("it's bad, don't do it", "it's good, don't do it"),
    ("I/O error", "and/or error"),
    ("", "no reason"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_differs_only_in_what_varies_has_one_cause(one: str, other: str) -> None:
    assert cause_of(one) == cause_of(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_says_something_else_has_another_cause(one: str, other: str) -> None:
    assert cause_of(one) != cause_of(other)


def test_a_traceback_tells_by_its_last_line() -> None:
    error = 'Traceback (most recent call last):\n  File "x.py", line 3\nValueError: no text\n'
    assert telling_line(error) == "ValueError: no text"
    assert telling_line("\n\n  first \nsecond") == "first"
    assert telling_line(None) == telling_line(" \n ") == ""
    assert len(telling_line("x" * 1000)) == 300


@pytest.mark.parametrize(
    ("line", "short"),
    [
        ("urllib3.exceptions.MaxRetryError: no route", "MaxRetryError: no route"),
        ("MaxRetryError: no route", "MaxRetryError: no route"),
        ("files.example.com: no route", "files.example.com: no route"),
        ("see app.Model for more", "see app.Model for more"),
        ("", ""),
    ],
)
def test_where_room_is_short_an_exception_goes_without_its_modules(line: str, short: str) -> None:
    assert headline(line) == short


def test_a_cause_has_a_name_in_urls() -> None:
    for line in ("", "x", "LLM API timeout after 3 retries"):
        cause = cause_of(line)
        assert 0 <= cause < 2**63
        assert parse_cause(cause_name(cause)) == cause
    for text in ("", "8000000000000000", "7fffffffffffffff0", "xyz", "00000000000000AB"):
        with pytest.raises(ValueError, match="16 hexadecimal digits"):
            parse_cause(text)


def test_the_contracts_causes_have_its_remedies() -> None:
    assert "again" in (remedy_of("LLM API timeout after 5 retries") or "")
    assert "limit" in (remedy_of("Token usage limit exceeded.") or "")
    assert remedy_of("something else") is None


@pytest.mark.parametrize("text", ["a." * 150, "a/" * 150, "a-1" * 100, "'" * 300, "://" * 100])
def test_no_line_takes_long_to_fold(text: str) -> None:
    assert len(fold(text)) <= 600
