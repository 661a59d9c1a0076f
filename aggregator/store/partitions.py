"""Bodies and revisions by month, on PostgreSQL: made ahead, dropped whole by retention. On SQLite there are none.

They are nine tenths of a database and are never looked for by what they hold, so that a month of them can go at once instead of
row by row. Items stay whole, since an address must be unique across all months (DESIGN 10). A body lies in the month in which its
item was seen, a revision in its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, FromClause, bindparam, delete, literal_column, select, text

from aggregator.store import bulk
from aggregator.store import schema as t
from aggregator.store.schema import from_ms, to_ms

PARTED = ("body", "revision")
AHEAD = 2  # months made before they begin
_NAME = re.compile(r"(body|revision)_(\d{4})_(\d\d)$")
_EXISTING = text(
    "SELECT child.relname FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid JOIN pg_class AS parent ON parent.oid = inhparent "
    "WHERE parent.relname IN :tables AND pg_table_is_visible(parent.oid)"
).bindparams(bindparam("tables", list(PARTED), expanding=True))

Month = tuple[int, int]


def month_of(ms: int) -> Month:
    """Give the month (UTC) in which a stored time lies.

    >>> month_of(0)
    (1970, 1)
    """
    moment = from_ms(ms) or datetime.now(UTC)
    return moment.year, moment.month


def after(month: Month, count: int = 1) -> Month:
    """Give the month so many months later.

    >>> after((2026, 11), 2)
    (2027, 1)
    """
    number = month[0] * 12 + month[1] - 1 + count
    return number // 12, number % 12 + 1


def begin(month: Month) -> int:
    """Give the first moment of a month as stored."""
    return to_ms(datetime(*month, 1, tzinfo=UTC)) or 0


def name_of(table: str, month: Month) -> str:
    """Give a partition's name.

    >>> name_of("body", (2026, 11))
    'body_2026_11'
    """
    return f"{table}_{month[0]:04}_{month[1]:02}"


def existing(c: Connection) -> set[tuple[str, Month]]:
    """Give the partitions that there are: table and month; those that someone else made are left alone."""
    if c.dialect.name == "sqlite":
        return set()
    found = (_NAME.match(row[0]) for row in c.execute(_EXISTING))
    return {(match[1], (int(match[2]), int(match[3]))) for match in found if match}


def ensure(c: Connection, moments: Iterable[int]) -> list[str]:
    """Make the partitions in which these times (ms) lie, where they are missing; the caller holds the writing transaction.

    A partition is made beside its table and then attached, which unlike `CREATE TABLE … PARTITION OF` stops no reader.
    """
    if c.dialect.name == "sqlite":
        return []
    wanted = {(table, month) for month in {month_of(moment) for moment in moments} for table in PARTED}
    made = []
    for table, month in sorted(wanted - existing(c)):
        name = name_of(table, month)
        c.exec_driver_sql(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
        c.exec_driver_sql(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({begin(month)}) TO ({begin(after(month))})")
        made.append(name)
    return made


def ahead(c: Connection, now: datetime) -> list[str]:
    """Make this month's partitions and those of the next two, so that no refresh has to; gives the names of the new ones."""
    this = month_of(to_ms(now) or 0)
    return ensure(c, [begin(after(this, more)) for more in range(AHEAD + 1)])


def past(c: Connection, before: int) -> list[str]:
    """Give the partitions whose whole month lies before a time (ms)."""
    return sorted(name_of(table, month) for table, month in existing(c) if begin(after(month)) <= before)


def drop(c: Connection, names: Sequence[str]) -> None:
    """Drop partitions, with all that they hold."""
    for name in names:
        c.exec_driver_sql(f"DROP TABLE {name}")


_WHOLE = bulk.insert("body", ("item", "text", "html"))
_BY_MONTH = bulk.insert("body", ("item", "at", "text", "html"))


def put_bodies(c: Connection, rows: Sequence[tuple[int, int, str, str]]) -> None:
    """Store bodies (item, time seen in ms, text, html); their months are there already."""
    if c.dialect.name == "sqlite":
        _WHOLE.run(c, [(item, body, html) for item, _, body, html in rows])
    else:
        _BY_MONTH.run(c, rows)


def drop_texts(c: Connection, items: Sequence[int], spared: int | None) -> None:
    """Delete the bodies and revisions of items, but not those from before ``spared`` (ms): their months are dropped whole."""
    for table in (t.body, t.revision):
        gone = delete(table).where(table.c.item.in_(items))
        c.execute(gone if spared is None else gone.where(literal_column(f"{table.name}.at") >= spared))


def body_of_item(dialect: str) -> FromClause:
    """Give what to join an item with to have its body: on PostgreSQL a body looked up item by item, in its month alone.

    As an ordinary join its planner, which prices each month for each item, would rather read all bodies of all months.
    """
    if dialect == "sqlite":
        return t.body
    return select(t.body.c.text, t.body.c.html).where(t.ITS_BODY).correlate(t.item).offset(0).lateral("its_body")
