"""What one refresh of a source writes: values that the pipeline hands to `Store.commit`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.model import Article, RawItem, SourceState

if TYPE_CHECKING:
    from aggregator.dedup import Draft, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A new or changed entry, extracted, drafted and judged (verdict None: judge it in the transaction).

    ``terms`` are its search words, made where it was read (None: made in the transaction).
    """

    raw: RawItem
    article: Article
    draft: Draft
    verdict: Verdict | None = None
    terms: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """All that one refresh writes in one transaction: items and the validators that go with them."""

    source_id: str
    state: SourceState
    items: tuple[Judged, ...]
    digests: tuple[bytes, ...]  # of all entries of the document, 8 bytes each
    seen_up_to: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Merge:
    """One item that joined a story, with the reasons."""

    item: int
    story: int
    matched: int
    outlet: str
    title: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """What came of a refresh: ids of new items and counts of the rest; ``skipped`` has a reason each."""

    new: tuple[int, ...] = ()
    merges: tuple[Merge, ...] = ()
    revised: int = 0
    unchanged: int = 0
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def merged(self) -> int:
        """Give how many new items joined a story that was there."""
        return len(self.merges)
