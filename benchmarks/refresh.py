"""CPU-seconds a thousand sources: first fetch, all 304, all 200 unchanged, one new item each; whole process, workers included.

Run: `python -m benchmarks.refresh [--sources 2000] [--items 30] [--bytes 96000]`. The sources are feeds on loopback, 30 items of invented
Arabic prose and 96 kB each; the server is a process of its own and is not counted. What is counted is all CPU time of `mujaz fetch` and
of every process that it starts (they are adopted and waited for here), near-duplicates and the search index included. Newsboat runs
over the same feeds where it is installed.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import multiprocessing
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

SUBREAPER = 36  # prctl: orphans of the command come to us, so that their time is counted
FRESH, IGNORING = 1, 2  # how the server answers: obeys validators | ignores them


# -- the feeds --


class Prose:
    """Invented Arabic prose: words of the demo's articles and others made of letters, as frequent as words are (Zipf)."""

    def __init__(self, seed: int = 1) -> None:
        rng = random.Random(seed)
        real = [
            word for word in files("aggregator.demo").joinpath("articles.txt").read_text("utf-8").split() if "\u0621" <= word[0] <= "\u064a"
        ]
        common = list(dict.fromkeys(real))
        rng.shuffle(common)
        made = ["".join(rng.choices("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", k=rng.randint(3, 6))) for _ in range(20_000)]
        self.words = common + made
        self.weights = [1 / (rank + 10) for rank in range(len(self.words))]
        total, self.sums = 0.0, []
        for weight in self.weights:
            total += weight
            self.sums.append(total)

    def text(self, rng: random.Random, words: int) -> str:
        return " ".join(rng.choices(self.words, cum_weights=self.sums, k=words))


def item(prose: Prose, source: int, number: int, size: int) -> str:
    rng = random.Random(source * 1_000_003 + number)
    body, paragraphs = size - 600, []
    while body > 0:
        text = prose.text(rng, 60)
        paragraphs.append(f"<p>{text}.</p>")
        body -= 2 * len(text)
    day, hour, minute = number // 288 % 7 + 15, number // 12 % 24, number * 5 % 60
    return (
        f"<item><title>{prose.text(rng, 9)}</title><link>https://outlet{source}.example/news/{number}</link>"
        f'<guid isPermaLink="false">{source}-{number}</guid><pubDate>{day:02} Nov 2026 {hour:02}:{minute:02}:00 +0000</pubDate>'
        f"<category>سياسة</category><description>{prose.text(rng, 30)}</description>"
        f"<content:encoded><![CDATA[{''.join(paragraphs)}]]></content:encoded></item>\n"
    )


def feed(prose: Prose, source: int, rounds: int, items: int, size: int) -> bytes:
    body = "".join(item(prose, source, number, size // items) for number in range(rounds + items - 1, rounds - 1, -1))
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    return f"{head}<title>منبر {source}</title><link>https://outlet{source}.example/</link><language>ar</language>\n{body}</channel></rss>".encode()


def serve(port: Any, rounds: Synchronized[int], mode: Synchronized[int], sources: int, items: int, size: int) -> None:
    prose = Prose()
    bodies: dict[tuple[int, int], bytes] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            source = int(head.split(b" ", 2)[1].rpartition(b"/")[2])
            key = (source, rounds.value)
            if key not in bodies:
                bodies.pop((source, rounds.value - 1), None)
                bodies[key] = feed(prose, source, rounds.value, items, size)
            body = bodies[key]
            tag = f'"{blake2b(body, digest_size=8).hexdigest()}"'.encode()
            if mode.value == FRESH and tag in head:
                writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\nConnection: close\r\n\r\n")
            else:
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nETag: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                    % (tag, len(body))
                )
                writer.write(body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        for source in range(sources):
            bodies[source, 0] = feed(prose, source, 0, items, size)
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
        port.put(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(main())


# -- the command --


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost: CPU and wall seconds."""

    cpu: float
    wall: float
    last: str


def measured(command: Sequence[str], environment: dict[str, str]) -> Cost:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}\n{done.stdout[-500:]}")
    wall = time.perf_counter() - start
    for _ in range(100):  # helpers that outlive the command for a moment
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            if not others():
                break
            time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall, (done.stdout.strip().splitlines() or [""])[-1])


def others() -> list[int]:
    """Give our children besides the server."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    ours = {child.pid for child in multiprocessing.active_children()}
    return [int(pid) for pid in text.split() if int(pid) not in ours and "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text()]


def catalogue(folder: Path, port: int, sources: int) -> None:
    folder.mkdir(parents=True)
    blocks = (
        f'[[outlets]]\nid = "o{n}"\nname = "منبر {n}"\nlanguage = "ar"\ntimezone = "UTC"\nfeeds = ["http://127.0.0.1:{port}/{n}"]\n'
        for n in range(sources)
    )
    (folder / "all.toml").write_text("\n".join(blocks), encoding="utf-8")


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "MUJAZ_FETCH__ALLOW_PRIVATE": "true",
        "MUJAZ_FETCH__MIN_INTERVAL": "0",
        "MUJAZ_FETCH__HOST_SPACING": "0",
        "MUJAZ_FETCH__PER_HOST": "16",
        "MUJAZ_CATALOGUE__FOLDER": str(folder),
        **more,
    }


def runs(folder: Path, port: int, sources: int, rounds: Synchronized[int], mode: Synchronized[int]) -> Iterator[tuple[str, Cost]]:
    catalogue(folder / "sources", port, sources)
    mujaz = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())", "--quiet", "--data"]
    given = environment(folder / "sources")

    def fetch(data: str, **more: str) -> Cost:
        return measured([*mujaz, str(folder / data), "fetch", "--all", "--force"], {**given, **more})

    (folder / "none").mkdir()
    yield "empty run (no source)", fetch("empty", MUJAZ_CATALOGUE__FOLDER="")
    yield "first fetch", fetch("data")
    yield "all 304", fetch("data")
    mode.value = IGNORING
    yield "all 200 unchanged", fetch("data")
    mode.value, rounds.value = FRESH, 1
    yield "one new item each", fetch("data")
    yield "first fetch without near-duplicates", fetch("plain", MUJAZ_DEDUP__ENABLED="false")


def newsboat(folder: Path, port: int, sources: int, rounds: Synchronized[int], mode: Synchronized[int]) -> Iterator[tuple[str, Cost]]:
    (folder / "boat").mkdir()
    urls, cache = folder / "boat/urls", folder / "boat/cache.db"
    urls.write_text("\n".join(f"http://127.0.0.1:{port}/{n}" for n in range(sources)))
    command = ["newsboat", "-q", "-u", str(urls), "-c", str(cache), "-C", os.devnull, "-x", "reload"]
    for name in ("first fetch", "all 304", "all 200 unchanged", "one new item each"):
        mode.value = IGNORING if "unchanged" in name else FRESH
        rounds.value += name == "one new item each"
        yield f"newsboat: {name}", measured(command, {**os.environ, "HOME": str(folder / "boat")})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--items", type=int, default=30)
    parser.add_argument("--bytes", type=int, default=96_000)
    parser.add_argument("--only", type=int, default=99, help="stop after so many runs")
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    context = multiprocessing.get_context("fork")
    rounds, mode, port = context.Value("i", 0), context.Value("i", FRESH), context.Queue()
    server = context.Process(target=serve, args=(port, rounds, mode, asked.sources, asked.items, asked.bytes), daemon=True)
    server.start()
    at = port.get(timeout=600)
    print(f"{asked.sources} sources of {asked.items} items and {asked.bytes:,} bytes each; CPU-seconds, a thousand sources (whole process)")
    with tempfile.TemporaryDirectory() as folder:
        lines = [runs]
        if shutil.which("newsboat"):
            lines.append(newsboat)
        else:
            print("(newsboat is not installed: no comparison)")
        for line in lines:
            for number, (name, cost) in enumerate(line(Path(folder), at, asked.sources, rounds, mode), 1):
                each = cost.cpu if "empty" in name else cost.cpu / asked.sources * 1000
                print(f"{name:<40} {each:8.2f}   ({cost.cpu:.2f} s of CPU, {cost.wall:.1f} s in all)", flush=True)
                if number >= asked.only:
                    break
    server.terminate()


if __name__ == "__main__":
    main()
