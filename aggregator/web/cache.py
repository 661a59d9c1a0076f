"""Ready bytes of pages and feeds, thrown away when the database changes or after half a minute.

A page says «قبل 3 دقائق», so it must not be kept for long; a feed is dated by its stories only.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import BoundedSemaphore, Lock
from typing import TypeVar, cast

T = TypeVar("T")
MOST_ENTRIES = 256
SECONDS = 30.0
CHECK_SECONDS = 1.0
MAKERS = 2  # made at once; more would only take turns at the interpreter: with 40 a search cost half as much again


class Ready:
    """An answer as it is sent, with its strong validator; compressed when first asked for so, then for all who ask."""

    __slots__ = ("_coded", "body", "etag", "last_modified", "media_type")

    def __init__(self, body: bytes, media_type: str, last_modified: str = "") -> None:
        self.body = body
        self.media_type = media_type
        self.last_modified = last_modified
        self.etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        self._coded: dict[str, bytes] = {"": body}

    def coded(self, coding: str) -> bytes:
        """Give the bytes in a content coding: ``br``, ``gzip`` or none."""
        found = self._coded.get(coding)
        if found is None:
            found = self._coded[coding] = _compress(self.body, coding)
        return found


def _compress(body: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.compress(body, 6, mtime=0)
    import brotli

    return bytes(brotli.compress(body, quality=5))


class Cache:
    """A small map from what was asked to `Ready` answers of the database's current generation."""

    def __init__(self, generation: Callable[[], int], monotonic: Callable[[], float]) -> None:
        self._generation = generation
        self._now = monotonic
        self._entries: OrderedDict[tuple[object, ...], tuple[int, float, Ready]] = OrderedDict()
        self._turns: dict[tuple[object, ...], Lock] = {}
        self._facts: dict[str, tuple[float, object]] = {}
        self._lock = Lock()
        self._makers = BoundedSemaphore(MAKERS)
        self._seen = (0, float("-inf"))

    def get(self, key: tuple[object, ...]) -> Ready | None:
        """Give the ready answer for ``key`` if it is still true."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        generation, made, ready = entry
        if self._now() - made > SECONDS or generation != self.current():
            return None
        return ready

    def peek(self, key: tuple[object, ...]) -> Ready | None:
        """Give the ready answer without asking the database; None also where it has not been asked for a second."""
        entry = self._entries.get(key)
        generation, asked = self._seen
        now = self._now()
        if entry is None or now - asked >= CHECK_SECONDS or now - entry[1] > SECONDS or entry[0] != generation:
            return None
        return entry[2]

    def get_or_make(self, key: tuple[object, ...], make: Callable[[], Ready]) -> Ready:
        """Give the ready answer for ``key``, made by one asker while the others get the last one, or wait for it."""
        ready = self.get(key)
        if ready is not None:
            return ready
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        last = self._entries.get(key)
        if not turn.acquire(blocking=last is None):
            # somebody is making it: a page that is a moment old is better than fifty made at once
            assert last is not None
            return last[2]
        try:
            ready = self.get(key)
            if ready is None:
                with self._makers:
                    ready = self.put(key, self.current(), make())
            return ready
        finally:
            turn.release()
            with self._lock:
                self._turns.pop(key, None)

    def put(self, key: tuple[object, ...], generation: int, ready: Ready) -> Ready:
        """Keep an answer that was made from the database as it stood at ``generation``."""
        with self._lock:
            self._entries[key] = (generation, self._now(), ready)
            self._entries.move_to_end(key)
            if len(self._entries) > MOST_ENTRIES:
                self._entries.popitem(last=False)
        return ready

    def fact(self, name: str, ask: Callable[[], T]) -> T:
        """Give what the database says, asked for at most every half minute: lists that filters offer need not be newer."""
        found = self._facts.get(name)
        if found is None or self._now() - found[0] > SECONDS:
            found = self._facts[name] = (self._now(), ask())
        return cast("T", found[1])

    def current(self) -> int:
        """Give the database's generation, asked for once a second at most."""
        generation, asked = self._seen
        now = self._now()
        if now - asked >= CHECK_SECONDS:
            generation = self._generation()
            self._seen = (generation, now)
        return generation

    def forget(self) -> None:
        """Throw everything away at once: something was hidden or removed."""
        with self._lock:
            self._entries.clear()
            self._facts.clear()
            self._seen = (0, float("-inf"))
