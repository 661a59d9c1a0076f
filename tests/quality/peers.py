"""The rules that other tools ship, as far as they can be told from their documentation, on the same pairs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import blake2b

from rapidfuzz import fuzz

from aggregator.arabic.fold import fold
from aggregator.arabic.tokens import STOP, stem, words
from aggregator.dedup import Report


def _trigrams(text: str) -> frozenset[str]:
    text = f"  {text} "
    return frozenset(text[k : k + 3] for k in range(len(text) - 2))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / max(1, len(a | b))


@cache
def _shingles(body: str, size: int) -> frozenset[str]:
    parts = words(body)
    return frozenset(" ".join(parts[k : k + size]) for k in range(len(parts) - size + 1))


@cache
def _simhash(body: str) -> int:
    votes = [0] * 64
    for word in words(body):
        value = int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "big")
        for bit in range(64):
            votes[bit] += 1 if value >> bit & 1 else -1
    return sum(1 << bit for bit, vote in enumerate(votes) if vote > 0)


def _content(title: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words(title) if word not in STOP)


RULES: dict[str, Callable[[Report, Report], bool]] = {
    "exact title": lambda a, b: fold(a.title).split() == fold(b.title).split(),
    "trigrams of titles >= .75 (tt-rss)": lambda a, b: _jaccard(_trigrams(a.title.lower()), _trigrams(b.title.lower())) >= 0.75,
    "85 % of the text (Feedly)": lambda a, b: (
        _jaccard(frozenset(words(a.title + " " + a.body)), frozenset(words(b.title + " " + b.body))) >= 0.85
    ),
    "SimHash distance <= 3": lambda a, b: bool(a.body and b.body) and (_simhash(a.body) ^ _simhash(b.body)).bit_count() <= 3,
    "5-gram Jaccard >= .7 (MinHash)": lambda a, b: _jaccard(_shingles(a.body, 5), _shingles(b.body, 5)) >= 0.7,
    "3-gram Jaccard >= .5 (MinHash)": lambda a, b: _jaccard(_shingles(a.body, 3), _shingles(b.body, 3)) >= 0.5,
    "token_set_ratio >= 85": lambda a, b: fuzz.token_set_ratio(fold(a.title), fold(b.title)) >= 85,
    "stems of titles, Jaccard >= .5": lambda a, b: _jaccard(_content(a.title), _content(b.title)) >= 0.5,
}
