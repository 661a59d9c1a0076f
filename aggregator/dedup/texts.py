"""Lay two bodies side by side, by the hashes that stand in the drafts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from aggregator.arabic.digits import Quantity
from aggregator.dedup.compare import Comparison
from aggregator.dedup.draft import NUMBER, Draft, hashed, unpacked

_RARE = 4
_LEAD = 40  # different stems of the first lines


@dataclass(frozen=True, slots=True)
class Texts:
    """Two bodies compared; shares are 0..1, weights those of left-over headline words that the other text doesn't have."""

    containment: float
    vocabulary: float
    lead: float
    numbers: float
    rare: float
    covered: float
    unexplained: float
    unexplained_both: float
    unknown_a: frozenset[str]
    unknown_b: frozenset[str]
    numbers_unknown: bool


@lru_cache(maxsize=1024)
def _shingles(data: bytes) -> frozenset[int]:
    return frozenset(unpacked(data))


@dataclass(frozen=True, slots=True)
class _Words:
    """A body's stems without its function words, with the sums of their weights."""

    all: frozenset[int]
    lead: frozenset[int]
    numbers: frozenset[int]
    rare: frozenset[int]
    weight: int
    lead_weight: int


@lru_cache(maxsize=1024)
def _vocabulary(data: bytes) -> _Words:
    values = unpacked(data)
    words = [value for value in values if 0 < value & 7 < NUMBER]
    lead = frozenset(words[:_LEAD])
    numbers = frozenset(value for value in values if value & 7 == NUMBER)
    return _Words(frozenset(words), lead, numbers, frozenset(word for word in words if word & 7 >= _RARE), _weight(words), _weight(lead))


def _weight(words: Iterable[int]) -> int:
    return sum(word & 7 for word in words)


def containment(a: Draft, b: Draft) -> float:
    """Give the share of the shorter text's three-word runs that the other has; 0 where one has no text."""
    if not a.shingles or not b.shingles:
        return 0.0
    one, other = _shingles(a.shingles), _shingles(b.shingles)
    return len(one & other) / min(len(one), len(other))


def compare_texts(a: Draft, b: Draft, c: Comparison) -> Texts | None:
    """Compare two bodies; None where one of the two has none."""
    if not a.shingles or not b.shingles:
        return None
    one, other = _shingles(a.shingles), _shingles(b.shingles)
    words_a, words_b = _vocabulary(a.vocabulary), _vocabulary(b.vocabulary)
    common = len(one & other)
    both, lead = _weight(words_a.all & words_b.all), _weight(words_a.lead & words_b.lead)
    rare = _weight(words_a.rare & words_b.rare)
    numbers = len(words_a.numbers & words_b.numbers)
    unknown_a = frozenset(word for word in c.only_a if not _has(words_b, word, c.a.weights[word]))
    unknown_b = frozenset(word for word in c.only_b if not _has(words_a, word, c.b.weights[word]))
    left_a, left_b = sum(map(c.a.weights.__getitem__, unknown_a)), sum(map(c.b.weights.__getitem__, unknown_b))
    top_a, top_b = max(map(c.a.weights.__getitem__, unknown_a), default=0.0), max(map(c.b.weights.__getitem__, unknown_b), default=0.0)
    total_a, total_b = c.weight + c.weight_a + 1e-9, c.weight + c.weight_b + 1e-9
    return Texts(
        containment=common / min(len(one), len(other)),
        vocabulary=both / max(1, min(words_a.weight, words_b.weight)),
        lead=lead / max(1, min(words_a.lead_weight, words_b.lead_weight)),
        numbers=numbers / max(1, len(words_a.numbers | words_b.numbers)),
        rare=rare / max(1, min(_weight(words_a.rare), _weight(words_b.rare))),
        covered=min((total_a - left_a) / total_a, (total_b - left_b) / total_b),
        unexplained=max(top_a, top_b),
        unexplained_both=min(top_a, top_b),
        unknown_a=unknown_a,
        unknown_b=unknown_b,
        numbers_unknown=bool(c.a.quantities and c.b.quantities)
        and not c.number_any
        and not _known(c.a.quantities, words_b.numbers)
        and not _known(c.b.quantities, words_a.numbers),
    )


def _has(words: _Words, word: str, rarity: float) -> bool:
    return int(rarity) == 0 or hashed(word, rarity) in words.all


def _known(quantities: tuple[Quantity, ...], numbers: frozenset[int]) -> bool:
    return any(crc32(str(quantity).encode()) | NUMBER in numbers for quantity in quantities)
