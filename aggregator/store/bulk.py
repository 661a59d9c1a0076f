"""Statements for many rows at once, handed to the driver as they are.

SQLAlchemy builds and binds each row of an executemany anew, which for a refresh of 30 items cost more than SQLite's own work;
these few hot statements are written once in plain SQL with ``?`` and translated for PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in both dialects; its values are tuples in the order of its places."""

    sqlite: str
    postgres: str

    def run(self, c: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it for each row."""
        if rows:
            c.exec_driver_sql(self.sqlite if c.dialect.name == "sqlite" else self.postgres, list(rows))


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
    return statement(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})")  # noqa: S608  (fixed names)


def update(table: str, columns: Sequence[str], key: str, *, also: str = "") -> Statement:
    """Give the update of columns by a key, whose value comes last; ``also`` sets more, its places after the columns."""
    sets = ", ".join([*(f'"{name}" = ?' for name in columns), *([also] if also else [])])
    return statement(f"UPDATE {table} SET {sets} WHERE {key} = ?")  # noqa: S608  (fixed names)
