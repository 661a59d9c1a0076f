"""Moves a whole database to another place, SQLite or PostgreSQL, and goes on where it was cut short.

The source is only read, in one consistent view. The target notes how far it is in the transaction that stores each page, is refused to
everyone else until all is there, and counts as moved once each table's count and checksum are those of the source.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, inspect, select, text

from aggregator.errors import DatabaseError
from aggregator.store import migrate, transfer
from aggregator.store import schema as t
from aggregator.store.connect import Database, daemon_lock, make_folder
from aggregator.store.transfer import MARK, Sum

ALIVE = 30  # seconds after its last sign of life for which a worker counts as one
Progress = Callable[[str, int, int], None]  # what is done, rows more, rows in all


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an unfinished move is: from where, the tables that are there, and in the next one the key after which it goes on."""

    source: str
    done: tuple[str, ...] = ()
    after: tuple[Any, ...] | None = None

    def to_text(self) -> str:
        """Write it as it is kept in `meta`."""
        after = None if self.after is None else [{"hex": each.hex()} if isinstance(each, bytes) else each for each in self.after]
        return json.dumps({"from": self.source, "done": self.done, "after": after})

    @classmethod
    def of(cls, value: str) -> Mark:
        """Read it back."""
        row = json.loads(value)
        after = row["after"]
        keys = None if after is None else tuple(bytes.fromhex(each["hex"]) if isinstance(each, dict) else each for each in after)
        return cls(row["from"], tuple(row["done"]), keys)


def move(origin: str, target: str, folder: Path, busy_timeout: float, progress: Progress = lambda *_: None) -> list[Sum]:
    """Carry the database at one address over to another; gives what each table holds.

    Raises `DatabaseError` where the source is missing or of another version, where it was written meanwhile, and where the target
    holds anything but this very move, unfinished.
    """
    with ExitStack() as stack:
        source, aim = (stack.enter_context(_opened(url, folder, busy_timeout)) for url in (origin, target))
        if place_of(source) == place_of(aim):
            raise DatabaseError("Source and target are one database; name two.")
        if source.path is not None and not source.path.exists():
            raise DatabaseError(f"There is no database {source.path} to move from.")
        for home in {each.path.parent.resolve() for each in (source, aim) if each.path is not None}:
            make_folder(home)
            stack.enter_context(daemon_lock(home))  # no daemon may run on either meanwhile
        for each in (source, aim):
            check_quiet(each)
        c = stack.enter_context(view(source))
        _check_version(c, source)
        migrate.ensure(aim, create=True, moving=True)
        mark = _begin(aim, place_of(source))
        for table in transfer.TABLES:
            if table.name not in mark.done:
                mark = _copy(c, aim, table, mark, progress)
        sums = _verified(c, aim, mark, progress)
        _check_still(c, source)
        with aim.write() as to:
            transfer.set_numbers(to, transfer.last_numbers(c))
            to.execute(text("ANALYZE"))
            note(to, None)
        return sums


@contextmanager
def _opened(url: str, folder: Path, busy_timeout: float) -> Iterator[Database]:
    database = Database(url, folder, busy_timeout)
    if database.path is not None:
        database.folder = database.path.parent
    try:
        yield database
    finally:
        database.close()


def place_of(database: Database) -> str:
    """Name a database, without its password and from wherever one looks."""
    return database.url if database.path is None else f"sqlite:///{database.path.resolve()}"


def check_quiet(database: Database) -> None:
    """Raise `DatabaseError` where workers of a cluster are at work on a database; a daemon on SQLite holds a lock instead."""
    if database.is_sqlite:
        return
    with database.read() as c:
        if not inspect(c).has_table("procrastinate_workers"):
            return
        alive = text("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :silent)")
        number = c.execute(alive, {"silent": ALIVE}).scalar_one()
    if number:
        raise DatabaseError(
            f"{number} workers are at work on {database.url}: stop all `mujaz run` and `mujaz worker` first (killed ones count for {ALIVE} s)."
        )


@contextmanager
def view(database: Database) -> Iterator[Connection]:
    """Give a connection whose view of the database stays as it is now, however long it is read."""
    options = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.read() as c:
        yield c.execution_options(**options)


def _check_version(c: Connection, source: Database) -> None:
    version = migrate.current(c)
    if version is None:
        raise DatabaseError(f"{source.url} holds no tables of Mujaz: there is nothing to move.")
    if version not in migrate.KNOWN:
        raise DatabaseError(f"{source.url} was written by a newer mujaz (tables {version}): upgrade mujaz.")
    if version != migrate.HEAD:
        raise DatabaseError(f"{source.url} has tables of version {version}: bring it up to date with `mujaz db upgrade`, then move it.")
    if unfinished(c):
        raise DatabaseError(f"{source.url} is itself the target of a move that was cut short: end that one first.")


def unfinished(c: Connection) -> Mark | None:
    """Give the note of a move into this database that was cut short."""
    value = c.execute(select(t.meta.c.value).where(t.meta.c.key == MARK)).scalar()
    return Mark.of(value) if value else None


def note(c: Connection, mark: Mark | None) -> None:
    """Keep how far a move is, or take the note away."""
    c.execute(delete(t.meta).where(t.meta.c.key == MARK))
    if mark is not None:
        c.execute(insert(t.meta).values(key=MARK, value=mark.to_text()))


def _begin(aim: Database, source: str) -> Mark:
    """Note that a move begins, or find how far it came before."""
    with aim.write() as c:
        mark = unfinished(c)
        if mark is not None and mark.source != source:
            raise DatabaseError(f"{aim.url} holds an unfinished move from {mark.source}: end that one, or name an empty database.")
        if mark is None:
            if not transfer.is_empty(c):
                raise DatabaseError(f"{aim.url} is not empty: name a database without anything in it.")
            c.execute(delete(t.meta))  # a number of changes and the like, from being opened
            mark = Mark(source)
            note(c, mark)
    return mark


def _copy(c: Connection, aim: Database, table: Table, mark: Mark, progress: Progress) -> Mark:
    """Carry a table over, from where the mark says; gives the mark after it."""
    total = transfer.count(c, table)
    with aim.read() as there:
        progress(table.name, transfer.count(there, table) if mark.after else 0, total)
    for rows, after in transfer.pages(c, table, mark.after):
        with aim.write() as to:
            transfer.put(to, table, rows)
            note(to, replace(mark, after=after))
        progress(table.name, len(rows), total)
    mark = Mark(mark.source, (*mark.done, table.name))
    with aim.write() as to:
        note(to, mark)
    return mark


def _verified(c: Connection, aim: Database, mark: Mark, progress: Progress) -> list[Sum]:
    """Compare counts and checksums; tables that differ, because the source was written between two runs, are carried once more."""
    wanted = [_summed(c, table, progress) for table in transfer.TABLES]
    different = _different(aim, wanted)
    if different:
        mark = Mark(mark.source, tuple(name for name in mark.done if name not in {table.name for table in different}))
        with aim.write() as to:
            for table in different:
                transfer.clear(to, table)
            if t.item in different or t.body in different:
                transfer.clear_search(to)
            note(to, mark)
        for table in different:
            mark = _copy(c, aim, table, mark, progress)
        if different := _different(aim, wanted):
            raise DatabaseError(f"The table {different[0].name} is not the same in both databases: empty {aim.url} and move anew.")
    _index(aim, progress)
    return wanted


def _summed(c: Connection, table: Table, progress: Progress) -> Sum:
    total = transfer.count(c, table)
    progress(f"checking {table.name}", 0, total)
    return transfer.sum_of(c, table, lambda more: progress(f"checking {table.name}", more, total))


def _different(aim: Database, wanted: Sequence[Sum]) -> list[Table]:
    with aim.read() as c:
        return [table for table, each in zip(transfer.TABLES, wanted, strict=True) if transfer.sum_of(c, table) != each]


def _index(aim: Database, progress: Progress) -> None:
    """Make the search index hold what the items are."""
    with aim.read() as c:
        items, there = transfer.count(c, t.item), transfer.indexed(c)
    progress("search", there, items)
    transfer.fill_search(aim.read, aim.write, lambda more: progress("search", more, items))
    with aim.read() as c:
        whole = transfer.indexed(c) == items
    if not whole:
        raise DatabaseError(f"The search index of {aim.url} does not fit its items: empty it and move anew.")


def _check_still(c: Connection, source: Database) -> None:
    """Look whether the source is as it was when the move began."""
    with source.read() as now:
        if any(transfer.sum_of(now, table) != transfer.sum_of(c, table) for table in (t.meta, t.source, t.hold, t.token)):
            raise DatabaseError(
                f"{source.url} was written while it was moved: stop what writes to it, and run the same command again (what is there is kept)."
            )
