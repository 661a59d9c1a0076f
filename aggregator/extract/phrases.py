"""The wording of what is no part of an article, from `data/boilerplate.tsv`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from aggregator.arabic.fold import fold

_EDGE = " \t\n\r\u00a0:.،,;؛!؟?|/\\-–—_«»\"'“”()[]{}*•·●▪►▶◄◀›‹>←→↓↑#…+="
_LONGEST = 400
_FIRST_WORD = re.compile(r"[\w'’-]+")


@dataclass(frozen=True, slots=True)
class _Table:
    """The phrases by how they are looked up: a line costs a few dictionary look-ups, not a search for each phrase."""

    whole: dict[str, set[str]]
    start: dict[str, list[tuple[re.Pattern[str], str]]]  # by first word
    anywhere: list[tuple[str, str]]


@cache
def _table() -> _Table:
    table = _Table({}, {}, [])
    for line in files("aggregator.extract").joinpath("data/boilerplate.tsv").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, where, phrase = line.split("\t")
        text = folded(phrase)
        match where:
            case "whole":
                table.whole.setdefault(text, set()).add(kind)
            case "start":
                words = text.split()
                shape = r"\s+".join(".{0,300}" if word == "..." else re.escape(word) for word in words)
                end = r"\s*:" if phrase.rstrip().endswith(":") else r"(?!\w)"
                table.start.setdefault(_FIRST_WORD.match(text)[0], []).append((re.compile(shape + end), kind))  # type: ignore[index]
            case _:
                table.anywhere.append((text, kind))
    return table


def folded(text: str) -> str:
    """Fold a line and take the punctuation off its ends."""
    return " ".join(fold(text).split()).strip(_EDGE)


def kinds(text: str) -> frozenset[str]:
    """Say which kinds of boiler-plate a line is, by its wording alone.

    >>> sorted(kinds("► إقرأ أيضاً: وفاة فنان")), sorted(kinds("قرأ الوزير بيانا"))
    (['related'], [])
    """
    return _kinds(text) if text and len(text) <= _LONGEST else frozenset()


@lru_cache(maxsize=4096)
def _kinds(text: str) -> frozenset[str]:
    line = folded(text)
    first = _FIRST_WORD.match(line)
    if first is None:
        return frozenset(("rights",)) if "©" in text else frozenset()
    table = _table()
    found = set(table.whole.get(line, ()))
    for pattern, kind in table.start.get(first[0], ()):
        if kind not in found and pattern.match(line):
            found.add(kind)
    for phrase, kind in table.anywhere:
        if phrase in line:
            found.add(kind)
    return frozenset(found)


def is_kind(text: str, kind: str) -> bool:
    """Tell whether a line is boiler-plate of one kind."""
    return kind in kinds(text)
