"""What an engine is to the daemon and the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from aggregator.pipeline import Refreshed

Report = Callable[[Refreshed], None]


class Engine(Protocol):
    """Refreshes what is due until it is told to drain."""

    async def start(self) -> None:
        """Begin to tick."""

    @property
    def ready(self) -> bool:
        """Tell whether work is taken."""

    async def drain(self, seconds: float) -> None:
        """Take nothing new, let what is under way end, and cancel the rest after ``seconds``."""
