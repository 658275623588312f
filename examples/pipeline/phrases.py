"""Splits a text into chunks, finds the key phrases of each and links those that belong together.

All statistics, no model: nothing is downloaded, and the same text gives the same result.
"""

import re
from collections.abc import Iterable
from itertools import combinations
from typing import cast

import yake  # type: ignore[import-untyped]
from semchunk.semchunk import chunk as cut

CHUNK_WORDS = 400
PHRASES_PER_CHUNK = 12
LONGEST_PHRASE = 3  # words

SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n\s*\n")
WORD = re.compile(r"[^\W\d_]{3,}")


def split(text: str) -> list[str]:
    """Chunks of at most CHUNK_WORDS words, cut at the largest break that fits."""
    # Not memoized: its cache would keep every text of the run in memory.
    return cast("list[str]", cut(text, CHUNK_WORDS, _count_words, memoize=False))


def _count_words(text: str) -> int:
    # Ten characters count as a word at least, so that a text without spaces is split as well.
    return max(len(text.split()), len(text) // 10)


class PhraseFinder:
    """Finds key phrases. Keeps caches, so each worker has its own."""

    def __init__(self) -> None:
        """Load the English stop words."""
        self._extractor = yake.KeywordExtractor(lan="en", n=LONGEST_PHRASE, top=PHRASES_PER_CHUNK)

    def find(self, chunk: str) -> list[str]:
        """Up to PHRASES_PER_CHUNK phrases in lower case, the most telling first."""
        ranked = self._extractor.extract_keywords(chunk)
        phrases = (" ".join(phrase.casefold().split()) for phrase, _ in ranked)
        return list(dict.fromkeys(phrase for phrase in phrases if WORD.search(phrase)))


def link(chunk: str, phrases: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of phrases that share a sentence, each pair once and in alphabetical order.

    A phrase inside another ("graph", "knowledge graph") is no news and makes no link.
    """
    patterns = {p: re.compile(rf"(?<!\w){re.escape(p)}(?!\w)") for p in sorted(set(phrases))}
    links: dict[tuple[str, str], None] = {}
    for sentence in SENTENCE_END.split(chunk):
        plain = " ".join(sentence.casefold().split())
        together = [phrase for phrase, pattern in patterns.items() if pattern.search(plain)]
        for one, other in combinations(together, 2):
            if one not in other and other not in one:
                links[one, other] = None
    return list(links)
