"""Ready bytes of pages and feeds, thrown away when the database changes or after half a minute.

A page says «قبل 3 دقائق», so it must not be kept for long; a feed is dated by its stories only.
"""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

MOST_ENTRIES = 256
SECONDS = 30.0
CHECK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer as it is sent: plain and compressed, with its strong validator."""

    body: bytes
    gzipped: bytes
    brotli: bytes
    etag: str
    media_type: str
    last_modified: str = ""


def make_ready(body: bytes, media_type: str, last_modified: str = "") -> Ready:
    """Compress a body once for all who ask for it."""
    import brotli

    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    return Ready(body, gzip.compress(body, 6, mtime=0), brotli.compress(body, quality=5), f'"{digest}"', media_type, last_modified)


class Cache:
    """A small map from what was asked to `Ready` answers of the database's current generation."""

    def __init__(self, generation: Callable[[], int], monotonic: Callable[[], float]) -> None:
        self._generation = generation
        self._now = monotonic
        self._entries: OrderedDict[tuple[object, ...], tuple[int, float, Ready]] = OrderedDict()
        self._turns: dict[tuple[object, ...], Lock] = {}
        self._lock = Lock()
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
            return ready if ready is not None else self.put(key, self.current(), make())
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
            self._seen = (0, float("-inf"))
