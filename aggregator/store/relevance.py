"""Orders what a search finds by relevance and freshness, a window of the newest hits at a time.

Relevance is the share of the query's words and phrases that stand in the headline. bm25 was left: to weigh words against each other it
counts each one's hits in the whole index, which grows with the archive, and all words of a query must be there anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Select, cast, column, literal, select, table, text

from aggregator.store import schema as t
from aggregator.store import search
from aggregator.store.query import Query

WINDOW = 600  # hits that are ordered together; the list goes on with the next older ones
FEW = 500  # items that pass the filters and are each asked for the words, instead of going through the hits
FORTNIGHT = 14 * 86_400_000  # weighs as much as the whole query in the headline
NEWEST = 2**62
_JOINTS = re.compile("[.,:/-]")  # what numbers hold: «2-1» is two words to both indexes


def page(c: Connection, query: Query, narrowed: Sequence[Any], limit: int, place: tuple[int, int] | None) -> tuple[list[int], Any]:
    """Give the ids of a page's stories, and the place of the page after it (None at the end).

    A place is the newest item of a window and where in it the page begins; from the second window on it lies past `WINDOW`. By the
    newest item, what comes meanwhile does not shift the pages after the first.
    """
    newest, start = place or (NEWEST, 0)
    later, start = start >= WINDOW, start % WINDOW
    hits = _window(c, query, narrowed, newest)
    if not hits:
        return [], None
    best: dict[int, float] = {}
    for _, story, shown_at, share in hits:
        value = share + shown_at / FORTNIGHT
        if value > best.get(story, 0.0):
            best[story] = value
    order = sorted(best, key=lambda story: (-best[story], -story))
    chosen = order[start : start + limit]
    if later and chosen:
        before = _found_above(c, query, narrowed, newest, chosen)
        chosen = [story for story in chosen if story not in before]
    if start + limit < len(order):
        return chosen, (max(hit[0] for hit in hits), start + limit + WINDOW * later)
    return chosen, (min(hit[0] for hit in hits) - 1, WINDOW) if len(hits) == WINDOW else None


def _window(c: Connection, query: Query, narrowed: Sequence[Any], newest: int) -> list[tuple[int, int, int, float]]:
    """Give (item, story, shown, share of the query in the headline) of the newest hits up to an item."""
    if narrowed and len(few := c.execute(select(t.item.c.id).where(*narrowed).limit(FEW)).all()) < FEW:
        narrowed = [t.item.c.id.in_([row.id for row in few]), search.among(query, c.dialect.name, t.item.c.id)]
        wanted = select(t.item.c.id).where(*narrowed, t.item.c.id <= newest).order_by(t.item.c.id.desc()).limit(WINDOW)
        ids = [row.id for row in c.execute(wanted)]
        return _shares(c, query, [t.item.c.id.in_(ids)], newest) if ids else []
    return _shares(c, query, narrowed, newest)


def _shares(c: Connection, query: Query, narrowed: Sequence[Any], newest: int) -> list[tuple[int, int, int, float]]:
    i, asked = t.item.c, search.expression(query, c.dialect.name)
    if c.dialect.name == "sqlite":
        index = table("search", column("rowid"), column("title"))
        rows = c.execute(
            select(i.id, i.story, i.shown_at, index.c.title)
            .select_from(index.join(t.item, i.id == index.c.rowid))
            .where(text("search MATCH :asked").bindparams(asked=asked), index.c.rowid <= newest, *narrowed)
            .order_by(index.c.rowid.desc())
            .limit(WINDOW)
        )
        phrases = [f" {' '.join(search.parts(terms))} " for terms in query.must]
        return [(item, story, shown, _share(phrases, f" {_JOINTS.sub(' ', title)} ")) for item, story, shown, title in rows.all()]
    index = table("search", column("item"), column("vector"))
    inner: Select[Any] = select(index.c.item, index.c.vector, i.story, i.shown_at).select_from(index.join(t.item, i.id == index.c.item))
    found = text("vector @@ CAST(:asked AS tsquery)").bindparams(asked=asked)
    window = inner.where(found, index.c.item <= newest, *narrowed).order_by(index.c.item.desc()).limit(WINDOW).subquery("found")
    there = [cast(window.c.vector.bool_op("@@")(cast(literal(search.in_headline(terms)), search.TsQuery)), Integer) for terms in query.must]
    share = sum(there[1:], there[0])
    columns = (window.c.item, window.c.story, window.c.shown_at)
    return [(item, story, shown, n / len(there)) for item, story, shown, n in c.execute(select(*columns, share)).all()]


def _share(phrases: Sequence[str], title: str) -> float:
    return sum(phrase in title for phrase in phrases) / len(phrases)


def _found_above(c: Connection, query: Query, narrowed: Sequence[Any], newest: int, stories: Sequence[int]) -> set[int]:
    """Give which of these stories an earlier window had, because a newer report of theirs is a hit too."""
    i = t.item.c
    newer = select(i.story).where(i.story.in_(list(stories)), i.id > newest, *narrowed, search.among(query, c.dialect.name, i.id))
    return {row.story for row in c.execute(newer)}
