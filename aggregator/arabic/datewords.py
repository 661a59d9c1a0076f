"""The words of dates: a line cut into tokens, and the table `data/datewords.tsv` looked up in it."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from aggregator.arabic.fold import fold

MAX_TOKENS = 400
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]")
# joined to the word after it: «ساعة ونصف», «خمس وعشرين دقيقة»
AND = frozenset(("و", "et", "and"))
_COUNTED = ("number", "part", "unit", "dual")
_GLUED_CLOCK = re.compile(r"\b((?:19|20)\d\d)(\d{1,2}:\d\d)")  # «21/1/202510:15 م»


class Token(NamedTuple):
    """One word, number or sign of a folded line; ``number`` is -1 for what isn't one, ``glued`` if no space precedes it."""

    text: str
    number: int
    glued: bool

    @property
    def digits(self) -> int:
        """Give how many digits a number is written with, 0 for other tokens."""
        return len(self.text) if self.number >= 0 else 0


Phrases = dict[str, list[tuple[tuple[str, ...], str]]]


@cache
def table() -> dict[str, Phrases]:
    """Load the words: kind -> first token -> the phrases that begin with it, longest first, each with its value."""
    kinds: dict[str, Phrases] = {}
    for line in files("aggregator.arabic").joinpath("data/datewords.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        kind, value, words = line.split("\t")
        phrase = tuple(_TOKEN.findall(fold(words)))
        kinds.setdefault(kind, {}).setdefault(phrase[0], []).append((phrase, value))
    for phrases in kinds.values():
        for rows in phrases.values():
            rows.sort(key=lambda row: -len(row[0]))
    return kinds


@cache
def _joined() -> frozenset[str]:
    words = table()
    return frozenset(first for kind in _COUNTED for first in words[kind])


class Line:
    """A folded line as tokens, with look-ups that never look further ahead than one phrase."""

    def __init__(self, text: str) -> None:
        self.tokens: list[Token] = []
        end = 0
        for match in _TOKEN.finditer(_GLUED_CLOCK.sub(r"\1 \2", fold(text))):
            if len(self.tokens) >= MAX_TOKENS:
                break
            self._add(match.group(), glued=match.start() == end)
            end = match.end()

    def _add(self, text: str, *, glued: bool) -> None:
        if text[0].isdigit():
            # a run of digits that is no date: its value doesn't matter, and int() of a long one is slow
            self.tokens.append(Token(text, int(text) if len(text) <= 18 else 10**18, glued))
            return
        if text[0] == "و" and len(text) > 2 and text not in _joined() and text[1:] in _joined():
            self.tokens.append(Token("و", -1, glued))
            text, glued = text[1:], True
        self.tokens.append(Token(text, -1, glued))

    def __len__(self) -> int:
        return len(self.tokens)

    def text(self, index: int) -> str:
        """Give a token's text, "" beyond the end."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def number(self, index: int, most_digits: int = 2) -> int:
        """Give the number at a place if it has at most so many digits, else -1."""
        if not 0 <= index < len(self.tokens):
            return -1
        token = self.tokens[index]
        return token.number if token.digits <= most_digits else -1

    def digits(self, index: int) -> int:
        """Give with how many digits the number at a place is written, 0 if there is none."""
        return self.tokens[index].digits if 0 <= index < len(self.tokens) else 0

    def glued(self, index: int) -> bool:
        """Tell whether a token touches the one before it."""
        return 0 < index < len(self.tokens) and self.tokens[index].glued

    def phrase(self, kind: str, index: int) -> tuple[str, int] | None:
        """Find the longest phrase of a kind that starts at a place: its value and the place after it."""
        if not 0 <= index < len(self.tokens):
            return None
        for phrase, value in table()[kind].get(self.tokens[index].text, ()):
            after = index + len(phrase)
            if after <= len(self.tokens) and all(self.tokens[index + n].text == word for n, word in enumerate(phrase)):
                return value, after
        return None
