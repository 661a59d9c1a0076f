"""A host's places shared by all workers: the queue within this process first, then the database's word.

The same manners as `aggregator.fetch.gate`, kept across machines: two requests at once to a host at most, their starts spaced, none
while it asked to be left alone, whichever worker it told.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from aggregator.errors import DatabaseError
from aggregator.fetch.gate import Gate

if TYPE_CHECKING:
    from aggregator.settings import FetchSettings
    from aggregator.store.hostgate import Answer, HostGate

log = logging.getLogger(__name__)
T = TypeVar("T")
CONNECTIONS = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between two questions for a place
AWAY_PAUSE = 10.0  # the longest between two questions to a database that does not answer
MARGIN = 15.0  # seconds that a place is held beyond the longest that a request may take
# run in a refresh before each of its requests: it ends the refresh whose source was lost meanwhile
BEFORE_ASKING: ContextVar[Callable[[], Awaitable[None]] | None] = ContextVar("BEFORE_ASKING", default=None)


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class SharedGate:
    """A `fetch.gate.HostGate` over the database; ``holds`` learns which hosts asked to be left alone."""

    def __init__(self, settings: FetchSettings, places: HostGate, holds: dict[str, datetime]) -> None:
        self._per_host = settings.per_host
        self._spacing = settings.host_spacing
        self._lease = max(settings.timeout, settings.page_timeout) + MARGIN
        self._local = Gate(settings.per_host, 0.0)
        self._places = places
        self._holds = holds
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="gate")
        self._names = map(f"{secrets.token_hex(6)}/{{}}".format, itertools.count())
        self._leaving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def enter(self, host: str, spacing: float | None = None) -> AsyncIterator[None]:
        """Wait for a place at ``host`` and hold it; a host that is to be left alone lets in at once, and ``holds`` says so."""
        async with self._local.enter(host):  # those of this process wait here, in their order, and ask nobody
            name = next(self._names)
            entered = False
            try:
                entered = await self._enter(host, name, max(self._spacing, spacing or 0.0))
                if entered and (confirm := BEFORE_ASKING.get()) is not None:
                    await confirm()
                yield
            finally:
                if entered or _cancelling():  # it may have got the place just then
                    task = asyncio.create_task(self._leave(host, name))
                    self._leaving.add(task)
                    task.add_done_callback(self._leaving.discard)
                    await asyncio.shield(task)

    async def _enter(self, host: str, name: str, gap: float) -> bool:
        pause, away = FIRST_PAUSE, False
        while True:
            try:
                answer: Answer = await self._call(self._places.enter, host, name, self._per_host, gap, self._lease)
            except DatabaseError as error:
                if not error.passing:
                    raise
                if not away:
                    log.warning("requests wait: %s", error)
                away = True
                pause = min(pause * 2, AWAY_PAUSE)
            else:
                if answer.held is not None:
                    self._holds[host] = answer.held
                    return False
                if answer.wait is not None:
                    if answer.wait > 0:
                        await asyncio.sleep(answer.wait)
                    return True
                pause = min(pause * 1.5, LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))

    async def _leave(self, host: str, name: str) -> None:
        try:
            await self._call(self._places.leave, host, name)
        except DatabaseError:
            return  # its lease ends by itself

    async def _call(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)

    async def close(self) -> None:
        """Give back what is being given back, and end the threads."""
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=1)
        self._threads.shutdown(wait=False)
        self._places.close()
