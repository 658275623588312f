"""What a reader sees of a text that somebody sent: what would show as nothing shows as a mark.

A direction that is overridden, a zero width space, a control character: `invoice⟨U+202E⟩fdp.exe`.
Only what people read is written like this. What is stored, and what programs get, is what was sent.

Hidden are control characters; Unicode's format characters (Cf), but for those that are drawn, such
as the number signs of Arabic; separators of lines and paragraphs; private use, which looks like
anything or nothing; noncharacters and halves of pairs; and what has another category and renders
as nothing all the same: variation selectors, fillers, the blank of Braille, and whatever Unicode
calls ignorable. Spaces are not, of whatever width: between words they are seen.

Some of these spell words and pictures, and are left alone where they do: joiners behind the letters
of scripts that join or stack them (Arabic, Persian, the scripts of India, …), what joins emoji and
asks for their picture, the three flags that are spelt in tags, and variants of Chinese and
Mongolian characters. In any other place, as between two Latin letters, the same ones are marked.
"""

import json
import re

_HIDDEN_BELOW = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufffc\ufffe\uffff"
)
_HIDDEN_ABOVE = (
    "\U00013430-\U0001343f\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(1 << 16, 14 << 16, 1 << 16)
    )
    + "\U000e0000-\U000e0fff\U000efffe-\U0010ffff"
)
HIDDEN = _HIDDEN_BELOW + _HIDDEN_ABOVE
"""What is hidden, as a class of a regular expression has it between its brackets."""

BLANK = rf"\s{HIDDEN}"
"""The same with every white space: of what is made of these alone, nothing is seen."""

_JOINING = (
    "\u0620-\u109f\u1700-\u1cff\ua800-\uabff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f"
)
_IDEOGRAPHS = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_PICTURES = (
    "\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\U0001f000-\U0001faff"
)
_SIGNS = "©®‼⁉™ℹ〰〽㊗㊙"  # and these have a picture too, if it is asked for
_BLACK_FLAG = "\U0001f3f4"
_FLAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls")
)
_IN_PLACE = "|".join(
    (
        rf"(?<=[{_JOINING}])\u200c(?=[{_JOINING}])",
        rf"(?<=[{_JOINING}])\u200d",
        rf"(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}])",
        rf"(?<=[{_PICTURES}{_SIGNS}])[\ufe0e\ufe0f]",
        r"(?<=[#*0-9])\ufe0f(?=\u20e3)",
        rf"{_BLACK_FLAG}(?:(?:{_FLAGS})\U000e007f)?",
        rf"(?<=[{_IDEOGRAPHS}])[\ufe00-\ufe02\U000e0100-\U000e01ef]",
        r"(?<=[\u1820-\u18aa])[\u180b-\u180f]",
    )
)
# Of 65,536 characters a table tells at once; what is above them is seldom and looked at one by one.
_PERHAPS = re.compile(f"[{_HIDDEN_BELOW}\U00010000-\U0010ffff]")
_HIDDEN = re.compile(f"[{HIDDEN}]")
# What is left alone is a group; of nearly every character the look ahead says that it is neither.
_LOOK = f"(?=[{HIDDEN}{_BLACK_FLAG}])"
_HIDDEN_IN_A_NAME = re.compile(f"{_LOOK}(?:({_IN_PLACE})|.)", re.DOTALL)
_HIDDEN_IN_LINES = re.compile(rf"{_LOOK}(?:({_IN_PLACE}|[\t\n\r])|.)", re.DOTALL)
_SEEN = re.compile(f"[^{BLANK}]")

# What colours a text in a terminal, moves its cursor or names its window (ECMA-48), in seven bits
# and in eight: a control sequence; a string, which one that is not closed does not make of all that
# follows; any other escape, and what begins one and does not go on. So none is left.
_CODES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])(?:[^\x07\n\x1b\x80-\x9f]*+(?:\x07|\x1b\\|\x9c))?"
    r"|\x1b(?:[ -/]{0,2}[0-~])?|\x9b"
)
_CODE = re.compile("[\x1b\x90\x98\x9b\x9d-\x9f]")


def legible(text: str) -> str:
    """A name or a line as it is shown: each hidden character as its mark, `⟨U+202E⟩`."""
    return _marked(_HIDDEN_IN_A_NAME, text)


def legible_lines(text: str) -> str:
    """A text of many lines as it is shown: without the codes of terminals, and with its tabs."""
    return _marked(_HIDDEN_IN_LINES, without_codes(text))


def _marked(hidden: re.Pattern[str], text: str) -> str:
    # Nearly every text ends here, and a page has thousands.
    if (text.isascii() and text.isprintable()) or not _PERHAPS.search(text):
        return text
    return hidden.sub(lambda found: found[1] or f"⟨U+{ord(found[0]):04X}⟩", text)


def without_codes(text: str) -> str:
    """A text without the codes by which terminals show it in colours."""
    return _CODES.sub("", text) if _CODE.search(text) else text


def shows(text: str) -> bool:
    """Whether a reader sees anything of a text; codes of terminals are not looked for."""
    return _SEEN.search(text) is not None


def escaped(json_text: str) -> str:
    """JSON as people read it, and programs still do: what is hidden is written as an escape.

    Its own line ends stay.
    """

    def escape(found: re.Match[str]) -> str:
        return found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1]

    return _HIDDEN.sub(escape, json_text)
