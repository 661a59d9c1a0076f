"""Take a headline apart: what it says, how rare each word is, and where, when and how many.

Dates, weekdays and words like «عاجل» or «بالفيديو» are kept out of what is compared: that two headlines
share a date is no evidence, that they differ in one is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from aggregator.arabic.digits import Quantity, counts, numbers
from aggregator.arabic.fold import fold
from aggregator.arabic.forms import is_verb
from aggregator.arabic.places import Place, opens, place, place_after, sometimes
from aggregator.arabic.tokens import STOP, stem, surface, uncached_stem, weight
from aggregator.dedup.signs import Signs, signs

_DATE = re.compile(r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b\d{1,2}:\d{2}\b")
_WORD = re.compile(r"\d+(?:[.,:/-]\d+)*|%|[^\W\d_]+")
_OPENING = re.compile(r"\W*\w+ ?(?::|\.\.|…)")  # «سعيدة: …», where it happened
_LONGEST = 9.0  # weight of a name of several words
_NUMBER = 4.5  # what a larger number weighs among the rarest words
_NAMED = 3.0  # weight from which a word after «وزير» or «شركة» is a name though it has no article
_DEFINITE = ("ال", "وال", "بال", "لل")
_FIRST = frozenset(("اول", "اولي", "باول", "باولي"))
_UNTIL = (["الي"], ["حتي"], ["و"])
_KEPT = 20_000
_WORDS_KEPT = 50_000
_CLITICS = "وبل"


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline's parts. Content words stand by their canonical stem."""

    title: str  # as it was written
    text: str  # folded
    language: str
    plain: str  # words alone, for equality
    weights: dict[str, float]
    content: frozenset[str]
    order: tuple[str, ...]
    stems: frozenset[str]
    surface: dict[str, str]
    roots: dict[str, str]
    places: dict[str, Place]
    quantities: tuple[Quantity, ...]
    ordinals: frozenset[float]
    dates: frozenset[tuple[int, int]]
    weekdays: frozenset[int]
    roles: dict[str, str]
    groups: dict[int, frozenset[int]]
    background: frozenset[str]
    pairs: frozenset[tuple[str, str]]  # content words that follow one another
    values: frozenset[float]
    reactions: frozenset[str]
    stages: frozenset[str]
    explains: bool
    front: frozenset[str]  # stems that no «بعد», «عقب», «بسبب» puts into the background
    slots: dict[int, dict[str, str]]  # what stands after «وزير», «محافظ», «مجلس»: word -> the head before it
    clubs: frozenset[str]  # words that name a club in a headline about a match
    firsts: frozenset[str]  # what «أول» stands before
    weather: bool
    market: bool
    future: bool  # «غدا», «سيتوجه»

    def is_where(self, word: str) -> bool:
        """Tell whether a content word is a place on the map, and no club."""
        return word in self.places and self.places[word].level != "club"

    def word(self, stems: Collection[str]) -> str:
        """Give the first word of which one of the stems is the stem, or a phrase written «فتح_بحث»; the smallest stem where none is."""
        equivalents = signs().equivalents
        parts = self.plain.split()
        found = (part for part in parts if (own := stem(part)) in stems or equivalents.get(own, own) in stems)
        return next(found, min(stems).replace("_", " "))

    def rarest(self, count: int) -> list[str]:
        """Give the content words and larger numbers that say most; all words where the content is empty."""
        if not self.content:
            return sorted(self.stems)[:count]
        weights = self.weights
        if self.values:
            weights = weights | {f"#{value:g}": _NUMBER for value in self.values if value > 12 or value != int(value)}
        return sorted(weights, key=lambda word: (-weights[word], word))[:count]


class Term(NamedTuple):
    """A word as it is compared: the stem that stands for its group of equivalents (أزيد -> أكثر), or the place it names."""

    name: str
    weight: float
    place: Place | None


def uncached_term(word: str) -> Term:
    """Give the term of a folded word."""
    return _term(word, word if " " in word else uncached_stem(word))


def _term(word: str, own: str) -> Term:
    rarity = min(_LONGEST, sum(weight(uncached_stem(part)) for part in word.split())) if " " in word else weight(own)
    found = place(word)
    if found:
        return Term(found.name, rarity, found)
    kept = signs().equivalents.get(own)
    return Term(own, rarity, None) if kept is None else Term(kept, min(rarity, weight(kept)), None)


class _Word(NamedTuple):
    """What is known of a word wherever it stands."""

    stem: str
    term: Term | None  # None for a number and for a word that says nothing
    root: str
    opens: bool  # may begin a place's name of several words
    dates: bool  # may date or advertise the headline
    role: str  # the role that it names: وزير
    slot: str  # the office or body that it names: وزارة
    club: bool
    stage: str
    future: bool
    counts: bool  # may be a number
    groups: tuple[tuple[int, int], ...]  # of words that exclude one another
    sometimes: bool  # names a place after some words


class _Words(dict[str, _Word]):
    """Word -> what is known of it; kept, since headlines repeat their words."""

    def __missing__(self, word: str) -> _Word:
        if len(self) >= _WORDS_KEPT:
            self.clear()
        known = self[word] = _known(word, signs())
        return known


_WORDS = _Words()


def _known(word: str, table: Signs) -> _Word:
    own, rest = uncached_stem(word), word[1:] if word[:1] in _CLITICS else ""
    silent = word[0].isdigit() or word == "%" or word in STOP
    return _Word(
        stem=own,
        term=None if silent else _term(word, word if " " in word else own),
        root="" if silent else root(word),
        opens=opens(word),
        dates=any(each in kind for each in (word, rest) for kind in (table.weekdays, table.months))
        or word in table.context
        or word.isdigit(),
        role=word if word in table.roles else rest if rest in table.roles else "",
        slot=word if word in table.slots else rest if rest in table.slots else "",
        club=word in table.clubs or word[1:] in table.clubs,
        stage="" if word in table.no_stages else table.equivalents.get(own, own),
        future=word in table.future or will(word),
        counts=counts(word),
        groups=table.exclusive.get(own, ()),
        sometimes=sometimes(word),
    )


@lru_cache(maxsize=_KEPT)
def headline(title: str, language: str = "ar") -> Headline:
    """Analyse a headline."""
    table = signs()
    text = " ".join(fold(title).split())
    dates = {_day_month(found) for found in _DATE.findall(text)}
    parts = _WORD.findall(_DATE.sub(" ", text) if dates else text)
    words = [_WORDS[part] for part in parts]
    framing, weekdays = _framing(parts, words, dates, table)
    quantities: tuple[Quantity, ...] = ()
    if any(word.counts for word in words):
        quantities = tuple(numbers(" ".join(part for part, frame in zip(parts, framing, strict=True) if not (frame and part[0].isdigit()))))
    reader = _Reader(table)
    opening = _OPENING.match(text) is not None
    for at, (part, frame) in enumerate(_joined(parts, words, framing)):
        reader.read(part, frame=frame, first=at == 0, opening=opening and at == 0)
    stems = frozenset(word.stem for word in words)
    groups: dict[int, set[int]] = {}
    phrases = {f"{one}_{other}" for one, other in pairwise(parts)}
    excluding = [word.groups for word in words] + [table.exclusive[each] for each in phrases & table.exclusive.keys()]
    for group, member in chain.from_iterable(excluding):
        groups.setdefault(group, set()).add(member)
    return Headline(
        title=title,
        text=text,
        language=language,
        plain=" ".join(parts),
        weights=reader.weights,
        content=frozenset(reader.weights),
        order=tuple(reader.order),
        stems=stems,
        surface=reader.surface,
        roots=reader.roots,
        places=reader.places,
        quantities=quantities,
        ordinals=frozenset(quantity.value for quantity in quantities if quantity.unit == "ordinal" or quantity.unit.startswith("no:")),
        dates=frozenset(dates),
        weekdays=frozenset(weekdays),
        roles=reader.roles,
        groups={group: frozenset(members) for group, members in groups.items()},
        background=frozenset(reader.background),
        pairs=frozenset(zip(reader.order, reader.order[1:], strict=False)),
        values=frozenset(quantity.value for quantity in quantities),
        reactions=stems & table.reactions,
        stages=table.stages & phrases.union(word.stage for word in words),
        explains=not stems.isdisjoint(table.explainers),
        front=frozenset(_WORDS[part].stem for part in reader.front),
        slots=reader.slots,
        clubs=frozenset(reader.clubs) if stems & table.matches else frozenset(),
        firsts=frozenset(reader.firsts),
        future=any(word.future for word in words),
        weather=not stems.isdisjoint(table.weather),
        market=not stems.isdisjoint(table.markets),
    )


def will(word: str) -> bool:
    """Tell whether a folded word is a verb to come: سيتوجه is يتوجه to come; سيدي and سيارة are words of their own."""
    if len(word) < 5 or word[0] != "س" or word[1] not in "يت" or not is_verb(word):
        return False
    return surface().get(word[1:], 0.0) > surface().get(word, 0.0)


class _Reader:
    """Collects the content words of a headline, from its first word to its last."""

    def __init__(self, table: Signs) -> None:
        self._table = table
        self._before = ""
        self._behind = False
        self.weights: dict[str, float] = {}
        self.order: list[str] = []
        self.surface: dict[str, str] = {}
        self.roots: dict[str, str] = {}
        self.places: dict[str, Place] = {}
        self.roles: dict[str, str] = {}
        self.background: set[str] = set()
        self.front: list[str] = []
        self.slots: dict[int, dict[str, str]] = {}
        self.clubs: set[str] = set()
        self.firsts: set[str] = set()

    def read(self, part: str, *, frame: bool, first: bool, opening: bool) -> None:
        table, before, self._before = self._table, self._before, part
        self._behind = self._behind or (part in table.background and not first)
        if not self._behind:
            self.front.append(part)
        known = _WORDS[part]
        if frame or known.term is None:
            return
        word, rarity, found = known.term
        if known.sometimes and not found:
            found = place_after(before, part, first=opening)
        if word not in self.weights:
            self.weights[word] = rarity
            self.surface[word] = part
            self.roots[word] = "" if found else known.root
            if found:
                self.places[word] = found
        self.order.append(word)
        if self._behind:
            self.background.add(word)
        last = _WORDS[before] if before else None
        self.roles[word] = last.role if last else ""
        head = last.slot if last else ""
        if head and (found or rarity >= _NAMED or part.startswith(_DEFINITE)):
            self.slots.setdefault(table.slots[head], {})[word] = head
        if known.club or (found and found.level == "club"):
            self.clubs.add(word)
        if before in _FIRST:
            self.firsts.add(word)


def _joined(parts: list[str], words: list[_Word], framing: list[bool]) -> Iterator[tuple[str, bool]]:
    """Give the words with their frames, the names of places of two or three words as one: كفر الشيخ."""
    at = 0
    while at < len(parts):
        for length in (3, 2) if words[at].opens else ():
            name = " ".join(parts[at : at + length])
            if at + length <= len(parts) and place(name):
                yield name, False
                at += length
                break
        else:
            yield parts[at], framing[at]
            at += 1


def _framing(parts: list[str], words: list[_Word], dates: set[tuple[int, int]], table: Signs) -> tuple[list[bool], set[int]]:
    """Mark the words that date or advertise the headline; add the dates they make to ``dates`` and give the weekdays."""
    framing = [False] * len(parts)
    weekdays: set[int] = set()
    for at, part in enumerate(parts):
        if not words[at].dates:
            continue
        bare = part[1:] if part[:1] in "وبل" and (part[1:] in table.weekdays or part[1:] in table.months) else part
        number = at > 0 and parts[at - 1].isdigit()
        if bare in table.weekdays:
            weekdays.add(table.weekdays[bare])
            framing[at] = True
        elif bare in table.months and (number or bare not in table.uncertain_months):
            framing[at] = True
            if number and int(parts[at - 1]) < 32:
                dates.add((int(parts[at - 1]), table.months[bare]))
                framing[at - 1] = True
                if parts[at - 3 : at - 1][1:] in _UNTIL and parts[at - 3].isdigit():
                    dates.add((int(parts[at - 3]), table.months[bare]))  # من 1 إلى 3 ديسمبر
                    framing[at - 3] = True
        elif part in table.context or (part.isdigit() and len(part) == 4 and part[:2] in ("19", "20")):
            framing[at] = True
    return framing, weekdays


def _day_month(text: str) -> tuple[int, int]:
    if ":" in text:
        hour, minute = text.split(":")
        return int(hour), 100 + int(minute)  # a clock time: never equal to a date
    numbers = [int(part) for part in re.split("[-/.]", text)]
    day, month = (numbers[2], numbers[1]) if numbers[0] > 31 else (numbers[0], numbers[1])
    return day, month


def root(word: str) -> str:
    """Give a key that the verbs and the verbal noun of one Arabic root share: يفتتح، افتتاح، افتتح -> فتتح; تفكيك، يفكك -> فكك."""
    for article in ("وال", "بال", "لل", "ال"):
        if word.startswith(article) and len(word) - len(article) >= 4:
            word = word[len(article) :]
            break
    if len(word) > 4 and word[-1] == "ه":
        word = word[:-1]
    if len(word) > 4 and word[-1] == "ت" and word[0] == "ا":
        word = word[:-1]  # اعتقلت
    if len(word) == 5 and word[0] == "ت" and word[3] == "ي":
        return word[1:3] + word[4]
    if len(word) >= 5 and word[-2] == "ا" and word[0] in "ات":
        word = word[:-2] + word[-1]
    if len(word) >= 4 and word[:2] == "سي":
        word = word[1:]
    if len(word) >= 4 and word[0] in "يتنا":
        word = word[1:]
    return word
