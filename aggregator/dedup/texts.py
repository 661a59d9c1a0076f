"""Lay two bodies side by side, by the hashes that stand in the drafts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from aggregator.arabic.digits import Quantity
from aggregator.dedup.compare import Comparison
from aggregator.dedup.draft import Draft, hashed, unpacked

_LEAD = 40  # different stems of the first lines


@dataclass(frozen=True, slots=True)
class Texts:
    """Two bodies compared; shares are 0..1, weights those of left-over headline words that the other text doesn't have."""

    jaccard: float
    containment: float
    vocabulary: float
    vocabulary_jaccard: float
    lead: float
    covered: float
    unexplained: float
    unexplained_both: float
    unknown_a: frozenset[str]
    unknown_b: frozenset[str]
    length_ratio: float
    numbers_unknown: bool


@lru_cache(maxsize=1024)
def _shingles(data: bytes) -> frozenset[int]:
    return frozenset(unpacked(data))


@lru_cache(maxsize=1024)
def _vocabulary(data: bytes) -> tuple[frozenset[int], frozenset[int]]:
    values = unpacked(data)
    return frozenset(values), frozenset(values[:_LEAD])


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
    words_a, lead_a = _vocabulary(a.vocabulary)
    words_b, lead_b = _vocabulary(b.vocabulary)
    common, both, lead = len(one & other), len(words_a & words_b), len(lead_a & lead_b)
    unknown_a = frozenset(word for word in c.only_a if hashed(word) not in words_b)
    unknown_b = frozenset(word for word in c.only_b if hashed(word) not in words_a)
    left_a, left_b = sum(map(c.a.weights.__getitem__, unknown_a)), sum(map(c.b.weights.__getitem__, unknown_b))
    top_a, top_b = max(map(c.a.weights.__getitem__, unknown_a), default=0.0), max(map(c.b.weights.__getitem__, unknown_b), default=0.0)
    total_a, total_b = c.weight + c.weight_a + 1e-9, c.weight + c.weight_b + 1e-9
    return Texts(
        jaccard=common / (len(one) + len(other) - common),
        containment=common / min(len(one), len(other)),
        vocabulary=both / min(len(words_a), len(words_b)),
        vocabulary_jaccard=both / (len(words_a) + len(words_b) - both),
        lead=lead / min(len(lead_a), len(lead_b)),
        covered=min((total_a - left_a) / total_a, (total_b - left_b) / total_b),
        unexplained=max(top_a, top_b),
        unexplained_both=min(top_a, top_b),
        unknown_a=unknown_a,
        unknown_b=unknown_b,
        length_ratio=min(a.words, b.words) / max(a.words, b.words),
        numbers_unknown=bool(c.a.quantities and c.b.quantities)
        and not c.number_any
        and not _known(c.a.quantities, words_b)
        and not _known(c.b.quantities, words_a),
    )


def _known(quantities: tuple[Quantity, ...], words: frozenset[int]) -> bool:
    return any(hashed(str(quantity)) in words for quantity in quantities)
