"""Tells a network that is away from servers that are down: what fails while no server at all can be reached is nobody's fault.

Without it, a night without a connection would leave every source waiting for half a day after the connection is back. Pure: the time
and the dice are passed in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from urllib.parse import urlsplit

from aggregator.model import Failed, FailureKind, Source, SourceState

HOSTS = 5  # that could not be reached, and none that could between, from which the network is taken to be away
CALM = timedelta(minutes=1)  # since a server was last heard: names without an address fail faster than servers answer
EACH = timedelta(seconds=6)  # the network is tried about so often, by one source or another
SHORTEST, LONGEST = timedelta(minutes=15), timedelta(hours=1)
BACK_EACH, BACK_SHORTEST, BACK_LONGEST = timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=15)
REASON = "no server can be reached, so the network seems to be away: this does not count against the source"


class Outage:
    """Follows which hosts can be reached, over all sources of a process."""

    def __init__(self) -> None:
        self._hosts: set[str] = set()  # not reached since a server was last heard
        self._waiting: set[str] = set()  # the sources that this kept from being asked
        self._heard: datetime | None = None

    def away(self, now: datetime) -> bool:
        """Tell whether no server can be reached, as far as is known."""
        return len(self._hosts) >= HOSTS and (self._heard is None or not timedelta(0) <= now - self._heard < CALM)

    def excuses(self, source: Source, state: SourceState, failure: Failed, now: datetime) -> bool:
        """Take a failure; True if it is the network's and not the source's."""
        if not _unreached(failure):
            return False
        self._hosts.add(_host(state.address or (source.addresses[0] if source.addresses else source.id)))
        self._waiting.add(source.id)
        return self.away(now)

    def put_off(self, state: SourceState, failure: Failed, now: datetime, least: timedelta, rng: Random) -> SourceState:
        """Give the state of a source whose failure is excused: it is tried again soon, and no failure is counted."""
        wait = max(least, min(max(EACH * len(self._waiting), SHORTEST), LONGEST)) * (1 + 0.3 * rng.random())
        return replace(
            state, failure=failure, last_fetch_at=now, next_fetch_at=now + wait, reason=REASON, fetch_count=state.fetch_count + 1
        )

    def heard(self, failure: Failed | None, now: datetime, rng: Random) -> dict[str, datetime]:
        """Take what came of a request; where it ends an outage, give when each source that waited is to be asked, spread out."""
        if failure is not None and failure.status is None and failure.kind not in (FailureKind.TLS, FailureKind.PROTOCOL):
            return {}
        back = sorted(self._waiting) if self.away(now) else []
        self._hosts.clear()
        self._waiting.clear()
        self._heard = now
        spread = min(max(BACK_EACH * len(back), BACK_SHORTEST), BACK_LONGEST)
        return {source: now + spread * rng.random() for source in back}


def _unreached(failure: Failed) -> bool:
    """Tell whether a failure may be the network's: a refused connection was refused by somebody."""
    match failure.kind:
        case FailureKind.DNS:
            return True
        case FailureKind.CONNECT:
            return "refused" not in failure.detail
        case FailureKind.TIMEOUT:
            return failure.detail.startswith("no connection")  # a server that drips is there
    return False


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower() or address
    except ValueError:
        return address
