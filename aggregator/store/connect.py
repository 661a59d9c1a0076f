"""Opens the database: SQLite (the bundled newer build where there is one) or PostgreSQL by its address.

Writing on SQLite is one at a time: within the process by a lock, across processes by a lock file held for the
transaction, so that a wait ends in a sentence and not in «database is locked». PostgreSQL takes an advisory lock.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from aggregator.errors import DatabaseError

ADVISORY = 0x6D756A61  # "muja"


def sqlite_module() -> ModuleType:
    """Give the SQLite driver: pysqlite3, whose build has the WAL-reset fix of 3.51.3, else Python's own."""
    try:
        from pysqlite3 import dbapi2

        return dbapi2  # type: ignore[no-any-return]
    except ImportError:
        import sqlite3

        return sqlite3


def sentence(error: BaseException, url: str) -> str:
    """Say a driver's error in one sentence that says what to do."""
    raw = str(getattr(error, "orig", None) or error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    low = raw.lower()
    if "disk is full" in low or "no space" in low:
        return "The disk is full: free some space, nothing stored so far is lost."
    if "locked" in low or "busy" in low:
        return "The database is locked by another program: wait for it to end, or raise database.busy_timeout."
    if "not a database" in low or "malformed" in low or "disk image" in low:
        return f"{url} is damaged or no SQLite database: restore a backup with `mujaz db restore FILE`."
    if "unable to open" in low:
        return f"{url} can't be opened: does its folder exist, and may you write to it?"
    if "readonly" in low:
        return f"{url} is read-only: give yourself the right to write to it."
    return f"The database can't be used: {raw}."


class Database:
    """An engine with its ways to read and to write."""

    def __init__(self, url: str, folder: Path, busy_timeout: float) -> None:
        self.folder = folder
        self.busy_timeout = busy_timeout
        self.engine, self.is_sqlite = _engine(url, busy_timeout)
        self.url = make_url(url).render_as_string(hide_password=True)
        self._mutex = threading.RLock()
        self._depth = 0

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection with one consistent view."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise DatabaseError(sentence(error, self.url)) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the one writing transaction; it is committed at the end, or rolled back as a whole."""
        with self._mutex, self._process_lock():
            try:
                with self.engine.connect().execution_options(mujaz_write=True) as connection, connection.begin():
                    if not self.is_sqlite:
                        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY})
                    yield connection
            except DBAPIError as error:
                raise DatabaseError(sentence(error, self.url)) from error

    @contextmanager
    def _process_lock(self) -> Iterator[None]:
        if not self.is_sqlite or self.engine.url.database in (None, "", ":memory:"):
            yield
            return
        with file_lock(Path(f"{self.engine.url.database}.lock"), self.busy_timeout):
            yield

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def file_lock(path: Path, wait: float) -> Iterator[None]:
    """Hold a lock file; after ``wait`` seconds say who is in the way."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = time.monotonic() + wait
        pause = 0.001
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise DatabaseError(
                        f"Another mujaz has been writing for {wait:.0f} s ({path}): wait for it to end, or raise database.busy_timeout."
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, 0.05)
        yield
    finally:
        os.close(handle)


class DaemonLock:
    """Held for a daemon's life; refuses a second one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "daemon.lock"
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(self._handle, 20).decode(errors="replace").strip()
            os.close(self._handle)
            raise DatabaseError(
                f"Another mujaz daemon (process {other or '?'}) already runs on {folder}; stop it first, or use --data."
            ) from None
        os.ftruncate(self._handle, 0)
        os.write(self._handle, str(os.getpid()).encode())

    def release(self) -> None:
        """Let another daemon start."""
        os.close(self._handle)

    def __enter__(self) -> DaemonLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def daemon_lock(folder: Path) -> DaemonLock:
    """Take the lock that one daemon of a data folder holds (raises `DatabaseError` if another has it)."""
    return DaemonLock(folder)


def _engine(url: str, busy_timeout: float) -> tuple[Engine, bool]:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(f"{url!r} is no database address; use sqlite:///FILE or postgresql://user@host/name.") from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, busy_timeout), True
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        try:
            return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=8, max_overflow=16), False
        except ModuleNotFoundError:
            raise DatabaseError("PostgreSQL needs the extra: pip install 'mujaz[postgres]'.") from None
    raise DatabaseError(f"{parsed.get_backend_name()} is not supported; use sqlite:///FILE or postgresql://user@host/name.")


def _sqlite(url: str, busy_timeout: float) -> Engine:
    engine = create_engine(
        url,
        module=sqlite_module(),
        connect_args={"timeout": busy_timeout, "check_same_thread": False, "cached_statements": 512},
        pool_size=8,
        max_overflow=32,
    )

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-32000",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("mujaz_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
