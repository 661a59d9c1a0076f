"""A cluster's database that can't be written costs no source its schedule; a row that it refuses is that source's own failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from aggregator.engine import queue
from aggregator.engine.distributed import DistributedEngine
from aggregator.errors import DatabaseError
from aggregator.settings import StorageSettings
from aggregator.store import Store, cluster
from aggregator.store.dispatch import Dispatch
from tests.integration.fakes import Parts, feed, fetched, in_loop, parts, source

pytestmark = pytest.mark.postgres
LEAST = timedelta(minutes=15)


@pytest.fixture
def store(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Store]:
    with Store.open(database_url, folder=tmp_path, settings=StorageSettings(busy_timeout=10)) as opened:
        cluster.ensure(opened.database)
        yield opened


POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


async def done(p: Parts, name: str) -> DistributedEngine:
    """Let a worker do the job of a source."""
    dispatch = Dispatch(p.store.database)
    engine = DistributedEngine(p.store, dispatch, None, p.ports, p.ports.writer, p.results.append)  # type: ignore[arg-type]
    dispatch.queue(p.clock(), LEAST, 2, lambda *_: None)
    try:
        await engine._job(name, queue.holder(1))
    finally:
        await engine.drain(1)
    return engine


def held_and_failures(store: Store, name: str) -> tuple[str, int]:
    with store.database.read() as c:
        holder = c.execute(text("SELECT leased_by FROM source WHERE id = :id"), {"id": name}).scalar_one()
    claim = store.source(name)
    assert claim is not None
    return str(holder), claim.state.failures


@POSTGRESQL
@in_loop
async def test_a_table_that_may_not_be_written_is_no_failure_of_the_source(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    async with parts(store) as p:
        store.sync_catalogue([source("a")])
        p.network.answers["https://a.example/feed"] = fetched(feed(1, 2), "https://a.example/feed")
        with store.database.write() as c:
            c.execute(text("ALTER TABLE item RENAME TO item_elsewhere"))
        with caplog.at_level(logging.ERROR):
            await done(p, "a")
        assert [result.failure is not None for result in p.results] == [True]
        assert held_and_failures(store, "a") == ("", 0), "it is free, and no failure is counted"
        assert "Traceback" not in caplog.text
        with store.database.write() as c:
            c.execute(text("ALTER TABLE item_elsewhere RENAME TO item"))
        p.clock.pass_(LEAST + timedelta(minutes=1))
        await done(p, "a")
        assert len(p.results[-1].committed.new) == 2


@POSTGRESQL
@in_loop
async def test_what_the_database_refuses_of_a_source_is_its_failure(store: Store) -> None:
    async with parts(store) as p:
        store.sync_catalogue([source("a")])
        p.network.answers["https://a.example/feed"] = fetched(feed(1, 2), "https://a.example/feed")

        def refused(*_: Any) -> Any:
            raise DatabaseError("This row is refused.")

        store.commit_many = refused  # type: ignore[method-assign]
        await done(p, "a")
        assert held_and_failures(store, "a") == ("", 1)


@POSTGRESQL
def test_whose_an_error_is_is_told_from_what_the_driver_says(store: Store) -> None:
    for statement, passing, general in (
        ("SELECT * FROM no_such_table", False, True),
        ("INSERT INTO source (id) VALUES (NULL)", False, False),
        ("SELECT 'x'::int", False, False),
        ("SET TRANSACTION READ ONLY; DELETE FROM item", True, True),
    ):
        with pytest.raises(DatabaseError) as raised, store.database.write() as c:
            c.exec_driver_sql(statement)
        assert (raised.value.passing, raised.value.general) == (passing, general), statement
