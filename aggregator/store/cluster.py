"""The tables that only a cluster needs, with a ledger of their own: the hosts' places, and the task queue's.

PostgreSQL only. Procrastinate's own way of making its tables fails the second time and keeps no note of its migrations: here each of
its migration files is run once and written down, and a fresh database gets its whole schema with all of them written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from aggregator.errors import ConfigurationError, DatabaseError
from aggregator.store import hostgate
from aggregator.store.connect import Database
from aggregator.store.schema import to_ms

LEDGER = "CREATE TABLE IF NOT EXISTS cluster_ledger (name TEXT PRIMARY KEY, at BIGINT NOT NULL)"
# our own steps, in their order; one that was released is never changed
OWN = (
    ("mujaz-01", hostgate.TABLES),
    (
        "mujaz-02",
        "CREATE INDEX source_leased ON source (host, lease_until) WHERE lease_until IS NOT NULL;"
        "CREATE INDEX source_leased_by ON source (leased_by) WHERE lease_until IS NOT NULL",
    ),
)
QUEUE = "procrastinate-"


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that takes jobs, and how many seconds ago it last said that it lives."""

    id: int
    silent: float


@dataclass(frozen=True, slots=True)
class Server:
    """What the database server says of itself."""

    version: str
    encoding: str
    plpgsql: bool  # the language of the queue's functions; a few hosting services take it away
    connections: int
    most_connections: int
    skew: float  # seconds by which its clock is ahead of this machine's


@dataclass(frozen=True, slots=True)
class State:
    """What a person wants to know of a cluster."""

    server: Server
    missing: tuple[str, ...]  # steps of the ledger that are not done yet
    workers: tuple[Worker, ...]
    waiting: int
    running: int
    failed: int
    oldest: float  # seconds that the first job in the queue has been waiting


_SERVER = text(
    "SELECT current_setting('server_version'), current_setting('server_encoding'), "
    "EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'plpgsql'), (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), "
    "current_setting('max_connections')::int, clock_timestamp()"
)
_WORKERS = text("SELECT id, extract(epoch FROM now() - last_heartbeat) FROM procrastinate_workers ORDER BY id")
_OLDEST = text(
    "SELECT extract(epoch FROM now() - min(e.at)) FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id "
    "WHERE j.status = 'todo' AND e.type = 'deferred'"
)


def needs_extra() -> str | None:
    """Say what to install where the task queue is missing; None where all is there."""
    from importlib.util import find_spec

    if all(find_spec(name) for name in ("procrastinate", "psycopg", "psycopg_pool")):
        return None
    return "Running on PostgreSQL needs the extra: pip install 'mujaz[cluster]'."


def require(database_url: str) -> None:
    """Raise `ConfigurationError` in one sentence where this installation can't be part of a cluster."""
    if not database_url.startswith(("postgresql:", "postgresql+", "postgres:")):
        raise ConfigurationError(
            "A worker needs PostgreSQL: set database.url to postgresql://user@host/name (on SQLite `mujaz run` does all the work)."
        )
    if wanted := needs_extra():
        raise ConfigurationError(wanted)


def ensure(database: Database, *, queue: bool = True) -> list[str]:
    """Make or bring up to date the cluster's tables (``queue``: the task queue's too); gives the steps that were done.

    Raises `DatabaseError` where the queue's tables are newer than the installed Procrastinate, or were made by someone else.
    """
    with database.read() as c:
        if not _todo(c, queue):
            return []
    done: list[str] = []
    while True:
        with database.write() as c:
            c.exec_driver_sql(LEDGER)
            todo = _todo(c, queue)  # another process may have been faster
            if not todo:
                return done
            step = todo[0]
            # unlike an ordinary statement, one without values may hold several commands
            c.connection.driver_connection.execute(step.script)  # type: ignore[union-attr]
            now = to_ms(datetime.now(UTC))
            c.execute(text("INSERT INTO cluster_ledger VALUES (:name, :at)"), [{"name": name, "at": now} for name in step.names])
            done += step.names


@dataclass(frozen=True, slots=True)
class Step:
    """A script that is run once, and the names under which that is noted."""

    names: tuple[str, ...]
    script: str


def _todo(c: Connection, queue: bool) -> list[Step]:
    tables = set(inspect(c).get_table_names())
    done = {row[0] for row in c.execute(text("SELECT name FROM cluster_ledger"))} if "cluster_ledger" in tables else set()
    todo = [Step((name,), script) for name, script in OWN if name not in done]
    return todo + _queue_steps(tables, done) if queue else todo


def _queue_steps(tables: set[str], done: set[str]) -> list[Step]:
    """Give the steps that the task queue's tables lack; in a database without any, the whole schema stands for all of them."""
    from procrastinate.schema import SchemaManager

    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    names = tuple(QUEUE + file.stem for file in files)
    noted = {name for name in done if name.startswith(QUEUE)}
    if unknown := noted - set(names):
        raise DatabaseError(
            f"The task queue's tables were made by a newer Procrastinate ({max(unknown)}): pip install -U 'mujaz[cluster]' on this machine."
        )
    fresh = "procrastinate_jobs" not in tables
    if fresh and noted:
        raise DatabaseError("The task queue's tables are gone: restore a backup of the whole database, or delete its table cluster_ledger.")
    if not fresh and not noted:
        raise DatabaseError("This database holds task-queue tables that Mujaz did not make: give Mujaz a database of its own.")
    if fresh:
        return [Step(names, SchemaManager.get_schema())]
    return [Step((name,), file.read_text(encoding="utf-8")) for name, file in zip(names, files, strict=True) if name not in noted]


def state(database: Database) -> State:
    """Look at the cluster; without its tables there are no workers and no jobs, and all steps are missing."""
    with database.read() as c:
        before = datetime.now(UTC)
        row = c.execute(_SERVER).one()
        server = Server(row[0], row[1], row[2], row[3], row[4], (row[5] - before).total_seconds())
        missing = tuple(name for step in _todo(c, queue=True) for name in step.names)
        if "procrastinate_jobs" not in inspect(c).get_table_names():
            return State(server, missing, (), 0, 0, 0, 0.0)
        workers = tuple(Worker(each[0], float(each[1])) for each in c.execute(_WORKERS))
        jobs = {each[0]: each[1] for each in c.execute(text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status"))}
        oldest = float(c.execute(_OLDEST).scalar() or 0)
        return State(server, missing, workers, jobs.get("todo", 0), jobs.get("doing", 0), jobs.get("failed", 0), oldest)
