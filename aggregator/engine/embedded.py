"""The engine of one machine: APScheduler ticks, refreshes run as tasks of the loop, nothing else is needed.

APScheduler's own shutdown would cancel running jobs (DESIGN 10): so its job only claims and starts, and the refreshes under way are
kept here and drained here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.engine.base import Report
from aggregator.engine.writer import ThreadWriter
from aggregator.errors import MujazError
from aggregator.model import Claim, Failed, FailureKind
from aggregator.pipeline import Ports, Refreshed, refresh
from aggregator.schedule import after_failure

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    from aggregator.store import Store

log = logging.getLogger(__name__)
TICK_SECONDS = 2
BURST = 25  # sources claimed a tick at most, so that a start after a long pause is no burst


class EmbeddedEngine:
    """Claims due sources and refreshes them."""

    def __init__(self, store: Store, ports: Ports, writer: ThreadWriter, report: Report) -> None:
        self._store = store
        self._ports = ports
        self._writer = writer
        self._report = report
        self._running: set[asyncio.Task[None]] = set()
        self._draining = False
        self._scheduler: AsyncIOScheduler | None = None
        self._ticking = asyncio.Lock()

    @property
    def busy(self) -> int:
        """Give how many refreshes are under way."""
        return len(self._running)

    async def start(self) -> None:
        """Begin to tick."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._scheduler.add_job(self.tick, "interval", seconds=TICK_SECONDS, max_instances=1, coalesce=True, misfire_grace_time=None)
        self._scheduler.start()
        await self.tick()

    def restart_clock(self) -> None:
        """Set the tick going again after the wall clock jumped (APScheduler stops when it steps back)."""
        if self._scheduler is not None and not self._draining:
            self._scheduler.remove_all_jobs()
            self._scheduler.add_job(self.tick, "interval", seconds=TICK_SECONDS, max_instances=1, coalesce=True, misfire_grace_time=None)

    async def tick(self) -> None:
        """Claim what is due and start refreshing it; a database that is away is waited for."""
        if self._draining or self._ticking.locked():
            return
        async with self._ticking:
            room = min(self._ports.settings.fetch.concurrency - len(self._running), BURST)
            if room <= 0:
                return
            try:
                for claim in await self._claim(room):
                    self._start(claim)
            except MujazError as error:
                log.warning("nothing could be claimed: %s", error)

    async def _claim(self, limit: int, ids: Sequence[str] | None = None, *, force: bool = False) -> list[Claim]:
        fetch = self._ports.settings.fetch
        return await self._writer.call(
            lambda: self._store.claim_due(
                self._ports.clock(), limit, per_host=fetch.per_host, ids=ids, force=force, min_interval=timedelta(seconds=fetch.min_interval)
            )
        )

    def _start(self, claim: Claim) -> None:
        task = asyncio.create_task(self._refresh(claim), name=claim.source.id)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _refresh(self, claim: Claim) -> None:
        try:
            result = await refresh(claim, self._ports)
        except MujazError as error:
            log.error("%s could not be stored: %s", claim.source.id, error)
            result = await self._gave_up(claim, str(error))
        except Exception as error:
            log.exception("an error that should not be while refreshing %s", claim.source.id)
            result = await self._gave_up(claim, f"an error that should not be: {type(error).__name__}: {error}")
        self._report(result)

    async def _gave_up(self, claim: Claim, detail: str) -> Refreshed:
        """Count a refresh that broke as a failure, so that it is shown and backs off; the old validators stay, so nothing is missed."""
        failure = Failed(FailureKind.INTERNAL, detail, at=self._ports.clock())
        state = after_failure(claim.source, claim.state, failure, self._ports.clock(), self._ports.settings.fetch, self._ports.rng)
        try:
            await self._writer.record(claim.source, state)
        except MujazError as error:
            log.error("the failure of %s could not be stored either: %s", claim.source.id, error)
        return Refreshed(claim.source, "failed", state, failure=failure)

    async def once(self, ids: Sequence[str], *, force: bool = False) -> list[str]:
        """Refresh these sources, each at most once, and wait for them; gives those that were not due."""
        left = dict.fromkeys(ids)
        while left and not self._draining:
            room = self._ports.settings.fetch.concurrency - len(self._running)
            claims = await self._claim(room, list(left), force=force) if room > 0 else []
            for claim in claims:
                left.pop(claim.source.id, None)
                self._start(claim)
            if not self._running:
                break  # nothing more is due
            if not claims or room <= len(claims):
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        if self._running:
            await asyncio.wait(self._running)
        return list(left)

    async def drain(self, seconds: float) -> None:
        """Take nothing new, let what is under way end, cancel the rest after ``seconds`` and give its sources back."""
        self._draining = True
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)
                await self._writer.call(self._store.release, [task.get_name() for task in late])


def describe(result: Refreshed) -> str:
    """Say what came of a refresh in one line."""
    if result.failure:
        return f"{result.failure.kind}: {result.failure.detail}"
    if result.outcome != "fetched":
        return "nothing new"
    committed = result.committed
    return f"{len(committed.new)} new, {committed.merged} merged, {committed.revised} revised"
