"""robots.txt, honoured for pages (not for feeds, which are made to be polled); read by protego, kept for a day."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aggregator.model import Failed, Fetched

if TYPE_CHECKING:
    from aggregator.fetch.client import Client

LONGEST = 512 * 1024
MOST_HOSTS = 5_000
SOON = timedelta(hours=1)  # a server that failed is asked for its rules again after this
SLOWEST = 60.0


@dataclass(frozen=True, slots=True)
class Rules:
    """A host's rules until ``until``; ``parsed`` None means all is allowed or, with ``closed``, nothing."""

    parsed: Any
    until: datetime
    closed: bool = False

    def allows(self, address: str, agent: str) -> bool:
        """Tell whether an address may be fetched."""
        if self.closed:
            return False
        return self.parsed is None or bool(self.parsed.can_fetch(address, agent))

    def delay(self, agent: str) -> float | None:
        """Give the seconds that the host wants between two requests, a minute at most."""
        wanted = self.parsed.crawl_delay(agent) if self.parsed is not None else None
        return min(float(wanted), SLOWEST) if wanted else None


class Robots:
    """The rules of many hosts."""

    def __init__(self, client: Client, ttl: timedelta) -> None:
        self._client = client
        self._ttl = ttl
        self._rules: OrderedDict[str, Rules] = OrderedDict()
        self._asking: dict[str, asyncio.Lock] = {}

    async def rules(self, address: str, now: datetime, ports: frozenset[int] = frozenset()) -> Rules:
        """Give the rules for an address's host, fetched if they are not known."""
        parts = urlsplit(address)
        base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        kept = self._rules.get(base)
        if kept and kept.until > now:
            return kept
        async with self._asking.setdefault(base, asyncio.Lock()):
            kept = self._rules.get(base)
            if kept and kept.until > now:
                return kept
            rules = await self._fetch(base, now, ports)
            self._rules[base] = rules
            while len(self._rules) > MOST_HOSTS:
                self._rules.popitem(last=False)
        self._asking.pop(base, None)
        return rules

    async def _fetch(self, base: str, now: datetime, ports: frozenset[int]) -> Rules:
        outcome = await self._client.get(f"{base}/robots.txt", accept="any", ports=ports, max_bytes=LONGEST)
        match outcome:
            case Fetched():
                from protego import Protego

                text = outcome.body.decode("utf-8-sig", "replace")
                return Rules(Protego.parse(text) if "<html" not in text[:500].lower() else None, now + self._ttl)
            case Failed(status=status) if status is not None and 400 <= status < 500 and status != 429:
                return Rules(None, now + self._ttl)
            case Failed(status=None):
                # no server there: the page's own request will say so
                return Rules(None, now + SOON)
        return Rules(None, now + SOON, closed=True)
