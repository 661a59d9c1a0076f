"""A database of some size, made without fetching, and the plans that it has for what the store asks it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, event

from aggregator.model import Outlet, Source, SourceState
from aggregator.store import Store, bulk, codec, partitions, search
from aggregator.store import schema as t
from tests.integration.news import NOW

STORIES, ITEMS, OUTLETS, SOURCES, KEYS = 40_000, 10_000, 150, 6_000, 4  # stories are read in their order, and cost little to make
MINUTE = 60_000
EXPLAINED = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH)\b")
WORDS = [
    "القطار",
    "المدينة",
    "الوزير",
    "المباراة",
    "الميزانية",
    "الأمطار",
    "المهرجان",
    "الانتخابات",
    "المحكمة",
    "الجامعة",
    "الميناء",
    "الأسعار",
]
STEMS = ["برلمان", "ملعب", "مصنع", "طريق", "معرض", "مطار", "سوق", "متحف", "مسرح", "مستشفى", "مختبر", "مرصد", "مكتبة", "منجم", "مخيم"]
RARE = [
    stem + ending
    for stem in STEMS
    for ending in ["قة", "ستان", "يون", "ات", "ور", "ين", "زار", "تيك", "مال", "كون", "شيف", "بوت", "لاند", "غراد"]
]
FEW_PAGES = 25.0  # what PostgreSQL calls it to read so little of a table that no index pays
COUNTRIES, TOPICS = ("MA", "DZ", "TN", "EG", ""), tuple(f"topic{n}" for n in range(40))
_STORY = bulk.insert("story", ("id", "first_at", "last_at", "shown_at", "updated_at", "size", "independent", "spread"))
_ITEM = bulk.insert("item", [column.name for column in t.item.columns])
_KEY = bulk.insert("dkey", ("key", "item"))
_SIGNATURE = bulk.insert("signature", ("item", "at", "draft"))
_RELATED = bulk.insert("related", ("story", "other", "score", "why"))
_REVISION = bulk.insert("revision", ("item", "at", "title", "body"))
_OUTLET = bulk.insert("outlet", ("id", "name", "country", "language", "spec"))
_SOURCE = bulk.insert(
    "source",
    ("id", "outlet", "topic", "host", "enabled", "origin", "spec", "status", "next_fetch_at", "last_fetch_at", "state", "digests"),
)
_TOMBSTONE = bulk.insert("tombstone", ("digest", "at"))


def fill(store: Store) -> None:
    """Store some thousands of reports of the last ninety days, as their rows would stand there."""
    random = Random(7)
    now = t.to_ms(NOW) or 0
    first = now - 90 * 24 * 60 * MINUTE
    step = (now - first) // ITEMS
    outlets = [Outlet(f"outlet{n}", f"جريدة {n}", country=COUNTRIES[n % 5], language="ar" if n % 10 else "fr") for n in range(OUTLETS)]
    with store.database.write() as c:
        partitions.ensure(c, range(first, now + 1, 20 * 24 * 60 * MINUTE))
        partitions.ensure(c, [now])
        rows, bodies, terms = [], [], []
        for n in range(1, ITEMS + 1):
            outlet, at = outlets[random.randrange(OUTLETS)], first + n * step
            title = " ".join([*random.sample(WORDS, 3), RARE[n % len(RARE)], str(n)])
            digests = [random.randbytes(16) for _ in range(4)]
            story = STORIES - ITEMS + (n if n % 10 else n // 2 + 1)
            rows.append(
                (
                    n,
                    story,
                    f"{outlet.id}-{n % 20}",
                    outlet.id,
                    outlet.country,
                    outlet.language,
                    TOPICS[n % 40],
                    digests[0],
                    str(n),
                    digests[1],
                    digests[2],
                    digests[3],
                    f"https://{outlet.id}.example/{n}",
                    title,
                    "",
                    "",
                    at,
                    None,
                    at,
                    at,
                    f"https://{outlet.id}.example/{n}.jpg",
                    "",
                    "",
                    "",
                    0.8,
                    "[]",
                    "[]",
                    None,
                    "[]",
                    None,
                    False,
                    False,
                    1,
                )
            )
            bodies.append((n, at, f"نص الخبر {n} " + " ".join(random.sample(WORDS, 4)), ""))
            terms.append((n, title, search.terms(title, bodies[-1][2])))
        stories = [(n, first + (n - STORIES + ITEMS) * step) for n in range(1, STORIES + 1)]
        _STORY.run(c, [(n, at, at, at, now, 1, 1, 3.0 + n / 1000) for n, at in stories])
        _REVISION.run(c, [(row[0], row[18], row[13], "نص قديم") for row in rows if row[0] % 4 == 0])
        _ITEM.run(c, rows)
        partitions.put_bodies(c, bodies)
        search.put(c, terms)
        if c.dialect.name != "sqlite":
            c.exec_driver_sql(f"SELECT setval('item_id_seq', {ITEMS}), setval('story_id_seq', {STORIES})")
        _KEY.run(c, sorted({(random.randrange(2**40), row[0]) for row in rows for _ in range(KEYS)}))
        _SIGNATURE.run(c, [(row[0], row[18], b"\1" * 200) for row in rows])
        _RELATED.run(c, [(n, n - 1, 0.5, "[]") for n in range(STORIES - ITEMS, STORIES + 1)])
        _TOMBSTONE.run(c, [(random.randbytes(16), now) for _ in range(5_000)])
        outlet_rows = [(each.id, each.name, each.country, each.language, codec.dump_outlet(each)) for each in outlets]
        _OUTLET.run(c, outlet_rows)
        feeds = [Source(f"s{n}", outlets[n % OUTLETS], addresses=(f"https://h{n % 700}.example/{n}",)) for n in range(SOURCES)]
        state = codec.dump_state(SourceState())
        _SOURCE.run(
            c,
            [  # one in a hundred is due
                (
                    feed.id,
                    feed.outlet.id,
                    TOPICS[n % 40],
                    f"h{n % 700}.example",
                    True,
                    "catalogue",
                    codec.dump_source(feed),
                    "active",
                    now - MINUTE if n % 100 == 99 else now + 10 * MINUTE,
                    now - 20 * MINUTE,
                    state,
                    b"",
                )
                for n, feed in enumerate(feeds)
            ],
        )


def analyze(store: Store) -> None:
    """Let the database count what it holds, and tidy up, as PostgreSQL does by itself."""
    if store.database.is_sqlite:
        with store.database.write() as c:
            c.exec_driver_sql("ANALYZE")
        return
    with store.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.exec_driver_sql("VACUUM ANALYZE")


@dataclass(frozen=True)
class Plan:
    """One statement and how the database goes about it."""

    statement: str
    steps: tuple[str, ...]

    def scanned(self, table: str) -> bool:
        """Tell whether all rows of a table are gone through; a few pages, and a scan that a limit ends, do not count."""
        sqlite = re.compile(rf"SCAN {table}\b(?! (EXISTS )?(USING (COVERING )?INDEX|VIRTUAL TABLE INDEX \d+:\S))")
        postgres = re.compile(rf"Seq Scan on {table}(?:_\d{{4}}_\d\d)?\b.*cost=[\d.]+?\.\.([\d.]+) ")
        for before, step in zip(("", *self.steps), self.steps, strict=False):
            found = postgres.search(step)
            if (sqlite.search(step) or (found and float(found[1]) > FEW_PAGES)) and not before.lstrip("-> ").startswith("Limit"):
                return True
        return False

    def uses(self, index: str) -> bool:
        """Tell whether an index is used."""
        return any(re.search(index, step) for step in self.steps)

    def __str__(self) -> str:
        return self.statement + "\n  " + "\n  ".join(self.steps)


@contextmanager
def watched(store: Store) -> Iterator[list[Plan]]:
    """Collect the plans of all that the store asks meanwhile; they are there when the block has ended."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        asked.append((statement, values[0] if many else values))

    engines = {id(engine): engine for engine in (store.database.engine, store.database._writer)}.values()
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    plans: list[Plan] = []
    try:
        yield plans
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
    with store.database.read() as c:
        plans += [_explained(c, statement, values) for statement, values in asked if EXPLAINED.match(statement)]


def _explained(c: Connection, statement: str, values: Sequence[Any]) -> Plan:
    if c.dialect.name == "sqlite":
        rows = c.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)
        return Plan(statement, tuple(row[3] for row in rows))
    return Plan(statement, tuple(row[0] for row in c.exec_driver_sql("EXPLAIN " + statement, values)))


def ago(**how_long: float) -> datetime:
    """Give a time before the last report."""
    return NOW - timedelta(**how_long)
