"""Invented events and their reports: which reports belong together is known by how they are made."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.demo.newsroom import Piece
from tests.integration.cluster import moment

LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


@dataclass(frozen=True)
class Wave:
    """Reports that are published at one moment."""

    pieces: tuple[Piece, ...]


def invented(outlets: Sequence[str], events: int, waves: int, seed: int) -> list[Wave]:
    """Give events, each reported by one to four outlets in one or two waves, word for word but for the last sentence.

    The words are made of letters, so that two events share none by chance; copies of one wire are one story for any judge.
    """
    rng = random.Random(seed)

    def words(count: int) -> str:
        return " ".join("".join(rng.choices(LETTERS, k=rng.randint(4, 7))) for _ in range(count))

    found: list[list[Piece]] = [[] for _ in range(waves)]
    number = 0
    for event in range(events):
        title, body = words(8), ".\n".join(words(14) for _ in range(4))
        first = rng.randrange(waves)
        for outlet in rng.sample(list(outlets), rng.choice((1, 1, 2, 3, 4))):
            text = body if rng.random() < 0.5 else f"{body}.\n{words(10)}."
            wave = min(waves - 1, first + rng.randrange(2))
            found[wave].append(Piece(number, outlet, f"http://{outlet}.example/{event}/{number}", title, text, moment(number)))
            number += 1
    return [Wave(tuple(pieces)) for pieces in found]


def stories(waves: Sequence[Wave]) -> list[list[str]]:
    """Give the stories that these reports make: the addresses of each event's reports."""
    together: dict[str, list[str]] = {}
    for wave in waves:
        for piece in wave.pieces:
            together.setdefault(piece.title, []).append(piece.url)
    return sorted(sorted(urls) for urls in together.values())
