"""Runs pure functions in processes that can be killed, so that one pathological document neither blocks the loop nor ends the daemon."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
from collections.abc import Callable
from concurrent.futures import CancelledError, TimeoutError
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from pebble import ProcessPool

    from aggregator.settings import ParseSettings

T = TypeVar("T")
RENEWED_AFTER = 2_000  # documents that a worker reads before a fresh one takes its place


def _prepare(memory: int) -> None:
    """Limit a worker's memory and leave signals to its parent."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    size = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE") if os.path.exists("/proc/self/statm") else 0  # noqa: SIM115
    if size:
        limit = size + memory
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


class Workers:
    """A pool of worker processes, started when first needed."""

    def __init__(self, settings: ParseSettings) -> None:
        self._settings = settings
        self._count = settings.workers or min(2, os.cpu_count() or 1)
        self._pool: ProcessPool | None = None

    @property
    def count(self) -> int:
        """Give how many processes work at once."""
        return self._count

    def _started(self) -> ProcessPool:
        if self._pool is None:
            from pebble import ProcessPool

            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["aggregator.parse", "aggregator.extract", "aggregator.dedup"])
            self._pool = ProcessPool(
                max_workers=self._count, max_tasks=RENEWED_AFTER, initializer=_prepare, initargs=(self._settings.memory,), context=context
            )
        return self._pool

    async def run(self, function: Callable[..., T], *arguments: Any, timeout: float | None = None) -> T:
        """Run a module-level function in a worker.

        Raises what the function raises, and `DocumentError` ``too_slow`` after ``timeout`` seconds (default ``parse.timeout``), ``too_large``
        where it wanted too much memory, ``internal`` where its process died.
        """
        seconds = timeout or self._settings.timeout
        future = self._started().schedule(function, args=arguments, timeout=seconds)
        try:
            return await asyncio.wrap_future(future)
        except (TimeoutError, asyncio.TimeoutError):
            raise DocumentError("too_slow", f"reading the document took over {seconds:g} s (parse.timeout)") from None
        except MemoryError:
            raise DocumentError("too_large", "reading the document took too much memory (parse.memory)") from None
        except asyncio.CancelledError:
            future.cancel()
            raise
        except (CancelledError, DocumentError):
            raise
        except Exception as error:
            if type(error).__name__ == "ProcessExpired":
                raise DocumentError("internal", f"the worker that read the document died (exit status {getattr(error, 'exitcode', '?')})") from None
            raise

    def close(self, wait: float = 2.0) -> None:
        """End all workers, whatever they do."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join(wait)
            self._pool = None
