"""The engine of a cluster: due sources become jobs of a task queue in PostgreSQL, and each worker refreshes those that it takes.

The same `pipeline.refresh` as on one machine. Who queues (a tick every two seconds) and who frees what lost workers held is itself a
job, so that any process may go away. Nothing that is taken is asked before the database has noted it, and what a worker found counts
only while nobody else took the source after it. A database that goes away is waited for; the refreshes under way are this engine's own
tasks, not the queue's, so that what they fetched outlives the queue's connection.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.engine import queue
from aggregator.engine.base import Report
from aggregator.engine.clock import steady
from aggregator.engine.gate import BEFORE_ASKING
from aggregator.engine.patient import PatientWriter, patiently
from aggregator.engine.pulse import Pulse
from aggregator.errors import DatabaseError, MujazError
from aggregator.model import Claim, Failed, FailureKind
from aggregator.pipeline import Ports, Refreshed, refresh
from aggregator.schedule import after_failure, skip
from aggregator.store.schema import to_ms

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.worker import Worker

    from aggregator.engine.writer import ThreadWriter
    from aggregator.store import Store
    from aggregator.store.dispatch import Dispatch
    from aggregator.store.hostgate import HostGate

log = logging.getLogger(__name__)
T = TypeVar("T")
LEASE = timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between two tries to reach the database
THREADS = 4
MEASURED_EVERY = 60.0  # seconds between two looks at the server's clock
ASKED_SOON = timedelta(seconds=1)  # within which a request goes out after it was noted; one that comes later is noted anew


class Lost(MujazError):
    """The source was given to another worker, because this one was stopped for too long."""


class DatabaseClock:
    """The present time by the database server's clock, so that all machines of a cluster mean the same by «due».

    Between two measurements it goes by this machine's steady clock: that its wall clock is wrong, or is set, changes nothing.
    """

    def __init__(self, monotonic: Callable[[], float] = steady) -> None:
        self._steady = monotonic
        self._known: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """Give the present time; this machine's own before the first measurement."""
        if self._known is None:
            return datetime.now(UTC)
        moment, at = self._known
        return moment + timedelta(seconds=self._steady() - at)

    def measure(self, dispatch: Dispatch) -> None:
        """Ask the server for its time; blocks for a question and its answer, whose way back is taken for half of both."""
        before = self._steady()
        moment = dispatch.clock().astimezone(UTC)
        self._known = moment, (before + self._steady()) / 2


class DistributedEngine:
    """Takes jobs from the queue and refreshes their sources, until it is told to drain."""

    def __init__(
        self,
        store: Store,
        dispatch: Dispatch,
        places: HostGate,
        ports: Ports,
        writer: ThreadWriter,
        report: Report,
        *,
        clock: DatabaseClock | None = None,
        queues: Iterable[str] | None = None,
        concurrency: int = 0,
        drain_seconds: float = 6.0,
    ) -> None:
        self._store = store
        self._dispatch = dispatch
        self._places = places
        self._ports = replace(ports, writer=PatientWriter(writer, self._stood_still))
        self._writer = writer
        self._report = report
        self._clock = clock
        self._queues = tuple(queues) if queues else None
        self._concurrency = concurrency or ports.settings.fetch.concurrency
        self._drain_seconds = drain_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="dispatch")
        self._running: dict[asyncio.Task[None], str] = {}
        self._begun: dict[str, float] = {}  # source -> when its refresh began, by the clock of the pulse
        self._pulse = Pulse()
        self._beating: asyncio.Future[Any] | None = None
        self._draining = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None
        self._worker: Worker | None = None
        self._former: list[int] = []  # what this process was called in the queue before it lost the database
        self._app: App | None = None
        self._url = store.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._least = timedelta(seconds=ports.settings.fetch.min_interval)

    @property
    def busy(self) -> int:
        """Give how many refreshes are under way."""
        return len(self._running)

    @property
    def ready(self) -> bool:
        """Tell whether jobs are taken: the database answers and nobody asked to stop."""
        return self._worker is not None and self._worker.worker_id is not None and not self._draining.is_set()

    async def start(self) -> None:
        """Begin to take jobs; a database that is away is waited for."""
        asyncio.get_running_loop().set_exception_handler(_unheard)
        queue.quiet()
        self._serving = asyncio.create_task(self._serve())
        self._beating = asyncio.gather(self._pulse.run(), self._keep_time())

    async def _keep_time(self) -> None:
        while self._clock is not None:
            await asyncio.sleep(MEASURED_EVERY)
            with suppress(DatabaseError):
                await self._call(self._clock.measure, self._dispatch)

    def _stood_still(self, source: str) -> bool:
        return self._pulse.stood_since(self._begun.get(source, float("inf")))

    async def _serve(self) -> None:
        pause, said = FIRST_PAUSE, False
        while not self._draining.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await self._connected()
            except Exception as error:
                if not said and not self._draining.is_set():
                    log.warning("no work is taken while the database is away: %s", _words(error))
                    said = True
            else:
                said = False
            if asyncio.get_running_loop().time() - began > 30:
                pause, said = FIRST_PAUSE, False
            if not self._draining.is_set():
                await self._wait(pause * random.uniform(0.7, 1.3))
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _connected(self) -> None:
        """Take jobs until told to stop, or until the database is lost."""
        if self._clock is not None:
            await self._call(self._clock.measure, self._dispatch)
        else:
            await self._call(self._dispatch.clock)
        app = queue.build(self._url, queue.Jobs(self._job, _calm(self._tick), _calm(self._sweep), _calm(self._expire)))
        async with app.open_async():
            self._app = app
            while self._former:  # whom the queue still takes for alive: its jobs need not wait until it has been silent for long
                await app.job_manager.unregister_worker(self._former[-1])
                self._former.pop()
            self._worker = queue.worker(app, self._queues, self._concurrency, self._drain_seconds)
            log.info("taking jobs%s, %d at once", f" of {', '.join(self._queues)}" if self._queues else "", self._concurrency)
            try:
                if not self._draining.is_set():
                    await self._worker.run()  # type: ignore[no-untyped-call]
            finally:
                if self._worker.worker_id is not None:  # the database was lost before it could say goodbye
                    self._former.append(self._worker.worker_id)
                self._worker = self._app = None

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._draining.wait()
        except TimeoutError:
            return

    # -- what the queue's jobs do --

    async def _job(self, source: str, holder: str) -> None:
        """Refresh a source in a task of our own: the queue's task may be cancelled with its connection, what was fetched is not."""
        task = asyncio.create_task(self._refresh(source, holder), name=holder)
        self._running[task] = holder
        task.add_done_callback(lambda ended: self._running.pop(ended, None))
        await asyncio.shield(task)

    async def _tick(self) -> None:
        fetch = self._ports.settings.fetch
        await self._call(self._dispatch.queue, self._ports.clock(), self._least, fetch.per_host, queue.deferring)

    async def _sweep(self) -> None:
        if self._app is not None:
            lost = await queue.clear_stalled(self._app)
            if lost:
                log.warning("%d refreshes of lost workers are given to others", len(lost))
            await self._call(self._dispatch.give_back, lost)
        await self._call(self._dispatch.free_orphans)

    async def _expire(self) -> None:
        window = timedelta(hours=self._ports.settings.dedup.window_hours)
        await self._writer.call(self._store.expire_keys, self._ports.clock(), window)
        await self._call(self._places.tidy)

    async def _refresh(self, source: str, holder: str) -> None:
        if source in self._begun:
            return  # what an earlier job found is still in hand here; the source is queued again by the next sweep
        self._begun[source] = time.monotonic()
        try:
            claim = await patiently(
                lambda: self._call(self._dispatch.take, source, holder, self._ports.clock(), LEASE, self._least, ASKED_SOON)
            )
            if claim is not None:
                self._store.held[source] = to_ms(claim.asked) or 0
                BEFORE_ASKING.set(self._confirming(source, holder))
                await self._reported(claim, holder)
        finally:
            self._begun.pop(source, None)
            self._store.held.pop(source, None)

    async def _reported(self, claim: Claim, holder: str) -> None:
        source = claim.source.id
        try:
            result = await self._refreshed(claim)
        except Lost as error:
            log.warning("%s: %s", source, error)
            return
        except DatabaseError as error:
            # the source did nothing wrong: no back-off, it is asked again as soon as its least interval allows
            log.error("%s could not be stored: %s", source, error)
            result = Refreshed(claim.source, "failed", claim.state, failure=self._broken(str(error)))
            with suppress(DatabaseError):  # the sweep frees it as well
                await self._call(self._dispatch.give_back, [holder])
        if result is not None:
            self._report(result)
        if self._stood_still(source):  # what is not written down still holds its source
            await patiently(lambda: self._call(self._dispatch.give_back, [holder]))

    def _confirming(self, source: str, holder: str) -> Callable[[], Awaitable[None]]:
        """Give what runs before each request: once stopped or kept waiting, a worker may no longer own what it took."""
        noted = self._ports.clock()
        one_at_a_time = asyncio.Lock()  # what is noted here is what the database has last

        async def confirm() -> None:
            nonlocal noted
            async with one_at_a_time:
                now = self._ports.clock()
                if timedelta(0) <= now - noted < ASKED_SOON:
                    return
                asked = now + ASKED_SOON
                if not await patiently(lambda: self._call(self._dispatch.confirm, source, holder, asked, LEASE)):
                    raise Lost("it was given to another worker meanwhile")
                noted = now
                self._store.held[source] = to_ms(asked) or 0

        return confirm

    async def _refreshed(self, claim: Claim) -> Refreshed | None:
        ports = self._ports
        if claim.state.hints and (at := skip(ports.clock(), claim.state.hints)) > ports.clock():
            # it was due before the hours began in which its feed asks to be left alone
            await ports.writer.record(claim.source, replace(claim.state, next_fetch_at=at))
            return None
        try:
            return await refresh(claim, ports)
        except Lost:
            raise
        except DatabaseError as error:
            if error.general:
                raise
            log.error("%s could not be stored: %s", claim.source.id, error)
            detail = str(error)
        except Exception as error:
            log.exception("an error that should not be while refreshing %s", claim.source.id)
            detail = f"an error that should not be: {type(error).__name__}: {error}"
        # counted as a failure, so that it is shown and backs off; the old validators stay, so nothing is missed
        failure = self._broken(detail)
        state = after_failure(claim.source, claim.state, failure, ports.clock(), ports.settings.fetch, ports.rng)
        await ports.writer.record(claim.source, state)
        return Refreshed(claim.source, "failed", state, failure=failure)

    def _broken(self, detail: str) -> Failed:
        return Failed(FailureKind.INTERNAL, detail, at=self._ports.clock())

    async def _call(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    # -- the end --

    async def drain(self, seconds: float) -> None:
        """Take nothing new, let what is under way end, cancel the rest after ``seconds`` and give its sources back."""
        self._draining.set()
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]
        late: set[asyncio.Task[None]] = set()
        if self._running:
            _, late = await asyncio.wait(set(self._running), timeout=seconds)
            held = [self._running[task] for task in late if task in self._running]
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)
                try:
                    async with asyncio.timeout(1):
                        await self._call(self._dispatch.give_back, held)
                except (MujazError, TimeoutError) as error:
                    log.warning("claimed sources could not be given back (they come free in ten minutes): %s", error)
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        if self._serving is not None:
            _, open_still = await asyncio.wait({self._serving}, timeout=1)
            for task in open_still:
                task.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        self._threads.shutdown(wait=False)
        self._dispatch.close()


def _calm(work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[object]]:
    """Make what is done again soon end in one line where the database refuses it."""

    async def done() -> None:
        try:
            await work()
        except DatabaseError as error:
            log.log(logging.DEBUG if error.passing else logging.ERROR, "put off: %s", error)

    return done


def _words(error: BaseException) -> str:
    """Say a queue's error on one line: its own text is «Database error», the driver's stands behind it."""
    cause = error.__cause__ or error
    return " ".join(str(cause).split()) or type(cause).__name__


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Keep to one line what the queue can't tell its database: a job whose end was not noted is taken up again by the sweep."""
    task = context.get("future") or context.get("task")
    if isinstance(task, asyncio.Task) and task.get_name().startswith("process job"):
        error = context.get("exception")
        log.debug("the end of a job could not be noted: %s", _words(error) if isinstance(error, BaseException) else error)
        return
    loop.default_exception_handler(context)
