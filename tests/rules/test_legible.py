"""What of a text is shown, and what as a mark."""

import json
import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.legible import (
    BLANK,
    HIDDEN,
    escaped,
    legible,
    legible_lines,
    shows,
    without_codes,
)

DRAWN = (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)
"""Format characters that are seen, as marks over digits are."""
NOTHING = (
    *(
        0x34F,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        0x2065,
        0x2800,
        0x3164,
        0xFFA0,
        0xFFFC,
        0x16FE4,
        0x1D159,
    ),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0xE0000, 0xE1000),
    *range(0xFFF0, 0xFFFD),
)
"""What has another category, or none yet, and renders as nothing."""


def test_hidden_is_what_unicode_says_renders_as_nothing_or_as_anything() -> None:
    hidden = {ord(one) for one in re.findall(f"[{HIDDEN}]", "".join(map(chr, range(0x110000))))}
    categories = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
    expected = {code for code in range(0x110000) if unicodedata.category(chr(code)) in categories}
    expected |= {code for code in range(0x110000) if code & 0xFFFE == 0xFFFE}
    expected |= {*range(0xFDD0, 0xFDF0), *NOTHING}
    assert hidden - set(range(0x13430, 0x13440)) == expected - set(DRAWN) - set(
        range(0x13430, 0x13440)  # of which some have come after Python 3.11
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("invoice\u202efdp.exe", "invoice⟨U+202E⟩fdp.exe"),
        ("\u2066a\u2069", "⟨U+2066⟩a⟨U+2069⟩"),
        ("pay\u200dpal\u200c", "pay⟨U+200D⟩pal⟨U+200C⟩"),
        ("soft\xadhyphen", "soft⟨U+00AD⟩hyphen"),
        ("\ufeffa\u2028b\u2029c\x85d", "⟨U+FEFF⟩a⟨U+2028⟩b⟨U+2029⟩c⟨U+0085⟩d"),
        ("d\te\nf\rg", "d⟨U+0009⟩e⟨U+000A⟩f⟨U+000D⟩g"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("\u115f\u3164\uffa0\u2800", "⟨U+115F⟩⟨U+3164⟩⟨U+FFA0⟩⟨U+2800⟩"),
        ("\ue000\U0010ffff\ufdd0", "⟨U+E000⟩⟨U+10FFFF⟩⟨U+FDD0⟩"),
        ("a\U000e0041b\U000e007f", "a⟨U+E0041⟩b⟨U+E007F⟩"),
        ("🏴\U000e0068\U000e007f", "🏴⟨U+E0068⟩⟨U+E007F⟩"),
        ("a\ufe0f1\ufe0f", "a⟨U+FE0F⟩1⟨U+FE0F⟩"),
        ("😀\ufe0f\ufe0f\U000e0100", "😀\ufe0f⟨U+FE0F⟩⟨U+E0100⟩"),
        ("😀\u200d", "😀⟨U+200D⟩"),
        ("می\u200c", "می⟨U+200C⟩"),
        ("\u200cمی", "⟨U+200C⟩می"),
        ("क\u200d\u200d", "क\u200d⟨U+200D⟩"),
        ("\u202e" * 3, "⟨U+202E⟩" * 3),
    ],
)
def test_what_shows_nothing_is_shown_as_a_mark(text: str, shown: str) -> None:
    assert legible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "contracts/2026/lease-00123.pdf",
        "",
        " two  spaces\xa0and\u2009three ",
        "日本語.pdf 葛\U000e0100飾区 神\ufe00",
        "می\u200cخواهم کتاب\u200cها ه\u200d.ق",
        "क्\u200dष র\u200d্য ക്\u200d ක්\u200dෂ",
        "ᠮᠣᠩᠭᠣᠯ\u180b ᠰᠠᠶ\u180eᠠ",
        "هٰذَا كِتَابٌ \u06dd \u0601",
        "שלום café cafe\u0301 Ångström a\u030a",
        "👩\u200d⚕\ufe0f 👨\u200d👩\u200d👧 🧑🏽\u200d💻 ❤\ufe0f\u200d🔥",
        "🐈\u200d⬛ 🙂\u200d↔\ufe0f",
        "☎\ufe0e ©\ufe0f 1\ufe0f\u20e3 #\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 🏴\u200d☠\ufe0f 🏴",
        "⟨U+202E⟩ �",
    ],
)
def test_what_spells_words_and_pictures_is_left_alone(text: str) -> None:
    assert legible(text) == legible_lines(text) == text


LETTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    "\u200d\u200c\ufe0f\u202e\x1b[]m\n\t\r👩⚕🏴१२می葛\U000e0100\U000e0067\U000e007f#1⃣"
)
TEXTS = st.text(LETTERS, max_size=40)


@given(TEXTS)
def test_a_text_is_itself_but_for_its_marks(text: str) -> None:
    shown = legible(text)
    assert legible(shown) == shown
    assert shown.isprintable() or not text.isascii()
    back = re.sub("⟨U\\+([0-9A-F]{4,6})⟩", lambda mark: chr(int(mark[1], 16)), shown)
    assert back == re.sub("⟨U\\+([0-9A-F]{4,6})⟩", lambda mark: chr(int(mark[1], 16)), text)
    assert shows(text) <= shows(shown)


@given(TEXTS)
def test_lines_keep_their_ends_and_lose_their_codes(text: str) -> None:
    shown = legible_lines(text)
    assert "\x1b" not in shown
    plain = without_codes(text)
    assert without_codes(plain) == plain
    for white in "\n\t\r":
        assert shown.count(white) == plain.count(white)
    assert legible(plain.translate({ord(white): " " for white in "\n\t\r"})) == shown.translate(
        {ord(white): " " for white in "\n\t\r"}
    )


@given(st.dictionaries(st.just("error"), TEXTS))
def test_json_is_readable_and_still_the_same_json(value: dict[str, str]) -> None:
    text = escaped(json.dumps(value, indent=2, ensure_ascii=False))
    assert json.loads(text) == value
    assert not re.search(f"[{HIDDEN}]", text.replace("\n", ""))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[38:2:255:0:0mred\x1b[m", "red"),
        ("\x1b[?25l\x1b[2J\x1b[Hhome", "home"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\", "ab"),
        ("\x1bPq#0\x1b\\a\x1b_b\x1b\\c\x1b^d\x1b\\e\x1bXf\x1b\\", "ace"),
        ("\x9b31mred\x9b0m\x9d0;title\x9c\x90q\x9c", "red"),
        ("\x1b(B\x1b)0\x1b=\x1b7\x1bMplain", "plain"),
        ("\x1b[31", "31"),
        ("\x1b]0;open\nthe reason", "0;open\nthe reason"),
        ("\x1b\x1b[31mred\x1b", "red"),
        ("\x1b\x9b@0 \x9b31", "0 31"),
        ("\x1b    red", "    red"),
        ("no [31m code", "no [31m code"),
    ],
)
def test_codes_of_terminals_are_taken_out_and_nothing_else(text: str, plain: str) -> None:
    assert without_codes(text) == plain


@pytest.mark.parametrize(
    "shape",
    ["\x1b", "\x1b[", "\x1b[1;", "\x1b]", "\x90", "\x9b1", "\x1bP\x90", "\u200d", "🏴\u200b"],
)
def test_a_text_takes_time_in_proportion_to_its_length(shape: str) -> None:
    began = time.perf_counter()
    legible_lines(shape * 50_000)
    assert time.perf_counter() - began < 5  # some 0.1 s; quadratic, a minute


def test_blank_is_what_nobody_sees() -> None:
    assert not shows(" \t\n\xa0\u3000\u200b\ufeff\x1b\u2800\U000e0020")
    assert shows("\u200b.\u200b")
    assert re.fullmatch(f"[{BLANK}]*", " \xa0\u200b")
