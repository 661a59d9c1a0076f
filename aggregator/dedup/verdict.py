"""What the judge answers: new, the same as a stored item, or a revision of it; and the links to what is only close."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.dedup.draft import Draft
from aggregator.dedup.reason import Reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored item that shares a key with the draft, with what guards its story.

    ``first`` is the story's first report, ``middle`` up to two from its middle, ``size`` its number of
    items; ``same_item`` says that it is the same item at its source (identity, not likeness).
    """

    item: int
    story: int
    draft: Draft
    first: Draft
    middle: tuple[Draft, ...] = ()
    size: int = 1
    same_item: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A story that is close but another piece of news; ``why`` says what kept them apart."""

    item: int
    story: int
    score: float
    why: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class New:
    """A story of its own; ``nearest`` is the closest item that was kept apart, whatever its score."""

    related: tuple[Link, ...] = ()
    nearest: Link | None = None


@dataclass(frozen=True, slots=True)
class SameAs:
    """The same piece of news as ``item``, with the reasons."""

    item: int
    story: int
    score: float
    why: tuple[Reason, ...] = ()
    related: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Revises:
    """A later version of a stored item."""

    item: int
    story: int


Verdict = New | SameAs | Revises
