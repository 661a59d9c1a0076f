"""Know which words name a country, region, city or club, on whole surface words (a stem would make places of قرار and دور)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from aggregator.arabic.tables import FOLDER, lines

_BEFORE = ("ال", "وال", "بال", "لل", "كال", "و", "ب", "ل")
_FIRST = frozenset("اوبلك")
_WORDS = frozenset(("سيول",))  # floods, in a headline, not Seoul


@dataclass(frozen=True, slots=True)
class Place:
    """A place: its folded name without ال, its country (ISO 3166-1 alpha-2), and ``country``, ``region``, ``city`` or ``club``."""

    name: str
    country: str
    level: str


@cache
def _places() -> dict[str, Place]:
    if not (FOLDER / "places.tsv").exists():
        return {}
    found = {}
    for line in lines("places.tsv"):
        name, country, level, *_ = line.split("\t")
        if name not in _WORDS:
            found[name] = Place(name, country, level)
    return found


def place(word: str) -> Place | None:
    """Give the place that a folded word (or words parted by a space) names, with or without article and preposition.

    >>> place("قرار") is None
    True
    """
    known = _places()
    found = known.get(word)
    if found is not None or word[:1] not in _FIRST:
        return found if len(word) >= 3 else None
    for before in _BEFORE:
        if word.startswith(before) and len(word) - len(before) >= 3 and (found := known.get(word[len(before) :])):
            return found
    return None
