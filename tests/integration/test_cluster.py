"""A cluster from outside: three worker processes on PostgreSQL do what one embedded engine does, and wait for a database that is away."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.demo.newsroom import STYLES, Piece, Style, built_in, from_file, source_of, styles_of
from aggregator.demo.run import demo_settings, rounds_of
from aggregator.demo.server import Newsroom as Demo
from aggregator.demo.server import Server as DemoServer
from aggregator.model import StoryFilter
from aggregator.settings import Settings
from aggregator.store import Store
from tests.conftest import new_database
from tests.integration.cluster import Newsroom, Server, Workers, open_store, wait_for
from tests.integration.events import invented

pytestmark = pytest.mark.postgres
NEWS = Path(__file__).parents[3] / "shared/data/news"


@pytest.fixture
def workers(own_server: Server, tmp_path: Path) -> Iterator[Workers]:
    folder = tmp_path / "w"
    folder.mkdir()
    workers = Workers(new_database(own_server.address, f"t{uuid.uuid4().hex[:12]}"), folder)
    yield workers
    workers.end()


# -- the same result --


class Live(Demo):
    """The demo's newsroom at the real clock, whatever its replay sets."""

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @now.setter
    def now(self, value: datetime) -> None:
        return


Found = tuple[list[tuple[Any, ...]], set[frozenset[tuple[str, str]]]]


def found_in(store: Store) -> Found:
    """Give the items, all that a reader sees of them, and the stories as sets of items; addresses without their port."""
    items, stories = [], set()
    for story in store.iter_stories(StoryFilter()):
        members = []
        for item in story.items:
            url = item.url.partition("://127.0.0.1:")[2].partition("/")[2] or item.url
            members.append((item.source_id, url))
            items.append((item.source_id, url, item.title, item.body, item.author, item.published, item.language))
        stories.add(frozenset(members))
    return sorted(items, key=repr), stories


def embedded(styles: Sequence[Style], rounds: Sequence[tuple[list[Piece], list[str]]], store: Store) -> None:
    """Replay the rounds through the embedded engine, the sources of each in the given order."""
    from aggregator.daemon import assembled

    room = Live({style.outlet.id: style for style in styles})

    async def replayed() -> None:
        async with assembled(store, demo_settings(Settings()), lambda _: None) as running:
            for part, order in rounds:
                room.publish(part)
                for outlet in order:
                    await running.engine.once([outlet], force=True)

    with DemoServer(room) as base:
        for style in styles:
            store.add_source(source_of(style, base))
        asyncio.run(replayed())


def clustered(styles: Sequence[Style], rounds: Sequence[list[Piece]], workers: Workers, seconds: float) -> tuple[Live, list[list[str]]]:
    """Replay the rounds through three workers; gives the newsroom, and the order in which each round's outlets were stored."""
    room = Live({style.outlet.id: style for style in styles})
    with DemoServer(room) as base, open_store(workers.url, workers.folder) as store:
        sources = {style.outlet.id: source_of(style, base) for style in styles}
        for source in sources.values():
            store.add_source(source)
        for _ in range(3):
            workers.start()
        for part in rounds:
            room.publish(part)
            begun = len(room.log)
            paths = {sources[piece.outlet].addresses[0].removeprefix(base) for piece in part}

            def confirmed(begun: int = begun, paths: set[str] = paths) -> bool:  # by a 304: what it confirms is stored
                return paths <= {line.path for line in room.log[begun:] if line.status == 304}

            assert wait_for(confirmed, seconds), workers.said()
        links = {room.link(piece): (number, piece.outlet) for number, part in enumerate(rounds) for piece in part}
        orders: list[dict[str, None]] = [{} for _ in rounds]
        for item in sorted(store.iter_items(StoryFilter()), key=lambda item: item.id):
            if found := links.get(item.url):
                orders[found[0]].setdefault(found[1])
    silent = [[piece.outlet for piece in part] for part in rounds]  # those whose articles were all known come last
    return room, [list(dict.fromkeys([*order, *rest])) for order, rest in zip(orders, silent, strict=True)]


def compare(workers: Workers, styles: Sequence[Style], rounds: Sequence[list[Piece]], store_of: Store, seconds: float) -> None:
    """Hold what three workers store against what the embedded engine does, the outlets of a round in the order they arrived in."""
    workers.settings["MUJAZ_FETCH__PER_HOST"] = "16"
    room, orders = clustered(styles, rounds, workers, seconds)
    assert workers.end() == [0, 0, 0]
    embedded(styles, list(zip(rounds, orders, strict=True)), store_of)
    items, stories = found_in(store_of)
    with open_store(workers.url, workers.folder) as store:
        found_items, found_stories = found_in(store)
        assert store.check() == []
    assert found_items == items
    assert found_stories ^ stories == set(), orders
    check_manners(room, 1.0)


def check_manners(room: Demo, least: float) -> None:
    """Look into the newsroom's own log: no source polled sooner than allowed, its first request alone unconditional."""
    times: dict[str, list[datetime]] = {}
    for line in room.log:
        if line.path.endswith(("/feed", "sitemap.xml")) or line.path.count("/") == 2:
            times.setdefault(line.path, []).append(line.at)
    assert times
    for path, each in times.items():
        gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(each)]
        assert min(gaps, default=least) >= least, (path, min(gaps))
        asked = [line.conditional for line in room.log if line.path == path]
        assert asked == [False] + [True] * (len(asked) - 1), path


def test_three_workers_make_what_one_embedded_engine_makes(store_of: Store, workers: Workers) -> None:
    pieces = list(built_in(datetime.now(UTC).replace(microsecond=0)))
    half = len(pieces) // 2
    compare(workers, STYLES, [pieces[:half], pieces[half:]], store_of, 40)


@pytest.fixture
def store_of(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """Give the embedded engine's store."""
    (tmp_path / "mujaz.db").write_bytes(sqlite_template.read_bytes())
    with open_store(f"sqlite:///{tmp_path / 'mujaz.db'}", tmp_path) as store:
        yield store


@pytest.mark.long
@pytest.mark.timeout(900)
def test_three_workers_make_of_a_real_day_s_news_what_one_engine_makes(store_of: Store, workers: Workers) -> None:
    files = sorted(NEWS.glob("*.ndjson*"))
    if not files:
        pytest.skip("no shared data (../shared/data/news)")
    pieces = list(from_file(files[0], "UTC"))[:1_500]
    compare(workers, styles_of(pieces, "UTC"), list(rounds_of(pieces)), store_of, 60)


# -- manners across workers --


@pytest.mark.long
def test_one_host_is_asked_by_two_at_once_and_left_alone_when_it_asks(workers: Workers) -> None:
    room = Newsroom(12, hosts=2, delay=0.15)
    workers.settings |= {"MUJAZ_FETCH__PER_HOST": "2"}
    room.asking_to_wait["o000"] = "3600"  # the host of the even ones
    with room.served(), open_store(workers.url, workers.folder) as store:
        for source in room.sources():
            store.add_source(source)
        for _ in range(3):
            workers.start()
        assert wait_for(lambda: sum(line.outlet in ("o001", "o003", "o005") for line in room.log) >= 9, 40), workers.said()
    assert max(line.at_once for line in room.log) <= 2
    told = next(line.at for line in room.log if line.status == 429)
    even = [line for line in room.log if int(line.outlet[1:]) % 2 == 0 and line.at > told + 0.5]
    assert even == [], "the whole host asked to be left alone, whichever worker it told"
    assert min(room.gaps()) >= 1.0


# -- a database that goes away --


def ready(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def port_of(log: Path) -> int:
    for line in log.read_text("utf-8").splitlines():
        if "http://127.0.0.1:" in line:
            return int(line.partition("http://127.0.0.1:")[2].partition("/")[0])
    return 0


@pytest.mark.long
def test_while_the_database_is_away_nothing_is_asked_and_then_it_goes_on(own_server: Server, workers: Workers) -> None:
    room = Newsroom(6)
    waves = invented(room.names, events=8, waves=2, seed=5)
    with room.served():
        with open_store(workers.url, workers.folder) as store:
            for source in room.sources():
                store.add_source(source)
        workers.start("worker", "--health-port", "0")
        workers.start("run", "--port", "0")
        logs = [workers.folder / f"worker{n}.log" for n in (0, 1)]
        assert wait_for(lambda: all(port_of(log) for log in logs), 30)
        ports = [port_of(log) for log in logs]
        assert wait_for(lambda: [ready(port) for port in ports] == [200, 200], 30), workers.said()
        room.publish(waves[0].pieces)
        assert wait_for(lambda: len(room.log) > 12, 20)
        own_server.stop("fast")
        try:
            assert wait_for(lambda: [ready(port) for port in ports] == [503, 503], 20), [ready(port) for port in ports]
            time.sleep(0.5)
            asked = len(room.log)
            time.sleep(2.5)
            assert len(room.log) == asked, "no work is taken while nothing can be noted"
        finally:
            own_server.start()
        room.publish(waves[1].pieces)
        total = sum(len(wave.pieces) for wave in waves)
        with open_store(workers.url, workers.folder) as store:
            assert wait_for(lambda: store.counts().items == total, 40), (store.counts(), workers.said())
        assert wait_for(lambda: [ready(port) for port in ports] == [200, 200], 30)
    assert min(room.gaps()) >= 1.0, "not sooner than allowed, whatever happened in between"
    assert workers.end() == [0, 0]


# -- the end --


@pytest.mark.long
def test_a_worker_ends_within_ten_seconds_and_others_take_over(workers: Workers) -> None:
    room = Newsroom(4, delay=20)
    with room.served(), open_store(workers.url, workers.folder) as store:
        for source in room.sources():
            store.add_source(source)
        process = workers.start()
        assert wait_for(lambda: sum(room._at_once.values()) >= 4, 30), workers.said()
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(12) == 0, workers.said()
        assert time.monotonic() - begun < 10
        free = [claim.until for claim in store.sources()]
        assert free == [None] * 4, "what it could not end was given back"
        room.delay = 0
        workers.start()
        assert wait_for(lambda: len({line.outlet for line in room.log if line.status == 200}) == 4, 30), workers.said()


def test_a_worker_without_postgresql_says_what_it_needs(tmp_path: Path) -> None:
    import subprocess

    from tests.integration.served import COMMAND

    def said(*arguments: str, **more: str) -> tuple[int, str]:
        environment = {**os.environ, "MUJAZ_CATALOGUE__FOLDER": "", **more}
        done = subprocess.run([*COMMAND, "--data", str(tmp_path), *arguments], capture_output=True, text=True, env=environment, timeout=60)
        return done.returncode, done.stderr

    code, text = said("worker")
    assert code == 3
    assert text.startswith("mujaz: A worker needs PostgreSQL: set database.url")
    assert text.count("\n") == 1
    code, text = said("worker", "--queues", "fetch,pages", MUJAZ_DATABASE__URL="postgresql://nobody@127.0.0.1:1/none")
    assert code == 2
    assert "There is no queue 'pages'" in text
