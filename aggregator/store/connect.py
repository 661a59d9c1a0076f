"""Opens the database: SQLite (the bundled newer build where there is one) or PostgreSQL by its address.

Writing on SQLite is one at a time: within the process by a lock, across processes by a lock file held for the
transaction, so that a wait ends in a sentence and not in «database is locked». PostgreSQL takes an advisory lock.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.pool import StaticPool

from aggregator.errors import DatabaseError

ADVISORY = 0x6D756A61  # "muja"
READ_CACHE, WRITE_CACHE = 4_096, 65_536  # KiB of pages that a connection keeps

# a server that vanished with its network is found out within half a minute, and not after the system's two hours
PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}


def sqlite_module() -> ModuleType:
    """Give the SQLite driver: pysqlite3, whose build has the WAL-reset fix of 3.51.3, else Python's own."""
    try:
        from pysqlite3 import dbapi2

        return dbapi2  # type: ignore[no-any-return]
    except ImportError:
        import sqlite3

        return sqlite3


FULL = "The disk is full: free some space, nothing stored so far is lost."
LITTLE = 256 * 1024  # bytes free below which an «I/O error» is a full disk: SQLite can't make the log's shared index (32 kB) there
# what a driver's message holds -> what to tell a person
SENTENCES = (
    (("disk is full",), FULL),
    (
        ("no space left", "could not extend file"),
        "The database server's disk is full: free some space there, nothing stored so far is lost.",
    ),
    (
        ("disk i/o error",),
        "The disk under {url} reports an error: look at the system's log, and restore a backup elsewhere with `mujaz db restore FILE`.",
    ),
    (
        (
            "connection refused",
            "could not connect",
            "server closed the connection",
            "connection failed",
            "terminating connection",
            "the connection is closed",
            "the connection is lost",
            "connection is bad",
            "is starting up",
            "is shutting down",
            "recovery mode",
            "not yet accepting",
            "timeout expired",
            "resolve host",
            "translate host",
        ),
        "The database {url} does not answer: is it running, and is its address right?",
    ),
    (("authentication failed", 'role "', 'database "'), "The database {url} refuses us: {raw}."),
    (("locked", "busy", "lock timeout"), "The database is locked by another program: wait for it to end, or raise database.busy_timeout."),
    (
        ("not a database", "malformed", "disk image"),
        "{url} is damaged or no SQLite database: restore a backup with `mujaz db restore FILE`.",
    ),
    (("unable to open",), "{url} can't be opened: does its folder exist, and may you write to it?"),
    (("readonly",), "{url} is read-only: give yourself the right to write to it."),
)


def sentence(error: BaseException, url: str) -> str:
    """Say a driver's error in one sentence that says what to do."""
    raw = (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]
    low = raw.lower()
    if "disk i/o error" in low and _little_room(url):
        return FULL
    for signs, said in SENTENCES:
        if any(sign in low for sign in signs):
            return said.format(url=url, raw=raw.rstrip("."))
    return f"The database can't be used: {raw.rstrip('.')}."


def trouble(error: DBAPIError, url: str) -> DatabaseError:
    """Say a driver's error in one sentence, and whose it is: a database that can't be written just now, one that can't at all, or a row's."""
    # a server that only reads has just changed its part with another
    reads_only = getattr(error.orig, "sqlstate", None) == "25006"
    passing = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated or reads_only
    return DatabaseError(sentence(error, url), passing=passing, general=not isinstance(error, DataError | IntegrityError))


def _little_room(url: str) -> bool:
    try:
        return shutil.disk_usage(Path(make_url(url).database or ".").parent).free < LITTLE
    except (OSError, ArgumentError):
        return False


class Database:
    """An engine with its ways to read and to write.

    SQLite has a second engine with one connection for writing: its page cache stays warm between transactions, which the random
    places of near-duplicate keys need, and the readers' caches stay small.
    """

    def __init__(self, url: str, folder: Path, busy_timeout: float) -> None:
        self.folder = folder
        self.busy_timeout = busy_timeout
        self.engine, self._writer, self.is_sqlite = _engines(url, busy_timeout)
        self.url = make_url(url).render_as_string(hide_password=True)
        self._mutex = threading.Lock()

    @property
    def path(self) -> Path | None:
        """Give the SQLite file; None for PostgreSQL or a database in memory."""
        name = self.engine.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection with one consistent view."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise trouble(error, self.url) from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give the one writing transaction; it is committed at the end, or rolled back as a whole. Not to be nested."""
        if not self._mutex.acquire(timeout=self.busy_timeout):
            raise DatabaseError(
                f"Another part of this program has been writing for {self.busy_timeout:.0f} s: try again, or raise database.busy_timeout.",
                passing=True,
            )
        try:
            with self._process_lock(), self._writer.connect() as connection, connection.begin():
                if not self.is_sqlite:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(self.busy_timeout * 1000)}ms'")
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY})")
                yield connection
        except DBAPIError as error:
            raise trouble(error, self.url) from error
        finally:
            self._mutex.release()

    def vacuum(self) -> None:
        """Give a SQLite file's free pages back to the disk, while no one else writes."""
        if self.is_sqlite:
            with self._mutex, self._process_lock():
                self.raw("VACUUM")

    def raw(self, statement: str, values: tuple[object, ...] = ()) -> None:
        """Run a SQLite statement that must stand outside any transaction."""
        try:
            with self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute(statement, values)
        except (DBAPIError, sqlite_module().Error) as error:
            raise DatabaseError(sentence(error, self.url)) from error

    @contextmanager
    def _process_lock(self) -> Iterator[None]:
        if self.path is None:
            yield
            return
        with file_lock(Path(f"{self.path}.lock"), self.busy_timeout):
            yield

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self.engine.dispose()


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise DatabaseError(f"The lock {path} can't be opened ({error.strerror}): may you write to its folder?") from None


@contextmanager
def file_lock(path: Path, wait: float) -> Iterator[None]:
    """Hold a lock file; after ``wait`` seconds say who is in the way."""
    handle = _opened(path)
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
                        f"Another mujaz has been writing for {wait:.0f} s ({path}): wait for it to end, or raise database.busy_timeout.",
                        passing=True,
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, 0.05)
        yield
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make the data folder where it is missing (raises `DatabaseError` where it can't be had)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"{folder} can't be the data folder ({error.strerror or error}): name another with --data.") from None


class DaemonLock:
    """Held for a daemon's life; refuses a second one."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._path = folder / "daemon.lock"
        self._handle = _opened(self._path)
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


def _engines(url: str, busy_timeout: float) -> tuple[Engine, Engine, bool]:
    """Give the engine to read with, the one to write with, and whether they are SQLite's."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(f"{url!r} is no database address; use sqlite:///FILE or postgresql://user@host/name.") from None
    backend = url.partition(":")[0].partition("+")[0]
    if backend == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            both = _sqlite(url, busy_timeout, "BEGIN IMMEDIATE", READ_CACHE, poolclass=StaticPool)
            return both, both, True
        reader = _sqlite(url, busy_timeout, "BEGIN", READ_CACHE, pool_size=8, max_overflow=32)
        return reader, _sqlite(url, busy_timeout, "BEGIN IMMEDIATE", WRITE_CACHE, pool_size=1, max_overflow=0), True
    if backend in ("postgresql", "postgres"):
        try:
            # a dead connection is noticed when it is taken out of the pool, not in the middle of a refresh
            address = parsed.set(drivername="postgresql+psycopg").update_query_dict(PATIENCE | dict(parsed.query))
            engine = create_engine(address, pool_pre_ping=True, pool_size=8, max_overflow=16)
        except ModuleNotFoundError:
            raise DatabaseError("PostgreSQL needs the extra: pip install 'mujaz[postgres]'.") from None
        return engine, engine, False
    raise DatabaseError(f"{backend} is not supported; use sqlite:///FILE or postgresql://user@host/name.")


def _sqlite(url: str, busy_timeout: float, begin: str, cache_kib: int, **pool: Any) -> Engine:
    engine = create_engine(
        url,
        module=sqlite_module(),
        connect_args={"timeout": busy_timeout, "check_same_thread": False, "cached_statements": 512},
        **pool,
    )

    @event.listens_for(engine, "connect")
    def _set(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        # no mmap: a file cut short by another program would kill the process instead of raising
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{cache_kib}",
            "temp_store=MEMORY",
            "wal_autocheckpoint=8000",  # pages, 32 MB: those that keys fall on again and again are carried over once
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
