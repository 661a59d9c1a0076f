"""The engine of one machine: APScheduler ticks, refreshes run as tasks of the loop, nothing else is needed.

APScheduler's own shutdown would cancel running jobs (DESIGN 10): so its job only claims and starts, and the refreshes under way are
kept here and drained here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.engine.base import Report
from aggregator.engine.clock import ClockWatch
from aggregator.engine.writer import ThreadWriter
from aggregator.errors import DatabaseError, MujazError
from aggregator.model import Claim, Failed, FailureKind
from aggregator.pipeline import Ports, Refreshed, refresh
from aggregator.schedule import after_failure, skip

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    from aggregator.store import Store

log = logging.getLogger(__name__)
TICK_SECONDS = 2
BURST = 25  # sources claimed a tick at most, so that a start after a long pause is no burst
AHEAD = 400  # sources that a one-off claims at once: claiming one by one cost more than fetching (a 304: 0.5 ms)
IN_HAND = 2  # of one host, for each that it is asked at once: while one is asked (the client sees to that), another is read and stored
AHEAD_HOST = 16  # of one host, for each that it is asked at once: at 30 s each they end within their lease of ten minutes


class EmbeddedEngine:
    """Claims due sources and refreshes them, few of one host at once: a slow host holds its own sources only."""

    def __init__(
        self,
        store: Store,
        ports: Ports,
        writer: ThreadWriter,
        report: Report,
        *,
        clock_watch: ClockWatch | None = None,
        jumped: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._ports = ports
        self._writer = writer
        self._report = report
        self._waiting: deque[tuple[str, Claim]] = deque()  # with their hosts
        self._running: set[asyncio.Task[None]] = set()
        self._at_host: Counter[str] = Counter()
        self._draining = False
        self._scheduler: AsyncIOScheduler | None = None
        self._ticking = asyncio.Lock()
        self._watch = clock_watch or ClockWatch(ports.clock)
        self._jumped = jumped
        self._owed: list[str] = []  # sources whose refresh could not be stored, to be given back once the database can be written
        self._away = ""  # what is wrong with the database, as it was last said

    @property
    def busy(self) -> int:
        """Give how many refreshes are under way."""
        return len(self._running)

    @property
    def ready(self) -> bool:
        """Tell whether sources are claimed: it ticks and nobody asked to stop."""
        return self._scheduler is not None and not self._draining

    async def start(self) -> None:
        """Begin to tick."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._add_job()
        self._scheduler.start()
        await self.tick()

    def _add_job(self) -> None:
        if self._scheduler is not None:
            self._scheduler.add_job(
                self.tick,
                "interval",
                seconds=TICK_SECONDS,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                id="tick",
                replace_existing=True,
            )

    async def check_clock(self) -> None:
        """Move the schedule along when the wall clock was set, so that nothing waits for years and nothing is asked too soon."""
        jump = self._watch.jump()
        if jump is None:
            return
        log.warning("the clock was set by %+.0f s; the schedule is moved along", jump.total_seconds())
        await self._writer.call(self._store.shift_clock, jump)
        if self._jumped is not None:
            await self._jumped()
        if not self._draining:
            self._add_job()  # APScheduler stops where the clock steps back: a new job starts from the new time

    async def tick(self) -> None:
        """Claim what is due and start refreshing it; a database that is away is waited for."""
        if self._draining or self._ticking.locked():
            return
        async with self._ticking:
            try:
                await self.check_clock()
                await self._pay()
                room = min(self._ports.settings.fetch.concurrency - len(self._running), BURST) - len(self._waiting)
                if room > 0:
                    self._wait(await self._claim(room))
                self._found("")
            except MujazError as error:
                self._found(str(error))
            self._fill()

    def _found(self, trouble: str) -> None:
        """Say once, not every two seconds, that the database can't be written, and that it can again."""
        if trouble and trouble != self._away:
            log.warning("nothing can be stored, sources wait: %s", trouble)
        elif self._away and not trouble:
            log.info("the database can be written again")
        self._away = trouble

    async def _pay(self) -> None:
        """Give back the sources whose refresh could not be stored: their least interval counts, their schedule is as it was."""
        if self._owed:
            owed = list(self._owed)
            await self._writer.call(self._store.release, owed)
            del self._owed[: len(owed)]

    async def _claim(
        self, limit: int, ids: Sequence[str] | None = None, *, force: bool = False, per_host: int | None = None
    ) -> list[Claim]:
        fetch, now = self._ports.settings.fetch, self._ports.clock()
        claims = await self._writer.call(
            lambda: self._store.claim_due(
                now,
                limit,
                per_host=per_host or fetch.per_host,
                ids=ids,
                force=force,
                min_interval=timedelta(seconds=fetch.min_interval),
            )
        )
        return claims if force else await self._awake(claims, now)

    async def _awake(self, claims: list[Claim], now: datetime) -> list[Claim]:
        """Put off the sources whose feeds ask to be left alone at this hour: they were due before it began and came late."""
        later = [(claim, skip(now, claim.state.hints)) for claim in claims if claim.state.hints]
        asleep = {claim.source.id: (claim.source, replace(claim.state, next_fetch_at=at)) for claim, at in later if at > now}
        if asleep:
            await self._writer.call(self._store.record_many, list(asleep.values()))
        return [claim for claim in claims if claim.source.id not in asleep]

    def _wait(self, claims: Sequence[Claim]) -> None:
        from aggregator.store.sources import host_of

        self._waiting.extend((host_of(claim.source, claim.state), claim) for claim in claims)

    def _fill(self) -> None:
        """Start what waits, as far as there is room, passing over hosts that are busy."""
        fetch = self._ports.settings.fetch
        passed: list[tuple[str, Claim]] = []
        while self._waiting and len(self._running) < fetch.concurrency and not self._draining:
            host, claim = self._waiting.popleft()
            if self._at_host[host] >= IN_HAND * fetch.per_host:
                passed.append((host, claim))
            else:
                self._start(claim, host)
        self._waiting.extendleft(reversed(passed))

    def _start(self, claim: Claim, host: str) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            self._at_host[host] -= 1
            if not self._at_host[host]:
                del self._at_host[host]
            self._fill()

        self._at_host[host] += 1
        task = asyncio.create_task(self._refresh(claim), name=claim.source.id)
        self._running.add(task)
        task.add_done_callback(ended)

    async def _refresh(self, claim: Claim) -> None:
        try:
            result = await refresh(claim, self._ports)
        except DatabaseError as error:
            log.error("%s could not be stored: %s", claim.source.id, error)
            if error.general:  # the source did nothing wrong: no back-off, it is asked again as soon as its least interval allows
                self._owed.append(claim.source.id)
                result = Refreshed(claim.source, "failed", claim.state, failure=self._broken(str(error)))
            else:
                result = await self._gave_up(claim, str(error))
        except Exception as error:
            log.exception("an error that should not be while refreshing %s", claim.source.id)
            result = await self._gave_up(claim, f"an error that should not be: {type(error).__name__}: {error}")
        self._report(result)

    async def _gave_up(self, claim: Claim, detail: str) -> Refreshed:
        """Count a refresh that broke as a failure, so that it is shown and backs off; the old validators stay, so nothing is missed."""
        failure = self._broken(detail)
        state = after_failure(claim.source, claim.state, failure, self._ports.clock(), self._ports.settings.fetch, self._ports.rng)
        try:
            await self._writer.record(claim.source, state)
        except MujazError as error:
            log.error("the failure of %s could not be stored either: %s", claim.source.id, error)
        return Refreshed(claim.source, "failed", state, failure=failure)

    def _broken(self, detail: str) -> Failed:
        return Failed(FailureKind.INTERNAL, detail, at=self._ports.clock())

    async def once(self, ids: Sequence[str], *, force: bool = False) -> list[str]:
        """Refresh these sources, each at most once, and wait for them; gives those that were not due."""
        left = dict.fromkeys(ids)
        fetch = self._ports.settings.fetch
        ahead, low = max(AHEAD, 2 * fetch.concurrency), max(1, min(fetch.concurrency, 4 * fetch.per_host) // 4)
        asked_in_vain = False
        while not self._draining:
            if left and len(self._waiting) <= low and not (asked_in_vain and self._running):
                claims = await self._claim(ahead, list(left), force=force, per_host=AHEAD_HOST * fetch.per_host)
                for claim in claims:
                    left.pop(claim.source.id, None)
                self._wait(claims)
                asked_in_vain = not claims
                self._fill()
            if not self._running:
                break  # nothing more is due
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        if self._running:
            await asyncio.wait(self._running)
        with suppress(MujazError):  # this process ends: what it can't give back is taken over by the next
            await self._pay()
        return list(left)

    async def drain(self, seconds: float) -> None:
        """Take nothing new, let what is under way end, cancel the rest after ``seconds`` and give its sources back."""
        self._draining = True
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        unasked = [claim.source.id for _, claim in self._waiting]
        self._waiting.clear()
        late: set[asyncio.Task[None]] = set()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)
        try:
            await self._pay()
            if late:
                await self._writer.call(self._store.release, [task.get_name() for task in late])
            if unasked:
                await self._writer.call(lambda: self._store.release(unasked, unasked=True))
        except MujazError as error:
            log.warning("claimed sources could not be given back (they come free in ten minutes): %s", error)


def describe(result: Refreshed) -> str:
    """Say what came of a refresh in one line."""
    if result.failure:
        return f"{result.failure.kind}: {result.failure.detail}"
    if result.outcome != "fetched":
        return "nothing new"
    committed = result.committed
    return f"{len(committed.new)} new, {committed.merged} merged, {committed.revised} revised"
