"""Lay two bodies side by side, by the hashes that stand in the drafts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from aggregator.arabic.digits import Quantity
from aggregator.dedup.compare import Comparison
from aggregator.dedup.draft import LARGE, Draft, hashed, hashed_number, low_bits, unpacked
from aggregator.dedup.headline import uncached_term
from aggregator.dedup.signs import signs
from aggregator.dedup.towns import no_town, other_towns

_RARE = 4
_SEVEN = (7).__and__
_ONLY_RARE = bytes(code if code >= _RARE else 0 for code in range(256))
_SMALLEST = 24
_LEAD = 40  # different stems of the first lines


@dataclass(frozen=True, slots=True)
class Texts:
    """Two bodies compared; shares are 0..1, weights those of left-over headline words that the other text doesn't have."""

    containment: float
    ratio: float  # of the longer text to the shorter one
    vocabulary: float
    lead: float
    numbers: float
    rare: float
    rare_weight: float  # of the rare words that both have
    numbers_shared: int  # large ones
    numbers_apart: bool  # both texts have large ones, and none in common
    covered: float
    unexplained: float
    unexplained_both: float
    unknown_a: frozenset[str]
    unknown_b: frozenset[str]
    numbers_unknown: bool
    denied: bool  # one text alone has a word of denial
    other_towns: bool  # the headlines name no place, and the first lines name towns that the other text doesn't have


@lru_cache(maxsize=4_096)
def _set(data: bytes) -> frozenset[int]:
    return frozenset(unpacked(data))


@dataclass(frozen=True, slots=True)
class _Words:
    """A body's content stems, with the sums of their weights."""

    all: frozenset[int]
    lead: frozenset[int]
    weight: int
    lead_weight: int
    rare_weight: int


@lru_cache(maxsize=2_048)
def _vocabulary(data: bytes) -> _Words:
    words, weights = unpacked(data), low_bits(data)
    return _Words(frozenset(words), frozenset(words[:_LEAD]), sum(weights), sum(weights[:_LEAD]), sum(weights.translate(_ONLY_RARE)))


def _rare(words: Iterable[int]) -> int:
    return sum([word & 7 for word in words if word & 7 >= _RARE])


def _weight(words: Iterable[int]) -> int:
    return sum(map(_SEVEN, words))


def containment(a: Draft, b: Draft) -> float:
    """Give the share of the shorter text's three-word runs that the other has; 0 where one has no text.

    Exact for short texts, else estimated from the smallest hashes of both (Broder, 1997).
    """
    if not a.shingles or not b.shingles:
        return 0.0
    common = _set(a.shingles) & _set(b.shingles)
    if not common:
        return 0.0
    one, other = unpacked(a.shingles), unpacked(b.shingles)
    if a.runs == len(one) and b.runs == len(other):
        return len(common) / min(len(one), len(other))
    # beyond the smaller of the two largest hashes, one of the two was cut
    limit = min(one[-1] if a.runs > len(one) else 1 << 32, other[-1] if b.runs > len(other) else 1 << 32)
    both = sum(map(limit.__ge__, common))
    either = bisect_right(one, limit) + bisect_right(other, limit) - both
    jaccard = both / either
    return min(1.0, jaccard / (1 + jaccard) * (a.runs + b.runs) / min(a.runs, b.runs))


def shared_text(a: Draft, b: Draft) -> float:
    """Give how much two texts share, in units of a headline word's weight: cheap, from their smallest shingles alone."""
    if not a.shingles or not b.shingles:
        return 0.0
    ours, theirs = _smallest(a.shingles), _smallest(b.shingles)
    return 0.0 if ours.isdisjoint(theirs) else 4.0 * len(ours & theirs)


@lru_cache(maxsize=4_096)
def _smallest(data: bytes) -> frozenset[int]:
    return frozenset(unpacked(data[: 4 * _SMALLEST]))


def compare_texts(a: Draft, b: Draft, c: Comparison) -> Texts | None:
    """Compare two bodies; None where one of the two has none."""
    if not a.shingles or not b.shingles:
        return None
    words_a, words_b = _vocabulary(a.vocabulary), _vocabulary(b.vocabulary)
    common = words_a.all & words_b.all
    both, lead, rare = _weight(common), _weight(words_a.lead & words_b.lead), _rare(common)
    numbers_a, numbers_b = _set(a.numbers), _set(b.numbers)
    large = sum([number & LARGE > 0 for number in numbers_a & numbers_b])
    unknown_a = frozenset(word for word in c.only_a if not _has(words_b, word, c.a.weights[word]))
    unknown_b = frozenset(word for word in c.only_b if not _has(words_a, word, c.b.weights[word]))
    left_a, left_b = sum(map(c.a.weights.__getitem__, unknown_a)), sum(map(c.b.weights.__getitem__, unknown_b))
    top_a, top_b = max(map(c.a.weights.__getitem__, unknown_a), default=0.0), max(map(c.b.weights.__getitem__, unknown_b), default=0.0)
    total_a, total_b = c.weight + c.weight_a + 1e-9, c.weight + c.weight_b + 1e-9
    return Texts(
        containment=containment(a, b),
        ratio=max(a.runs, b.runs) / max(1, min(a.runs, b.runs)),
        vocabulary=both / max(1, min(words_a.weight, words_b.weight)),
        lead=lead / max(1, min(words_a.lead_weight, words_b.lead_weight)),
        numbers=len(numbers_a & numbers_b) / max(1, len(numbers_a | numbers_b)),
        rare=rare / max(1, min(words_a.rare_weight, words_b.rare_weight)),
        rare_weight=rare,
        numbers_shared=large,
        numbers_apart=not large and _has_large(numbers_a) and _has_large(numbers_b),
        covered=min((total_a - left_a) / total_a, (total_b - left_b) / total_b),
        unexplained=max(top_a, top_b),
        unexplained_both=min(top_a, top_b),
        unknown_a=unknown_a,
        unknown_b=unknown_b,
        numbers_unknown=bool(c.a.quantities and c.b.quantities)
        and not c.number_any
        and not _known(c.a.quantities, numbers_b)
        and not _known(c.b.quantities, numbers_a),
        other_towns=no_town(c.a) and no_town(c.b) and other_towns(words_a.lead, words_a.all, words_b.lead, words_b.all),
        denied=words_a.all.isdisjoint(_denials()) != words_b.all.isdisjoint(_denials()),
    )


@cache
def _denials() -> frozenset[int]:
    found = [uncached_term(stem) for stem in sorted(signs().denials)]
    return frozenset(hashed(each.name, each.weight) for each in found)


def _has_large(numbers: frozenset[int]) -> bool:
    return any(number & LARGE for number in numbers)


def _has(words: _Words, word: str, rarity: float) -> bool:
    return int(rarity) == 0 or hashed(word, rarity) in words.all


def _known(quantities: tuple[Quantity, ...], numbers: frozenset[int]) -> bool:
    return any(hashed_number(str(quantity)) in numbers for quantity in quantities)
