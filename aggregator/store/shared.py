"""Transactions beside the writing lock: for single rows that their lease already protects (PostgreSQL)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, TextClause, create_engine
from sqlalchemy.exc import DBAPIError

from aggregator.store.connect import Database, trouble


@contextmanager
def shared(database: Database) -> Iterator[Connection]:
    """Give a transaction that does not wait for those that judge and store; committed at the end, or rolled back as a whole."""
    try:
        with database.engine.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise trouble(error, database.url) from error


class Single:
    """Runs single statements, each a transaction of its own, with one trip to the server.

    A connection that died in the pool is found out by using it: asking before each use would double the trips. ``options`` are the
    server's settings for these connections.
    """

    def __init__(self, database: Database, connections: int, options: str = "") -> None:
        self._database = database
        url = database.engine.url
        given = " ".join((*url.normalized_query.get("options", ()), options)).strip()
        self._engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=connections,
            max_overflow=0,
            pool_reset_on_return=None,
            connect_args={"options": given} if given else {},
        )

    def run(self, statement: TextClause, values: Mapping[str, Any]) -> tuple[Row[Any] | None, int]:
        """Run a statement; gives its first row, if it gives any, and how many rows it touched.

        It is run a second time where the connection was lost: it must bear that.
        """
        for last in (False, True):
            try:
                with self._engine.connect() as c:
                    result = c.execute(statement, values)
                    return (result.first() if result.returns_rows else None), result.rowcount
            except DBAPIError as error:
                if last or not error.connection_invalidated:
                    raise trouble(error, self._database.url) from error
        raise AssertionError

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
