"""Transactions beside the writing lock: for single rows that their lease already protects (PostgreSQL)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from aggregator.errors import DatabaseError
from aggregator.store.connect import Database, sentence


@contextmanager
def shared(database: Database) -> Iterator[Connection]:
    """Give a transaction that does not wait for those that judge and store; committed at the end, or rolled back as a whole."""
    try:
        with database.engine.connect() as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise trouble(error, database) from error


def trouble(error: DBAPIError, database: Database) -> DatabaseError:
    """Say a driver's error in a sentence; a server that is away, or a deadlock, passes."""
    passing = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    return DatabaseError(sentence(error, database.url), passing=passing)
