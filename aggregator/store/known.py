"""Meets stored entries again: which stored item an entry is, and what its new version changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

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


class Stored(NamedTuple):
    """What is asked of a stored item when one of its marks is met again."""

    id: int
    guid: bytes
    address: bytes
    sameness: bytes
    story: int
    source: str
    substance: bytes
    title: str
    image: str
    url: str


_COLUMNS = f"SELECT {', '.join(Stored._fields)} FROM item WHERE "  # noqa: S608  (fixed names)
_SAME = bulk.Lookup(_COLUMNS + "sameness IN ?", "bytea")
_ADDRESSED = bulk.Lookup(_COLUMNS + "address IN ?", "bytea")
# without the source the index of ids, which begins with it, is of no use: all items were read
_NUMBERED = bulk.Lookup(_COLUMNS + "guid IN ? AND source = ?", "bytea")
_BURIED = bulk.Lookup("SELECT digest FROM tombstone WHERE digest IN ?", "bytea")


def anywhere(c: Connection, marks: Sequence[Identity]) -> dict[bytes, Stored]:
    """Give the stored items that have the text or the address of any of these entries, whichever their sources."""
    same = map(Stored._make, _SAME.rows(c, [mark.sameness for mark in marks]))
    addressed = map(Stored._make, _ADDRESSED.rows(c, [mark.address for mark in marks if mark.address]))
    return {row.sameness: row for row in same} | {row.address: row for row in addressed}


def numbered(c: Connection, source_id: str, marks: Sequence[Identity]) -> dict[bytes, Stored]:
    """Give the stored items of a source that have the id of any of these entries."""
    ids = [each for mark in marks for each in (mark.guid, mark.another)]
    return {row.guid: row for row in map(Stored._make, _NUMBERED.rows(c, ids, source_id))}


def buried(c: Connection, marks: Sequence[Identity]) -> set[bytes]:
    """Give those marks that a removed item left behind."""
    values = [value for mark in marks for value in (mark.guid, mark.address, mark.sameness) if value]
    return {row[0] for row in _BURIED.rows(c, values)}


def recognise(c: Connection, each: Judged, mark: Identity, found: dict[bytes, Stored]) -> tuple[Stored | None, Identity]:
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
    search.put(c, [(row.id, title, search.terms(title, body or raw.summary))], again=True)
    touched = {row.story}
    story.judge_again(c, row.id, row.story, each.draft, judge, drafts, touched, now)
    return touched
