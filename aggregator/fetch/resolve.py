"""Asks the system for the addresses of a name, in threads of its own.

`asyncio.run` waits for the threads of its executor, so that one hanging `getaddrinfo` would hold a shutdown (DESIGN 10). These
threads are daemons: nothing waits for them.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
Lookup = Callable[[str, int], list[str]]

MOST_THREADS = 64
PATIENCE = 10.0  # seconds for one name


class NoAddress(Exception):
    """A name that has no address."""


def system_lookup(host: str, port: int) -> list[str]:
    """Give a name's addresses as text, in the system's order; blocks (raises `OSError`, `UnicodeError`)."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(row[4][0]) for row in rows]


class ThreadResolver:
    """Looks names up in daemon threads that are started as they are needed; askers of one name share one look-up."""

    def __init__(self, lookup: Lookup = system_lookup, *, patience: float = PATIENCE, most_threads: int = MOST_THREADS) -> None:
        self._lookup = lookup
        self._patience = patience
        self._most = most_threads
        self._jobs: queue.SimpleQueue[tuple[str, int, asyncio.AbstractEventLoop]] = queue.SimpleQueue()
        self._threads = 0
        self._idle = threading.Semaphore(0)
        self._asked: dict[str, asyncio.Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """Give the addresses of a name (raises `NoAddress`)."""
        answer = self._asked.get(host)
        if answer is None:
            loop = asyncio.get_running_loop()
            answer = self._asked[host] = loop.create_future()
            self._jobs.put((host, port, loop))
            if not self._idle.acquire(blocking=False) and self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._work, name=f"resolver {self._threads}", daemon=True).start()
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(answer)
        except TimeoutError:
            self._asked.pop(host, None)
            raise NoAddress(f"no name server told the address of {host} within {self._patience:g} s") from None

    def _work(self) -> None:
        while True:
            host, port, loop = self._jobs.get()
            found: list[str] = []
            problem = ""
            try:
                found = self._lookup(host, port)
            except (OSError, UnicodeError) as error:
                problem = f"{host} can't be resolved: {getattr(error, 'strerror', None) or error}"
            self._idle.release()
            try:
                loop.call_soon_threadsafe(self._settle, host, found, problem)
            except RuntimeError:
                continue  # the loop has ended meanwhile

    def _settle(self, host: str, found: list[str], problem: str) -> None:
        answer = self._asked.pop(host, None)
        if answer is None or answer.done():
            return
        if problem:
            answer.set_exception(NoAddress(problem))
            answer.exception()  # read here, lest it be reported as never read when all askers have gone
        else:
            answer.set_result(found)
