"""Marks a search's words in the original text: the text is as printed, the comparison is folded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.arabic.tokens import search_terms

# a word as a reader sees it: letters, digits, and what clings to Arabic letters (diacritics, tatweel)
WORD = re.compile(r"[\w\u0610-\u061a\u0640\u064b-\u065f\u0670]+", re.UNICODE)
OPERATORS = re.compile(r'-\S+|\b(?:outlet|country|since|until|lang|topic):\S*|"', re.UNICODE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``hit`` where it answers the search."""

    text: str
    hit: bool = False


@lru_cache(50_000)
def _terms(word: str) -> frozenset[str]:
    return frozenset(search_terms(word))


def mark(text: str, query: str) -> tuple[Piece, ...]:
    """Cut a text into pieces, those hit by the query marked."""
    asked = frozenset(search_terms(OPERATORS.sub(" ", query))) if query else frozenset()
    if not asked:
        return (Piece(text),)
    pieces: list[Piece] = []
    last = 0
    for found in WORD.finditer(text):
        if asked.isdisjoint(_terms(found[0])):
            continue
        if found.start() > last:
            pieces.append(Piece(text[last : found.start()]))
        pieces.append(Piece(found[0], hit=True))
        last = found.end()
    if last < len(text):
        pieces.append(Piece(text[last:]))
    return tuple(pieces)


def around(text: str, query: str, length: int) -> str:
    """Give a stretch of a text of about ``length`` characters that holds the query's first word; empty if it holds none.

    >>> around("نص طويل قبل الكلمة ثم تأتي كلمة المغرب وبعدها كلام آخر كثير", "المغرب", 30)
    '…الكلمة ثم تأتي كلمة المغرب وبعدها كلام…'
    """
    asked = frozenset(search_terms(OPERATORS.sub(" ", query))) if query else frozenset()
    place = next((found.start() for found in WORD.finditer(text) if not asked.isdisjoint(_terms(found[0]))), None)
    if place is None:
        return ""
    start, end = max(0, place - length // 2), min(len(text), place + length // 2)
    start = text.rfind(" ", 0, start) + 1
    end = text.find(" ", end) if text.find(" ", end) > 0 else len(text)
    return ("…" if start else "") + " ".join(text[start:end].split()) + ("…" if end < len(text) else "")
