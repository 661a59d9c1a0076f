"""Looks after the database: checks it, prunes it, brings old rows up to date, restores backups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select, text, true, update
from sqlalchemy.exc import DBAPIError

from aggregator.errors import DatabaseError
from aggregator.store import keys, partitions, search, story
from aggregator.store import schema as t
from aggregator.store.schema import from_ms

if TYPE_CHECKING:
    from aggregator.store.connect import Database


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is stored."""

    sources: int
    items: int
    stories: int
    revisions: int
    tombstones: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a check found, and what to do about it."""

    what: str
    remedy: str


def counts(c: Connection) -> Counts:
    """Count what is stored."""
    tables = (t.source, t.item, t.story, t.revision, t.tombstone)
    return Counts(*(c.execute(select(func.count()).select_from(table)).scalar_one() for table in tables))


# (what is wrong, SQL that counts it, remedy); portable between both databases
ORPHANS: tuple[tuple[str, str, str], ...] = (
    ("items without their story", "SELECT count(*) FROM item WHERE story NOT IN (SELECT id FROM story)", "restore a backup"),
    ("stories without items", "SELECT count(*) FROM story WHERE id NOT IN (SELECT story FROM item)", "run `mujaz db reindex`"),
    ("items without a body row", "SELECT count(*) FROM item WHERE id NOT IN (SELECT item FROM body)", "restore a backup"),
    ("bodies without an item", "SELECT count(*) FROM body WHERE item NOT IN (SELECT id FROM item)", "run `mujaz db prune`"),
    ("items without a signature", "SELECT count(*) FROM item WHERE id NOT IN (SELECT item FROM signature)", "run `mujaz db reindex`"),
    ("keys without an item", "SELECT count(*) FROM dkey WHERE item NOT IN (SELECT id FROM item)", "run `mujaz db reindex`"),
    ("revisions without an item", "SELECT count(*) FROM revision WHERE item NOT IN (SELECT id FROM item)", "run `mujaz db prune`"),
    (
        "stories whose size is wrong",
        "SELECT count(*) FROM story s WHERE size <> (SELECT count(*) FROM item i WHERE i.story = s.id)",
        "run `mujaz db reindex`",
    ),
    (
        "items of one source stored twice",
        "SELECT count(*) FROM (SELECT source, guid FROM item GROUP BY source, guid HAVING count(*) > 1) AS twice",
        "restore a backup",
    ),
    ("items of unknown outlets", "SELECT count(*) FROM item WHERE outlet NOT IN (SELECT id FROM outlet)", "restore a backup"),
)
# a body is looked for in the month in which its item was seen
MISLAID = "SELECT count(*) FROM body JOIN item ON item.id = body.item WHERE body.at <> item.seen_at"


def check(database: Database) -> list[Problem]:
    """Look for damage: the file's integrity, orphans, wrong counts, and a search index that does not fit the items."""
    found: list[Problem] = []
    column = "rowid" if database.is_sqlite else "item"
    # a connection that looked before remembers parts of the search index and would call a rebuilt one damaged
    database.engine.dispose()
    with database.read() as c:
        if database.is_sqlite:
            rows = [str(row[0]) for row in c.execute(text("PRAGMA integrity_check"))]
            found += [Problem(f"the file is damaged: {row}", "restore a backup with `mujaz db restore`") for row in rows if row != "ok"]
        for what, sql, remedy in ORPHANS:
            number = c.execute(text(sql)).scalar_one()
            if number:
                found.append(Problem(f"{number} {what}", remedy))
        if not database.is_sqlite and (lost := c.execute(text(MISLAID)).scalar_one()):
            found.append(Problem(f"{lost} bodies in another month than their items", "restore a backup"))
        missing = c.execute(text(f"SELECT count(*) FROM item WHERE id NOT IN (SELECT {column} FROM search)")).scalar_one()  # noqa: S608
        ghosts = c.execute(text(f"SELECT count(*) FROM search WHERE {column} NOT IN (SELECT id FROM item)")).scalar_one()  # noqa: S608
        if missing or ghosts:
            found.append(Problem(f"the search index lacks {missing} items and has {ghosts} too many", "run `mujaz db reindex`"))
    if database.is_sqlite:
        try:
            with database.write() as c:
                # only rank 1 compares the index with its content (DESIGN 10)
                c.execute(text("INSERT INTO search(search, rank) VALUES('integrity-check', 1)"))
        except (DatabaseError, DBAPIError):
            found.append(Problem("the search index contradicts its content", "run `mujaz db reindex`"))
    return found


def reindex_some(c: Connection, version: int, after: int, limit: int, drafts: keys.Drafts) -> list[int]:
    """Bring up to ``limit`` items with ids above ``after`` up to date: draft, keys, search words. Gives their ids."""
    from aggregator.dedup import Report, draft

    i = t.item.c
    body = partitions.body_of_item(c.dialect.name)
    joined = t.item.outerjoin(body, t.ITS_BODY if body is t.body else true())
    columns = (i.id, i.title, i.summary, i.outlet, i.url, i.published, i.shown_at, i.language, body.c.text)
    rows = c.execute(select(*columns).select_from(joined).where(i.id > after).order_by(i.id).limit(limit)).all()
    if not rows:
        return []
    made = []
    for row in rows:
        report = Report(str(row.id), row.title, row.text or row.summary, row.outlet, row.url, from_ms(row.published), row.language)
        made.append((row.id, row.shown_at, draft(report)))
    ids = [row.id for row in rows]
    keys.drop(c, ids)
    drafts.forget(ids)
    keys.put(c, made)
    search.put(c, [(row.id, row.title, search.terms(row.title, row.text or row.summary)) for row in rows], again=True)
    for item, _, each in made:
        c.execute(update(t.item).where(i.id == item).values(dedup_version=version, substance=each.substance))
    return ids


def begin_reindex(c: Connection) -> int:
    """Clear what is made anew, unless an earlier run was interrupted; gives the item to go on after."""
    marker = c.execute(select(t.meta.c.value).where(t.meta.c.key == "reindex")).scalar()
    if marker is not None:
        return int(marker)
    search.clear(c)
    c.execute(delete(t.key).where(t.key.c.item.not_in(select(t.item.c.id))))
    c.execute(delete(t.signature).where(t.signature.c.item.not_in(select(t.item.c.id))))
    set_meta(c, "reindex", "0")
    return 0


def set_meta(c: Connection, key: str, value: str | None) -> None:
    """Remember a value, or forget it."""
    c.execute(delete(t.meta).where(t.meta.c.key == key))
    if value is not None:
        c.execute(t.meta.insert().values(key=key, value=value))


def reindex(database: Database, version: int, drafts: keys.Drafts, now: datetime, progress: Callable[[int], None]) -> int:
    """Make keys, signatures and search words of all items anew, a batch a transaction; an interrupted run goes on."""
    with database.write() as c:
        after = begin_reindex(c)
    done = 0
    while True:
        with database.write() as c:
            ids = reindex_some(c, version, after, 500, drafts)
            set_meta(c, "reindex", str(ids[-1]) if ids else None)
            if not ids:
                story.refresh(c, [r[0] for r in c.execute(select(t.story.c.id))], now)
                return done
        after = ids[-1]
        done += len(ids)
        progress(len(ids))
