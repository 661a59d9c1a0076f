"""A network that is away is told apart from servers that are down, and all come back with it, soon and not at once."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model import Failed, FailureKind, FetchOutcome
from aggregator.settings import StorageSettings
from aggregator.store import Store
from tests.integration.fakes import Asked, Parts, feed, fetched, in_loop, parts, source

SOURCES = 40
AWAY = Failed(FailureKind.DNS, "name can't be resolved: Temporary failure in name resolution")
MINUTE = timedelta(minutes=1)
HOURLY = {"min_interval": 900, "max_interval": 3600, "concurrency": 50}


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """Give a store in SQLite alone: none of this depends on the database."""
    shutil.copy(sqlite_template, tmp_path / "mujaz.db")
    with Store.open(f"sqlite:///{tmp_path / 'mujaz.db'}", folder=tmp_path, settings=StorageSettings()) as opened:
        yield opened


class Cable:
    """Answers for all sources while it is plugged in; some servers are down in any case."""

    def __init__(self, p: Parts, down: frozenset[str] = frozenset()) -> None:
        self.plugged, self.down, self.answered = True, down, dict[str, list[datetime]]()
        p.store.sync_catalogue([source(f"s{n}") for n in range(SOURCES)])
        for n in range(SOURCES):
            p.network.answers[f"https://s{n}.example/feed"] = self.answer

    def answer(self, asked: Asked) -> FetchOutcome:
        name = asked.address.split("/")[2].removesuffix(".example")
        if not self.plugged or name in self.down:
            return AWAY
        self.answered.setdefault(name, []).append(asked.at)
        number = int(name[1:]) * 1_000 + asked.at.day * 24 + asked.at.hour
        return fetched(feed(number, number + 1), asked.address)


async def lived(p: Parts, time: timedelta) -> None:
    """Let the engine tick through some time, whenever something is due."""
    end = p.clock() + time
    while p.clock() < end:
        due = p.store.next_due(p.clock()) or end
        p.clock.pass_(min(max(due - p.clock(), timedelta(seconds=30)), end - p.clock()))
        await p.engine.tick()
        await p.idle()


@pytest.mark.parametrize("hours", [3, pytest.param(24, marks=pytest.mark.long)])
def test_all_sources_are_back_a_quarter_of_an_hour_after_a_long_outage_and_not_at_once(store: Store, hours: int) -> None:
    @in_loop
    async def run() -> None:
        async with parts(store, **HOURLY) as p:
            cable = Cable(p, down=frozenset({"s7", "s8"}))
            await lived(p, 2 * 60 * MINUTE)
            assert len(cable.answered) == SOURCES - 2
            before = {claim.source.id: claim.state.failures for claim in store.sources()}
            cable.plugged = False
            await lived(p, timedelta(hours=hours))
            away = [claim.state for claim in store.sources()]
            assert sum(state.failures <= before[name] + 1 for name, state in zip(before, away, strict=True)) == SOURCES
            assert "the network seems to be away" in away[20].reason
            asked = len(p.network.asked)
            cable.plugged = True
            cable.answered.clear()
            back = p.clock()
            await lived(p, 32 * MINUTE)
            assert len(cable.answered) == SOURCES - 2, "all are back"
            first = sorted(times[0] for times in cable.answered.values())
            assert first[-1] - back <= 31 * MINUTE
            assert max(Counter(first).values()) <= SOURCES // 3, "they did not come back all at once"
            assert len(p.network.asked) - asked < 4 * SOURCES
            assert all(claim.state.failures == 0 for claim in store.sources() if claim.source.id not in cable.down)

    run()


@pytest.mark.long
def test_the_network_is_tried_gently_while_it_is_away(store: Store) -> None:
    @in_loop
    async def run() -> None:
        async with parts(store, **HOURLY) as p:
            cable = Cable(p)
            await lived(p, 60 * MINUTE)
            cable.plugged = False
            await lived(p, 60 * MINUTE)
            asked = len(p.network.asked)
            await lived(p, 180 * MINUTE)
            assert SOURCES * 3 < len(p.network.asked) - asked <= SOURCES * 12, "each a quarter of an hour at most"

    run()


@pytest.mark.long
def test_servers_that_are_down_while_others_answer_back_off_as_ever(store: Store) -> None:
    @in_loop
    async def run() -> None:
        down = frozenset(f"s{n}" for n in range(15))
        async with parts(store, **HOURLY) as p:
            Cable(p, down)
            await lived(p, 12 * 60 * MINUTE)
            failures = [claim.state.failures for claim in store.sources() if claim.source.id in down]
            assert min(failures) >= 4
            assert len(store.sources(unwell=True)) == len(down)

    run()


def test_a_few_dead_sources_alone_are_no_outage(store: Store) -> None:
    @in_loop
    async def run() -> None:
        async with parts(store, **HOURLY) as p:
            store.sync_catalogue([source(f"s{n}") for n in range(3)])
            for n in range(3):
                p.network.answers[f"https://s{n}.example/feed"] = AWAY
            await lived(p, 6 * 60 * MINUTE)
            assert [claim.state.failures >= 3 for claim in store.sources()] == [True] * 3

    run()


def test_refused_connections_are_no_outage(store: Store) -> None:
    @in_loop
    async def run() -> None:
        async with parts(store, **HOURLY) as p:
            Cable(p)
            for n in range(SOURCES):
                p.network.answers[f"https://s{n}.example/feed"] = Failed(FailureKind.CONNECT, "no connection: Connection refused")
            await lived(p, 6 * 60 * MINUTE)
            assert all(claim.state.failures >= 3 for claim in store.sources())

    run()
