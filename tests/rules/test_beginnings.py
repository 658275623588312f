"""Lines that begin alike are told apart by what differs."""

import pytest

from app.rules.beginnings import told_apart

POOL = "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host="


def test_what_two_lines_begin_with_is_parted_from_what_differs() -> None:
    lines = [f"{POOL}'embeddings')", "Quota exceeded", f"{POOL}'llm')"]
    assert told_apart(lines) == [
        (POOL, "'embeddings')"),
        ("", "Quota exceeded"),
        (POOL, "'llm')"),
    ]


def test_a_word_is_not_parted() -> None:
    lines = ["Invalid extraction: missing properties", "Invalid extraction: misspelt properties"]
    assert [own for _, own in told_apart(lines)] == ["missing properties", "misspelt properties"]


def test_the_nearest_of_several_lines_decides() -> None:
    lines = [f"{POOL}'a', port=1)", f"{POOL}'a', port=2)", f"{POOL}'b')"]
    assert [own for _, own in told_apart(lines)] == ["1)", "2)", "'b')"]


def test_a_line_that_another_one_begins_with_keeps_something_of_its_own() -> None:
    lines = ["Database connection was lost", "Database connection was lost: timeout"]
    assert told_apart(lines) == [
        ("Database connection was ", "lost"),
        ("Database connection was ", "lost: timeout"),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["LLM API timeout after 3 retries"],
        ["Quota of pages", "Quota of nodes"],
        ["", ""],
    ],
)
def test_what_is_told_apart_at_once_stays_whole(lines: list[str]) -> None:
    assert told_apart(lines) == [("", line) for line in lines]


def test_no_letter_is_lost() -> None:
    lines = [
        "取締役会議事録と秘密保持契約の知識グラフの抽出に失敗しました" + end for end in "一二三"
    ]
    parted = told_apart(lines)
    assert ["".join(parts) for parts in parted] == lines
    assert [own for _, own in parted] == ["一", "二", "三"]
