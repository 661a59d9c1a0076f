"""The index of near-duplicates: which stored items share a key with a draft, and what the judge needs of them."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, insert, select

from aggregator.store import schema as t

if TYPE_CHECKING:
    from aggregator.dedup import Candidate, Draft

BEST = 12  # candidates that the judge looks at
CROWDED = 400  # a key that more items share says nothing
MOST_DRAFTS = 50_000


@dataclass(frozen=True, slots=True)
class CandidateSet:
    """Candidates for each draft asked for, and the newest item that was seen."""

    by_draft: tuple[tuple[Candidate, ...], ...]
    seen_up_to: int


class Drafts:
    """Decoded signatures, the latest used ones kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Draft] = OrderedDict()
        self._lock = Lock()

    def get(self, c: Connection, ids: Iterable[int]) -> dict[int, Draft]:
        """Give the drafts of items; those pruned from the window are missing."""
        from aggregator.dedup import Draft

        wanted = set(ids)
        with self._lock:
            found = {each: self._kept[each] for each in wanted if each in self._kept}
            for each in found:
                self._kept.move_to_end(each)
        missing = list(wanted - found.keys())
        for start in range(0, len(missing), 5_000):
            rows = c.execute(select(t.signature.c.item, t.signature.c.draft).where(t.signature.c.item.in_(missing[start : start + 5_000])))
            for row in rows:
                found[row.item] = Draft.from_bytes(row.draft)
        with self._lock:
            self._kept.update(found)
            while len(self._kept) > MOST_DRAFTS:
                self._kept.popitem(last=False)
        return found

    def forget(self, ids: Iterable[int]) -> None:
        """Drop drafts that changed or went."""
        with self._lock:
            for each in ids:
                self._kept.pop(each, None)


def newest(c: Connection) -> int:
    """Give the id of the newest item."""
    return c.execute(select(func.max(t.item.c.id))).scalar() or 0


def candidates(
    c: Connection, drafts: Sequence[Draft], cache: Drafts, *, after: int = 0, leave_out: frozenset[int] = frozenset()
) -> tuple[tuple[Candidate, ...], ...]:
    """Give each draft's candidates: stored items newer than ``after`` that share a key, those sharing most first."""
    sharing = _sharing(c, drafts, after)
    chosen: list[list[int]] = []
    for draft in drafts:
        counts: Counter[int] = Counter()
        for each in draft.keys:
            items = sharing.get(each, ())
            if len(items) <= CROWDED:
                counts.update(items)
        ranked = sorted((-n, -item) for item, n in counts.items() if item not in leave_out)
        chosen.append([-item for _, item in ranked[:BEST]])
    return _dress(c, chosen, cache)


def _sharing(c: Connection, drafts: Sequence[Draft], after: int) -> dict[int, list[int]]:
    keys = list({each for draft in drafts for each in draft.keys})
    sharing: dict[int, list[int]] = defaultdict(list)
    for start in range(0, len(keys), 900):
        part = keys[start : start + 900]
        query = select(t.key.c.key, t.key.c.item).where(t.key.c.key.in_(part))
        if after:
            query = query.where(t.key.c.item > after)
        for row in c.execute(query):
            sharing[row[0]].append(row[1])
    return sharing


def _dress(c: Connection, chosen: Sequence[Sequence[int]], cache: Drafts) -> tuple[tuple[Candidate, ...], ...]:
    """Add to each candidate item its story's first and middle reports, which guard the story against drift."""
    from aggregator.dedup import Candidate

    ids = {each for group in chosen for each in group}
    if not ids:
        return tuple(() for _ in chosen)
    story_of: dict[int, int] = dict(tuple(row) for row in c.execute(select(t.item.c.id, t.item.c.story).where(t.item.c.id.in_(ids))))
    members: dict[int, list[int]] = defaultdict(list)
    for row in c.execute(select(t.item.c.story, t.item.c.id).where(t.item.c.story.in_(set(story_of.values()))).order_by(t.item.c.id)):
        members[row[0]].append(row[1])
    guards: dict[int, tuple[int, ...]] = {}
    for story, group in members.items():
        guards[story] = (group[0], *((group[len(group) // 3], group[2 * len(group) // 3]) if len(group) > 4 else ()))
    drafts = cache.get(c, ids | {each for guard in guards.values() for each in guard})

    def dressed(item: int) -> Candidate | None:
        story = story_of.get(item)
        if story is None or item not in drafts:
            return None
        first, *middle = guards[story]
        middles = tuple(drafts[each] for each in middle if each in drafts)
        return Candidate(
            item=item, story=story, draft=drafts[item], first=drafts.get(first, drafts[item]), middle=middles, size=len(members[story])
        )

    return tuple(tuple(found for found in map(dressed, group) if found is not None) for group in chosen)


def put(c: Connection, rows: Sequence[tuple[int, int, Draft]]) -> None:
    """Enter items (id, time in ms, draft) into the index."""
    if not rows:
        return
    c.execute(insert(t.signature), [{"item": item, "at": at, "draft": draft.to_bytes()} for item, at, draft in rows])
    pairs = [{"key": each, "item": item} for item, _, draft in rows for each in set(draft.keys)]
    if pairs:
        c.execute(insert(t.key), pairs)


def drop(c: Connection, ids: Sequence[int]) -> None:
    """Take items out of the index."""
    for start in range(0, len(ids), 900):
        part = list(ids[start : start + 900])
        c.execute(delete(t.key).where(t.key.c.item.in_(part)))
        c.execute(delete(t.signature).where(t.signature.c.item.in_(part)))


def expire(c: Connection, before: int) -> int:
    """Take the keys of items older than ``before`` (ms) out of the window; their signatures stay for their stories' sake."""
    old = select(t.signature.c.item).where(t.signature.c.at < before)
    return c.execute(delete(t.key).where(t.key.c.item.in_(old))).rowcount
