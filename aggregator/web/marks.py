"""Marks a search's words in the original text: the text is as printed, the comparison is folded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator.arabic.tokens import search_terms

# a word as a reader sees it: letters, digits, and what clings to Arabic letters (diacritics, tatweel)
WORD = re.compile(r"[\w\u0610-\u061a\u0640\u064b-\u065f\u0670]+", re.UNICODE)
OPERATORS = re.compile(r'-\S+|\b(?:outlet|country|since|until|lang|topic):\S*|"', re.UNICODE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; ``hit`` where it answers the search."""

    text: str
    hit: bool = False


def mark(text: str, query: str) -> tuple[Piece, ...]:
    """Cut a text into pieces, those hit by the query marked."""
    asked = frozenset(search_terms(OPERATORS.sub(" ", query))) if query else frozenset()
    if not asked:
        return (Piece(text),)
    pieces: list[Piece] = []
    last = 0
    for found in WORD.finditer(text):
        if asked.isdisjoint(search_terms(found[0])):
            continue
        if found.start() > last:
            pieces.append(Piece(text[last : found.start()]))
        pieces.append(Piece(found[0], hit=True))
        last = found.end()
    if last < len(text):
        pieces.append(Piece(text[last:]))
    return tuple(pieces)
