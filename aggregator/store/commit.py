"""Writes one refresh of a source in one transaction: what came meanwhile is judged again, then all is stored together."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from aggregator.model import Claim
from aggregator.store import bulk, keys, known, search, story
from aggregator.store import schema as t
from aggregator.store.ahead import Ahead
from aggregator.store.identity import Identity
from aggregator.store.outbox import Outbox
from aggregator.store.refresh import Committed, Judged, Merge, Refresh
from aggregator.store.schema import to_ms

if TYPE_CHECKING:
    from aggregator.dedup import Candidate, Draft, Verdict

    Judge = Callable[[Draft, Sequence[Candidate]], Verdict]

FRESH = timedelta(hours=24)  # an undated item of a first fetch is sorted behind the day's news
FUTURE = timedelta(hours=1)  # a date further ahead than a wrong clock explains is no date
_ITEMS = bulk.insert("item", [column.name for column in t.item.columns])
# neither database's text can hold these, and one such character must not cost a whole refresh
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass
class _Work:
    """What one commit gathers before it writes."""

    refresh: Refresh
    claim: Claim
    late: bool = False
    new: list[int] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    revised: int = 0
    unchanged: int = 0
    touched: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the refreshes of one writing transaction share: how to judge, signatures, what was asked and entered, what is written last."""

    judge: Judge
    drafts: keys.Drafts
    recent: keys.Recent
    ahead: Ahead
    outbox: Outbox
    version: int


def commit(c: Connection, refresh: Refresh, desk: Desk, asked: int | None = None) -> Committed:
    """Write a refresh; the caller holds the one writing transaction, and flushes the desk's outbox at its end.

    ``asked`` is when the source was taken for it (ms). If it was taken again since, by another worker while this one was stopped, what
    that one found is newer: only entries that nobody stored are written.
    """
    if refresh.source_id in desk.outbox.states:
        desk.outbox.flush(c)
    claim = desk.ahead.claim(refresh.source_id)
    if claim is None:
        return Committed(skipped=tuple((each.raw.guid, "its source was removed meanwhile") for each in refresh.items))
    work = _Work(refresh, claim, late=asked is not None and asked != to_ms(claim.asked))
    if refresh.items:
        _items(c, work, desk)
    if work.late:
        return Committed(tuple(work.new), tuple(work.merges), 0, work.unchanged, tuple(work.skipped))
    state = replace(refresh.state, item_count=claim.state.item_count + len(work.new))
    desk.outbox.states[refresh.source_id] = (claim.source, state)
    if refresh.digests:
        desk.outbox.digests[refresh.source_id] = b"".join(refresh.digests)
    return Committed(tuple(work.new), tuple(work.merges), work.revised, work.unchanged, tuple(work.skipped))


def _items(c: Connection, work: _Work, desk: Desk) -> None:
    outlet = work.claim.source.outlet
    marks, found, dead = desk.ahead.met(work.refresh, outlet.id)
    if found:  # to meet a stored item is to read its text, and to judge it again its neighbours' keys
        desk.outbox.flush(c)
    fresh: list[tuple[Judged, Identity]] = []
    taken: set[bytes] = set()
    for each, first in zip(work.refresh.items, marks, strict=True):
        row, mark = known.recognise(c, each, first, found)
        mine = {mark.guid, mark.address, mark.sameness} - {b""}
        if mine & taken:
            work.skipped.append((each.raw.guid, "the document holds it twice"))
        elif row is not None and work.late:
            work.unchanged += 1
        elif row is not None:
            touched = known.meet(c, work.refresh, each, mark, row, desk.judge, desk.drafts, desk.version)
            work.unchanged += touched is None
            work.revised += touched is not None
            work.touched |= touched or set()
            if touched is not None:
                desk.ahead.clear()
        elif outlet.opted_out:
            work.skipped.append((each.raw.guid, "its outlet asked not to be stored"))
        elif mine & dead:
            work.skipped.append((each.raw.guid, "it was removed before"))
        else:
            fresh.append((each, mark))
        taken |= mine
    if fresh:
        # feeds have the newest first; stored from the oldest on, a story's first item is its earliest
        fresh.reverse()
        fresh.sort(key=lambda pair: _published(pair[0]) or work.refresh.now)
        _add(c, work, fresh, desk)
    story.refresh(c, work.touched, work.refresh.now)


def _add(c: Connection, work: _Work, fresh: Sequence[tuple[Judged, Identity]], desk: Desk) -> None:
    """Judge new items against what the judge has not seen, and store them."""
    refresh, outlet = work.refresh, work.claim.source.outlet
    now = to_ms(refresh.now) or 0
    # newer than what the judge saw: other workers' and other refreshes' items; those of this very document follow one by one
    if desk.recent.must_read(refresh.seen_up_to):
        desk.outbox.flush(c)
    later = desk.recent.since(c, [each.draft for each, _ in fresh], desk.drafts, refresh.seen_up_to)
    batch = story.Batch(c, len(fresh), [each.verdict for each, _ in fresh], desk.drafts)
    rows, entered, outbox = [], {}, desk.outbox
    for (each, mark), newer in zip(fresh, later, strict=True):
        decision = _decide(each, (*newer, *batch.sharing(each.draft)), desk.judge)
        placed = batch.place(each.draft, decision)
        row = _row(work, each, mark, desk.version, placed)
        rows.append(tuple(row.values()))
        entered[placed.item] = each.draft
        desk.ahead.note(known.Stored(*(row[name] for name in known.Stored._fields)))
        body = storable(each.article.body)
        outbox.bodies.append((placed.item, now, body, storable(each.article.body_html)))
        outbox.index.append((placed.item, now, each.draft))
        outbox.texts.append((placed.item, row["title"], each.terms or search.terms(row["title"], body or row["summary"])))
        batch.shown(placed, outlet.id, each.draft.agency, row["shown_at"])
        work.new.append(placed.item)
        if placed.matched is not None:
            work.merges.append(Merge(placed.item, placed.story, placed.matched, outlet.id, row["title"], decision.score, decision.why))
    work.touched |= batch.write(now)
    _ITEMS.run(c, rows)
    desk.drafts.keep(entered)
    desk.recent.add(entered)


def _decide(each: Judged, newer: Sequence[Candidate], judge: Judge) -> story.Decision:
    """Join the judgement made before the lock with that on what came since."""
    before = story.Decision.of(each.verdict)
    if not newer:
        return before
    return before.better(story.Decision.of(judge(each.draft, newer)))


def _row(work: _Work, each: Judged, mark: Identity, version: int, placed: story.Placed) -> dict[str, Any]:
    """Give an item's row; its fields stand in the order of the table's columns (`_ITEMS`)."""
    raw, article, source = each.raw, each.article, work.claim.source
    outlet, now = source.outlet, work.refresh.now
    published = _published(each)
    decision = placed.decision
    return {
        "id": placed.item,
        "story": placed.story,
        "source": source.id,
        "outlet": outlet.id,
        "country": outlet.country,
        "language": article.language or raw.language or outlet.language,
        "topic": source.topic,
        "guid": mark.guid,
        "guid_text": storable(raw.guid[:2_000]),
        "address": mark.address,
        "sameness": mark.sameness,
        "substance": each.draft.substance,
        "url": storable(raw.url),
        "title": storable(article.title or raw.title),
        "summary": storable(raw.summary),
        "author": storable(article.author or raw.author),
        "published": to_ms(published),
        "updated": to_ms(raw.updated or article.updated),
        "seen_at": to_ms(now),
        "shown_at": to_ms(shown_at(published, now, first=work.claim.state.last_success_at is None)),
        "image": storable(article.image or raw.image),
        "image_credit": storable(article.image_credit),
        "source_link": storable(article.source_link or raw.source_link),
        "agency": each.draft.agency,
        "confidence": article.confidence,
        "categories": _json(raw.categories),
        "flags": _json(article.flags),
        "score": decision.score if placed.matched is not None else None,
        "why": _json(decision.why) if placed.matched is not None else "[]",
        "matched": placed.matched,
        "verbatim": placed.verbatim,
        "restricted": article.noarchive or article.nosnippet,
        "dedup_version": version,
    }


def _published(each: Judged) -> datetime | None:
    return each.raw.published or each.article.published


def _json(texts: Sequence[str]) -> str:
    return storable(json.dumps(texts, ensure_ascii=False)) if texts else "[]"


def storable(text: str) -> str:
    """Give text without the characters that a database refuses."""
    return text if "".join(text.split("\n")).isprintable() else _UNSTORABLE.sub("", text)


def shown_at(published: datetime | None, now: datetime, *, first: bool) -> datetime:
    """Give the time by which lists sort an item: its own date, never one in the future.

    Undated items, and those dated in a future that no wrong clock explains, count as seen now; on a source's first fetch they
    stand behind the day's news, so that a new source does not fill the top of the list with its archive.
    """
    if published is None or published > now + FUTURE:
        return now - FRESH if first else now
    return min(published, now)
