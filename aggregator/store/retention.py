"""Takes old items out, a batch a transaction so that others write in between; whole months of text go by dropping their partitions."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select, text

from aggregator.store import hand, partitions, story
from aggregator.store import schema as t
from aggregator.store.schema import to_ms

if TYPE_CHECKING:
    from aggregator.store.connect import Database

BATCH = 2_000  # items removed in one transaction
TOMBSTONES = timedelta(days=3 * 365)
# What rows take on PostgreSQL, indexes guessed at 40 bytes an entry. Not the size of the files: those keep the pages of removed rows
# for later ones, and to prune until a file is small would be to prune everything.
_LIVE = """
SELECT (SELECT coalesce(sum(pg_column_size(text) + pg_column_size(html) + 80), 0) FROM body)
     + (SELECT coalesce(sum(pg_column_size(title) + pg_column_size(body) + 80), 0) FROM revision)
     + (SELECT coalesce(sum(pg_column_size(draft) + 80), 0) FROM signature)
     + (SELECT coalesce(sum(pg_column_size(vector) * 2 + 80), 0) FROM search)
     + (SELECT coalesce(sum(pg_column_size(item.*) + 400), 0) FROM item)
     + (SELECT count(*) * 120 FROM dkey) + (SELECT count(*) * 240 FROM story) + (SELECT count(*) * 100 FROM tombstone)
"""


def older(c: Connection, before: int) -> int:
    """Count the items seen before a time (ms)."""
    return c.execute(select(func.count()).where(t.item.c.seen_at < before)).scalar_one()


def prune(database: Database, now: datetime, keep: timedelta) -> int:
    """Remove items seen longer ago than ``keep``, leaving tombstones; gives how many. What is cut short goes on with the next call."""
    before = to_ms(now - keep) or 0
    # texts of months that are wholly past are left to the end, when their partitions go
    spared = partitions.begin(partitions.month_of(before)) if not database.is_sqlite else None
    removed = 0
    while True:
        with database.write() as c:
            query = select(t.item.c.id).where(t.item.c.seen_at < before).order_by(t.item.c.seen_at).limit(BATCH)
            ids = [row[0] for row in c.execute(query)]
            _remove(c, ids, now, spared)
            if not ids:
                partitions.drop(c, partitions.past(c, before))
                _sweep(c)
                c.execute(delete(t.tombstone).where(t.tombstone.c.at < to_ms(now - TOMBSTONES)))
                return removed
        removed += len(ids)


def prune_to(database: Database, now: datetime, most: int) -> int:
    """Remove the items seen first until the database takes at most so many bytes; gives how many."""
    removed = 0
    while (size := live_size(database)) > most:
        with database.read() as c:
            stored = c.execute(select(func.count()).select_from(t.item)).scalar_one()
        share = math.ceil(stored * (size - most) / size)
        if not share:
            break
        for start in range(0, share, BATCH):
            with database.write() as c:
                query = select(t.item.c.id).order_by(t.item.c.seen_at, t.item.c.id).limit(min(BATCH, share - start))
                ids = [row[0] for row in c.execute(query)]
                _remove(c, ids, now, None)
            removed += len(ids)
    return removed


def _remove(c: Connection, ids: list[int], now: datetime, spared: int | None) -> None:
    stories: set[int] = set()
    for start in range(0, len(ids), 900):
        part = ids[start : start + 900]
        stories |= {row[0] for row in c.execute(select(t.item.c.story).where(t.item.c.id.in_(part)))}
    hand.bury(c, ids, now, spared=spared)
    story.refresh(c, stories, now)


def _sweep(c: Connection) -> None:
    """Take away texts whose item has gone: an interrupted pruning leaves some, until their month is dropped."""
    for table in (t.body, t.revision):
        c.execute(delete(table).where(table.c.item.not_in(select(t.item.c.id))))


def live_size(database: Database) -> int:
    """Give the bytes that what is stored takes, free pages aside."""
    with database.read() as c:
        if not database.is_sqlite:
            return int(c.execute(text(_LIVE)).scalar_one())
        pages = c.execute(text("PRAGMA page_count")).scalar_one() - c.execute(text("PRAGMA freelist_count")).scalar_one()
        return int(pages * c.execute(text("PRAGMA page_size")).scalar_one())
