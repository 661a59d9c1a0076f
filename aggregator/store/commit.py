"""Writes one refresh of a source in one transaction: what came meanwhile is judged again, then all is stored together."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from aggregator.arabic.fold import fold
from aggregator.model import Claim, Outlet
from aggregator.store import keys, search, sources, story
from aggregator.store import schema as t
from aggregator.store.identity import Identity, identities
from aggregator.store.refresh import Committed, Judged, Merge, Refresh
from aggregator.store.schema import to_ms

if TYPE_CHECKING:
    from aggregator.dedup import Candidate, Draft, Verdict

    Judge = Callable[[Draft, Sequence[Candidate]], Verdict]

FRESH = timedelta(hours=24)  # an older item of a first fetch is sorted by its own date, an undated one behind the day's news
_STATE = sources._UPDATE
_DIGESTS = update(t.source).where(t.source.c.id == bindparam("b_id")).values(digests=bindparam("b_digests"))


@dataclass
class _Work:
    """What one commit gathers before it writes."""

    refresh: Refresh
    claim: Claim
    new: list[int] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    revised: int = 0
    unchanged: int = 0
    touched: set[int] = field(default_factory=set)


def commit(c: Connection, refresh: Refresh, judge: Judge, drafts: keys.Drafts, version: int) -> Committed:
    """Write a refresh; the caller holds the one writing transaction."""
    claim = sources.one(c, refresh.source_id)
    if claim is None:
        return Committed(skipped=tuple((each.raw.guid, "its source was removed meanwhile") for each in refresh.items))
    work = _Work(refresh, claim)
    if refresh.items:
        _items(c, work, judge, drafts, version)
    state = replace(refresh.state, item_count=claim.state.item_count + len(work.new))
    c.execute(_STATE, sources.values_of(claim.source, state))
    if refresh.digests:
        c.execute(_DIGESTS, {"b_id": refresh.source_id, "b_digests": b"".join(refresh.digests)})
    return Committed(tuple(work.new), tuple(work.merges), work.revised, work.unchanged, tuple(work.skipped))


def _items(c: Connection, work: _Work, judge: Judge, drafts: keys.Drafts, version: int) -> None:
    outlet = work.claim.source.outlet
    marks = identities(work.refresh.source_id, outlet.id, work.refresh.items)
    stored = _stored(c, marks)
    dead = _dead(c, marks)
    fresh: list[tuple[Judged, Identity]] = []
    taken: set[bytes] = set()
    for each, mark in zip(work.refresh.items, marks, strict=True):
        row = stored.get(mark.guid) or stored.get(mark.address or b"-") or stored.get(mark.sameness)
        mine = {mark.guid, mark.address, mark.sameness} - {b""}
        if row is not None:
            _again(c, work, each, mark, row, judge, drafts, version)
        elif outlet.opted_out:
            work.skipped.append((each.raw.guid, "its outlet asked not to be stored"))
        elif mine & dead:
            work.skipped.append((each.raw.guid, "it was removed before"))
        elif mine & taken:
            work.skipped.append((each.raw.guid, "the document holds it twice"))
        else:
            fresh.append((each, mark))
        taken |= mine
    if fresh:
        _add(c, work, fresh, judge, drafts, version)
    story.refresh(c, work.touched, work.refresh.now)


def _stored(c: Connection, marks: Sequence[Identity]) -> dict[bytes, Any]:
    """Give the stored items known by any of these marks."""
    i = t.item.c
    columns = (i.id, i.guid, i.address, i.sameness, i.story, i.substance, i.title, i.image, i.url, i.updated)
    found: dict[bytes, Any] = {}
    for column, values in (
        (i.sameness, [m.sameness for m in marks]),
        (i.address, [m.address for m in marks if m.address]),
        (i.guid, [m.guid for m in marks]),
    ):
        if values:
            for row in c.execute(select(*columns).where(column.in_(values))):
                found[getattr(row, column.name)] = row
    return found


def _dead(c: Connection, marks: Sequence[Identity]) -> set[bytes]:
    values = [value for m in marks for value in (m.guid, m.address, m.sameness) if value]
    return {row[0] for row in c.execute(select(t.tombstone.c.digest).where(t.tombstone.c.digest.in_(values)))}


def _again(c: Connection, work: _Work, each: Judged, mark: Identity, row: Any, judge: Judge, drafts: keys.Drafts, version: int) -> None:
    """Meet a stored entry again: keep a revision if its substance changed, else only what is new about it."""
    raw, article, now = each.raw, each.article, work.refresh.now
    if row.substance == each.draft.substance:
        work.unchanged += 1
        if article.image and not row.image:
            c.execute(update(t.item).where(t.item.c.id == row.id).values(image=article.image))
        return
    title = article.title or raw.title
    old = c.execute(select(t.body.c.text).where(t.body.c.item == row.id)).scalar() or ""
    if fold(title) == fold(row.title) and len(article.body) < len(old) // 2:
        work.unchanged += 1  # the feed cut its text: what was longer stays
        return
    c.execute(insert(t.revision).values(item=row.id, at=to_ms(now), title=row.title, body=old))
    values = {
        "title": title,
        "summary": raw.summary,
        "substance": each.draft.substance,
        "updated": to_ms(raw.updated or article.updated or now),
        "sameness": mark.sameness,
        "dedup_version": version,
    }
    c.execute(update(t.item).where(t.item.c.id == row.id).values(values))
    c.execute(update(t.body).where(t.body.c.item == row.id).values(text=article.body, html=article.body_html))
    keys.drop(c, [row.id])
    drafts.forget([row.id])
    at = c.execute(select(t.item.c.shown_at).where(t.item.c.id == row.id)).scalar_one()
    keys.put(c, [(row.id, at, each.draft)])
    search.put(c, [(row.id, title, article.body or raw.summary)])
    work.revised += 1
    work.touched.add(row.story)
    story.judge_again(c, row.id, row.story, each.draft, judge, drafts, work.touched, now)


def _add(c: Connection, work: _Work, fresh: Sequence[tuple[Judged, Identity]], judge: Judge, drafts: keys.Drafts, version: int) -> None:
    refresh, outlet = work.refresh, work.claim.source.outlet
    index: list[tuple[int, int, Draft]] = []
    texts: list[tuple[int, str, str]] = []
    bodies: list[dict[str, Any]] = []
    # newer than what the judge saw: other workers' items; the items of this very document follow one by one
    later: Sequence[Sequence[Candidate]] = [()] * len(fresh)
    if keys.newest(c) > refresh.seen_up_to:
        later = keys.candidates(c, [each.draft for each, _ in fresh], drafts, after=refresh.seen_up_to)
    mine: list[tuple[int, Draft]] = []
    for (each, mark), newer in zip(fresh, later, strict=True):
        again = (*newer, *_within(c, each.draft, mine))
        decision = _decide(each, again, judge)
        row = _row(work, each, mark, version)
        item_id, story_id = story.place(c, row, decision, refresh.now)
        at = row["shown_at"]
        bodies.append({"item": item_id, "text": each.article.body, "html": each.article.body_html})
        index.append((item_id, at, each.draft))
        texts.append((item_id, row["title"], each.article.body or row["summary"]))
        mine.append((item_id, each.draft))
        work.new.append(item_id)
        work.touched.add(story_id)
        story.link(c, story_id, decision)
        if decision.item is not None:
            work.merges.append(Merge(item_id, story_id, decision.item, outlet.id, row["title"], decision.score, decision.why))
    c.execute(insert(t.body), bodies)
    keys.put(c, index)
    search.put(c, texts)


def _within(c: Connection, draft: Draft, mine: Sequence[tuple[int, Draft]]) -> tuple[Candidate, ...]:
    """Give the candidates among the items that this very commit stored before."""
    from aggregator.dedup import Candidate

    own = set(draft.keys)
    close = [(item, other) for item, other in mine if not own.isdisjoint(other.keys)]
    if not close:
        return ()
    stories = dict(tuple(row) for row in c.execute(select(t.item.c.id, t.item.c.story).where(t.item.c.id.in_([item for item, _ in close]))))
    return tuple(
        Candidate(item=item, story=stories[item], draft=other, first=other, middle=(), size=1) for item, other in close[-keys.BEST :]
    )


def _decide(each: Judged, newer: Sequence[Candidate], judge: Judge) -> story.Decision:
    """Join the judgement made before the lock with that on what came since."""
    before = story.Decision.of(each.verdict)
    if not newer and each.verdict is not None:
        return before
    after = story.Decision.of(judge(each.draft, newer))
    return before.better(after)


def _row(work: _Work, each: Judged, mark: Identity, version: int) -> dict[str, Any]:
    raw, article, source = each.raw, each.article, work.claim.source
    outlet: Outlet = source.outlet
    now = work.refresh.now
    published = raw.published or article.published
    first = work.claim.state.item_count == 0
    return {
        "source": source.id,
        "outlet": outlet.id,
        "country": outlet.country,
        "language": article.language or raw.language or outlet.language,
        "topic": source.topic,
        "guid": mark.guid,
        "guid_text": raw.guid[:2_000],
        "address": mark.address,
        "sameness": mark.sameness,
        "substance": each.draft.substance,
        "url": raw.url,
        "title": article.title or raw.title,
        "summary": raw.summary,
        "author": article.author or raw.author,
        "published": to_ms(published),
        "updated": to_ms(raw.updated or article.updated),
        "seen_at": to_ms(now),
        "shown_at": to_ms(shown_at(published, now, first=first)),
        "image": article.image or raw.image,
        "image_credit": article.image_credit,
        "source_link": article.source_link or raw.source_link,
        "agency": each.draft.agency,
        "confidence": article.confidence,
        "categories": json.dumps(raw.categories, ensure_ascii=False),
        "flags": json.dumps(article.flags),
        "dedup_version": version,
        "restricted": article.noarchive or article.nosnippet,
    }


def shown_at(published: datetime | None, now: datetime, *, first: bool) -> datetime:
    """Give the time by which lists sort an item.

    Its own date, if that is not in the future; a future one counts as seen now but never above it. Undated items of a
    source's first fetch go behind the day's news, later ones count as seen now.
    """
    if published is None:
        return now - FRESH if first else now
    return min(published, now)
