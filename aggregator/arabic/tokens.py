"""Cut folded text into words, and words down to light stems.

The stemmer is of the Light10 kind (Larkey, Ballesteros and Connell, 2002), but cuts a prefix or suffix
only where a frequency list says that what is left is a word: كاليفورنيا and بوتين stay whole.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from math import log
from typing import NamedTuple

from aggregator.arabic.fold import fold
from aggregator.arabic.tables import lines

_WORD = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+")
_ARABIC_FROM = "\u0600"
_ARABIC_TO = "\u06ff"

# ال with a conjunction or preposition before it: والمغرب، بالمغرب، للمغرب
_ARTICLES = ("وبال", "وكال", "فبال", "ولل", "وال", "بال", "كال", "فال", "لل", "ال")
_SURE_ARTICLES = frozenset(("وال", "بال", "لل", "ال"))
_CLITICS = "وبلفك"
_FIRST = frozenset("اوبلفك")
_SUFFIXES = ("ها", "هم", "هن", "كم", "نا", "ات", "ون", "ين", "ان", "وا", "يه", "تي")
_SURE_SUFFIXES = frozenset(("ها", "هم", "ات", "يه"))
_CACHED = 100_000
READ = 8_000
"""Characters of a text that are searched."""


def words(text: str) -> list[str]:
    """Give the words and numbers of a text, folded; French elisions come apart.

    >>> words("بالصور.. مقتل ٣ في «طنجة»؛ L'équipe 2-1")
    ['بالصور', 'مقتل', '3', 'في', 'طنجه', 'l', 'equipe', '2-1']
    """
    return cut(fold(text))


def cut(folded: str) -> list[str]:
    """Give the words and numbers of a text that is folded already.

    >>> cut("covid19, 1.5 و2-1 (تصحيح)")
    ['covid', '19', '1.5', 'و', '2-1', 'تصحيح']
    """
    found: list[str] = []
    for part in folded.split():
        # most are one word, and to look closer takes twice as long
        if part.isalpha():
            found.append(part)
        else:
            found += _WORD.findall(part)
    return found


@cache
def _frequencies(name: str) -> dict[str, float]:
    table: dict[str, float] = {}
    for line in lines(name):
        centibels, _, entries = line.partition("\t")
        table.update(dict.fromkeys(entries.split(" "), 10 ** (-int(centibels) / 100)))
    return table


@cache
def surface() -> dict[str, float]:
    """Give how often folded Arabic words occur, as a share of running text."""
    return _frequencies("surface.tsv")


def uncached_stem(word: str) -> str:
    """Give the light stem of a folded word: clitics and inflection off, names whole.

    >>> [stem(word) for word in ("للفلاحين", "الفلاحين", "وزراء", "الوزراء", "بالرباط", "بوتين", "كاليفورنيا")]
    ['فلاح', 'فلاح', 'وزراء', 'وزراء', 'رباط', 'بوتين', 'كاليفورنيا']
    """
    if not _ARABIC_FROM <= word[0] <= _ARABIC_TO:
        return _latin_stem(word)
    if len(word) <= 3:
        return word
    known = surface()
    word = _without_prefix(word, known)
    if word in _whole():
        return word
    return _without_suffix(word, known)


stem = lru_cache(maxsize=_CACHED)(uncached_stem)


class _Stems(dict[str, str]):
    """Word -> stem for whole texts, where a cached call for each word took longer than all else."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _CACHED:
            self.clear()
        value = self[word] = uncached_stem(word)
        return value


_STEMS = _Stems()


def _without_prefix(word: str, known: dict[str, float]) -> str:
    if word[0] not in _FIRST:
        return word
    own = known.get(word, 0.0)
    for prefix in _ARTICLES if "ل" in word[:4] else ():
        if not word.startswith(prefix):
            continue
        rest = word[len(prefix) :]
        if prefix == "ال":
            return rest if len(rest) >= 2 and word not in _whole() else word
        if "ال" + rest in _whole():
            return "ال" + rest  # بألمانيا
        seen = known.get(rest, 0.0) + known.get("ال" + rest, 0.0)
        # a known word that begins like an article but whose rest is next to unknown is a word of its own: كاليفورنيا، والدة
        if len(rest) > 2 and seen * 5 >= own and (seen or prefix in _SURE_ARTICLES):
            return rest
        break
    if len(word) >= 4 and word[0] in _CLITICS and known.get(word[1:], 0.0) > max(8 * own, 3e-7):
        return word[1:]  # بأوكرانيا
    return word


def _without_suffix(word: str, known: dict[str, float]) -> str:
    while len(word) > 4:
        suffix = word[-2:]
        if suffix not in _SUFFIXES:
            break
        rest = word[:-2]
        if suffix not in _SURE_SUFFIXES:
            own = known.get(word, 0.0)
            seen = known.get(rest, 0.0) + known.get(rest + "ه", 0.0)
            if not seen or seen * 10 < own:
                break
        word = rest
    if len(word) > 3 and word[-1] in "هي":
        word = word[:-1]
    elif word[-1] == "ا" and known.get(word[:-1], 0.0) > 0.5 * known.get(word, 0.0):
        word = word[:-1]  # tanwin: شخصا
    return word


def _latin_stem(word: str) -> str:
    if len(word) > 4 and word[-1] in "sx" and word[-2] != "s":
        return word[:-1]
    return word


@cache
def _whole() -> frozenset[str]:
    """Names that a suffix rule would cut: إيران، لبنان، السودان."""
    return frozenset(fold(word) for line in lines("whole.txt") for word in line.split())


def _stems(name: str) -> frozenset[str]:
    return frozenset(stem(word) for line in lines(name) for word in map(fold, line.split()))


STOP: frozenset[str] = frozenset(fold(word) for line in lines("stop.txt") for word in line.split())
"""Folded function words of Arabic, French, English and Tamazight in Latin letters."""


def search_terms(text: str) -> list[str]:
    """Give what the search index keeps of a text, and asks for a query: one stem a word, in order.

    >>> search_terms("الحكومه المغربيه") == search_terms("للحكومة المغربيّة")
    True
    """
    return list(map(_STEMS.__getitem__, words(text)))


class Folded(NamedTuple):
    """A text folded once for all who ask: its spelling, and the words of its first `READ` characters."""

    text: str
    words: list[str]

    @classmethod
    def of(cls, text: str) -> Folded:
        """Fold a text."""
        spelling = fold(text)
        return cls(spelling, cut(spelling[:READ]))

    @property
    def terms(self) -> str:
        """Give what the search index keeps of it, as `search_terms`, with a blank between."""
        return " ".join(map(_STEMS.__getitem__, self.words))


@cache
def _stem_frequencies() -> dict[str, float]:
    return _frequencies("stems.tsv") | _frequencies("french.tsv")


def weight(stem: str) -> float:
    """Give how much a stem says, 0 (everyday) to about 7.6 (never seen): the logarithm of its rarity in a headline.

    A headline has about ten words; the constant keeps unseen words from weighing without bound.
    """
    frequency = _stem_frequencies().get(stem)
    return _UNSEEN if frequency is None else max(0.0, -log(min(0.2, 10 * frequency) + _LEAST) - 3.0)


_LEAST = 2.5e-5
_UNSEEN = -log(_LEAST) - 3.0
