"""How fast the page answers: a loopback client against one worker over 100,000 stories.

    python -m benchmarks.web [--stories N] [--keep FOLDER]

Front page and feeds are asked by 50 connections as fast as they answer; story pages and searches come at
20 a second. Times are what the client sees, in milliseconds; "CPU" is what the server spent on a request, which
tells more than the clock where the machine is shared. The database is filled once and kept (see --keep).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable
from pathlib import Path
from urllib.parse import quote

from benchmarks._stories import COMMON, fill, vocabulary


class Client:
    """One keep-alive connection that speaks just enough HTTP."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> Client:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def get(self, path: str, coding: str = "br") -> tuple[float, int, int]:
        start = time.perf_counter()
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head.split("\r\n")[1:])}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return (time.perf_counter() - start) * 1000, int(head.split()[1]), len(body)


async def pressed(port: int, path: str, connections: int, seconds: float) -> list[tuple[float, int, int]]:
    """Ask as fast as it answers."""
    results: list[tuple[float, int, int]] = []
    until = time.perf_counter() + seconds

    async def one() -> None:
        async with Client(port) as client:
            while time.perf_counter() < until:
                results.append(await client.get(path))

    await asyncio.gather(*(one() for _ in range(connections)))
    return results


async def changing(folder: Path, asked: Awaitable[list[tuple[float, int, int]]]) -> list[tuple[float, int, int]]:
    """Let stories arrive twice a second meanwhile, so that what is kept has to be made anew."""

    async def arrive() -> None:
        connection = sqlite3.connect(folder / "mujaz.db", timeout=10, isolation_level=None)
        while True:
            await asyncio.sleep(0.5)
            connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'")

    task = asyncio.create_task(arrive())
    try:
        return await asked
    finally:
        task.cancel()


async def paced(port: int, paths: list[str], rate: float) -> list[tuple[float, int, int]]:
    """Ask at a steady rate, each request on its own connection, whatever the others do."""

    async def one(delay: float, path: str) -> tuple[float, int, int]:
        await asyncio.sleep(delay)
        async with Client(port) as client:
            return await client.get(path)

    return list(await asyncio.gather(*(one(n / rate, path) for n, path in enumerate(paths))))


def spent(pid: int) -> float:
    """Give the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def row(pid: int, name: str, asked: Awaitable[list[tuple[float, int, int]]], goal: float) -> bool:
    """Print one line; gives whether the goal was met."""
    before, start = spent(pid), time.perf_counter()
    results = await asked
    seconds, cpu = time.perf_counter() - start, spent(pid) - before
    times = sorted(each[0] for each in results)
    bad = sum(1 for each in results if each[1] != 200)
    p95 = times[int(len(times) * 0.95)]
    size = statistics.median(each[2] for each in results) / 1000
    print(
        f"{name:<36}{len(results) / seconds:>8.0f}/s{statistics.median(times):>9.1f}{p95:>9.1f}{times[-1]:>9.1f}{goal:>7.0f}"
        f"{cpu / len(results) * 1000:>9.2f}{size:>8.1f}{bad:>8}",
        flush=True,
    )
    return p95 <= goal and not bad


async def measure(pid: int, port: int, count: int, folder: Path) -> bool:
    rng = random.Random(3)
    words = vocabulary()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; milliseconds")
    print(f"{'':<36}{'rate':>10}{'median':>9}{'p95':>9}{'most':>9}{'goal':>7}{'CPU':>9}{'kB':>8}{'not 200':>8}")
    good = True
    for name, path in (
        ("front page, 50 connections", "/"),
        ("Atom feed, 50 connections", "/feed.atom"),
        ("RSS feed, 50 connections", "/feed.rss"),
        ("JSON feed, 50 connections", "/feed.json"),
        ("one outlet's feed, 50 connections", "/outlet/o7/feed.atom"),
    ):
        good &= await row(pid, name, pressed(port, path, 50, 5), 50)
    good &= await row(pid, "front page while stories arrive", changing(folder, pressed(port, "/", 50, 5)), 50)
    good &= await row(pid, "Atom feed while stories arrive", changing(folder, pressed(port, "/feed.atom", 50, 5)), 50)
    stories = [f"/story/{rng.randint(1, count)}" for _ in range(200)]
    good &= await row(pid, "story, 20/s", paced(port, stories, 20), 60)
    common = [f"/search?q={quote(' '.join(rng.sample(COMMON, rng.choice((1, 2)))))}" for _ in range(200)]
    good &= await row(pid, "search of common words, 20/s", paced(port, common, 20), 150)
    rare = [f"/search?q={quote(' '.join(rng.sample(words, rng.choice((1, 2)))))}" for _ in range(200)]
    good &= await row(pid, "search of any words, 20/s", paced(port, rare, 20), 150)
    # the filter differs each time, so that no answer is ready
    most = [f"/search?q={quote(COMMON[0])}&since=2020-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(200)]
    good &= await row(pid, "search of the commonest word, 20/s", paced(port, most, 20), 150)
    newest = [f"{path}&sort=time" for path in most]
    good &= await row(pid, "the same, newest first, 20/s", paced(port, newest, 20), 150)
    phrases = [f"/search?q={quote(chr(34) + ' '.join(rng.sample(COMMON[:8], 2)) + chr(34))}" for _ in range(200)]
    good &= await row(pid, "search of a phrase, 20/s", paced(port, phrases, 20), 150)
    wrong = [f"/search?q={quote(rng.choice(words[500:]) + rng.choice('بتكم'))}" for _ in range(200)]
    good &= await row(pid, "search of a misspelt word, 20/s", paced(port, wrong, 20), 150)
    print(f"load average {os.getloadavg()[0]:.1f} at the end; goals {'met' if good else 'missed'}")
    return good


SERVER = """
import pathlib, sys
from aggregator.settings import Settings
from aggregator.store import Store
from aggregator.web.app import create
from aggregator.web.serve import bind, server

settings, folder = Settings(), pathlib.Path(sys.argv[1])
store = Store.open(f"sqlite:///{folder}/mujaz.db", folder=folder, settings=settings.database)
listener = bind("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
server(create(store, settings, limited=False)).run(sockets=[listener])
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="fill this folder once and use it again (default: one in the temporary folder)")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.gettempdir()) / f"mujaz-bench-web-{options.stories}"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "done").exists():
        (folder / "mujaz.db").unlink(missing_ok=True)
        print(f"{options.stories} stories loaded in {fill(folder, options.stories):.0f} s", flush=True)
        (folder / "done").touch()
    log = (folder / "server.log").open("w")
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(folder)], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        good = asyncio.run(measure(process.pid, int(process.stdout.readline()), options.stories, folder))
    finally:
        process.terminate()
        process.wait(15)
        log.close()
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
