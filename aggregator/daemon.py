"""Puts a running Mujaz together: store, client, workers, writer, engine and page, and takes them down again in time.

One composition root for the one-off, the daemon and the demo. On SIGTERM or Ctrl-C: nothing new is taken, what is under way ends
within ten seconds, the rest is given back; a second signal ends at once.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING, TypeVar

from aggregator.engine import tally
from aggregator.engine.base import Report
from aggregator.engine.embedded import EmbeddedEngine, describe
from aggregator.engine.patient import patiently
from aggregator.engine.writer import ThreadWriter
from aggregator.errors import MujazError
from aggregator.fetch.client import Client
from aggregator.fetch.robots import Robots
from aggregator.model import FailureKind
from aggregator.pipeline import Ports, Refreshed
from aggregator.workers import Workers

if TYPE_CHECKING:
    import socket

    from aggregator.engine.base import Engine
    from aggregator.engine.distributed import DatabaseClock, DistributedEngine
    from aggregator.engine.gate import SharedGate
    from aggregator.settings import Settings
    from aggregator.store import Store
    from aggregator.store.hostgate import HostGate

log = logging.getLogger("mujaz")
T = TypeVar("T")
DRAIN_SECONDS = 6.0  # for refreshes; giving back, the page, the workers and the last commit have the rest of the ten
OUT_SECONDS = 9.5  # whatever still hangs then is left: nothing half-written can be seen, since a transaction is whole or not there
WATCH_SECONDS = 5.0
AWAY_AFTER = 5  # sources without a connection, and none with one between, from which the network is taken to be away
EXPIRE_EVERY = timedelta(hours=1)


def utc_now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Running:
    """The parts of a running Mujaz."""

    engine: EmbeddedEngine
    client: Client
    writer: ThreadWriter
    ports: Ports
    places: HostGate | None = None  # hosts' places that are shared with other processes (PostgreSQL)


@asynccontextmanager
async def assembled(
    store: Store,
    settings: Settings,
    report: Report,
    *,
    clock: Callable[[], datetime] = utc_now,
    rng: Random | None = None,
    stop: Stop | None = None,
) -> AsyncIterator[Running]:
    """Put the parts together around an opened store; all of them are closed at the end.

    With ``stop`` a database that is away is waited for, until that is set.
    """
    writer = ThreadWriter(store, settings.dedup)

    async def ask(function: Callable[..., T], *arguments: object) -> T:
        return await (
            writer.call(function, *arguments) if stop is None else patiently(partial(writer.call, function, *arguments), stop.event)
        )

    holds = await ask(store.host_holds, clock())

    async def hold(host: str, until: datetime) -> None:
        holds[host] = until
        await writer.call(store.hold_host, host, until)

    async def jumped() -> None:
        fresh = await writer.call(store.host_holds, clock())
        holds.clear()
        holds.update(fresh)

    workers = Workers(settings.parse)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(writer.close)
        stack.callback(workers.close)
        gate, places = None, None
        if not store.database.is_sqlite:
            gate, places = await ask(_shared_gate, store, settings, holds)
            stack.push_async_callback(gate.close)
        client = await stack.enter_async_context(Client(settings.fetch, clock=clock, hold=hold, held=holds.get, gate=gate))
        robots = Robots(client, timedelta(seconds=settings.fetch.robots_ttl))
        ports = Ports(client, robots, workers, writer, settings, clock, rng or Random())
        yield Running(EmbeddedEngine(store, ports, writer, report, jumped=jumped), client, writer, ports, places)


def _shared_gate(store: Store, settings: Settings, holds: dict[str, datetime]) -> tuple[SharedGate, HostGate]:
    from aggregator.engine.gate import CONNECTIONS, SharedGate
    from aggregator.store import cluster
    from aggregator.store.hostgate import HostGate

    cluster.ensure(store.database, queue=False)
    places = HostGate(store.database, CONNECTIONS)
    return SharedGate(settings.fetch, places, holds), places


class Stop:
    """Set by the first SIGTERM or SIGINT; the second one ends the process at once."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.signal: int | None = None

    def listen(self) -> None:
        """Take over both signals in the running loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._received, number)

    def _received(self, number: int) -> None:
        if self.event.is_set():
            os._exit(128 + number)
        self.signal = number
        self.event.set()
        last = threading.Timer(OUT_SECONDS, os._exit, (128 + number,))
        last.daemon = True
        last.start()


async def once(
    store: Store, settings: Settings, ids: list[str], report: Report, *, force: bool, clock: Callable[[], datetime] = utc_now
) -> tuple[list[str], bool]:
    """Refresh these sources once; gives those that were not due, and whether a signal cut it short."""
    stop = Stop()
    stop.listen()
    async with assembled(store, settings, report, clock=clock) as running:
        work = asyncio.create_task(running.engine.once(ids, force=force))
        ended = asyncio.create_task(stop.event.wait())
        await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            await running.engine.drain(DRAIN_SECONDS)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            return [], True
        ended.cancel()
        return work.result(), False


async def run(
    store: Store,
    settings: Settings,
    listener: socket.socket | None,
    *,
    clock: Callable[[], datetime] = utc_now,
    share: Share | None = None,
    health: socket.socket | None = None,
) -> None:
    """Run the daemon until a signal: the engine ticks, the page (if there is a listener) is served.

    On PostgreSQL it is one worker of a cluster: ``share`` is its part of the work, ``health`` a bound socket to tell on how it does.
    """
    stop = Stop()
    stop.listen()
    async with AsyncExitStack() as stack:
        server_clock = None
        if not store.database.is_sqlite:
            from aggregator.engine.distributed import DatabaseClock

            clock = server_clock = DatabaseClock()
        try:
            waiting = stop if server_clock is not None else None
            running = await stack.enter_async_context(assembled(store, settings, Reporter(), clock=clock, stop=waiting))
            engine: Engine = running.engine
            if server_clock is not None:
                worker = partial(running.writer.call, _worker, store, running, server_clock, share or Share())
                engine = await patiently(worker, stop.event)
        except MujazError:
            if stop.event.is_set():
                return  # it was told to end while it waited for its database
            raise
        if health is not None:
            from aggregator.engine.health import answering

            await stack.enter_async_context(answering(health, lambda: engine.ready))
        page = None
        if listener is not None:
            page = serve(store, settings, running.client, listener, clock)
            page_task = asyncio.create_task(page.serve(sockets=[listener]))
        await engine.start()
        notify("READY=1")
        watch = asyncio.create_task(_watch(running, store, settings, clock) if engine is running.engine else _beat())
        await stop.event.wait()
        notify("STOPPING=1")
        log.info("stopping: what is under way ends within %d s", DRAIN_SECONDS)
        watch.cancel()
        if page is not None:
            page.should_exit = True
        await engine.drain(DRAIN_SECONDS)
        if page is not None:
            page.force_exit = True
            await asyncio.wait({page_task}, timeout=1)


@dataclass(frozen=True, slots=True)
class Share:
    """Which queues a worker takes jobs of (none: all), and how many at once (0: fetch.concurrency)."""

    queues: tuple[str, ...] = ()
    concurrency: int = 0


def _worker(store: Store, running: Running, clock: DatabaseClock, share: Share) -> DistributedEngine:
    from aggregator.engine.distributed import DistributedEngine
    from aggregator.store import cluster
    from aggregator.store.dispatch import Dispatch

    cluster.ensure(store.database)
    assert running.places is not None
    return DistributedEngine(
        store,
        Dispatch(store.database),
        running.places,
        running.ports,
        running.writer,
        Reporter(),
        clock=clock,
        queues=share.queues,
        concurrency=share.concurrency,
        drain_seconds=DRAIN_SECONDS,
    )


async def _beat() -> None:
    """Feed the watchdog."""
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(WATCH_SECONDS)


def serve(store: Store, settings: Settings, client: Client, listener: socket.socket, clock: Callable[[], datetime]):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Make the page's server; it must not take over the signals."""
    # the page is a room above the daemon: it is loaded by name, so that the import contract holds
    from importlib import import_module

    app = import_module("aggregator.web.app").create(store, settings, clock=clock, image_client=client)
    server = import_module("aggregator.web.serve").server(app)
    server.install_signal_handlers = lambda: None
    server.capture_signals = _no_signals
    return server


class _no_signals:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def reported(result: Refreshed) -> None:
    """Log what came of a refresh."""
    (log.warning if result.failure else log.info)("%s: %s", result.source.id, describe(result))


class Reporter:
    """Logs what came of refreshes; says once that the network seems to be away, instead of letting it be guessed."""

    def __init__(self) -> None:
        self._unreachable: set[str] = set()
        self._said = False

    def __call__(self, result: Refreshed) -> None:
        """Take one refresh."""
        tally.count(result)
        reported(result)
        if result.failure is None or result.failure.kind not in (FailureKind.DNS, FailureKind.CONNECT):
            if self._said:
                log.info("the network is back")
            self._unreachable.clear()
            self._said = False
            return
        self._unreachable.add(result.source.id)
        if len(self._unreachable) >= AWAY_AFTER and not self._said:
            self._said = True
            log.warning(
                "no server can be reached: is this machine connected to the network? Each source is tried again by its schedule; what is stored is served."
            )


async def _watch(running: Running, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
    """Feed the watchdog, notice a jump of the wall clock, and keep the near-duplicate window short."""
    expired = clock() - EXPIRE_EVERY
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        notify("WATCHDOG=1")
        try:
            await running.engine.check_clock()
        except MujazError as error:
            log.warning("the schedule could not be moved along: %s", error)
        if not timedelta(0) <= clock() - expired < EXPIRE_EVERY:
            expired = clock()
            try:
                await running.writer.call(store.expire_keys, expired, timedelta(hours=settings.dedup.window_hours))
            except Exception:
                log.exception("the near-duplicate window could not be shortened")


def notify(message: str) -> None:
    """Tell systemd, if it listens."""
    import socket

    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as connection:
        try:
            connection.connect("\0" + address[1:] if address.startswith("@") else address)
            connection.sendall(message.encode())
        except OSError:
            return
