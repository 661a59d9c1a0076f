"""Notices that the wall clock was set: it is held against a clock that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

JUMP = timedelta(seconds=60)


def steady() -> float:
    """Give seconds that only go forward, through a machine's sleep as well where the system can tell."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boot) if boot is not None else time.monotonic()


class ClockWatch:
    """Compares the wall clock's steps with the steady one's."""

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float] = steady) -> None:
        self._wall = wall
        self._steady = monotonic
        self._seen = (wall(), monotonic())

    def jump(self) -> timedelta | None:
        """Give by how much the wall clock was set since the last call; None for less than a minute.

        Little steps add up until they are a minute: a clock that is being slewed is no jump, but a drift is caught in time.
        """
        wall, now = self._wall(), self._steady()
        drift = (wall - self._seen[0]) - timedelta(seconds=now - self._seen[1])
        if abs(drift) < JUMP:
            return None
        self._seen = (wall, now)
        return drift
