"""robots.txt, honoured for pages (not for feeds, which are made to be polled); read by protego, kept for a day."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aggregator.model import Failed, FailureKind, Fetched

if TYPE_CHECKING:
    from aggregator.fetch.client import Client

AGENT = "Mujaz"  # the product token that rules are looked up by
LONGEST = 512 * 1024  # bytes that are read; RFC 9309 asks for 500 KiB at least
MOST_HOSTS = 5_000
SOON = timedelta(hours=1)  # a server that failed is asked for its rules again after this
SLOWEST = 60.0
NOBODY = (FailureKind.DNS, FailureKind.CONNECT, FailureKind.TLS, FailureKind.REFUSED_ADDRESS, FailureKind.REDIRECT, FailureKind.EMPTY)


@dataclass(frozen=True, slots=True)
class Rules:
    """A host's rules until ``until``; ``parsed`` None means all is allowed or, with ``closed``, nothing."""

    parsed: Any
    until: datetime
    closed: bool = False

    def allows(self, address: str, agent: str = AGENT) -> bool:
        """Tell whether an address may be fetched."""
        if self.closed:
            return False
        return self.parsed is None or bool(self.parsed.can_fetch(address, _token(agent)))

    def delay(self, agent: str = AGENT) -> float | None:
        """Give the seconds that the host wants between two requests, a minute at most."""
        wanted = self.parsed.crawl_delay(_token(agent)) if self.parsed is not None else None
        return min(float(wanted), SLOWEST) if wanted and wanted > 0 else None


def _token(agent: str) -> str:
    # protego looks for its groups' names anywhere in what it is given: «User-agent: news» must not meet our description
    return agent.partition("/")[0]


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
        try:
            async with self._asking.setdefault(base, asyncio.Lock()):
                kept = self._rules.get(base)
                if kept and kept.until > now:
                    return kept
                rules = await self._fetch(base, now, ports)
                self._rules[base] = rules
                while len(self._rules) > MOST_HOSTS:
                    self._rules.popitem(last=False)
            return rules
        finally:
            lock = self._asking.get(base)
            if lock is not None and not lock.locked():
                del self._asking[base]

    async def _fetch(self, base: str, now: datetime, ports: frozenset[int]) -> Rules:
        outcome = await self._client.get(f"{base}/robots.txt", accept="any", ports=ports, max_bytes=LONGEST, cut=True)
        match outcome:
            case Fetched(body=body):
                return Rules(_parsed(body), now + self._ttl)
            case Failed(status=int(status)) if 300 <= status < 500 and status != 429:
                return Rules(None, now + self._ttl)  # RFC 9309, 2.3.1.3: "unavailable" allows all
            case Failed(kind=kind) if kind in NOBODY:
                return Rules(None, now + SOON)  # nobody is there to have rules: the page's own request will say so
        return Rules(None, now + SOON, closed=True)


def _parsed(body: bytes) -> Any:
    """Read the rules; None, all is allowed, where an error's page came in their place."""
    from protego import Protego

    text = body.decode("utf-8-sig", "replace")
    if "<html" in text[:1000].lower() or "<!doctype" in text[:1000].lower():
        return None
    try:
        return Protego.parse(text)
    except Exception:  # noqa: BLE001, RUF100  (outside data in a foreign reader: rules that can't be read are none)
        return None
