"""The engine: fair between hosts, steady when the clock is set, and back with everything after an end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from aggregator.engine.clock import ClockWatch
from aggregator.errors import DatabaseError
from aggregator.model import Claim, Fetched, FetchOutcome, SourceState
from aggregator.store import Store
from tests.integration.fakes import Asked, Clock, feed, fetched, in_loop, parts, source

DAY = timedelta(days=1)


def answered(asked: Asked) -> Fetched:
    return fetched(feed(hash(asked.address) % 1000), asked.address, asked.at)


async def settled(engine: object) -> None:
    while engine.busy:  # type: ignore[attr-defined]
        await asyncio.sleep(0.005)


@in_loop
async def test_500_due_sources_of_a_slow_host_do_not_delay_the_others(store: Store) -> None:
    slow_at_once = most = 0

    async def slow(asked: Asked) -> FetchOutcome:
        nonlocal slow_at_once, most
        slow_at_once += 1
        most = max(most, slow_at_once)
        await asyncio.sleep(30)
        raise AssertionError("never comes this far")

    async with parts(store, concurrency=10, per_host=2) as p:
        store.sync_catalogue([source(f"a{n}", f"https://slow.example/{n}") for n in range(500)] + [source(f"z{n}") for n in range(40)])
        for n in range(500):
            p.network.answers[f"https://slow.example/{n}"] = slow
        for n in range(40):
            p.network.answers[f"https://z{n}.example/feed"] = answered
        for _ in range(300):  # ten minutes of ticks
            await p.engine.tick()
            await asyncio.sleep(0.01)
            if len(p.results) == 40:
                break
        assert sorted(result.source.id for result in p.results) == sorted(f"z{n}" for n in range(40))
        assert most <= 2
        await p.engine.drain(0.1)


@in_loop
async def test_once_takes_each_source_once_however_many_share_a_host(store: Store) -> None:
    async with parts(store, concurrency=10, per_host=3, min_interval=0) as p:
        names = [f"s{n:03}" for n in range(150)]
        store.sync_catalogue([source(name, f"https://one.example/{name}") for name in names])
        for name in names:
            p.network.answers[f"https://one.example/{name}"] = answered
        assert await p.engine.once(names, force=True) == []
        assert sorted(asked.address for asked in p.network.asked) == [f"https://one.example/{name}" for name in names]


@in_loop
async def test_sources_too_soon_by_their_own_interval_do_not_hide_those_that_are_due(store: Store) -> None:
    async with parts(store, concurrency=5, min_interval=0) as p:
        slow = [source(f"a{n:03}", min_interval=timedelta(hours=6)) for n in range(300)]
        store.sync_catalogue([*slow, source("z")])
        moment = p.clock()
        store.record_many([(each, SourceState(last_fetch_at=moment - timedelta(hours=1))) for each in slow])
        p.network.answers["https://z.example/feed"] = answered
        left = await p.engine.once([*(each.id for each in slow), "z"], force=True)
        assert [asked.address for asked in p.network.asked] == ["https://z.example/feed"]
        assert len(left) == 300


@pytest.mark.parametrize("jump", [DAY, -DAY, 3652 * DAY, -3652 * DAY], ids=str)
@in_loop
async def test_a_clock_that_is_set_makes_no_storm_and_no_silence(store: Store, jump: timedelta) -> None:
    async with parts(store) as p:
        names = [f"s{n}" for n in range(10)]
        store.sync_catalogue([source(name) for name in names])
        for name in names:
            p.network.answers[f"https://{name}.example/feed"] = answered
        await p.engine.tick()
        await settled(p.engine)
        assert len(p.network.asked) == 10
        p.clock.pass_(timedelta(minutes=5))
        p.clock.now += jump
        await p.engine.tick()
        await settled(p.engine)
        assert len(p.network.asked) == 10, "asked too soon after the clock was set"
        for _ in range(26):
            p.clock.pass_(timedelta(hours=1))
            await p.engine.tick()
            await settled(p.engine)
        assert {asked.address for asked in p.network.asked[10:]} == {f"https://{name}.example/feed" for name in names}


@in_loop
async def test_a_clock_set_back_while_nothing_ran_does_not_silence_a_source(store: Store) -> None:
    async with parts(store) as p:
        each = source("s")
        store.sync_catalogue([each])
        far = p.clock() + 3652 * DAY
        store.record(each, SourceState(last_fetch_at=far, next_fetch_at=far + DAY))
        store.hold_host("s.example", far)
        p.network.answers["https://s.example/feed"] = answered
        await p.engine.tick()
        await settled(p.engine)
        assert len(p.network.asked) == 1


@in_loop
async def test_sources_that_were_taken_but_not_asked_are_free_at_once_after_an_end(store: Store) -> None:
    async def never(asked: Asked) -> FetchOutcome:
        await asyncio.sleep(60)
        raise AssertionError

    async with parts(store, concurrency=2, min_interval=900) as p:
        names = [f"s{n}" for n in range(20)]
        store.sync_catalogue([source(name) for name in names])
        for name in names:
            p.network.answers[f"https://{name}.example/feed"] = never
        work = asyncio.create_task(p.engine.once(names, force=True))
        while len(p.network.asked) < 2:
            await asyncio.sleep(0.01)
        await p.engine.drain(0.1)
        await work
        free: list[Claim] = store.claim_due(p.clock(), 100, min_interval=timedelta(seconds=900))
        assert len(free) == 18, "those that were asked keep their least interval, the others do not"


@in_loop
async def test_a_database_that_is_away_for_a_while_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    async with parts(store) as p:
        store.sync_catalogue([source("s")])
        p.network.answers["https://s.example/feed"] = answered
        whole = store.claim_due

        def away(*_: object, **__: object) -> list[Claim]:
            raise DatabaseError("The database is locked.")

        monkeypatch.setattr(store, "claim_due", away)
        await p.engine.tick()
        monkeypatch.setattr(store, "claim_due", whole)
        await p.engine.tick()
        await settled(p.engine)
        assert [result.outcome for result in p.results] == ["fetched"]


@in_loop
async def test_a_refresh_that_breaks_is_a_failure_of_its_source_alone(store: Store) -> None:
    def broken(asked: Asked) -> FetchOutcome:
        raise RuntimeError("unforeseen")

    async with parts(store) as p:
        store.sync_catalogue([source("bad"), source("good")])
        p.network.answers |= {"https://bad.example/feed": broken, "https://good.example/feed": answered}
        await p.engine.tick()
        await settled(p.engine)
        assert {result.source.id: result.outcome for result in p.results} == {"bad": "failed", "good": "fetched"}
        claim = store.source("bad")
        assert claim is not None
        assert claim.state.failures == 1
        assert "unforeseen" in (claim.state.failure.detail if claim.state.failure else "")


@in_loop
async def test_a_start_after_a_long_pause_is_no_burst(store: Store) -> None:
    async with parts(store, concurrency=100) as p:
        store.sync_catalogue([source(f"s{n}") for n in range(200)])
        for n in range(200):
            p.network.answers[f"https://s{n}.example/feed"] = answered
        await p.engine.tick()
        await settled(p.engine)
        assert len(p.network.asked) == 25


def test_slow_drift_is_no_jump_until_it_adds_up() -> None:
    clock = Clock()
    watch = ClockWatch(clock, lambda: clock.steady)
    jumps = []
    for _ in range(13):
        clock.pass_(timedelta(hours=1))
        clock.now += timedelta(seconds=10)
        jumps.append(watch.jump())
    assert jumps.count(None) == 11
    assert sum((jump for jump in jumps if jump), timedelta(0)) == timedelta(seconds=120)
