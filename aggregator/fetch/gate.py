"""One host at a time is asked gently: two requests at once at most, their starts spaced, none while it asked to be left alone."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

MOST_HOSTS = 20_000


class HostGate(Protocol):
    """Whoever gives out the places at hosts: this module's `Gate` for one process, `aggregator.engine.gate` for a cluster."""

    def enter(self, host: str, spacing: float | None = None) -> AbstractAsyncContextManager[None]:
        """Wait for a place at ``host`` and hold it."""


@dataclass
class _Host:
    slots: asyncio.Semaphore
    next_start: float = 0.0
    users: int = 0
    order: asyncio.Lock = field(default_factory=asyncio.Lock)


class Gate:
    """Keeps the manners of one process towards each host."""

    def __init__(
        self,
        per_host: int,
        spacing: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_host = per_host
        self._spacing = spacing
        self._now = monotonic
        self._sleep = sleep
        self._hosts: OrderedDict[str, _Host] = OrderedDict()

    @asynccontextmanager
    async def enter(self, host: str, spacing: float | None = None) -> AsyncIterator[None]:
        """Wait for a place at ``host`` and hold it."""
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = _Host(asyncio.Semaphore(self._per_host))
            self._forget()
        entry.users += 1
        try:
            async with entry.slots:
                gap = max(self._spacing, spacing or 0.0)
                if gap:
                    async with entry.order:
                        wait = entry.next_start - self._now()
                        if wait > 0:
                            await self._sleep(wait)
                        entry.next_start = self._now() + gap
                yield
        finally:
            entry.users -= 1
            self._hosts.move_to_end(host)

    def _forget(self) -> None:
        while len(self._hosts) > MOST_HOSTS:
            name = next((name for name, entry in self._hosts.items() if not entry.users), None)
            if name is None:
                return
            del self._hosts[name]
