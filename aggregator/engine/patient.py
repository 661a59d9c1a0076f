"""A writer that waits for a database that is away: what was fetched is kept until it can be stored."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from aggregator.errors import DatabaseError
from aggregator.model import FailureKind, Source, SourceState

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.engine.writer import ThreadWriter
    from aggregator.store.refresh import Committed, Refresh

log = logging.getLogger(__name__)
T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
UNREACHED = (FailureKind.TIMEOUT, FailureKind.CONNECT, FailureKind.DNS, FailureKind.TLS, FailureKind.PROTOCOL)


class PatientWriter:
    """A `pipeline.Writer` around another one; tries again, later each time, while the trouble is one that passes.

    To write a refresh twice does no harm: a transaction whose end was not heard may have been stored, and what it holds is known again.
    ``excused`` tells of which sources failures are not theirs: they are not written.
    """

    def __init__(self, writer: ThreadWriter, excused: Callable[[str], bool]) -> None:
        self._writer = writer
        self._excused = excused

    async def commit(self, refresh: Refresh) -> Committed:
        """Judge and write a refresh."""
        return await patiently(lambda: self._writer.commit(refresh))

    async def record(self, source: Source, state: SourceState) -> None:
        """Write the state that a refresh without items left."""
        if state.failure is not None and state.failure.kind in UNREACHED and self._excused(source.id):
            log.info("%s: that it could not be reached was this machine's fault, and does not count", source.id)
            return
        await patiently(lambda: self._writer.record(source, state))

    async def hasten(self, at: Mapping[str, datetime]) -> None:
        """Let sources be asked at these times, where they would be asked later."""
        await patiently(lambda: self._writer.hasten(at))


async def patiently(work: Callable[[], Awaitable[T]], until: asyncio.Event | None = None) -> T:
    """Do something with the database, again and again while it is away; once ``until`` is set, its last error is raised."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await work()
        except DatabaseError as error:
            if not error.passing or (until is not None and until.is_set()):
                raise
            log.debug("waiting for the database: %s", error)
        wait = pause * random.uniform(0.7, 1.3)
        if until is None:
            await asyncio.sleep(wait)
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), wait)
        pause = min(pause * 2, LONGEST_PAUSE)
