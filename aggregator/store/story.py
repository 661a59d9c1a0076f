"""Stories as items join and leave them; what a person decided stands above what the judge says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from aggregator.store import keys
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


def place(c: Connection, row: dict[str, Any], decision: Decision, now: datetime) -> tuple[int, int]:
    """Store an item in the story that the decision names, or in a new one; gives (item, story)."""
    story_id = None
    if decision.item is not None:
        # the matched item may have been moved by hand since it was judged
        story_id = c.execute(select(t.item.c.story).where(t.item.c.id == decision.item)).scalar()
    matched = decision.item if story_id is not None else None
    if story_id is None:
        story_id = open_story(c, row["shown_at"], now)
    values = {**row, "story": story_id, "matched": matched, "score": decision.score if matched else None, "verbatim": False}
    values["why"] = json.dumps(decision.why if matched else (), ensure_ascii=False)
    result = c.execute(insert(t.item), values)
    return int(result.inserted_primary_key[0]), story_id


def open_story(c: Connection, at: int, now: datetime) -> int:
    """Make an empty story."""
    moment = to_ms(now)
    values = {"first_at": at, "last_at": at, "shown_at": at, "updated_at": moment, "size": 0, "independent": 0, "spread": 0.0}
    return int(c.execute(insert(t.story), values).inserted_primary_key[0])


def link(c: Connection, story_id: int, decision: Decision) -> None:
    """Link a story with those that are close but other news, both ways; the best score of a pair stands."""
    for close in decision.related[:MOST_RELATED]:
        if close.story == story_id:
            continue
        why = json.dumps([reason.to_text() for reason in close.why], ensure_ascii=False)
        for a, b in ((story_id, close.story), (close.story, story_id)):
            old = c.execute(select(t.related.c.score).where(t.related.c.story == a, t.related.c.other == b)).scalar()
            if old is None:
                c.execute(insert(t.related).values(story=a, other=b, score=close.score, why=why))
            elif old < close.score:
                c.execute(update(t.related).where(t.related.c.story == a, t.related.c.other == b).values(score=close.score, why=why))


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
    kept_apart = {row[0] for row in c.execute(select(t.apart.c.other).where(t.apart.c.item == item))}
    decision = Decision.of(judge(draft, [each for each in found if each.item not in kept_apart]))
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


_REFRESH = (
    update(t.story)
    .where(t.story.c.id == bindparam("b_id"))
    .values(
        first_at=bindparam("b_first"),
        last_at=bindparam("b_last"),
        shown_at=bindparam("b_shown"),
        updated_at=bindparam("b_updated"),
        size=bindparam("b_size"),
        independent=bindparam("b_independent"),
        spread=bindparam("b_spread"),
    )
)


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
            continue
        first, last = min(r.shown_at for r in items), max(r.shown_at for r in items)
        independent = count_independent([(r.outlet, r.agency, r.verbatim) for r in items])
        rows.append(
            {
                "b_id": story_id,
                "b_first": first,
                "b_last": last,
                "b_shown": first,
                "b_updated": moment,
                "b_size": len(items),
                "b_independent": independent,
                "b_spread": spread(independent, first),
            }
        )
    if rows:
        c.execute(_REFRESH, rows)


def count_independent(items: Sequence[tuple[str, str, bool]]) -> int:
    """Count texts that are not copies: one for each agency's wire, none for a verbatim copy (outlet, agency, verbatim)."""
    wires = {agency for _, agency, _ in items if agency}
    own = {outlet for outlet, agency, verbatim in items if not agency and not verbatim}
    return max(1, len(wires) + len(own))


def spread(independent: int, first: int) -> float:
    """Give the order by spread: a tenfold of independent outlets weighs as two days of freshness, so that the list moves on."""
    return math.log10(max(1, independent)) * 2 + first / 86_400_000
