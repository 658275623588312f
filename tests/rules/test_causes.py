"""What of an error is its cause."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.causes import (
    LINE,
    RULES,
    cause_name,
    cause_of,
    chain,
    parse_cause,
    reason,
    remedy_of,
    telling_line,
)
from app.rules.causes.folding import fold
from app.rules.legible import shows, without_codes
from tests.kit import ROOT

ALIKE = [
    ("LLM API timeout after 3 retries", "LLM API timeout after 12 retries"),
    ("timeout after 31 s on part-7f3a.pdf", "timeout after 6.5 s on part-91bc.pdf"),
    ("Can't open '/data/a b.pdf': no", "Can't open '/data/c.pdf': no"),
    ("GET https://one.example/v1?b=1 failed", "GET http://one.example failed"),
    ("s3://contracts/q4/nda.docx is encrypted", "s3://hr/2026/x.pdf is encrypted"),
    ("hr/handbook/2026-11.md has no text", "wiki/a/b/c.html has no text"),
    ("no 123e4567-e89b-12d3-a456-426614174000", "no 00000000-e89b-12d3-a456-42661417400f"),
    ("request req_8f2c91 failed", "request req_77ab02 failed"),
    ("chunk deadbeef01 lost", "chunk 99aa88bb77 lost"),
    ("byte 0xe2 in position 4096", "byte 0x80 in position 7"),
    ("one@example.com bounced", "two.three@mail.example.org bounced"),
    ("Timeout", "timeout"),
]
APART = [
    ("LLM API timeout after 3 retries", "Database connection lost"),
    ("it's bad, don't do it", "it's good, don't do it"),
    ("I/O error", "and/or error"),
    ("", "no reason"),
    ("no field “nodes”", "no field “edges”"),
    ("KeyError: 'nodes'", "KeyError: 'edges'"),
    ("HTTP 404 from the server", "HTTP 500 from the server"),
    ("model gpt-4o is not there", "model gpt-4.1-mini is not there"),
    ("exit code 1", "exit code 137"),
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
    assert telling_line("\n\n  no text was found \nsecond") == "no text was found"
    assert telling_line(None) == telling_line(" \n ") == ""
    assert len(telling_line("x y " * 1000)) == LINE


def test_a_cause_has_a_name_in_urls() -> None:
    for line in ("", "x", "LLM API timeout after 3 retries"):
        cause = cause_of(line)
        assert cause >> 56 == RULES
        assert parse_cause(cause_name(cause)) == cause
    for text in ("", "8000000000000000", "7fffffffffffffff0", "xyz", "00000000000000AB"):
        with pytest.raises(ValueError, match="16 hexadecimal digits"):
            parse_cause(text)


def test_the_contracts_causes_have_its_remedies() -> None:
    assert "again" in (remedy_of("LLM API timeout after 5 retries") or "")
    assert "limit" in (remedy_of("Token usage limit exceeded.") or "")
    assert remedy_of("something else") is None


FOLDED = [
    ('say "a" and “b” and «c» and `d`', "say “a” and “b” and “c” and “d”"),
    ('not "two words", not "x.pdf", not "7"', "not ‹text›, not ‹text›, not ‹text›"),
    ("got 'a', received 'b', key = 'c'", "got ‹text›, received ‹text›, key = ‹text›"),
    ("GET ftp+x://h/p?q=1, then a:/b", "GET ‹url› then ‹path›"),
    ("see a.b+c@mail.example.org. and @x.y", "see ‹address›. and @x.y"),
    ("a@b has no dot", "a@b has no dot"),
    ("I/O and/or a/b.c.txt a/b.longext", "I/O and/or ‹path› a/b.longext"),
    ("C:\\a\\b x-C:/d \\\\srv\\share\\f", "‹path› x-‹path› ‹path›"),
    ("/a/b/ and / alone", "‹path› and / alone"),
    ("a.txt, b.tar.gz; c.d(e)", "‹path›, ‹path›; c.d(e)"),
    ("document Annual report 2024 (final).pdf is bad", "document ‹path› is bad"),
    ("document 年度报告.pdf is bad", "document ‹path› is bad"),
    ("123E4567-e89b-12d3-a456-426614174000", "‹id›"),
    ("0x1F and deadbeef and deadbeef1", "# and deadbeef and ‹id›"),
    ("req_8f2c91 job-349e77 org-AbCdEfGhIjKlMnOpQr sk-****abcd", "‹id› ‹id› ‹id› ‹id›"),
    ("ip-172-31-3-156.us-west-2.compute.internal is down", "‹id› is down"),
    ("334.00 MiB of 7.62 GiB in 12s after 3 retries", "# of # in # after # retrie"),
    ("pages [5, 6, 7] or 3/5 or 12:30", "pages # or # or #"),
    ("HTTP 404, errno 13, exit code -9, ORA-01017", "HTTP 404, errno 13, exit code -9, ORA-01017"),
    ("503 Service Unavailable after 503 tries", "503 Service Unavailable after # trie"),
    ("gpt-4o-mini and BAAI/bge-m3 and llama3.1:8b", "gpt-4o-mini and BAAI/bge-m3 and llama3.1:8b"),
    ("x\t\n y  z ", "x y z"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "folded"), FOLDED)
def test_what_varies_is_told_from_what_only_looks_like_it(line: str, folded: str) -> None:
    assert fold(line) == folded


# Each would send some way of looking for what varies through the rest of the line again and again.
HOSTILE = [
    *"a1'\"`.-_/\\@+:~%=([{<é٣“‘«\u200b\t ",
    "``a", "“a ", "‘‘a", "« ", "'a ", '"a', "a.", "1.", "..a", ".a-", "a..", "./", "/./", "//",
    "a/", "-/", "-/a", "\\a", "~\\", "a//", "a/b.", "a/b.toolong ", "-a/b.c-", "//a-", "C:",
    "C:\\", "-C:/", "a@", "@a", "a@a", "a+@-", "@a.", "a.b@", "://", "a:", "a:/", "a+b.c-",
    "+.-h", "h://", "0x", "0xf", "0xg", "f", "f1", "ff-", "deadbeef-", "12345678-1234-", "1-",
    "a-", "a1-", "-a", "1_", "_1", "_a-", "1,", "1:", "1.,:", "٣-", "\U0001d7d8-", "é-", "é.",
    "~%-", "1----", "a----", "w.w-", "w.w.w(", "w.txt.", "a.txt-", "a.py(", "‹", "‹url›.",
    "\x1b[", "\x1b]", "\x9b", "\x90", "\U0001f3f4", "\ufe0f", "[({<", "a(b[c{",
]  # fmt: skip
EVERY_SIGN = " @/\\.-:x"  # so that everything is looked for


@pytest.mark.parametrize(
    ("shapes", "length"),
    [(HOSTILE, 12_000), (["“", "“a ", "«1", "‘ ", "‘‘a"], 150_000)],
    ids=["any", "never closed"],
)
def test_a_line_takes_time_in_proportion_to_its_length(shapes: list[str], length: int) -> None:
    """Each takes 3 ms. Quadratic, one of them takes 4 s and more."""
    for shape in shapes:
        line = (shape * length)[:length] + EVERY_SIGN
        began = time.thread_time()
        for before in ("", "x: ", '{"error": "', "Traceback (most recent call last):\n"):
            cause_of.__wrapped__(before + line)
        assert time.thread_time() - began < 1, shape


def test_a_request_of_hostile_lines_is_soon_folded() -> None:
    lines = []
    for number in range(1000):
        one, other = HOSTILE[number % len(HOSTILE)], HOSTILE[number * 7 % len(HOSTILE)]
        lines.append((one * number)[: 20 + number % 100] + (other * LINE)[:LINE])
    began = time.thread_time()
    for line in lines:
        cause_of(telling_line(line))
    assert time.thread_time() - began < 1  # of this thread; it takes 0.1 s


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.lists(
    st.sampled_from([*HOSTILE, "\n", " ", "a", "Traceback (most recent call last)"]), max_size=30
).map("".join)


@given(TEXTS)
def test_whatever_an_error_is_its_line_is_readable_and_its_cause_its_own(text: str) -> None:
    line = telling_line(text)
    assert line == without_codes(line) == line.strip()
    assert len(line) <= LINE
    assert shows(line) == bool(line)
    assert telling_line(line) == line
    assert not any(0xD800 <= ord(letter) < 0xE000 for letter in fold(line))
    assert shows(reason(text))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("\x1b[31mERROR\x1b[0m \x1b[1mtimed out\x1b[0m", "timed out"),
        ("\x1b]8;;https://x.example\x07timed out\x1b]8;;\x1b\\ again", "timed out again"),
        ("\x9b1;31mtimed out\x9b0m", "timed out"),
        ("\x1b(B\x1b[mtimed out\x1b[K", "timed out"),
        ("\x1b[2K\r\x1b[1A\ntimed out", "timed out"),
        ("\x1b]0;never closed\ntimed out", "0;never closed timed out"),
        ("\x1b[31m" * 100 + "timed out", "timed out"),
        ("\u200b\ufeff\n \u3164 \ntimed out", "timed out"),
        ("Traceback (most recent call last)\nValueError: x\n\u200b\n\x1b[0m", "ValueError: x"),
        ("\u202eevil", "\u202eevil"),
    ],
)
def test_the_line_that_tells_is_one_that_can_be_read(error: str, line: str) -> None:
    assert telling_line(error) == line


@pytest.mark.parametrize(
    "error",
    [
        "",
        " \t\r\n",
        "\xa0\u2003\u3000",
        "\u200b",
        "\ufeff\n\u2060",
        "\x1b[31m\x1b[0m\n",
        "\x00\x07",
        "\u202e",
        "\u3164\u115f",
        "\U000e0041\U000e007f",
        "\u2800",
        "\u200b " * 500 + "too far right",
    ],
)
def test_an_error_that_shows_nothing_says_so_in_words(error: str) -> None:
    assert telling_line(error) == ""
    assert cause_of(telling_line(error)) == cause_of("")
    assert reason(error) == ("an error without readable text" if error else "no error message")
    assert reason(None) == "no error message"


def test_no_group_repeats_in_the_way_in_which_older_pythons_lose_their_place() -> None:
    """gh-106052: on Debian 12, whose Python is 3.11.2, errors were folded into other causes."""
    group = re.compile(r"\)(?:[*+?]|\{[\d, {}]+\})\+")
    sources = [path for path in (ROOT / "app").rglob("*.py") if "++" in path.read_text()]
    assert sources
    assert [path.name for path in sources if group.search(path.read_text())] == []


PYTHON_CHAIN = """Traceback (most recent call last):
  File "a.py", line 3, in read
    open(path)
FileNotFoundError: [Errno 2] No such file: 'x.pdf'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "b.py", line 9, in run
    raise LoadError("cannot load x.pdf") from error
app.errors.LoadError: cannot load x.pdf
"""
JAVA_CHAIN = """Exception in thread "main" java.lang.RuntimeException: ingestion failed
\tat a.B.run(B.java:7)
Caused by: java.io.IOException: stream closed
\tat a.C.read(C.java:9)
\t... 3 more
Caused by: java.net.SocketException: Connection reset
\t... 5 more
"""


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (
            PYTHON_CHAIN,
            [
                "FileNotFoundError: [Errno 2] No such file: 'x.pdf'",
                "app.errors.LoadError: cannot load x.pdf",
            ],
        ),
        (
            JAVA_CHAIN,
            [
                "java.net.SocketException: Connection reset",
                "java.io.IOException: stream closed",
                "java.lang.RuntimeException: ingestion failed",
            ],
        ),
        ("ValueError: no text", []),
        (PYTHON_CHAIN.partition("\nThe above")[0], []),
        ("", []),
    ],
)
def test_what_was_raised_one_after_the_other_is_outlined(error: str, raised: list[str]) -> None:
    assert chain(error) == raised
