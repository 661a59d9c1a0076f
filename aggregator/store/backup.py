"""Backups in one form for both databases: a SQLite file. What was backed up on one is restored on the other.

On SQLite the file is a copy of the database; on PostgreSQL it is read out in one consistent view, without `pg_dump`, which need not be
installed and whose file no SQLite could read. Such a file has no search index: a restore makes it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aggregator.errors import DatabaseError
from aggregator.store import migrate, transfer
from aggregator.store import schema as t
from aggregator.store.connect import Database, file_lock, make_folder, sqlite_module
from aggregator.store.move import Progress, check_quiet, view

SIDES = ("-wal", "-shm")


def _silent(_name: str, _more: int, _total: int) -> None:
    """Show no progress."""


def backup(database: Database, path: Path | None, progress: Progress = _silent) -> Path:
    """Write all that a database holds into a new file while it is in use; gives the file, which appears when it is whole."""
    target = path or migrate.backup_path(database.folder, "backup")
    if database.is_sqlite:
        migrate.backup_sqlite(database, target)
        return target
    if target.exists():
        raise DatabaseError(f"{target} exists already; name another file.")
    make_folder(target.parent)
    partial = target.with_name(f".{target.name}.partial")
    _remove(partial)
    try:
        with view(database) as c, _file(partial) as copy:
            migrate.ensure(copy, create=True)
            for table in transfer.TABLES:
                total = transfer.count(c, table)
                with copy.write() as to:
                    transfer.clear(to, table)
                    for rows, _ in transfer.pages(c, table):
                        transfer.put(to, table, rows)
                        progress(table.name, len(rows), total)
            with copy.write() as to:
                transfer.set_numbers(to, transfer.last_numbers(c))
            for table in transfer.TABLES:
                with copy.read() as there:
                    if transfer.sum_of(there, table) != transfer.sum_of(c, table):
                        raise DatabaseError(f"The backup's table {table.name} is not what the database holds: is the disk sound?")
            copy.raw("PRAGMA wal_checkpoint(TRUNCATE)")
        _sync(partial)
        os.replace(partial, target)
    finally:
        _remove(partial)
    return target


@contextmanager
def _file(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path.resolve()}", path.parent, 5)
    try:
        yield database
    finally:
        database.close()


def _remove(path: Path) -> None:
    for suffix in ("", *SIDES, ".lock"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Have a file and its name on the disk before it counts."""
    for each, flags in ((path, os.O_RDONLY), (path.parent, os.O_RDONLY | os.O_DIRECTORY)):
        handle = os.open(each, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def examine(path: Path) -> None:
    """Look whether a backup is whole and one of ours; raises `DatabaseError` in one sentence where it is not."""
    if not path.is_file():
        raise DatabaseError(f"There is no backup {path}.")
    with _file(path) as candidate, candidate.read() as c:
        version = migrate.current(c)
        if version is None:
            raise DatabaseError(f"{path} is no backup of Mujaz.")
        if version not in migrate.KNOWN:
            raise DatabaseError(f"{path} was written by a newer mujaz (tables {version}): upgrade mujaz.")
        result = c.execute(text("PRAGMA integrity_check")).scalar()
        if result != "ok":
            raise DatabaseError(f"{path} is damaged ({result}); choose another backup.")
        orphans = c.execute(text("SELECT count(*) FROM item WHERE id NOT IN (SELECT item FROM body)")).scalar_one()
        if orphans:
            raise DatabaseError(f"{path} lacks the texts of {orphans} items; choose another backup.")


@contextmanager
def _prepared(path: Path, folder: Path, progress: Progress, *, search: bool) -> Iterator[Path]:
    """Give a copy of a backup in this program's version, with its search index if asked for; the backup itself is only read."""
    make_folder(folder)
    copy = folder / f".restoring-{os.getpid()}.db"
    _remove(copy)
    try:
        shutil.copyfile(path, copy)
        with _file(copy) as opened:
            examine(copy)
            migrate.ensure(opened, create=False, moving=True, backup=False)
            if search:
                with opened.read() as c:
                    items, there = transfer.count(c, t.item), transfer.indexed(c)
                if there != items:
                    with opened.write() as c:
                        transfer.clear_search(c)
                    transfer.fill_search(opened.read, opened.write, lambda more: progress("search", more, items))
            opened.raw("PRAGMA wal_checkpoint(TRUNCATE)")
        yield copy
    finally:
        _remove(copy)


def restore_file(path: Path, target: Path, *, force: bool, busy_timeout: float, progress: Progress = _silent) -> None:
    """Put a backup in the place of a SQLite database; what was there is kept beside it, as .replaced.

    Raises `DatabaseError` where the backup is not whole, and where something is stored already, unless ``force``. Cut short at any
    moment, either the old database is there or the new one.
    """
    examine(path)
    if not force and _stores(target):
        raise DatabaseError(f"{target} holds something already: say --force to put the backup in its place (it is kept as .replaced).")
    with _prepared(path, target.parent, progress, search=True) as copy, file_lock(Path(f"{target}.lock"), busy_timeout):
        _sync(copy)
        if target.exists():
            _set_aside(target)
        os.replace(copy, target)
        _sync(target)


def _stores(target: Path) -> bool:
    """Tell whether a file is in the way: one that can't be read may hold something."""
    if not target.exists():
        return False
    try:
        with _file(target) as database, database.read() as c:
            return migrate.current(c) is None or not transfer.is_empty(c)
    except DatabaseError:
        return True


def _set_aside(target: Path) -> None:
    """Keep a database under another name, whole, while it still stands in its place."""
    aside = target.with_suffix(".replaced")
    try:
        with _file(target) as old:
            old.raw("PRAGMA wal_checkpoint(TRUNCATE)")  # else its latest transactions lie beside it, and would be taken for the new one's
    except (DatabaseError, DBAPIError, sqlite_module().Error):
        for suffix in SIDES:  # it can't be read: all its parts are kept as they are
            if Path(f"{target}{suffix}").exists():
                os.replace(f"{target}{suffix}", f"{aside}{suffix}")
    for suffix in SIDES:
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    link = aside.with_suffix(".replacing")
    link.unlink(missing_ok=True)
    os.link(target, link)
    os.replace(link, aside)


def restore_server(path: Path, database: Database, *, force: bool, progress: Progress = _silent) -> None:
    """Put a backup in the place of all that a PostgreSQL database holds, in one transaction: cut short, all is as before.

    Raises `DatabaseError` where the backup is not whole, where workers are at work, and where something is stored already, unless ``force``.
    """
    examine(path)
    check_quiet(database)
    migrate.ensure(database, create=True, moving=True)
    with (
        _prepared(path, database.folder, progress, search=False) as copy,
        _file(copy) as source,
        source.read() as c,
        database.write() as to,
    ):
        if not force and not transfer.is_empty(to):
            raise DatabaseError(
                f"{database.url} holds something already: say --force to put the backup in its place (what is there is lost)."
            )
        to.execute(text("TRUNCATE " + ", ".join(table.name for table in transfer.TABLES) + ", search"))
        for table in transfer.TABLES:
            total = transfer.count(c, table)
            for rows, _ in transfer.pages(c, table):
                transfer.put(to, table, rows)
                progress(table.name, len(rows), total)
            if transfer.sum_of(to, table) != transfer.sum_of(c, table):
                raise DatabaseError(f"The table {table.name} did not arrive as it is in the backup; nothing was changed.")
        items = transfer.count(c, t.item)
        transfer.fill_search(lambda: nullcontext(to), lambda: nullcontext(to), lambda more: progress("search", more, items))
        transfer.set_numbers(to, transfer.last_numbers(c))
        to.execute(text("ANALYZE"))
