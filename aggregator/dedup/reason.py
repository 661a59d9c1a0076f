"""Why two reports were joined or kept apart, in words: a code with its arguments, said in English or Arabic when asked.

The sentences lie in ``reasons.tsv``; a reason is stored as ``code|argument|argument``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("reasons.tsv")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


@cache
def _sentences() -> dict[str, dict[str, str]]:
    """Give code -> language -> sentence."""
    rows = (line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    return {code: {"en": english, "ar": arabic, "fr": french} for code, english, arabic, french in rows}


def _digits(argument: str) -> str:
    """Write a number as French does: 90 000 000, with narrow blanks that keep a line whole, and 1,5."""
    return argument.replace(",", "\u202f").replace(".", ",") if _NUMBER.fullmatch(argument) else argument


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence. ``str(reason)`` is English, `arabic` Arabic, `to_text` what is stored."""

    code: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in English."""
        return self.say("en")

    def arabic(self) -> str:
        """Say it in Arabic."""
        return self.say("ar")

    def say(self, language: str) -> str:
        """Say it in ``ar``, ``fr`` or (any other code) English; an unknown code is given as it was stored."""
        sentences = _sentences().get(self.code)
        if sentences is None:
            return self.to_text()
        sentence = sentences.get(language, sentences["en"])
        for place, argument in enumerate(self.args):
            sentence = sentence.replace(f"{{{place}}}", _digits(argument) if language == "fr" else argument)
        return sentence

    def to_text(self) -> str:
        """Give the form that is stored and that `Reason.from_text` reads."""
        return "|".join((self.code, *(argument.replace("|", "/") for argument in self.args)))

    @classmethod
    def from_text(cls, text: str) -> Reason:
        """Read a stored reason."""
        code, *args = text.split("|")
        return cls(code, tuple(args))


def say(text: str, language: str = "en") -> str:
    """Say a stored reason (``code|argument|…``) in a language.

    >>> say("toll|22"), say("words|12|14", "ar")
    ('same toll: 22', 'كلمات مشتركة في العنوان: 12 من 14')
    """
    return Reason.from_text(text).say(language)
