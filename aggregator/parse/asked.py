"""What the caller wants of a document, handed from `dispatch` to every reader."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.parse.entry import Surroundings


@dataclass(frozen=True, slots=True)
class Asked:
    """Leave out entries whose digest is ``known``; read ``max_items`` at most."""

    around: Surroundings
    known: frozenset[bytes] = frozenset()
    max_items: int = 2_000
