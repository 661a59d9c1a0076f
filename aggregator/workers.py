"""Runs pure functions in processes that can be killed, so that one pathological document neither blocks the loop nor ends the daemon.

pebble's pool kills one task and goes on where the standard library's breaks as a whole (DESIGN 10). What is added here: a bound on
memory, an end at once on SIGTERM, silence on standard error, a second look when the pool itself is lost (an idle worker killed from
outside breaks it), and an answer in every case: what goes wrong in a worker is a `DocumentError`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.errors import DocumentError

if TYPE_CHECKING:
    from pebble import ProcessPool

    from aggregator.settings import ParseSettings

log = logging.getLogger(__name__)
T = TypeVar("T")
RENEWED_AFTER = 2_000  # documents that a worker reads before a fresh one takes its place
PRELOADED = ["aggregator.warm"]  # imported once in the server that workers are forked from, instead of once in each of them
MARGIN = 1.5  # seconds that pebble may take to notice that a task's time is over and to kill its worker
STARTING = 20.0  # seconds that a fresh pool may take until it reads its first document (imports on a busy machine)
ATTEMPTS = 3
LARGE = 88 * 2**20  # bytes of memory from which a worker gives back what it no longer needs
# and by how much it must have grown since it last did: a worker's tables alone may be over LARGE, and collecting after each document
# took 70 ms where reading it took 4
GROWN = 24 * 2**20
LOOKED, SMALL = 8, 2**20  # its memory is looked at after so many documents, and after each whose result has more bytes
_done = 0  # in a worker: documents that it read
_settled = 0  # in a worker: its memory after it last gave some back


def _prepare(memory: int) -> None:
    """Make a fresh worker killable, silent and bounded."""
    import signal

    # pebble's own handler waits for the interpreter, which never comes back from a regular expression that runs away
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # what a worker has to say comes back as a value; a traceback or a library's warning is not for the terminal
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    # what was imported before stays: collections need not look at it again and again (the server that this was forked from did collect)
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    _bound(memory)


def _bound(memory: int) -> None:
    """Limit private memory to ``memory`` bytes beyond what the worker starts with.

    RLIMIT_DATA, not RLIMIT_AS: glibc reserves 64 MB of address space for each thread without using it.
    """
    try:
        import resource

        with open("/proc/self/statm") as file:
            pages = int(file.read().split()[5])
    except (ImportError, OSError, ValueError, IndexError):
        return  # not Linux: the time limit alone holds
    limit = pages * os.sysconf("SC_PAGE_SIZE") + memory
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _work(function: Callable[..., Any], arguments: list[Any]) -> bytes:
    """Run a task in a worker; gives its result pickled.

    pebble's worker holds a task and its result until the next one comes: a large document would stay there, three times over.
    """
    taken = tuple(arguments)
    arguments.clear()
    try:
        result = pickle.dumps(function(*taken), pickle.HIGHEST_PROTOCOL)
    except (DocumentError, MemoryError, RecursionError):
        raise
    except Exception as error:
        # an exception that can't be pickled would take its neighbours' answers with it
        raise DocumentError("internal", _words(error)) from None
    del taken
    global _settled, _done
    _done += 1
    if (_done % LOOKED == 0 or len(result) > SMALL) and _resident() > max(LARGE, _settled + GROWN):
        _trim()
        _settled = _resident()
    return result


def _resident() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _trim() -> None:
    """Return freed memory: glibc keeps it, so that each worker would stay as large as its largest document."""
    import ctypes

    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class Workers:
    """A pool of worker processes, started when first needed."""

    def __init__(self, settings: ParseSettings) -> None:
        self._settings = settings
        self._count = settings.workers or min(2, os.cpu_count() or 1)
        self._pool: ProcessPool | None = None
        self._starting = threading.Lock()
        # so that a task that pebble has taken begins at once, and its time can be watched from here as well
        self._places = asyncio.Semaphore(self._count + 1)
        self._warm = False
        self._closed = False

    @property
    def count(self) -> int:
        """Give how many processes work at once."""
        return self._count

    async def run(self, function: Callable[..., T], *arguments: Any, timeout: float | None = None) -> T:
        """Run a module-level function in a worker.

        Raises the `DocumentError` that the function raises, and otherwise ``too_slow`` after ``timeout`` seconds (default
        ``parse.timeout``), ``too_large`` where it wanted too much memory or nesting, ``internal`` where its process died or it raised
        anything else.
        """
        seconds = timeout or self._settings.timeout
        async with self._places:
            why = ""
            for _ in range(ATTEMPTS):
                result = await self._attempt(function, arguments, seconds)
                if not isinstance(result, _Lost):
                    return result
                why = result.why
                log.info("the worker processes were lost: %s", why)
        raise DocumentError("internal", f"the worker processes were lost {ATTEMPTS} times over a document: {why}")

    async def _attempt(self, function: Callable[..., T], arguments: tuple[Any, ...], seconds: float) -> T | _Lost:
        loop = asyncio.get_running_loop()
        pool = self._pool if self._pool is not None else await loop.run_in_executor(None, self._start)
        try:
            future = pool.schedule(_work, args=(function, list(arguments)), timeout=seconds)
        except RuntimeError as error:
            return self._lose(pool, str(error))
        # a place for one more than there are workers: a task may wait for the one before it
        patience = 2 * (seconds + MARGIN) + (0 if self._warm else STARTING)
        began = loop.time()
        try:
            async with asyncio.timeout(patience) as watch:
                answer: bytes = await asyncio.wrap_future(future)
            self._warm = True
            result: T = pickle.loads(answer)  # noqa: S301  (from our own worker)
            return result
        except (TimeoutError, FutureTimeout):
            if watch.expired():
                return self._lose(pool, f"no answer within {patience:g} s")
            if loop.time() - began < seconds - 0.5:
                return _Lost("the clock was moved")  # pebble reads the wall clock
            raise DocumentError("too_slow", f"reading the document took over {seconds:g} s (parse.timeout)") from None
        except asyncio.CancelledError:
            if self._closed or _cancelling():
                future.cancel()  # type: ignore[no-untyped-call]  # kills the worker, if it is at it
                raise
            return self._lose(pool, "it was closed")
        except (BrokenProcessPool, FutureCancelled) as error:
            return self._lose(pool, str(error))
        except DocumentError:
            raise
        except MemoryError:
            raise DocumentError("too_large", "reading the document took too much memory (parse.memory)") from None
        except RecursionError:
            raise DocumentError("too_large", "the document is nested too deeply") from None
        except Exception as error:
            raise DocumentError("internal", _words(error)) from error

    def _start(self) -> ProcessPool:
        """Start the pool; blocks while the server that workers are forked from imports what they need."""
        with self._starting:
            if self._pool is None:
                from pebble import ProcessPool

                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(PRELOADED)
                pool = ProcessPool(
                    max_workers=self._count,
                    max_tasks=RENEWED_AFTER,
                    initializer=_prepare,
                    initargs=(self._settings.memory,),
                    context=context,
                )
                _ = pool.active  # this starts it
                self._pool = pool
            return self._pool

    def _lose(self, pool: ProcessPool, why: str) -> _Lost:
        """Give up a pool that no longer works; the next attempt starts another."""
        if self._pool is pool:
            self._pool, self._warm = None, False
            _end(pool, 0.0)
        return _Lost(why)

    def close(self, wait: float = 2.0) -> None:
        """End all workers, whatever they do, within ``wait`` seconds."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            _end(pool, wait)


class _Lost:
    """The pool was lost before it answered."""

    def __init__(self, why: str) -> None:
        self.why = why


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _end(pool: ProcessPool, wait: float) -> None:
    """Kill a pool's processes; its threads end by themselves."""
    workers = list(pool._pool_manager.worker_manager.workers.values())
    pool.stop()  # type: ignore[no-untyped-call]
    for worker in workers:
        if worker.is_alive():
            worker.kill()
    # pebble's `join` takes no time limit for a stopped pool
    joining = threading.Thread(target=pool.join, name="workers end", daemon=True)
    joining.start()
    joining.join(wait)


def _words(error: Exception) -> str:
    code = getattr(error, "exitcode", None)
    if type(error).__name__ == "ProcessExpired":
        return f"the worker that read the document died (exit status {code})"
    text = " ".join(str(error).split())[:200]
    return f"an error that should not be while reading the document: {type(error).__name__}: {text}"
