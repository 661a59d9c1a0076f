"""Statements for many rows at once, handed to the driver as they are.

SQLAlchemy builds and binds each row of an executemany anew, which for a refresh of 30 items cost more than SQLite's own work;
these few hot statements are written once in plain SQL with ``?`` and translated for PostgreSQL. Whole rows go to PostgreSQL by
COPY, which is one message for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

COPIED_FROM = 2  # rows; one alone costs the same, 30 half the time (0.4 ms), the 930 keys of 30 items a fourteenth of the processor time


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in both dialects; its values are tuples in the order of its places. ``copy`` is its COPY, if it has one."""

    sqlite: str
    postgres: str
    copy: str = ""

    def run(self, c: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it for each row."""
        if not rows:
            return
        if c.dialect.name == "sqlite":
            _many(c, self.sqlite, rows)
        elif self.copy and len(rows) >= COPIED_FROM:
            copy(c, self.copy, rows)
        else:
            c.exec_driver_sql(self.postgres, list(rows))


def copy(c: Connection, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Send rows to PostgreSQL by COPY, in the transaction of this connection; its errors are SQLAlchemy's, as elsewhere."""
    driver: Any = c.connection.driver_connection
    with _told(c, sql), driver.cursor() as cursor, cursor.copy(sql) as to:
        for row in rows:
            to.write_row(row)


AT_ONCE = 512  # values of one look-up: SQLite takes 32,766 places, but plans each number of them anew


@dataclass(frozen=True, slots=True)
class Lookup:
    """A select of rows by many values of one column, written with ``IN ?`` for them, before any other place.

    SQLAlchemy writes and reads a list of 900 places anew each time, which took five times as long as the database.
    """

    sql: str
    type: str  # PostgreSQL's, of one value

    def rows(self, c: Connection, values: Sequence[Any], *more: Any) -> list[tuple[Any, ...]]:
        """Give the rows, in no order; ``more`` are the values of the other places."""
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(values), AT_ONCE):
            part = list(values[start : start + AT_ONCE])
            if c.dialect.name == "sqlite":
                # as many places as the next power of two, so that SQLite meets few statements: the last value is asked for again
                places = 1 << (len(part) - 1).bit_length()
                part += part[-1:] * (places - len(part))
                sql, given = self.sql.replace("IN ?", f"IN ({','.join('?' * places)})"), (*part, *more)
            else:
                sql, given = self.sql.replace("IN ?", f"= ANY(%s::{self.type}[])").replace("?", "%s"), (part, *more)
            found += _all(c, sql, given)
        return found


def _all(c: Connection, sql: str, given: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    driver = _driver(c)
    if driver is not None:
        with _told(c, sql):
            found: list[tuple[Any, ...]] = driver.execute(sql, given).fetchall()
            return found
    result = c.exec_driver_sql(sql, given)
    found = list(result.cursor.fetchall()) if result.cursor is not None else []
    result.close()
    return found


def _many(c: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    driver = _driver(c)
    if driver is None:
        c.exec_driver_sql(sql, list(rows))
        return
    with _told(c, sql):
        driver.executemany(sql, rows)


def _driver(c: Connection) -> Any | None:
    """Give SQLite's own connection within a transaction: what SQLAlchemy builds for a statement costs more than most of these take.

    None where it has to begin the transaction first, where someone listens to statements, and for PostgreSQL.
    """
    if c.dialect.name != "sqlite" or not c.in_transaction() or c.dispatch.before_cursor_execute:
        return None
    return c.connection.driver_connection


@contextmanager
def _told(c: Connection, sql: str) -> Iterator[None]:
    """Raise the driver's errors as SQLAlchemy's."""
    error: Any = c.dialect.loaded_dbapi.Error
    try:
        yield
    except error as raised:
        raise DBAPIError.instance(sql, None, raised, error, dialect=c.dialect) from raised


def statement(sql: str) -> Statement:
    """Give a statement written with ``?``."""
    return Statement(sql, sql.replace("%", "%%").replace("?", "%s"))


_TOUCH = statement(
    "INSERT INTO meta (key, value) VALUES ('generation', '1') ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)"
)


def touch(c: Connection) -> None:
    """Note that what readers see has changed, so that kept pages are made anew."""
    _TOUCH.run(c, [()])


def insert(table: str, columns: Sequence[str]) -> Statement:
    """Give the insertion of whole rows."""
    names = ", ".join(f'"{name}"' for name in columns)
    plain = statement(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})")  # noqa: S608  (fixed names)
    return Statement(plain.sqlite, plain.postgres, f"COPY {table} ({names}) FROM STDIN")


def update(table: str, columns: Sequence[str], key: str, *, also: str = "") -> Statement:
    """Give the update of columns by a key, whose value comes last; ``also`` sets more, its places after the columns."""
    sets = ", ".join([*(f'"{name}" = ?' for name in columns), *([also] if also else [])])
    return statement(f"UPDATE {table} SET {sets} WHERE {key} = ?")  # noqa: S608  (fixed names)
