"""A cluster to which bad things happen: nothing is lost, nothing is stored twice, and every story is as on a quiet day."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
import uuid
from pathlib import Path

import pytest

from aggregator.demo.run import demo_settings
from aggregator.model import StoryFilter
from aggregator.settings import Settings
from aggregator.store import Store
from tests.conftest import new_database
from tests.integration.cluster import Newsroom, Server, Workers, items_of, open_store, stories_of, wait_for
from tests.integration.events import Wave, invented, stories

pytestmark = pytest.mark.postgres


def quiet(room: Newsroom, waves: list[Wave], sqlite_template: Path, folder: Path) -> tuple[list[object], list[list[str]]]:
    """Replay the waves through the embedded engine on SQLite; gives its items and stories."""
    from aggregator.daemon import assembled

    folder.mkdir()
    (folder / "mujaz.db").write_bytes(sqlite_template.read_bytes())

    async def replayed(store: Store) -> None:
        async with assembled(store, demo_settings(Settings()), lambda _: None) as running:
            for wave in waves:
                room.publish(wave.pieces)
                await running.engine.once(sorted({piece.outlet for piece in wave.pieces}), force=True)

    with room.served(), open_store(f"sqlite:///{folder / 'mujaz.db'}", folder) as store:
        for source in room.sources():
            store.add_source(source)
        asyncio.run(replayed(store))
        return list(items_of(store)), stories_of(store)


def chaos(server: Server, room: Newsroom, waves: list[Wave], folder: Path, sqlite_template: Path, *, seed: int, events: list[str]) -> None:
    """Let the waves be fetched by three workers while the events happen at random moments, and compare with a quiet run."""
    quiet_items, quiet_stories = quiet(Newsroom(len(room.names)), waves, sqlite_template, folder / "quiet")
    assert quiet_stories == stories(waves), "the reports must be so clear that a quiet run has them right"
    rng = random.Random(seed)
    (folder / "w").mkdir()
    workers = Workers(
        new_database(server.address, f"chaos{seed}_{uuid.uuid4().hex[:6]}"),
        folder / "w",
        {"MUJAZ_FETCH__MIN_INTERVAL": "3", "MUJAZ_FETCH__MAX_INTERVAL": "3"},
    )
    rng.shuffle(events)
    total = sum(len(wave.pieces) for wave in waves)
    with room.served():
        with open_store(workers.url, folder / "w") as store:
            for source in room.sources():
                store.add_source(source)
        for _ in range(3):
            workers.start()
        try:
            moments = sorted(rng.sample(range(len(waves)), min(len(events), len(waves))))
            stopped: list[tuple[float, object]] = []
            for number, wave in enumerate(waves):
                room.publish(wave.pieces)
                time.sleep(rng.uniform(0.5, 2.0))
                if number in moments:
                    _happens(events.pop(), server, workers, rng, stopped)
                _continued(stopped)
            while stopped:
                time.sleep(0.2)
                _continued(stopped)
            with open_store(workers.url, folder / "w") as store:
                complete = wait_for(lambda: store.counts().items >= total, 150, every=0.5)
                assert complete, f"{store.counts().items} of {total} articles\n{missing(store, waves)}\n{workers.said()}"
                time.sleep(3)  # whoever was stopped may still have something to say
                assert items_of(store) == quiet_items, workers.said()
                assert stories_of(store) == quiet_stories, workers.said()
                assert store.check() == []
                assert len({item.url for item in store.iter_items(StoryFilter())}) == total
        finally:
            codes = workers.end()
    assert all(code in (0, -signal.SIGKILL) for code in codes), workers.said()


def missing(store: Store, waves: list[Wave]) -> str:
    """Tell of the sources whose articles are missing what the database says of them."""
    known = {item.url for item in store.iter_items(StoryFilter())}
    names = sorted({piece.outlet for wave in waves for piece in wave.pieces if piece.url not in known})
    with store.database.read() as c:
        now = "extract(epoch FROM now())::bigint * 1000"
        rows = c.exec_driver_sql(
            f"SELECT id, status, leased_by, lease_until - {now}, next_fetch_at - {now}, asked_at - {now}, state::jsonb ->> 'failure', "
            "(SELECT string_agg(j.id || ':' || j.status || ':' || coalesce(j.worker_id, 0), ' ') FROM procrastinate_jobs j WHERE j.queueing_lock = 'source/' || s.id) "
            "FROM source s WHERE id = ANY(%s)",
            (names,),
        )
        told = [str(tuple(row)) for row in rows]
        told += [str(tuple(row)) for row in c.exec_driver_sql("SELECT id, now() - last_heartbeat FROM procrastinate_workers")]
    return "\n".join(told)


def _happens(event: str, server: Server, workers: Workers, rng: random.Random, stopped: list[tuple[float, object]]) -> None:
    away = [each for _, each in stopped]
    alive = [each for each in workers.alive() if each not in away] or workers.alive()  # all three may be stopped at once
    match event:
        case "kill":
            workers.kill(rng.choice(alive))
            workers.start()
        case "restart" | "crash":
            server.stop("fast" if event == "restart" else "immediate")
            time.sleep(rng.uniform(0.2, 3))
            server.start()
        case _:
            process = rng.choice(alive)
            process.send_signal(signal.SIGSTOP)
            stopped.append((time.monotonic() + float(event), process))


def _continued(stopped: list[tuple[float, object]]) -> None:
    for entry in [entry for entry in stopped if entry[0] <= time.monotonic()]:
        stopped.remove(entry)
        entry[1].send_signal(signal.SIGCONT)  # type: ignore[attr-defined]


@pytest.mark.long
def test_killed_workers_and_a_crashed_database_lose_nothing_and_ask_nobody_too_soon(
    own_server: Server, tmp_path: Path, sqlite_template: Path
) -> None:
    room = Newsroom(20)
    waves = invented(room.names, events=24, waves=3, seed=1)
    chaos(own_server, room, waves, tmp_path, sqlite_template, seed=1, events=["kill", "crash", "kill"])
    assert min(room.gaps()) >= 3.0, "not sooner than allowed, whoever was killed"


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [int(seed) for seed in os.environ.get("CHAOS_SEEDS", "11 12 13").split()])
def test_300_sources_under_fire(own_server: Server, tmp_path: Path, sqlite_template: Path, seed: int) -> None:
    room = Newsroom(300)
    waves = invented(room.names, events=600, waves=40, seed=seed)
    chaos(
        own_server,
        room,
        waves,
        tmp_path,
        sqlite_template,
        seed=seed,
        events=["kill", "kill", "kill", "restart", "crash", "crash", "30", "30", "32"],
    )
