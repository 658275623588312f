"""A message without what varies between two failures of one cause.

What varies are numbers, ids, paths, files, addresses, and quoted texts. What does not are codes
(HTTP 429, errno 13, exit code 137, SIGKILL, ORA-01017), the names of models, and quoted names: of a
field, an attribute, a module. They are put aside before numbers and ids are looked for.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from app.rules.causes.reading import says_any

MOST = 1000  # characters of a message that are folded
RUN = 100  # … and of each run of them without a space: what looks for an end looks no further
KEPT = 300  # of what is left: what comes later no two causes need

# What is kept has digits of its own, of the private use area: no pattern takes them for a number.
_DIGITS = str.maketrans("0123456789", "".join(chr(0xE0F0 + digit) for digit in range(10)))
_BACK = str.maketrans("".join(chr(0xE0F0 + digit) for digit in range(10)), "0123456789")

_NAMED = (  # what has a number that tells
    r"HTTP(?:/[\d.]+)?",
    "status(?:[ _-]?code)?",
    "(?:error|exit|return|result)[ _-]?(?:code|status|value)",
    "code",
    "exit(?:ed)?(?: with)?",
    "errno",
    "WinError",
    "os error",
    "signal",
    "SQLSTATE",
    "returned",
    "response",
    "errorcode",
)
_VERSIONED = (
    *("utf", "latin", "iso", "cp", "base", "sha", "md", "http", "tlsv", "sslv", "int", "float"),
    *("fp", "bf", "ipv"),
)
_NAMED_CODES = re.compile(
    r"\b(?=[a-z])(?:"
    rf"(?:{'|'.join(_NAMED)})\b[\"']?[ :=(\[<#]*"
    r"(?:with |of |non-zero exit status |status )*[\"']?(?:0x[0-9a-f]{1,8}|-?\d{1,5})\b"
    rf"|(?:{'|'.join(_VERSIONED)})-?\d[\d.]*(?:-\d+)?\b"
    r"|localhost:\d+|port\b[ =:]*\d+)",
    re.IGNORECASE,
)
_NAMES = (
    *("http", "status", "code", "value", "exit", "errno", "winerror", "os error", "signal"),
    *("sqlstate", "returned", "response", "localhost", "port", *_VERSIONED),
)
_CODES = re.compile(
    r"\b(?=[A-Z45])(?:[45]\d\d(?= (?:[A-Z][a-z]+|\([A-Z]))"  # 503 Service Unavailable
    r"|\A[45]\d\d\b"
    r"|[A-Z]{1,5}-?\d{4,5}\b)"  # E11000, ORA-01017
)
_FAMILIES = (
    *("chatgpt", "gpt", "o1-", "o3-", "o4-", "claude", "gemini", "gemma", "llama", "codellama"),
    *("mistral", "mixtral", "ministral", "qwen", "qwq", "deepseek", "text-embedding"),
    *("davinci", "text-davinci", "embed-", "embedding-", "bge", "e5-", "gte-", "nomic", "phi-"),
    *("phi3", "phi4", "command-", "titan", "nova-", "voyage", "jina", "whisper", "glm", "yi-"),
    *("all-mini", "minilm", "mxbai", "paraphrase", "sentence-", "multilingual", "granite"),
    *("falcon", "grok", "kimi", "ernie", "baichuan", "internlm", "tinyllama", "vicuna"),
    *("zephyr", "stablelm", "rerank", "colbert", "splade", "clip-", "layoutlm"),
)
_MODELS = re.compile(
    rf"\b(?=[A-Za-z])(?<![./-])(?:[\w.-]++/)?(?:{'|'.join(_FAMILIES)})[\w.:@-]*", re.IGNORECASE
)
_LONG = re.compile(rf"\S{{{RUN + 1},}}")
_QUOTES = re.compile(
    r'"([^"\n]*+)"|“([^”]*+)”|«([^»]*+)»|`([^`]*+)`'
    r"|(?<!\w)(?:'([^'\n]*+)'(?!\w)|‘([^’]*+)’)"
)
# A name in quotes: of a field, a type, a module, a table. Not a file, not an id.
_NAME = re.compile(r"[A-Za-z_$][\w$]*+(?>(?:[.:-]+[A-Za-z_$][\w$]*+)*)(?:\[\])?(?:\(\))?")
_STATUS = re.compile(r"[45]\d\d [A-Z][A-Za-z -]+")
_NAMES_IT = re.compile(
    r"\b(?:field|column|attribute|property|module|(?:content|media|mime)[ -]type)s?[=: ]*\Z", re.I
)
_VALUED = re.compile(
    r"(?:[=≠]|\b(?:got|received|value|provided|key|input|run|job|task|pod|container|user|document|file"
    r"|chunk|node|entity|shard|session|thread|host))[: ]*\Z"
)

_ABOUT = re.compile(r"\A(?:#: )?(?:\w+:)?(?:\w+ )?‹path›(?: #)?: (?=\w+ \w+ \w)|\A#: ")

_DOCUMENTS = (
    "pdf|docx?|xlsx?|pptx?|odt|ods|odp|rtf|txt|md|mdx|markdown|html?|xhtml|xml|csv|tsv|jsonl?|ya?ml"
    "|epub|png|jpe?g|gif|tiff?|webp|bmp|svg|eml|msg|zip|tar|gz|7z|parquet|bin|py|ipynb|log|mp3|mp4"
    "|wav|tex|DS_Store"
)
_P = r"[\w.~@%+-]"
_A_DOCUMENT = re.compile(rf"\.(?:{_DOCUMENTS})\b", re.IGNORECASE)
_SLASH = re.compile(r"[/\\]")
_DOTTED = re.compile(r"\.[\w-]+\.[\w-]")
_HIDDEN = re.compile(r"\*\*|…|\.\.\.\w")
_NUMBER = re.compile("#")
_DIGIT = re.compile(r"\d")

_ID_LETTER = re.compile("[A-Za-z]")
# What varies, the word in its place, and what is looked for first, since that is soon done. In this
# order: each finds what the ones before have left.
_Varying = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str], re.Pattern[str] | None]
_VARYING: tuple[_Varying, ...] = (
    (re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s'\"<>)\]]+"), "‹url›", re.compile("://")),
    (re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"), "‹address›", re.compile(r"@[\w-]+\.")),
    # A document behind a word that announces one, also with spaces in its name.
    (
        re.compile(
            r"\b((?:document|file|path|open|opening|load|loading|read|reading|parse|parsing|process"
            r"|processing|convert|converting|for|from|of|in|input|ingest|ingesting|source)s?:? )"
            rf"(?:[^\s:;,'\"]+ )?(?:[^\s/\\:;,'\"]+ ){{0,6}}?[^\s:;,'\"]+"
            rf"\.(?:{_DOCUMENTS})\b(?!\.\w)",
            re.IGNORECASE,
        ),
        r"\1‹path›",
        _A_DOCUMENT,
    ),
    (
        re.compile(
            rf"(?<![\w/\\<])(?:[A-Za-z]:)?(?:[\\/]+{_P}+)+[\\/]*"
            rf"|(?<![\w/\\]){_P}+(?:(?:[\\/]+{_P}+){{2,}}|[\\/]+{_P}+\.[A-Za-z]\w{{0,5}}\b)[\\/]*"
        ),
        "‹path›",
        _SLASH,
    ),
    (
        re.compile(
            rf"(?<![\w.])[\w@%+()-]+(?:\.[\w()-]+)*\.(?:{_DOCUMENTS})\b(?!\.\w)|\.DS_Store\b",
            re.IGNORECASE,
        ),
        "‹path›",
        _A_DOCUMENT,
    ),
    (
        re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE),
        "‹id›",
        re.compile(r"-\w{4}-"),
    ),
    (re.compile(r"(?<![\w.-])\d+(?:\.\d+)?[KMGT]i?[Bb]?\b"), "#", _DIGIT),
    (re.compile(r"@[0-9a-f]{4,16}\b"), "", re.compile("@")),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "#", re.compile("0[xX]")),
    # Hosts with numbers: ip-172-31-3-156.us-west-2.compute.internal.
    (
        re.compile(r"(?<![\w-])(?<!\w\.)(?=[\w.-]*\d)[\w-]*[a-z][\w-]*(?:\.[\w-]+){2,}\b"),
        "‹id›",
        _DOTTED,
    ),
    # What a key or an account is hidden by: sk-proj-****abcd.
    (re.compile(r"[\w-]*(?:\*{2,}|…|\.{3}(?=\w))[\w-]*"), "‹id›", _HIDDEN),
    (
        re.compile(r"\b(?:[A-Za-z]+[-_])?(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{6,}\b", re.IGNORECASE),
        "‹id›",
        _DIGIT,
    ),
    (re.compile(r"\b\d+(?:\.\d+){3}(?::\d+)?\b"), "#", _DIGIT),
    # Letters in capitals and small ones in turns, as chance has them: org-AbCdEfGhIjKl.
    (
        re.compile(
            r"\b(?:[A-Za-z]{1,8}[-_])?(?=(?:[A-Z\d]*[a-z][a-z\d]*[A-Z]){3})"
            r"(?![A-Z]?[a-z]{3,}(?:[A-Z][a-z]{2,})+\b)[A-Za-z0-9]{16,}\b"
        ),
        "‹id›",
        re.compile(r"[a-z]\d*[A-Z]"),
    ),
    (
        re.compile(r"\b(?:[A-Za-z]+[-_])?[A-Za-z]*\d[\w-]{4,}\b"),
        lambda found: "‹id›" if _ID_LETTER.search(found[0]) else found[0],
        _DIGIT,
    ),
    (re.compile(r"\b(?:[a-z]+-){1,3}(?=[a-z]*\d)[a-z0-9]{4,10}\b"), "‹id›", re.compile("[a-z]-")),
    (
        re.compile(
            r"[-+]?\d[\d.,:]*(?<=\d)(?:\s?(?:[KMGTP]i?B|[kKMGT]?[bB]ytes?|ms|µs|s|secs?|seconds?|min"
            r"|mins|minutes?|h|hours?|d|days?|%|px|dpi)\b)?"
        ),
        "#",
        _DIGIT,
    ),
    (re.compile(r"[\[({]\s*#(?:\s*[,;]\s*#)*\s*,?\s*[\])}]"), "#", _NUMBER),
    (re.compile(r"#(?:\s?[~/,:x×–-]\s?#)+"), "#", _NUMBER),
    (re.compile(r"(?<=# )(\w{3,}?)s\b(?!')"), r"\1", _NUMBER),
    (re.compile(r"\(s\)"), "", None),
    (re.compile(r"\bssl:\w+"), "ssl", re.compile("ssl:")),
    (re.compile(r"[;,\s]+(?=[)\]])"), "", re.compile(r"[)\]]")),
)


@lru_cache(maxsize=2000)
def fold(message: str) -> str:
    """A message without what varies, at most `KEPT` characters."""
    line = _LONG.sub(lambda found: found[0][:RUN], message[:MOST])
    if _DIGIT.search(line):
        line = _CODES.sub(_keep, line)
        if says_any(line, _NAMES):
            line = _NAMED_CODES.sub(_keep, line)
        if says_any(line, _FAMILIES):
            line = _MODELS.sub(_keep, line)
    line = _QUOTES.sub(_quoted, line)
    line = _ABOUT.sub("", " ".join(_vary(line).split()))
    return line.translate(_BACK).strip(" .:;,\"'`>|")[:KEPT]


def _keep(found: re.Match[str]) -> str:
    return found[0].translate(_DIGITS)


def _vary(line: str) -> str:
    for pattern, word, sign in _VARYING:
        if sign is None or sign.search(line):
            line = pattern.sub(word, line)
    return line


def _quoted(found: re.Match[str]) -> str:
    content = next((one for one in found.groups() if one is not None), "")
    before = found.string[max(0, found.start() - 20) : found.start()]
    if _NAMES_IT.search(before) and len(content) <= 60:
        return f"“{content}”"
    if len(content) > 60 or _VALUED.search(before):
        return "‹text›"
    if _STATUS.fullmatch(content.translate(_BACK)):
        return content
    if (_NAME.fullmatch(content.translate(_BACK)) and _vary(content) == content) or (
        content != content.translate(_BACK)
    ):
        return f"“{content}”"
    return "‹text›"
