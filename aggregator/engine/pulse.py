"""Notices that this process stood still: suspended, frozen, or on a machine that slept. What timed out meanwhile is no server's fault."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BEAT, PAUSE = 1.0, 5.0  # seconds between two beats, and those without one that are a standstill


class Pulse:
    """Beats once a second while it runs, and remembers when it last could not."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last = now()
        self._stood_until = float("-inf")

    async def run(self) -> None:
        """Beat for ever."""
        while True:
            await asyncio.sleep(BEAT)
            self.beat()

    def beat(self) -> None:
        """Note that the process moves."""
        now = self._now()
        if now - self._last > PAUSE:
            self._stood_until = now
        self._last = now

    def stood_since(self, moment: float) -> bool:
        """Tell whether the process stood still at some time after ``moment`` (by the same clock)."""
        self.beat()  # the standstill may have ended just now
        return self._stood_until > moment
