"""Carries all rows of one database into another, page by page, and proves by counts and checksums that they are the same.

What both databases have in common is in `aggregator.store.schema`; the search index, whose form differs, is made anew from the items, and
the numbers of items and stories go on where they were. Tables that only a cluster needs are not carried: they are made when it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Table, func, literal, literal_column, select, text, tuple_

from aggregator.store import bulk, partitions, search
from aggregator.store import schema as t

PAGE = 2_000  # rows written in one transaction
FEWER = {"body": 400, "revision": 400, "signature": 1_000, "item": 1_000}
MARK = "moving"  # the key of `meta` under which an unfinished move is noted
# items before their bodies, whose month is that of their item; what tells of changes last
TABLES = (t.item, *(table for table in t.metadata.sorted_tables if table not in (t.item, t.meta)), t.meta)
SEQUENCES = ("item", "story")

Writing = Callable[[], AbstractContextManager[Connection]]
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """What a table holds: how many rows, and a checksum that does not depend on their order."""

    table: str
    rows: int
    checksum: str


def keys_of(table: Table) -> tuple[str, ...]:
    """Give the columns by which a table is read page by page; the revisions of one item stay together, since they have no key."""
    return tuple(column.name for column in table.primary_key.columns) or ("item",)


def count(c: Connection, table: Table) -> int:
    """Count a table's rows, the note of an unfinished move aside."""
    query = select(func.count()).select_from(table)
    return c.execute(query.where(t.meta.c.key != MARK) if table is t.meta else query).scalar_one()


def pages(c: Connection, table: Table, after: Row | None = None, size: int | None = None) -> Iterator[tuple[list[Row], Row]]:
    """Give a table's rows in the order of its key, with the key at which each page ends."""
    names = keys_of(table)
    key = [table.c[name] for name in names]
    places = [list(table.c.keys()).index(name) for name in names]
    limit = size or FEWER.get(table.name, PAGE)
    base = _rows(c, table)
    while True:
        query = base
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*(literal(value, column.type) for value, column in zip(after, key, strict=True))))
        if table.primary_key.columns:
            query = query.limit(limit)
        else:
            bound = select(*key).order_by(*key).offset(limit - 1).limit(1)
            last = c.execute(bound if after is None else bound.where(key[0] > after[0])).scalar()
            query = query if last is None else query.where(key[0] <= last)
        rows = [tuple(map(_clean, row)) for row in c.execute(query.order_by(*key))]
        if not rows:
            return
        after = tuple(rows[-1][place] for place in places)
        yield rows, after


def _rows(c: Connection, table: Table) -> Any:
    query = select(table)
    if table is t.meta:
        return query.where(t.meta.c.key != MARK)
    if table is t.body:  # with the time at which its item was seen, which says in which month it lies
        if c.dialect.name != "sqlite":  # a join would read all months for each page
            return query.add_columns(literal_column("body.at"))
        return query.add_columns(func.coalesce(t.item.c.seen_at, 0)).outerjoin(t.item, t.ITS_BODY)
    return query.order_by(table.c["item"], table.c["at"]) if table is t.revision else query


def _clean(value: Any) -> Any:
    """Take out the one character that SQLite stores and PostgreSQL does not."""
    return value.replace("\0", "") if isinstance(value, str) and "\0" in value else value


def put(c: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows as `pages` gave them."""
    if table is t.body:
        partitions.ensure(c, {row[3] for row in rows})
        partitions.put_bodies(c, [(item, at, body, html) for item, body, html, at in rows])
        return
    if table is t.revision:
        partitions.ensure(c, {row[1] for row in rows})
    bulk.insert(table.name, list(table.c.keys())).run(c, rows)


def clear(c: Connection, table: Table) -> None:
    """Empty a table, but for the note of an unfinished move."""
    c.execute(table.delete().where(t.meta.c.key != MARK) if table is t.meta else table.delete())


def sum_of(c: Connection, table: Table, seen: Callable[[int], None] = lambda _: None) -> Sum:
    """Read a whole table and add up what its rows hash to."""
    width, total, number = len(table.columns), 0, 0
    for rows, _ in pages(c, table):
        for row in rows:
            total += int.from_bytes(blake2b(repr(row[:width]).encode(), digest_size=16).digest())
        number += len(rows)
        seen(len(rows))
    return Sum(table.name, number, f"{total % 2**128:032x}")


def fill_search(reading: Writing, writing: Writing, seen: Callable[[int], None] = lambda _: None) -> None:
    """Index the items that the search index lacks, the oldest first; words for did-you-mean are counted already."""
    i = t.item.c
    newest = "SELECT rowid FROM search ORDER BY rowid DESC LIMIT 1"
    with reading() as c:
        after = c.execute(text(newest if c.dialect.name == "sqlite" else "SELECT max(item) FROM search")).scalar() or 0
    while True:
        with writing() as c:
            body = partitions.body_of_item(c.dialect.name)
            joined = t.item.outerjoin(body, t.ITS_BODY if body is t.body else literal(True))
            query = select(i.id, i.title, i.summary, body.c.text).select_from(joined).where(i.id > after).order_by(i.id).limit(500)
            rows = c.execute(query).all()
            search.put(c, [(row.id, row.title, search.terms(row.title, row.text or row.summary)) for row in rows], learned=False)
        if not rows:
            return
        after = rows[-1].id
        seen(len(rows))


def indexed(c: Connection) -> int:
    """Count the items in the search index."""
    return int(c.execute(text("SELECT count(*) FROM search")).scalar_one())


def clear_search(c: Connection) -> None:
    """Empty the search index."""
    c.execute(text("DELETE FROM search"))


def last_numbers(c: Connection) -> dict[str, int]:
    """Give the highest number that an item and a story ever had."""
    if c.dialect.name == "sqlite":
        stored = {row[0]: row[1] for row in c.execute(text("SELECT name, seq FROM sqlite_sequence"))}
        return {table: stored.get(table, 0) for table in SEQUENCES}
    found = {}
    for table in SEQUENCES:
        row = c.execute(text(f"SELECT last_value, is_called FROM {table}_id_seq")).one()  # noqa: S608  (fixed names)
        found[table] = row.last_value if row.is_called else row.last_value - 1
    return found


def set_numbers(c: Connection, numbers: dict[str, int]) -> None:
    """Let the numbers of items and stories go on after these."""
    for table, last in numbers.items():
        if c.dialect.name == "sqlite":
            c.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": table})
            c.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), {"name": table, "last": last})
        else:
            # never back, since PostgreSQL does not undo this with the transaction
            now = f"(SELECT last_value + is_called::int FROM {table}_id_seq)"  # noqa: S608  (fixed names)
            c.execute(text(f"SELECT setval('{table}_id_seq', GREATEST(:next, {now}), false)"), {"next": last + 1})


def is_empty(c: Connection) -> bool:
    """Tell whether nothing is stored; what a mere opening leaves behind does not count."""
    return not any(c.execute(select(literal(1)).select_from(table).limit(1)).first() for table in TABLES if table is not t.meta)
