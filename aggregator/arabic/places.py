"""Know which words name a country, region, city or club, on whole surface words (a stem would make places of قرار and دور)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from aggregator.arabic.fold import fold
from aggregator.arabic.tables import FOLDER, lines

_BEFORE = ("ال", "وال", "بال", "لل", "كال", "و", "ب", "ل")
_FIRST = frozenset("اوبلك")
_WIDE = frozenset(("country", "continent"))
_WORDS = frozenset(("سيول",))  # floods, in a headline, not Seoul
_HEADS = "محافظ محافظة والي ولاية إقليم عمالة مديرية مدينة قضاء منطقة أمن شرطة تعليم صحة تموين بلدية جماعة"
_WITH = ("ب", "و", "ل")


@dataclass(frozen=True, slots=True)
class Place:
    """A place: its folded name without ال, its country (ISO 3166-1 alpha-2), and its level.

    The level is ``continent``, ``country``, ``region``, ``city`` or ``club``. «المملكة» and continents have several countries,
    parted by spaces: those that they may mean, or hold.
    """

    name: str
    country: str
    level: str

    def shares_country(self, other: Place) -> bool:
        """Tell whether two places may lie in one country."""
        if self.country == other.country:
            return True
        return (" " in self.country or " " in other.country) and not set(self.country.split()).isdisjoint(other.country.split())

    def may_be(self, other: Place) -> bool:
        """Tell whether one may be said for the other: a town for its country, «مكة» for «مكة المكرمة», a club for anything but a club."""
        if self.name == other.name:
            return True
        words, others = set(map(_bare, self.name.split())), set(map(_bare, other.name.split()))
        if (words <= others or others <= words) and self.shares_country(other):
            return True
        if "club" in (self.level, other.level):
            return self.level != other.level
        return self.shares_country(other) and not _WIDE.isdisjoint((self.level, other.level))


@cache
def _places() -> dict[str, Place]:
    if not (FOLDER / "places.tsv").exists():
        return {}
    found = {}
    for line in lines("places.tsv"):
        name, country, level, *_ = line.split("\t")
        if name not in _WORDS:
            # «الحديدة» is one place, whether the table has it with its article, without or both
            found[name] = Place(_bare(name), country, level)
    for line in lines("wide.tsv"):
        written, countries, level, *stands_for = line.split("\t")
        place = Place(_bare(fold(stands_for[0] if stands_for else written)), countries, level)
        found[_bare(fold(written)) if stands_for and " " in written else fold(written)] = place
    return found


def known_names() -> Iterable[str]:
    """Give the folded names of all places."""
    return _places().keys()


def _bare(name: str) -> str:
    return name[2:] if name.startswith("ال") and len(name) > 4 else name


def place(word: str) -> Place | None:
    """Give the place that a folded word (or words parted by a space) names, with or without article and preposition.

    >>> place("قرار") is None
    True
    >>> place("المملكه").shares_country(place("الاردن")), place("اوروبا").shares_country(place("اليابانيه"))
    (True, False)
    """
    known = _places()
    found = known.get(word)
    if found is not None or word[:1] not in _FIRST:
        return found if len(word) >= 3 else None
    for before in _BEFORE:
        if word.startswith(before) and len(word) - len(before) >= 3:
            rest = word[len(before) :]
            found = known.get(rest) or (known.get("ال" + rest) if before[-1] == "ل" and len(before) > 1 else None)
            if found:
                return found  # للهند: «الهند» alone names the country
    return None


@cache
def _openers() -> frozenset[str]:
    return frozenset(name.split()[0] for name in _places() if " " in name)


def opens(word: str) -> bool:
    """Tell whether a folded word may be the first of a place's name of several words.

    >>> opens("كفر"), opens("بكفر"), opens("قرار")
    (True, True, False)
    """
    first = _openers()
    if word in first or word[:1] not in _FIRST:
        return word in first
    rests = ((before, word[len(before) :]) for before in _BEFORE if word.startswith(before))
    return any(rest in first or (before[-1] == "ل" and "ال" + rest in first) for before, rest in rests)


@cache
def _sometimes() -> dict[str, tuple[Place, str]]:
    rows = (line.split("\t") for line in lines("sometimes.tsv"))
    return {
        fold(name): (Place(_bare(fold(name)), countries, "region"), where) for names, countries, where in rows for name in names.split()
    }


@cache
def _heads() -> frozenset[str]:
    return frozenset(prefix + fold(head) for head in _HEADS.split() for prefix in ("", *_WITH))


def sometimes(word: str) -> bool:
    """Tell whether a folded word may name a place after another, so that `place_after` is worth asking.

    >>> sometimes("الغربيه"), sometimes("بالغربيه"), sometimes("قرار")
    (True, True, False)
    """
    return word in _sometimes() or (word[:1] == "ب" and word[1:] in _sometimes())


def place_after(before: str, word: str, *, first: bool) -> Place | None:
    """Give the place that a word names after another: «الغربية» after «محافظ» or «في», «سعيدة» as the ``first`` word before a colon.

    >>> place_after("محافظ", "الغربيه", first=False) is not None, place_after("الدول", "الغربيه", first=False)
    (True, None)
    """
    known = _sometimes()
    inside = word not in known and word[:1] == "ب"
    found, where = known.get(word[1:] if inside else word, (None, ""))
    if found is None:
        return None
    if before in _heads() or (where == "in" and (inside or before == "في")):
        return found
    return found if first and where != "head" and not inside else None


def without_preposition(name: str) -> str:
    """Give a place as it is written, without the conjunction or preposition before it; any other word as it is.

    >>> without_preposition("بفاس"), without_preposition("بالجزائر"), without_preposition("للهند"), without_preposition("بوسطن")
    ('فاس', 'الجزائر', 'الهند', 'بوسطن')
    """
    word = fold(name)
    if word in _places() or len(word) != len(name):
        return name
    if place(word) is None:
        return name[1:] if word[:1] == "ب" and word[1:] in _sometimes() else name
    if word.startswith("لل"):
        return "ال" + name[2:]
    return name if word.startswith("ال") else name[1:]
