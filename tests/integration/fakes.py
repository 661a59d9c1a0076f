"""A pretended network for the engine and the pipeline: a client that answers from a table, workers that work here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import wraps
from random import Random
from typing import Any, ParamSpec

import pytest

from aggregator.engine.clock import ClockWatch
from aggregator.engine.embedded import EmbeddedEngine
from aggregator.engine.writer import ThreadWriter
from aggregator.model import Failed, FailureKind, Fetched, FetchOutcome, NotModified, Outlet, Source
from aggregator.pipeline import Ports, Refreshed
from aggregator.settings import Settings
from aggregator.store import Store

P = ParamSpec("P")
START = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous test in a loop of its own."""

    @wraps(test)
    def run(*arguments: P.args, **named: P.kwargs) -> None:
        asyncio.run(test(*arguments, **named))

    return run


@dataclass
class Clock:
    """A wall clock that a test sets, and a steady one that only goes forward."""

    now: datetime = START
    steady: float = 0.0

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, time: timedelta) -> None:
        self.now += time
        self.steady += time.total_seconds()


@dataclass(frozen=True)
class Asked:
    at: datetime
    address: str
    etag: str | None
    last_modified: str | None
    accept: str


Answer = FetchOutcome | Callable[[Asked], FetchOutcome | Awaitable[FetchOutcome]]


@dataclass
class Network:
    """Answers by address, and remembers what was asked."""

    clock: Clock
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    user_agent: str = "Mujaz/test"

    async def get(
        self, address: str, *, etag: str | None = None, last_modified: str | None = None, accept: str = "feed", **_: Any
    ) -> FetchOutcome:
        asked = Asked(self.clock(), address, etag, last_modified, accept)
        self.asked.append(asked)
        answer = self.answers.get(address) or Failed(FailureKind.NOT_FOUND, "HTTP 404", 404)
        if not callable(answer):
            return answer
        outcome = answer(asked)
        return outcome if isinstance(outcome, Fetched | NotModified | Failed) else await outcome


class NoRobots:
    """Allows everything but what is listed."""

    def __init__(self, refused: frozenset[str] = frozenset()) -> None:
        self.refused = refused

    async def rules(self, address: str, now: datetime, ports: object) -> NoRobots:
        return self

    def allows(self, address: str, agent: str) -> bool:
        return address not in self.refused

    def delay(self, agent: str) -> float | None:
        return None


class Here:
    """Workers that work in this process, and count."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    async def run(self, function: Callable[..., Any], *arguments: Any, timeout: float | None = None) -> Any:
        self.calls.append(function.__name__)
        return function(*arguments)


@dataclass
class Parts:
    """An engine over a real store and the pretended network."""

    engine: EmbeddedEngine
    ports: Any
    store: Store
    network: Network
    clock: Clock
    workers: Here
    results: list[Refreshed]

    async def idle(self) -> None:
        """Wait until no refresh is under way."""
        while self.engine.busy:
            await asyncio.sleep(0.001)


@asynccontextmanager
async def parts(store: Store, *, robots: NoRobots | None = None, **fetch: Any) -> AsyncIterator[Parts]:
    """Put an engine together around a store."""
    clock, workers = Clock(), Here()
    network = Network(clock)
    base = Settings()
    settings = base.model_copy(update={"fetch": base.fetch.model_copy(update=fetch)})
    writer = ThreadWriter(store, settings.dedup)
    results: list[Refreshed] = []
    ports: Any = Ports(network, robots or NoRobots(), workers, writer, settings, clock, Random(1))  # type: ignore[arg-type]
    engine = EmbeddedEngine(store, ports, writer, results.append, clock_watch=ClockWatch(clock, lambda: clock.steady))
    with pytest.MonkeyPatch.context() as patch:
        # nothing here comes late: waiting for more refreshes to store with the first would be most of the time
        patch.setattr("aggregator.engine.writer.PAUSE", 0.002)
        try:
            yield Parts(engine, ports, store, network, clock, workers, results)
        finally:
            await engine.drain(5)
            await writer.close()


def source(name: str, *addresses: str, **more: Any) -> Source:
    outlet = Outlet(more.pop("outlet", name), f"منبر {name}", site=more.pop("site", ""))
    return Source(name, outlet, addresses=addresses or (f"https://{name}.example/feed",), **more)


def feed(*numbers: int, extra: str = "") -> bytes:
    items = "".join(
        f"<item><title>خبر رقم {n} عن حدث {n * 7919 % 9973} في المدينة</title><link>https://x.example/{n}</link><guid>{n}</guid>"
        f"<pubDate>Wed, 25 Nov 2026 0{n % 9}:00:00 GMT</pubDate><description>نص الخبر {n} كما نشره المنبر.</description></item>"
        for n in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>منبر</title>{extra}{items}</channel></rss>'.encode()


def fetched(body: bytes, address: str = "https://x.example/feed", at: datetime = START, **more: Any) -> Fetched:
    headers = {"content-type": "application/rss+xml", **more.pop("headers", {})}
    return Fetched(address, more.pop("final", address), 200, headers, body, at, **more)


def not_modified(address: str = "https://x.example/feed", **more: Any) -> NotModified:
    return NotModified(address, more.pop("headers", {}), START, **more)
