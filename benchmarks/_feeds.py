"""Feeds of invented Arabic prose, and a server of them on loopback in a process of its own, for the benchmarks that fetch."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

FRESH, IGNORING = 1, 2  # how the server answers: obeys validators | ignores them


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


@dataclass
class Newsroom:
    """A running server: where its feeds are, and what its process shares with this one."""

    port: int
    sources: int
    spread: bool  # each source on a host of its own
    rounds: Synchronized[int]  # so many items have come since the first feed
    mode: Synchronized[int]
    asked: Synchronized[int]

    def address(self, source: int) -> str:
        """Give a feed's address; all of 127/8 is this machine's own."""
        host = f"127.1.{source // 250}.{source % 250 + 1}" if self.spread else "127.0.0.1"
        return f"http://{host}:{self.port}/{source}"

    def catalogue(self, folder: Path) -> None:
        """Write a catalogue of the feeds."""
        folder.mkdir(parents=True)
        blocks = (
            f'[[outlets]]\nid = "o{n}"\nname = "منبر {n}"\nlanguage = "ar"\ntimezone = "UTC"\nfeeds = ["{self.address(n)}"]\n'
            for n in range(self.sources)
        )
        (folder / "all.toml").write_text("\n".join(blocks), encoding="utf-8")


@contextmanager
def newsroom(sources: int, items: int, size: int, *, spread: bool = False, beforehand: Sequence[int] = (0,)) -> Iterator[Newsroom]:
    """Serve so many feeds; those of the rounds ``beforehand`` are made before anybody asks, and kept where they are several."""
    address = "0.0.0.0" if spread else "127.0.0.1"
    context = multiprocessing.get_context("fork")
    rounds, mode, asked, port = context.Value("i", 0), context.Value("i", FRESH), context.Value("i", 0), context.Queue()
    process = context.Process(target=_serve, args=(port, rounds, mode, asked, sources, items, size, address, beforehand), daemon=True)
    process.start()
    try:
        yield Newsroom(port.get(timeout=1_200), sources, spread, rounds, mode, asked)
    finally:
        process.terminate()
        process.join()


def _serve(
    port: Any,
    rounds: Synchronized[int],
    mode: Synchronized[int],
    asked: Synchronized[int],
    sources: int,
    items: int,
    size: int,
    address: str,
    beforehand: Sequence[int],
) -> None:
    prose = Prose()
    bodies: dict[tuple[int, int], tuple[bytes, bytes]] = {}

    def made(source: int, number: int) -> tuple[bytes, bytes]:
        if (source, number) not in bodies:
            if len(beforehand) < 2:
                bodies.pop((source, number - 1), None)
            body = feed(prose, source, number, items, size)
            bodies[source, number] = body, f'"{blake2b(body, digest_size=8).hexdigest()}"'.encode()
        return bodies[source, number]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            body, tag = made(int(head.split(b" ", 2)[1].rpartition(b"/")[2]), rounds.value)
            asked.value += 1
            if mode.value == FRESH and tag in head:
                writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\nConnection: close\r\n\r\n")
            else:
                start = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nConnection: close\r\n"
                writer.write(start + b"ETag: %s\r\nContent-Length: %d\r\n\r\n" % (tag, len(body)))
                writer.write(body)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        for number in beforehand:
            for source in range(sources):
                made(source, number)
        server = await asyncio.start_server(answer, address, 0, backlog=1024)
        port.put(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(main())
