"""How often one address may do a thing: a token bucket an address and purpose."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

# purpose -> (burst, seconds until one more is allowed)
RATES: dict[str, tuple[float, float]] = {
    "read": (300, 0.05),
    "search": (60, 0.5),
    "report": (10, 60),
    "write": (60, 1),
}
MOST_ADDRESSES = 20_000


class Limits:
    """Counts requests in memory; the oldest addresses are forgotten first."""

    def __init__(self, monotonic: Callable[[], float], *, enabled: bool = True) -> None:
        self._now = monotonic
        self._enabled = enabled
        self._buckets: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def allow(self, address: str, purpose: str) -> bool:
        """Take one token of ``address`` for ``purpose``; False if there is none left."""
        if not self._enabled:
            return True
        burst, seconds = RATES[purpose]
        now = self._now()
        with self._lock:
            tokens, last = self._buckets.pop((address, purpose), (burst, now))
            tokens = min(burst, tokens + (now - last) / seconds)
            allowed = tokens >= 1
            self._buckets[address, purpose] = (tokens - 1 if allowed else tokens, now)
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        return allowed
