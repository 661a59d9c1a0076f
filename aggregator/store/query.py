"""Reads what a person types into the search box; what can't be read as syntax is searched as words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unicodedata import decimal

from aggregator.arabic.tokens import search_terms

LONGEST = 500  # characters of a query
MOST_WORDS = 24
_PART = re.compile(r'(-?)(?:(outlet|country|lang|topic|since|until):("[^"]+"|[^\s"]+)|"([^"]*)"|(\S+))', re.IGNORECASE)
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d\Z")
_MONTH = re.compile(r"(\d{4})(?:-(\d\d))?\Z")
_AGO = re.compile(r"(\d{1,4})([hdw])\Z")
_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, slots=True)
class Query:
    """A search in parts: words and phrases that must be there, those that must not, and filters (name, value)."""

    text: str = ""
    must: tuple[tuple[str, ...], ...] = ()
    without: tuple[tuple[str, ...], ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()  # as typed, for did-you-mean and for marking hits

    @property
    def empty(self) -> bool:
        """Tell whether no word is asked for."""
        return not self.must

    @classmethod
    def of(cls, text: str) -> Query:
        """Read a query: words, "phrases", -word, outlet: country: lang: topic: since: until:.

        >>> Query.of('"وزير الصحة" -لقاح since:2026-01-01').without
        (('لقاح',),)
        """
        text = text[:LONGEST].replace("\0", " ")
        must: list[tuple[str, ...]] = []
        without: list[tuple[str, ...]] = []
        filters: list[tuple[str, str]] = []
        words: list[str] = []
        for minus, name, value, phrase, word in _PART.findall(text):
            value = value.strip('"')
            if name and not minus and readable(name.lower(), value):
                filters.append((name.lower(), value))
                continue
            asked = phrase or word or f"{name} {value}".strip()
            terms = tuple(search_terms(asked))
            if not terms:
                continue
            if minus:
                without.append(terms)
                continue
            # a hyphened word, or a filter that is none, is looked for as it stands
            must.extend([terms] if phrase or len(terms) == 1 else [(term,) for term in terms])
            words += asked.split()
        return cls(text, tuple(must[:MOST_WORDS]), tuple(without[:MOST_WORDS]), tuple(filters), tuple(words))

    def values(self, name: str) -> list[str]:
        """Give the values of a filter."""
        return [value for each, value in self.filters if each == name]

    def times(self, name: str) -> list[datetime]:
        """Give the moments of ``since`` or ``until``; a day or month counts as its begin for the one and as its end for the other."""
        return [moment for value in self.values(name) if (moment := when(value, end=name == "until")) is not None]


def askable(names: Iterable[str]) -> list[str]:
    """Give names as a database can be asked for them: none that is stored holds a NUL, and PostgreSQL takes none in a question."""
    return [name.replace("\0", "\ufffd") for name in names]


def readable(name: str, value: str) -> bool:
    """Tell whether a filter can be applied."""
    return bool(value) and (name not in ("since", "until") or when(value) is not None)


def when(value: str, *, end: bool = False) -> datetime | None:
    """Read a moment, a day, a month, a year or how long ago (UTC where no zone is named); None if it is none.

    What lasts counts from its begin, or with ``end`` to its end.

    >>> [f"{when(each, end=True):%Y-%m-%d}" for each in ("2026-02-03", "2026-02", "2026", "٢٠٢٦-٠٢-٠٣")]
    ['2026-02-04', '2026-03-01', '2027-01-01', '2026-02-04']
    """
    value = "".join(str(decimal(letter)) if letter.isdecimal() else letter for letter in value)
    try:
        if ago := _AGO.match(value.lower()):
            return datetime.now(UTC) - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
        if month := _MONTH.match(value):
            year, number = int(month[1]), int(month[2] or 1)
            months = (year * 12 + number - 1 + (0 if not end else 1 if month[2] else 12)) if 1 <= number <= 12 else -1
            return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment + timedelta(days=1) if end and _DAY.match(value) else moment
    except (ValueError, OverflowError):
        return None
