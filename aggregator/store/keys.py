"""The index of near-duplicates: which stored items share a key with a draft, and what the judge needs of them."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select

from aggregator.store import bulk
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
        for start in range(0, len(missing), 900):
            rows = c.execute(select(t.signature.c.item, t.signature.c.draft).where(t.signature.c.item.in_(missing[start : start + 900])))
            for row in rows:
                found[row.item] = Draft.from_bytes(row.draft)
        with self._lock:
            self._kept.update(found)
            while len(self._kept) > MOST_DRAFTS:
                self._kept.popitem(last=False)
        return found

    def current(self, c: Connection, substances: Mapping[int, bytes]) -> dict[int, Draft]:
        """Give the drafts of items that say what these now do: one that another process revised since it was kept is read anew."""
        found = self.get(c, substances)
        stale = [item for item, draft in found.items() if draft.substance != substances[item]]
        if stale:
            self.forget(stale)
            found |= self.get(c, stale)
        return found

    def keep(self, drafts: dict[int, Draft]) -> None:
        """Remember drafts that were just stored."""
        with self._lock:
            self._kept.update(drafts)

    def clear(self) -> None:
        """Forget all drafts."""
        with self._lock:
            self._kept.clear()

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


@dataclass(frozen=True, slots=True)
class Guard:
    """What keeps a story from drifting: its first report, two from its middle, and how many it has."""

    first: Draft
    middle: tuple[Draft, ...]
    size: int


def guards(c: Connection, stories: Iterable[int], cache: Drafts) -> dict[int, Guard]:
    """Give the guards of stored stories; a story whose first report has no signature has none."""
    members: dict[int, list[int]] = defaultdict(list)
    substances: dict[int, bytes] = {}
    columns = (t.item.c.story, t.item.c.id, t.item.c.substance)
    for row in c.execute(select(*columns).where(t.item.c.story.in_(list(stories))).order_by(t.item.c.id)):
        members[row[0]].append(row[1])
        substances[row[1]] = row[2]
    chosen = {
        story: (group[0], *((group[len(group) // 3], group[2 * len(group) // 3]) if len(group) > 4 else ()))
        for story, group in members.items()
    }
    drafts = cache.current(c, {each: substances[each] for group in chosen.values() for each in group})
    return {
        story: Guard(drafts[first], tuple(drafts[each] for each in middle if each in drafts), len(members[story]))
        for story, (first, *middle) in chosen.items()
        if first in drafts
    }


def _dress(c: Connection, chosen: Sequence[Sequence[int]], cache: Drafts) -> tuple[tuple[Candidate, ...], ...]:
    """Add to each candidate item its story's guard."""
    from aggregator.dedup import Candidate

    ids = {each for group in chosen for each in group}
    if not ids:
        return tuple(() for _ in chosen)
    story_of: dict[int, int] = {}
    substances: dict[int, bytes] = {}
    for start in range(0, len(ids), 900):
        query = select(t.item.c.id, t.item.c.story, t.item.c.substance).where(t.item.c.id.in_(list(ids)[start : start + 900]))
        for row in c.execute(query):
            story_of[row[0]], substances[row[0]] = row[1], row[2]
    drafts = cache.current(c, substances)
    guard_of = guards(c, set(story_of.values()), cache)

    def dressed(item: int) -> Candidate | None:
        draft, story = drafts.get(item), story_of.get(item)
        if draft is None or story is None:
            return None
        guard = guard_of.get(story) or Guard(draft, (), 1)
        return Candidate(item, story, draft, guard.first, guard.middle, guard.size)

    return tuple(tuple(found for found in map(dressed, group) if found is not None) for group in chosen)


_SIGNATURES = bulk.insert("signature", ("item", "at", "draft"))
_KEYS = bulk.insert("dkey", ("key", "item"))


def put(c: Connection, rows: Sequence[tuple[int, int, Draft]]) -> None:
    """Enter items (id, time seen in ms, draft) into the index."""
    _SIGNATURES.run(c, [(item, at, draft.to_bytes()) for item, at, draft in rows])
    # in the order of the index: neighbours share a page
    _KEYS.run(c, sorted({(each, item) for item, _, draft in rows for each in draft.keys}))


def drop(c: Connection, ids: Sequence[int]) -> None:
    """Take items out of the index."""
    for start in range(0, len(ids), 900):
        part = list(ids[start : start + 900])
        c.execute(delete(t.key).where(t.key.c.item.in_(part)))
        c.execute(delete(t.signature).where(t.signature.c.item.in_(part)))


def expire(c: Connection, before: int) -> int:
    """Take the keys of items seen before a time (ms) out of the window; their signatures stay for their stories' sake.

    Items are numbered as they are seen, so that one id divides the window. It goes by the time seen, not published: the archives
    that several new sources bring on one day are compared with one another.
    """
    newest_first = t.item.c.seen_at.desc()
    last = c.execute(select(t.item.c.id).where(t.item.c.seen_at < before).order_by(newest_first, t.item.c.id.desc()).limit(1)).scalar()
    if last is None:
        return 0
    return c.execute(delete(t.key).where(t.key.c.item <= last)).rowcount
