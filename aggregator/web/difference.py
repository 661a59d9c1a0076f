"""Says what changed between two versions of a headline or body, word by word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from aggregator.model import Item, Outlet, Revision

MOST_WORDS = 1_500


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of words: ``same``, ``removed`` or ``added``."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one revision of an item changed; ``body`` is empty where the outlet's text may not be shown whole."""

    outlet: Outlet
    when: str
    title: tuple[Part, ...]
    body: tuple[Part, ...]


def words_apart(old: str, new: str) -> tuple[Part, ...]:
    """Give the word difference of two texts; unchanged stretches of over 24 words are shortened."""
    if old == new:
        return ()
    a, b = old.split()[:MOST_WORDS], new.split()[:MOST_WORDS]
    parts: list[Part] = []
    for kind, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "equal":
            same = a[i:j]
            parts.append(Part("same", " ".join(same if len(same) <= 24 else [*same[:10], "…", *same[-10:]])))
            continue
        if j > i:
            parts.append(Part("removed", " ".join(a[i:j])))
        if m > k:
            parts.append(Part("added", " ".join(b[k:m])))
    return tuple(parts)


def differences(
    item: Item, revisions: Sequence[Revision], now: tuple[str, str], *, everything: bool, when: Callable[[datetime], str]
) -> list[Change]:
    """Give each revision's difference to the version after it, newest first."""
    changes = []
    later = now
    for revision in sorted(revisions, key=lambda each: each.at, reverse=True):
        title = words_apart(revision.title, later[0])
        body = words_apart(revision.body, later[1]) if everything else ()
        later = (revision.title, revision.body)
        if title or body:
            changes.append(Change(item.outlet, when(revision.at), title, body))
    return changes
