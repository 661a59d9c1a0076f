"""The index of near-duplicates: which stored items share a key with a draft, and what the judge needs of them."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select

from aggregator.store import bulk
from aggregator.store import schema as t
from aggregator.store.bulk import Lookup

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
        found.update((item, Draft.from_bytes(draft)) for item, draft in _DRAFTS.rows(c, missing))
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
        """Remember drafts that were just stored; their keys are in the database, and half as large as all else."""
        with self._lock:
            self._kept.update({item: replace(draft, keys=()) for item, draft in drafts.items()})

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
    return _dress(c, _chosen(drafts, _sharing(c, drafts, after), leave_out), cache)


def _chosen(drafts: Sequence[Draft], sharing: Mapping[int, Sequence[int]], leave_out: frozenset[int] = frozenset()) -> list[list[int]]:
    """Give for each draft the items that share most keys with it."""
    chosen: list[list[int]] = []
    for draft in drafts:
        counts: dict[int, int] = {}
        for each in draft.keys:
            items = sharing.get(each)
            if items is not None and len(items) <= CROWDED:
                for item in items:
                    counts[item] = counts.get(item, 0) + 1
        ranked = sorted((-n, -item) for item, n in counts.items() if item not in leave_out)
        chosen.append([-item for _, item in ranked[:BEST]])
    return chosen


_ITEMS_OF = Lookup("SELECT key, item FROM dkey WHERE key IN ? AND item > ?", "bigint")
_DRAFTS = Lookup("SELECT item, draft FROM signature WHERE item IN ?", "bigint")
_PLACES = Lookup("SELECT id, story, substance FROM item WHERE id IN ?", "bigint")
_MEMBERS = Lookup("SELECT story, id, substance FROM item WHERE story IN ?", "bigint")


def _sharing(c: Connection, drafts: Sequence[Draft], after: int) -> dict[int, list[int]]:
    sharing: dict[int, list[int]] = defaultdict(list)
    # in the order of the index: neighbours share a page
    for key, item in _ITEMS_OF.rows(c, sorted({each for draft in drafts for each in draft.keys}), after):
        sharing[key].append(item)
    return sharing


def note(by_key: dict[int, tuple[int, ...]], item: int, draft: Draft) -> None:
    """Enter an item under the keys of its draft; most keys have one item, and all of those share its tuple."""
    alone = (item,)
    for key in draft.keys:
        by_key[key] = by_key[key] + alone if key in by_key else alone


class Recent:
    """What one transaction has entered so far, which every later refresh in it must see.

    Nobody else writes meanwhile: unless others wrote between the judgement and the lock, nothing has to be read again.
    """

    def __init__(self, c: Connection) -> None:
        self._before = newest(c)
        self._by_key: dict[int, tuple[int, ...]] = {}

    def add(self, drafts: Mapping[int, Draft]) -> None:
        """Note items that were just entered."""
        for item, draft in drafts.items():
            note(self._by_key, item, draft)

    def must_read(self, seen_up_to: int) -> bool:
        """Tell whether others wrote what the judge has not seen, so that the database is asked."""
        return self._before > seen_up_to

    def since(self, c: Connection, drafts: Sequence[Draft], cache: Drafts, seen_up_to: int) -> tuple[tuple[Candidate, ...], ...]:
        """Give each draft's candidates among the items that the judge has not seen: those after ``seen_up_to``."""
        if self.must_read(seen_up_to):
            return candidates(c, drafts, cache, after=seen_up_to)
        return _dress(c, _chosen(drafts, self._by_key), cache)


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
    for story, item, substance in _MEMBERS.rows(c, list(stories)):
        members[story].append(item)
        substances[item] = substance
    for group in members.values():
        group.sort()
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
    for item, story, substance in _PLACES.rows(c, list(ids)):
        story_of[item], substances[item] = story, substance
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
