"""A hundred sources on ten loopback hosts, for a simulated week: a server that keeps its own log, and a mujaz at the same clock.

Run as a program it is another mujaz process on the same data: `python -m tests.integration.week FOLDER ISO-TIME DIE-AFTER ID…`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

from aggregator.daemon import Running, assembled
from aggregator.engine.clock import ClockWatch
from aggregator.model import Outlet, Source
from aggregator.pipeline import Refreshed
from aggregator.settings import Settings, StorageSettings
from aggregator.store import Store

START = datetime(2026, 11, 16, 0, 0, tzinfo=UTC)  # a Monday
HOSTS, EACH = 10, 10
ETAGS = ('"{n}"', 'W/"{n}"', "{n}", '"a b,{n}"', '"{n}-gzip"', "'{n}'", '"\xe9{n}"', '""{n}""', "W/{n}", '"{n}"')


@dataclass(frozen=True)
class Line:
    """One request as the server saw it, and what it answered."""

    at: datetime
    host: str
    path: str
    headers: dict[str, str]
    status: int
    sent: dict[str, str]

    @property
    def conditional(self) -> bool:
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


@dataclass
class Servers:
    """Ten hosts with ten feeds each; the feed's number decides how it behaves."""

    clock: Callable[[], datetime]
    log: list[Line] = field(default_factory=list)
    most_at_once: int = 0
    port: int = 0
    _now_at: Counter[str] = field(default_factory=Counter)

    async def open(self) -> list[asyncio.Server]:
        first = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = first.sockets[0].getsockname()[1]
        return [first, *[await asyncio.start_server(self._serve, f"127.0.0.{n}", self.port) for n in range(2, HOSTS + 1)]]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # whoever asked was killed before it had
            return
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        host = headers["host"]
        self._now_at[host] += 1
        self.most_at_once = max(self.most_at_once, self._now_at[host])
        await asyncio.sleep(0)
        path = first.split(" ")[1]
        status, sent, body = self.answer(host, path, headers)
        self.log.append(Line(self.clock(), host, path, headers, status, sent))
        sent = {"Date": format_datetime(self.clock(), usegmt=True), "Set-Cookie": "a=b; Path=/", "Connection": "close", **sent}
        if status != 304:
            sent["Content-Length"] = str(len(body))
        text = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in sent.items()) + "\r\n"
        writer.write(text.encode("latin-1") + (body if status != 304 else b""))
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()
        self._now_at[host] -= 1

    def answer(self, host: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Answer as the feed of this number does at this time."""
        now, number = self.clock(), int(path.strip("/").split("/")[-1])
        day = (now - START) / timedelta(days=1)
        host_number = int(host.split(":")[0].rpartition(".")[2])
        if host_number == 2 and 1.0 <= day < 1.2 and number == 0:
            return 429, {"Retry-After": "14400"}, b""
        if host_number == 3 and 2.0 <= day < 2.3 and number == 1:
            return 503, {"Retry-After": format_datetime(now + timedelta(hours=5), usegmt=True)}, b""
        if host_number == 4 and 3.0 <= day < 3.1 and number == 2:
            return 503, {"Retry-After": "99999999999999"}, b""
        if host_number == 5 and number == 3 and day >= 3:
            return 410, {}, b"gone"
        if host_number == 5 and number == 4 and not path.startswith("/new"):
            return 301, {"Location": f"/new{path}"}, b""
        if host_number == 5 and number == 5 and not path.startswith("/new"):
            return 302, {"Location": f"/new{path}"}, b""
        if host_number == 6 and 1 <= day < 4:
            return 500, {}, b"down"
        version = int(day * 3) if number != 9 else 0  # a new article every eight hours; number 9 never changes
        sent = {"Content-Type": "application/rss+xml"}
        tag, modified = ETAGS[number].format(n=version), format_datetime(START + timedelta(hours=8) * version, usegmt=True)
        if number != 8:  # number 8 knows no validators
            sent["ETag"] = tag
        if number % 2:
            sent["Last-Modified"] = modified
        if host_number == 7:
            sent |= {"Cache-Control": "public, max-age=21600"}
        if host_number == 8:
            wrong = now - timedelta(days=400)  # its clock is wrong: Expires counts against its own Date
            sent |= {"Date": format_datetime(wrong, usegmt=True), "Expires": format_datetime(wrong + timedelta(hours=5), usegmt=True)}
        known = headers.get("if-none-match") == sent.get("ETag", "?") or (
            "ETag" not in sent and headers.get("if-modified-since") == sent.get("Last-Modified", "?")
        )
        if known:
            return 304, sent, b""
        return 200, sent, _feed(host_number, number, version)


def _feed(host: int, number: int, version: int) -> bytes:
    wish = ""
    if host == 9:
        wish = (
            "<ttl>300</ttl>",
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>6</sy:updateFrequency>",
            "<skipHours>" + "".join(f"<hour>{hour}</hour>" for hour in range(6, 12)) + "</skipHours>",
            "<skipDays><day>Wednesday</day><day>Thursday</day></skipDays>",
        )[number % 4]
    items = "".join(
        f"<item><title>خبر {host} {number} {n} عن حدث {n * 7919 % 9973 + number * 13 + host * 1009}</title><guid>{host}-{number}-{n}</guid>"
        f"<link>https://x.example/{host}/{number}/{n}</link></item>"
        for n in range(max(0, version - 5), version + 1)
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><title>منبر</title>'
        f"{wish}{items}</channel></rss>"
    ).encode()


def sources(port: int) -> list[Source]:
    return [
        Source(f"h{host}-{n}", Outlet(f"h{host}", f"منبر {host}"), addresses=(f"http://127.0.0.{host}:{port}/{n}",))
        for host in range(1, HOSTS + 1)
        for n in range(EACH)
    ]


def settings() -> Settings:
    base = Settings()
    fetch = base.fetch.model_copy(update={"allow_private": True, "host_spacing": 0.0, "per_host": 2, "min_interval": 900.0})
    parse = base.parse.model_copy(update={"workers": 1})
    return base.model_copy(update={"fetch": fetch, "parse": parse})


def opened(folder: Path) -> Store:
    url = os.environ.get("MUJAZ_DATABASE__URL") or f"sqlite:///{folder / 'mujaz.db'}"
    return Store.open(url, folder=folder, settings=StorageSettings())


@asynccontextmanager
async def mujaz(folder: Path, clock: Callable[[], datetime], report: Callable[[Refreshed], None], seed: int = 1) -> AsyncIterator[Running]:
    """Put a mujaz together at a simulated clock, as after a start of the daemon."""
    with opened(folder) as store:
        async with assembled(store, settings(), report, clock=clock, rng=Random(seed)) as running:
            running.engine._watch = ClockWatch(clock, lambda: clock().timestamp())  # the steady clock is simulated as well
            yield running


def main() -> None:
    """Be another process: fetch these sources by force at this time, and die like killed after so many answers."""
    folder, at, die_after, *ids = sys.argv[1:]
    now, left = datetime.fromisoformat(at), int(die_after)

    async def run() -> None:
        nonlocal left
        async with mujaz(Path(folder), lambda: now, lambda result: None) as running:
            whole = running.client.get

            async def get(*arguments: object, **named: object) -> object:
                nonlocal left
                answer = await whole(*arguments, **named)  # type: ignore[arg-type]
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), 9)
                return answer

            running.client.get = get  # type: ignore[assignment, method-assign]
            await running.engine.once(ids, force=True)

    asyncio.run(run())


if __name__ == "__main__":
    main()
