"""Meets stored entries again: which stored item an entry is, and what its new version changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from aggregator.arabic.fold import fold
from aggregator.store import bulk, keys, search, story
from aggregator.store import schema as t
from aggregator.store.identity import Identity, alike
from aggregator.store.refresh import Judged, Refresh
from aggregator.store.schema import to_ms

if TYPE_CHECKING:
    from aggregator.dedup import Candidate, Draft, Verdict

    Judge = Callable[[Draft, Sequence[Candidate]], Verdict]


def stored(c: Connection, source_id: str, marks: Sequence[Identity]) -> dict[bytes, Any]:
    """Give the stored items known by any of these marks of a source's entries."""
    i = t.item.c
    columns = (i.id, i.guid, i.address, i.sameness, i.story, i.source, i.substance, i.title, i.image, i.url, i.published)
    found: dict[bytes, Any] = {}
    mine = (i.source == source_id,)  # without it the index of ids, which begins with the source, is of no use: all items were read
    for column, values, also in (
        (i.sameness, [mark.sameness for mark in marks], ()),
        (i.address, [mark.address for mark in marks if mark.address], ()),
        (i.guid, [each for mark in marks for each in (mark.guid, mark.another)], mine),
    ):
        for start in range(0, len(values), 900):
            for row in c.execute(select(*columns).where(column.in_(values[start : start + 900]), *also)):
                found[getattr(row, column.name)] = row
    return found


def buried(c: Connection, marks: Sequence[Identity]) -> set[bytes]:
    """Give those marks that a removed item left behind."""
    values = [value for mark in marks for value in (mark.guid, mark.address, mark.sameness) if value]
    found: set[bytes] = set()
    for start in range(0, len(values), 900):
        found |= {row[0] for row in c.execute(select(t.tombstone.c.digest).where(t.tombstone.c.digest.in_(values[start : start + 900])))}
    return found


def recognise(c: Connection, each: Judged, mark: Identity, found: dict[bytes, Any]) -> tuple[Any, Identity]:
    """Give the stored item that an entry is (None: it is new), and the marks to store it under.

    Ids are given to other articles («item 1» is whatever stands first), and one address serves many entries (a live page):
    a mark alone does not count against an unlike headline and text.
    """
    same = found.get(mark.sameness)
    if same is not None:
        return same, mark
    row = found.get(mark.guid)
    if row is not None:
        moved = bool(mark.address and row.address and mark.address != row.address)
        if not moved or _alike(c, row, each):
            return row, mark
        mark = Identity(mark.another, mark.address, mark.sameness, mark.another)
        if (row := found.get(mark.guid)) is not None:
            return row, mark
    row = found.get(mark.address) if mark.address else None
    if row is not None:
        if _alike(c, row, each):
            return row, mark
        mark = Identity(mark.guid, b"", mark.sameness, mark.another)
    return None, mark


def _alike(c: Connection, row: Any, each: Judged) -> bool:
    if alike(row.title, each.article.title or each.raw.title):
        return True
    old = c.execute(select(t.body.c.text).where(t.body.c.item == row.id)).scalar() or ""
    new = each.article.body
    return bool(old and new) and alike(old[:600], new[:600])


def meet(
    c: Connection, refresh: Refresh, each: Judged, mark: Identity, row: Any, judge: Judge, drafts: keys.Drafts, version: int
) -> set[int] | None:
    """Keep a revision of a stored item if its substance changed, else only what is new about it.

    Gives the stories that the change touched; None if nothing of substance changed.
    """
    raw, article, now = each.raw, each.article, refresh.now
    title = article.title or raw.title
    fills: dict[str, Any] = {}
    if article.image and not row.image:
        fills["image"] = article.image
    old = "" if row.substance == each.draft.substance else c.execute(select(t.body.c.text).where(t.body.c.item == row.id)).scalar() or ""
    # a section's feed of the same outlet cuts and retitles what the main feed has: the first source's version stands
    elsewhere = row.source != refresh.source_id
    if (
        row.substance == each.draft.substance
        or (elsewhere and old)
        or (fold(title) == fold(row.title) and len(article.body) < len(old) // 2)
    ):
        if fills:
            c.execute(update(t.item).where(t.item.c.id == row.id).values(fills))
            bulk.touch(c)
        return None
    body, html = (article.body, article.body_html) if article.body or not old else (old, None)
    if not elsewhere:
        c.execute(insert(t.revision).values(item=row.id, at=to_ms(now), title=row.title, body=old))
        fills |= {"title": title, "updated": to_ms(raw.updated or article.updated or now), "sameness": mark.sameness}
        if raw.url and raw.url != row.url:
            fills |= {"url": raw.url, "address": mark.address}
    fills |= {"summary": raw.summary, "substance": each.draft.substance, "dedup_version": version, "confidence": article.confidence}
    if article.image:
        fills["image"] = article.image
    c.execute(update(t.item).where(t.item.c.id == row.id).values(fills))
    texts = {"text": body} if html is None else {"text": body, "html": html}
    c.execute(update(t.body).where(t.body.c.item == row.id).values(texts))
    keys.drop(c, [row.id])
    drafts.forget([row.id])
    keys.put(c, [(row.id, to_ms(now) or 0, each.draft)])
    search.put(c, [(row.id, title, body or raw.summary)], again=True)
    touched = {row.story}
    story.judge_again(c, row.id, row.story, each.draft, judge, drafts, touched, now)
    return touched
