"""Stories as items join and leave them; what a person decided stands above what the judge says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select, update

from aggregator.store import bulk, keys
from aggregator.store import schema as t
from aggregator.store.schema import to_ms

if TYPE_CHECKING:
    from aggregator.dedup import Candidate, Draft, Link, Verdict

MOST_RELATED = 12


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict as the store applies it: the item matched (None: a story of its own), and the links to related stories."""

    item: int | None = None
    story: int | None = None
    score: float = 0.0
    why: tuple[str, ...] = ()
    related: tuple[Link, ...] = ()

    @classmethod
    def of(cls, verdict: Verdict | None) -> Decision:
        """Read the judge's verdict."""
        from aggregator.dedup import New, Revises, SameAs

        match verdict:
            case SameAs():
                why = tuple(reason.to_text() for reason in verdict.why)
                return cls(verdict.item, verdict.story, verdict.score, why, verdict.related)
            case Revises():
                return cls(verdict.item, verdict.story, 1.0)
            case New():
                return cls(related=verdict.related)
            case None:
                return cls()

    def better(self, other: Decision) -> Decision:
        """Give the stronger of two decisions, with the links of both."""
        first, second = (self, other) if self.score >= other.score else (other, self)
        links = {link.story: link for link in (*second.related, *first.related) if link.story != first.story}
        return Decision(first.item, first.story, first.score, first.why, tuple(links.values()))


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a new item goes: its id, its story, the item that it matched (None: a story of its own)."""

    item: int
    story: int
    matched: int | None
    decision: Decision
    verbatim: bool = False


class Batch:
    """Places the new items of one refresh: ids are taken at once, and what one item says is known to the next."""

    def __init__(self, c: Connection, count: int, verdicts: Sequence[Verdict | None], drafts: keys.Drafts) -> None:
        self._c = c
        self._drafts = drafts
        self._ids = iter(_reserve(c, "item", count))
        self._stories = iter(_reserve(c, "story", count))
        # a matched item may have been moved by hand since it was judged
        self._story_of = _stories_of(c, {each.item for verdict in verdicts for each in _named(verdict)})
        self._mine: dict[int, Draft] = {}
        self._by_key: dict[int, tuple[int, ...]] = {}
        self._guards: dict[int, keys.Guard] = {}
        self._new: dict[int, list[tuple[str, str, bool, int]]] = {}
        self._joined: set[int] = set()
        self._links: dict[tuple[int, int], tuple[float, str]] = {}

    def sharing(self, draft: Draft) -> tuple[Candidate, ...]:
        """Give the candidates among the items placed before."""
        from aggregator.dedup import Candidate

        close = sorted({item for key in draft.keys for item in self._by_key.get(key, ())})[-keys.BEST :]
        found = []
        for item in close:
            story_id = self._story_of[item]
            guard = self._guard(story_id, self._mine[item])
            found.append(Candidate(item, story_id, self._mine[item], guard.first, guard.middle, guard.size))
        return tuple(found)

    def _guard(self, story_id: int, own: Draft) -> keys.Guard:
        guard = self._guards.get(story_id)
        if guard is None:
            guard = self._guards[story_id] = keys.guards(self._c, [story_id], self._drafts).get(story_id) or keys.Guard(own, (), 1)
        return guard

    def place(self, draft: Draft, decision: Decision) -> Placed:
        """Give an item its place."""
        item = next(self._ids)
        matched = decision.item
        story_id = self._current(matched) if matched is not None else None
        if story_id is None:
            matched, story_id = None, next(self._stories)
            self._guards[story_id] = keys.Guard(draft, (), 1)
        elif story_id in self._guards:
            self._guards[story_id] = replace(self._guards[story_id], size=self._guards[story_id].size + 1)
        self._story_of[item] = story_id
        self._mine[item] = draft
        keys.note(self._by_key, item, draft)
        self._link(story_id, decision.related)
        return Placed(item, story_id, matched, decision, matched is not None and self._verbatim(draft, matched))

    def _current(self, item: int) -> int | None:
        if item not in self._story_of:
            self._story_of.update(_stories_of(self._c, {item}))
        return self._story_of.get(item)

    def _verbatim(self, draft: Draft, matched: int) -> bool:
        """Tell whether an item's text adds nothing to the one that it matched."""
        from aggregator.dedup import adds_nothing

        other = self._mine.get(matched) or self._drafts.get(self._c, [matched]).get(matched)
        if other is None:
            return False
        return adds_nothing(draft, other) if draft.words else draft.headline.text == other.headline.text

    def _link(self, story_id: int, related: Sequence[Link]) -> None:
        for close in related[:MOST_RELATED]:
            other = self._current(close.item)
            if other is None or other == story_id:
                continue
            why = json.dumps([reason.to_text() for reason in close.why], ensure_ascii=False)
            for pair in ((story_id, other), (other, story_id)):
                if pair not in self._links or self._links[pair][0] < close.score:
                    self._links[pair] = (close.score, why)

    def shown(self, placed: Placed, outlet: str, agency: str, at: int) -> None:
        """Note what a new story's numbers are made of."""
        if placed.matched is None:
            self._new[placed.story] = [(outlet, agency, placed.verbatim, at)]
        elif placed.story in self._new:
            self._new[placed.story].append((outlet, agency, placed.verbatim, at))
        else:
            self._joined.add(placed.story)

    def write(self, now: int) -> set[int]:
        """Write the new stories and links; gives the older stories whose numbers are now old."""
        rows = []
        for story_id, items in self._new.items():
            times = [at for *_, at in items]
            independent = count_independent([(outlet, agency, verbatim) for outlet, agency, verbatim, _ in items])
            rows.append((story_id, min(times), max(times), min(times), now, len(items), independent, spread(independent, min(times))))
        _NEW_STORIES.run(self._c, rows)
        _LINKS.run(self._c, [(a, b, score, why) for (a, b), (score, why) in self._links.items()])
        return self._joined


_NEW_STORIES = bulk.insert("story", ("id", "first_at", "last_at", "shown_at", "updated_at", "size", "independent", "spread"))
_LINKS = bulk.statement(
    "INSERT INTO related (story, other, score, why) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (story, other) DO UPDATE SET score = excluded.score, why = excluded.why WHERE excluded.score > related.score"
)


def _named(verdict: Verdict | None) -> list[Any]:
    """Give all that a verdict names a stored item by."""
    if verdict is None:
        return []
    own = [verdict] if hasattr(verdict, "item") else []
    return [*own, *getattr(verdict, "related", ())]


def _stories_of(c: Connection, items: Iterable[int]) -> dict[int, int]:
    """Give the stories that items stand in now."""
    wanted = list(items)
    found: dict[int, int] = {}
    for start in range(0, len(wanted), 900):
        query = select(t.item.c.id, t.item.c.story).where(t.item.c.id.in_(wanted[start : start + 900]))
        found.update((row[0], row[1]) for row in c.execute(query))
    return found


def _reserve(c: Connection, table: str, count: int) -> list[int]:
    """Take ids that no row has or had; the writing transaction is alone, so that nobody else takes them."""
    if c.dialect.name == "sqlite":
        last = c.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    return [row[0] for row in c.exec_driver_sql("SELECT nextval(%s) FROM generate_series(1, %s)", (f"{table}_id_seq", count))]


def open_story(c: Connection, at: int, now: datetime) -> int:
    """Make an empty story."""
    moment = to_ms(now)
    values = {"first_at": at, "last_at": at, "shown_at": at, "updated_at": moment, "size": 0, "independent": 0, "spread": 0.0}
    return int(c.execute(insert(t.story).returning(t.story.c.id), values).scalar_one())


def link(c: Connection, story_id: int, decision: Decision) -> None:
    """Link a story with those that are close but other news, both ways; the best score of a pair stands."""
    rows = []
    current = _stories_of(c, [close.item for close in decision.related[:MOST_RELATED]])
    for close in decision.related[:MOST_RELATED]:
        other = current.get(close.item, story_id)
        if other != story_id:
            why = json.dumps([reason.to_text() for reason in close.why], ensure_ascii=False)
            rows += [(story_id, other, close.score, why), (other, story_id, close.score, why)]
    _LINKS.run(c, rows)


def inherit_links(c: Connection, target: int, others: Sequence[int]) -> None:
    """Give the links of stories that are about to go to the one that they become."""
    r = t.related.c
    rows = c.execute(select(t.related).where(r.story.in_(list(others)), r.other.not_in([target, *others]))).all()
    _LINKS.run(c, [each for row in rows for each in ((target, row.other, row.score, row.why), (row.other, target, row.score, row.why))])


def judge_again(
    c: Connection,
    item: int,
    story_id: int,
    draft: Draft,
    judge: Callable[[Draft, Sequence[Candidate]], Verdict],
    drafts: keys.Drafts,
    touched: set[int],
    now: datetime,
) -> None:
    """Judge an item anew whose substance changed; it moves only if the judge now clearly says so and no person decided."""
    if c.execute(select(t.together.c.item).where(t.together.c.item == item)).first():
        return
    found = keys.candidates(c, [draft], drafts, leave_out=frozenset({item}))[0]
    # whoever was split from it keeps it out of the whole story
    kept_apart = {
        row[0] for row in c.execute(select(t.item.c.story).join(t.apart, t.apart.c.other == t.item.c.id).where(t.apart.c.item == item))
    }
    decision = Decision.of(judge(draft, [each for each in found if each.story not in kept_apart or each.story == story_id]))
    others = c.execute(select(t.item.c.id).where(t.item.c.story == story_id, t.item.c.id != item).limit(1)).first()
    if decision.story == story_id or (decision.item is None and others is None):
        link(c, story_id, decision)
        return
    target = decision.story
    if target is None:
        at = c.execute(select(t.item.c.shown_at).where(t.item.c.id == item)).scalar_one()
        target = open_story(c, at, now)
    move(c, [item], target, matched=decision.item, score=decision.score or None, why=decision.why)
    link(c, target, decision)
    touched |= {story_id, target}


def move(
    c: Connection, items: Sequence[int], target: int, *, matched: int | None = None, score: float | None = None, why: Sequence[str] = ()
) -> None:
    """Put items into another story."""
    values = {"story": target, "matched": matched, "score": score, "why": json.dumps(list(why), ensure_ascii=False)}
    c.execute(update(t.item).where(t.item.c.id.in_(list(items))).values(values))


_REFRESH = bulk.update("story", ("first_at", "last_at", "shown_at", "updated_at", "size", "independent", "spread"), "id")


def refresh(c: Connection, ids: Iterable[int], now: datetime) -> None:
    """Bring the numbers of stories up to date; a story without items goes."""
    wanted = list(ids)
    if not wanted:
        return
    i = t.item.c
    groups: dict[int, list[Any]] = {each: [] for each in wanted}
    for start in range(0, len(wanted), 900):
        part = wanted[start : start + 900]
        columns = (i.story, i.id, i.shown_at, i.outlet, i.agency, i.verbatim)
        for row in c.execute(select(*columns).where(i.story.in_(part)).order_by(i.id)):
            groups[row.story].append(row)
    moment = to_ms(now) or 0
    rows = []
    for story_id, items in groups.items():
        if not items:
            c.execute(delete(t.story).where(t.story.c.id == story_id))
            c.execute(delete(t.related).where((t.related.c.story == story_id) | (t.related.c.other == story_id)))
            c.execute(delete(t.merge_report).where(t.merge_report.c.story == story_id))
            continue
        first, last = min(r.shown_at for r in items), max(r.shown_at for r in items)
        independent = count_independent([(r.outlet, r.agency, r.verbatim) for r in items])
        rows.append((first, last, first, moment, len(items), independent, spread(independent, first), story_id))
    _REFRESH.run(c, rows)
    bulk.touch(c)


def count_independent(items: Sequence[tuple[str, str, bool]]) -> int:
    """Count texts that are not copies: one for each agency's wire, none for a verbatim copy (outlet, agency, verbatim)."""
    wires = {agency for _, agency, _ in items if agency}
    own = {outlet for outlet, agency, verbatim in items if not agency and not verbatim}
    return max(1, len(wires) + len(own))


def spread(independent: int, first: int) -> float:
    """Give the order by spread: a tenfold of independent outlets weighs as two days of freshness, so that the list moves on."""
    return math.log10(max(1, independent)) * 2 + first / 86_400_000
