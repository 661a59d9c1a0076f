"""The one thread that writes: it judges and commits what refreshes bring, several in one transaction where they wait together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from aggregator.errors import DatabaseError
from aggregator.model import Source, SourceState
from aggregator.store.refresh import Committed, Judged, Refresh

if TYPE_CHECKING:
    from aggregator.dedup import Candidate, Draft, Verdict
    from aggregator.settings import DedupSettings
    from aggregator.store import Store

T = TypeVar("T")
MOST_RECORDS = 500
# in one transaction: a page of the index is written once for all of them, and whoever else wants to write waits a second at most
MOST_REFRESHES, MOST_ITEMS = 32, 600
# more are waited for until none came for so long, or for so long in all: thirty items by themselves cost a third more than among 600
PAUSE, PATIENCE = 0.05, 0.4


class ThreadWriter:
    """A `pipeline.Writer` over a store: all reading and writing in one thread."""

    def __init__(self, store: Store, settings: DedupSettings) -> None:
        self._store = store
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._records: list[tuple[Source, SourceState, asyncio.Future[None]]] = []
        self._commits: list[tuple[Refresh, asyncio.Future[Committed]]] = []
        self._running: asyncio.Task[None] | None = None

    async def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Run a store method in the writing thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(function, *arguments))

    async def commit(self, refresh: Refresh) -> Committed:
        """Judge and write a refresh; returns when it is on disk."""
        done: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._commits.append((refresh, done))
        self._wake()
        return await done

    async def record(self, source: Source, state: SourceState) -> None:
        """Write a state; returns when it is on disk."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._records.append((source, state, done))
        self._wake()
        await done

    async def hasten(self, at: Mapping[str, datetime]) -> None:
        """Let sources be asked at these times, where they would be asked later."""
        await self.call(self._store.hasten, at)

    def _wake(self) -> None:
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await asyncio.sleep(0.002)  # what arrives together is written together
        while self._records or self._commits:
            if self._commits:
                await self._gather()
            records, self._records = self._records[:MOST_RECORDS], self._records[MOST_RECORDS:]
            if records:
                await self._settle(records, partial(self._store.record_many, [(source, state) for source, state, _ in records]))
            commits = self._commits[: self._fitting()]
            del self._commits[: len(commits)]
            if commits:
                await self._commit(commits)

    async def _gather(self) -> None:
        """Wait while refreshes come in, until they fill a transaction."""
        loop = asyncio.get_running_loop()
        until, before = loop.time() + PATIENCE, 0
        while before < len(self._commits) <= self._fitting() < MOST_REFRESHES and loop.time() < until:
            before = len(self._commits)
            await asyncio.sleep(PAUSE)

    def _fitting(self) -> int:
        """Give how many of the waiting refreshes go into one transaction: one at least."""
        items = accumulate(len(refresh.items) for refresh, _ in self._commits[:MOST_REFRESHES])
        return max(1, sum(1 for total in items if total <= MOST_ITEMS))

    async def _commit(self, commits: Sequence[tuple[Refresh, asyncio.Future[Committed]]]) -> None:
        """Commit several together; where the database refuses one of them, each by itself, so that only that one fails."""
        await self._settle(commits, partial(self._judged, [refresh for refresh, _ in commits]), apart=len(commits) > 1)
        for each in commits:
            if not each[-1].done():
                await self._settle([each], partial(self._judged, [each[0]]))

    async def _settle(
        self, jobs: Sequence[tuple[object, ...]], work: Callable[[], Sequence[object] | None], *, apart: bool = False
    ) -> None:
        """Run the work and give each job its result or the error; ``apart`` leaves them open where trying each alone may help."""
        futures: list[asyncio.Future[object]] = [job[-1] for job in jobs]  # type: ignore[misc]
        try:
            results = await self.call(work)
        except Exception as error:
            if apart and not (isinstance(error, DatabaseError) and error.passing):
                return
            for future in futures:
                if not future.done():
                    future.set_exception(error)
            return
        for at, future in enumerate(futures):
            if not future.done():
                future.set_result(results[at] if results is not None else None)

    def _judged(self, refreshes: Sequence[Refresh]) -> Sequence[Committed]:
        """Judge what was stored so far without the lock, then commit; the commit judges only what came since."""
        if self._settings.enabled:
            drafts = [each.draft for refresh in refreshes for each in refresh.items]
            found = self._store.candidates(drafts, refreshes[0].now)
            verdicts = iter([self.judge(draft, group) for draft, group in zip(drafts, found.by_draft, strict=True)])
            refreshes = [
                replace(
                    refresh,
                    items=tuple([Judged(each.raw, each.article, each.draft, next(verdicts), each.terms) for each in refresh.items]),
                    seen_up_to=found.seen_up_to,
                )
                for refresh in refreshes
            ]
        return self._store.commit_many(refreshes, self.judge)

    def judge(self, draft: Draft, candidates: Sequence[Candidate]) -> Verdict:
        """Judge with the settings' thresholds; everything is new where near-duplicates are turned off."""
        from aggregator import dedup

        if not self._settings.enabled or not candidates:
            return dedup.New()
        return dedup.judge(draft, candidates, same=self._settings.same, related=self._settings.related)

    async def close(self) -> None:
        """Write what is waiting, then end the thread."""
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
        self._thread.shutdown(wait=True)
