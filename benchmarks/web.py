"""How fast the page answers: a loopback client against one worker over 100,000 stories.

    python -m benchmarks.web [--stories N] [--keep FOLDER]

Front page and feeds are asked by 50 connections as fast as they answer; story pages and searches come at
20 a second. Times are what the client sees, in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

WORDS = [
    "الحكومة",
    "المغرب",
    "الرباط",
    "وزارة",
    "التعليم",
    "الصحة",
    "مشروع",
    "قانون",
    "البرلمان",
    "الملك",
    "الدار",
    "البيضاء",
    "مراكش",
    "طنجة",
    "فاس",
    "أكادير",
    "الأمن",
    "توقيف",
    "حادث",
    "سير",
    "المنتخب",
    "الوطني",
    "مباراة",
    "كأس",
    "إفريقيا",
    "الاقتصاد",
    "أسعار",
    "المحروقات",
    "الفلاحة",
    "الجفاف",
    "السدود",
    "الأمطار",
    "الطقس",
    "السياحة",
    "الاستثمار",
    "الشركات",
    "البنك",
    "انتخابات",
    "الأحزاب",
    "النقابات",
    "إضراب",
    "الأساتذة",
    "الجامعة",
    "المستشفى",
    "الأطباء",
    "دواء",
    "لقاح",
    "المحكمة",
    "حكم",
    "قضية",
    "محامي",
    "الصحافة",
    "الثقافة",
    "مهرجان",
    "فيلم",
]


def fill(folder: Path, count: int) -> None:
    """Store ``count`` invented stories through the store's own commit."""
    from aggregator import dedup
    from aggregator.extract import from_feed
    from aggregator.model import Outlet, RawItem, Source, SourceState
    from aggregator.settings import StorageSettings
    from aggregator.store import Store
    from aggregator.store.refresh import Judged, Refresh

    rng = random.Random(7)
    now = datetime.now(UTC)
    with Store.open(f"sqlite:///{folder / 'mujaz.db'}", folder=folder, settings=StorageSettings()) as store:
        sources = [Source(f"s{n}", Outlet(f"o{n}", f"منبر {n}", country="MA"), addresses=(f"http://o{n}.example/feed",)) for n in range(40)]
        store.sync_catalogue(sources)
        for start in range(0, count, 100):
            source = sources[(start // 100) % 40]
            judged = []
            for n in range(start, start + 100):
                title = " ".join(rng.choices(WORDS, k=7)) + f" {n}"
                body = "\n\n".join(" ".join(rng.choices(WORDS, k=40)) for _ in range(3))
                url = f"http://{source.outlet.id}.example/{n}"
                raw = RawItem(url, url, title, body[:200], f"<p>{body}</p>", published=now - timedelta(seconds=30 * n), language="ar")
                draft = dedup.draft(dedup.Report(url, title, body, source.outlet.id, url, raw.published, "ar"))
                judged.append(Judged(raw, from_feed(raw), draft, dedup.New()))
            store.commit(
                Refresh(source.id, SourceState(last_fetch_at=now), tuple(judged), (), 2**62, now), lambda draft, candidates: dedup.New()
            )


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


async def paced(port: int, paths: list[str], rate: float) -> list[tuple[float, int, int]]:
    """Ask at a steady rate, each request on its own connection, whatever the others do."""

    async def one(delay: float, path: str) -> tuple[float, int, int]:
        await asyncio.sleep(delay)
        async with Client(port) as client:
            return await client.get(path)

    return list(await asyncio.gather(*(one(n / rate, path) for n, path in enumerate(paths))))


def row(name: str, results: list[tuple[float, int, int]], goal: float, seconds: float) -> None:
    times = sorted(each[0] for each in results)
    bad = sum(1 for each in results if each[1] != 200)
    p95 = times[int(len(times) * 0.95)]
    size = statistics.median(each[2] for each in results) / 1000
    print(
        f"{name:<34}{len(results) / seconds:>9.0f}/s{statistics.median(times):>9.1f}{p95:>9.1f}{goal:>9.0f}{size:>9.1f}{bad:>7}", flush=True
    )


async def measure(port: int, count: int) -> None:
    rng = random.Random(3)
    from urllib.parse import quote

    print(f"{'':<34}{'rate':>11}{'median':>9}{'p95':>9}{'goal':>9}{'kB':>9}{'not 200':>7}")
    for name, path in (
        ("front page, 50 connections", "/"),
        ("Atom feed, 50 connections", "/feed.atom"),
        ("JSON feed, 50 connections", "/feed.json"),
    ):
        row(name, await pressed(port, path, 50, 5), 50, 5)
    stories = [f"/story/{rng.randint(1, count)}" for _ in range(200)]
    row("story, 20/s", await paced(port, stories, 20), 60, 10)
    searches = [f"/search?q={quote(' '.join(rng.sample(WORDS, rng.choice((1, 2)))))}" for _ in range(200)]
    row("search, 20/s", await paced(port, searches, 20), 150, 10)
    row(
        "search of the commonest word, 20/s",
        await paced(port, [f"/search?q={quote('المغرب')}&since=2020-01-{1 + n % 28:02}" for n in range(200)], 20),
        150,
        10,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stories", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="fill this folder once and use it again")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="mujaz-web-"))
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "mujaz.db").exists():
        start = time.perf_counter()
        fill(folder, options.stories)
        print(f"{options.stories} stories stored in {time.perf_counter() - start:.0f} s", flush=True)
    code = (
        "import sys, pathlib; from aggregator.settings import Settings; from aggregator.store import Store; from aggregator.web.app import create;"
        "from aggregator.web.serve import bind, server; s = Settings(); f = pathlib.Path(sys.argv[1]);"
        "store = Store.open(f'sqlite:///{f}/mujaz.db', folder=f, settings=s.database);"
        "sock = bind('127.0.0.1', 0); print(sock.getsockname()[1], flush=True); server(create(store, s, limited=False)).run(sockets=[sock])"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        asyncio.run(measure(int(process.stdout.readline()), options.stories))
    finally:
        process.terminate()
        process.wait(15)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
