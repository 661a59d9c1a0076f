"""Brings a database to this program's tables: made if empty, backed up and migrated if older, refused if newer or foreign."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from aggregator.errors import DatabaseError
from aggregator.store.connect import Database

HEAD = "0005"  # the newest migration; a test holds it equal to Alembic's
KNOWN = ("0001", "0002", "0003", "0004", "0005")


def current(c: Connection) -> str | None:
    """Give the version of a database's tables; None if it has none."""
    names = inspect(c).get_table_names()
    if "alembic_version" in names:
        version = c.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return str(version) if version else None
    if names:
        raise DatabaseError(
            f"This database holds other tables ({', '.join(sorted(names)[:3])} …) and none of Mujaz's; name another with database.url or --data."
        )
    return None


def ensure(database: Database, *, create: bool, moving: bool = False, backup: bool = True) -> str | None:
    """Make or upgrade the tables where needed; gives what was done, in words, or None.

    Raises `DatabaseError` for a missing (``create`` False), foreign, damaged or newer database, and for one into which another is
    being moved, unless ``moving``.
    """
    with database.read() as c:
        version = current(c)
        if version is not None and not moving and c.execute(text("SELECT 1 FROM meta WHERE key = 'moving'")).first():
            raise DatabaseError(f"A move into {database.url} was cut short: run the same `mujaz db move` again, it goes on where it was.")
    if version == HEAD:
        return None
    if version is not None and version not in KNOWN:
        raise DatabaseError(f"The database was written by a newer mujaz (tables {version}, this program knows {HEAD}): upgrade mujaz.")
    if version is None and not create:
        if database.is_sqlite:
            raise DatabaseError(
                "There is no database here yet: run `mujaz fetch` or `mujaz sources add URL` first, or name its folder with --data."
            )
        raise DatabaseError(
            f"There is no database of Mujaz at {database.url} yet: `mujaz run` makes its tables, `mujaz db move` brings another one over."
        )
    done = "made the database"
    if version is not None and database.is_sqlite and backup:
        path = backup_path(database.folder, f"before-{HEAD}")
        backup_sqlite(database, path)
        done = f"upgraded the database from {version} to {HEAD} after a backup to {path}"
    with database.write() as c:
        if current(c) != HEAD:  # another process may have been faster
            _run(c)
    return done


def _run(c: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    with as_file(files("aggregator.store") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = c
        command.upgrade(config, "head")


def backup_path(folder: Path, label: str) -> Path:
    """Give a new file name in the backups folder."""
    target = folder / "backups"
    target.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return target / f"mujaz-{stamp}-{label}.db"


def backup_sqlite(database: Database, path: Path) -> None:
    """Write a consistent copy of a SQLite database while it is in use."""
    if path.exists():
        raise DatabaseError(f"{path} exists already; name another file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        database.raw("VACUUM INTO ?", (str(partial),))
        os.replace(partial, path)  # a copy that was cut short never has the name of a whole one
    finally:
        partial.unlink(missing_ok=True)
