"""One refresh of a source, top to bottom; the same in the one-off, the daemon and the demo.

    claim ─► fetch ─► (unchanged? done) ─► read in a worker ─► pages of new items ─► judge ─► schedule ─► commit

Nothing raises for what a server sends: a failing item does not stop its feed, a failing feed is a stored `Failed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from aggregator import schedule
from aggregator.errors import DocumentError
from aggregator.fetch.caching import freshness
from aggregator.model import Claim, Failed, FailureKind, Fetched, FetchOutcome, Kind, NotModified, RawItem, Source, SourceState
from aggregator.outage import Outage
from aggregator.reading import Read, Reading, Task, read_article, read_document, read_entry
from aggregator.store.refresh import Committed, Judged, Refresh

if TYPE_CHECKING:
    from aggregator.fetch.client import Client
    from aggregator.fetch.robots import Robots
    from aggregator.settings import Settings
    from aggregator.workers import Workers

PAGES_AT_ONCE = 4
PAGES_SECONDS = 300  # for all pages of one refresh, half the lease of its source; the rest of its items keep what the feed says
TRY_OTHERS_AFTER = 3  # failures in a row after which a source's other addresses are tried again
ELSEWHERE = (
    FailureKind.NOT_FOUND,
    FailureKind.NOT_A_FEED,
    FailureKind.HTTP_4XX,
    FailureKind.DNS,
    FailureKind.TLS,
    FailureKind.CONNECT,
    FailureKind.REDIRECT,
)


class Writer(Protocol):
    """Stores what refreshes bring; may put several in one transaction."""

    async def commit(self, refresh: Refresh) -> Committed:
        """Judge and write a refresh."""

    async def record(self, source: Source, state: SourceState) -> None:
        """Write the state that a refresh without items left."""

    async def hasten(self, at: Mapping[str, datetime]) -> None:
        """Let sources be asked at these times, where they would be asked later."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a refresh reaches the world through."""

    client: Client
    robots: Robots
    workers: Workers
    writer: Writer
    settings: Settings
    clock: Callable[[], datetime]
    rng: Random = field(default_factory=Random)
    outage: Outage = field(default_factory=Outage)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of a refresh: how it ended, the state it left, and what was stored."""

    source: Source
    outcome: str  # fetched | not_modified | unchanged | failed
    state: SourceState
    committed: Committed = field(default_factory=Committed)
    failure: Failed | None = None
    problems: tuple[str, ...] = ()


async def refresh(claim: Claim, ports: Ports) -> Refreshed:
    """Refresh one claimed source."""
    source, state = claim.source, claim.state
    try:
        result = await _refresh(claim, ports)
    except asyncio.CancelledError:
        raise
    except DocumentError as error:
        result = await _failed(source, state, Failed(_kind(error.kind), error.detail, at=ports.clock()), ports)
    back = ports.outage.heard(result.failure, ports.clock(), ports.rng)
    if back:
        await ports.writer.hasten(back)
    return result


async def _refresh(claim: Claim, ports: Ports) -> Refreshed:
    source, state = claim.source, claim.state
    last: Failed | None = None
    probing = bool(state.etag or state.last_modified) and schedule.wants_probe(state, ports.clock(), ports.settings.fetch)
    if probing:  # whatever becomes of it, there is no second one before its time
        state = replace(state, probed_at=ports.clock())
    for address in addresses(source, state):
        outcome = await _fetch(source, state, address, ports, probing=probing)
        match outcome:
            case NotModified():
                return await _not_modified(source, state, outcome, ports)
            case Fetched():
                digest = blake2b(outcome.body, digest_size=16).digest()
                if digest == state.body_digest and address == state.address:
                    return await _unchanged(source, state, outcome, ports)
                try:
                    return await _store(replace(claim, state=state), address, outcome, digest, ports)
                except DocumentError as error:
                    last = Failed(_kind(error.kind), error.detail, at=ports.clock())
            case Failed():
                last = outcome
        if last and last.kind not in ELSEWHERE:
            break
    else:
        found = await _discover(replace(claim, state=state), ports)
        if found is not None:
            return found
    return await _failed(source, state, last or Failed(FailureKind.NOT_FOUND, "the source has no address", at=ports.clock()), ports)


def addresses(source: Source, state: SourceState) -> list[str]:
    """Give the addresses to try: the proven one; all candidates while none is proven or the proven one keeps failing."""
    proven = [state.address] if state.address else []
    if proven and state.failures < TRY_OTHERS_AFTER:
        return proven
    return list(dict.fromkeys([*proven, *source.addresses]))


def ports_of(source: Source) -> frozenset[int]:
    """Give the ports that a source's own addresses name; others than 80, 443 and these are not connected to."""
    return _ports_in(source.addresses, source.outlet.site)


@lru_cache(4_096)
def _ports_in(addresses: tuple[str, ...], site: str) -> frozenset[int]:
    found = set()
    for address in (*addresses, site):
        try:
            port = urlsplit(address).port
        except ValueError:
            continue
        if port:
            found.add(port)
    return frozenset(found)


async def _fetch(source: Source, state: SourceState, address: str, ports: Ports, *, probing: bool) -> FetchOutcome:
    now = ports.clock()
    is_page = source.kind is Kind.PAGE
    if is_page and ports.settings.fetch.respect_robots:
        rules = await ports.robots.rules(address, now, ports_of(source))
        if not rules.allows(address, ports.client.user_agent):
            return Failed(FailureKind.ROBOTS, "robots.txt asks not to fetch this page", at=now)
    conditional = address == state.address and not probing
    return await ports.client.get(
        address,
        etag=state.etag if conditional else None,
        last_modified=state.last_modified if conditional else None,
        validated=state.validated or address,
        accept="page" if is_page else "feed",
        ports=ports_of(source),
    )


async def _not_modified(source: Source, state: SourceState, outcome: NotModified, ports: Ports) -> Refreshed:
    state = schedule.moved(state, outcome.moved_to)
    # a 304 that names validators replaces the stored ones; one that names none confirms them
    state = replace(state, etag=outcome.etag or state.etag, last_modified=outcome.last_modified or state.last_modified)
    state = _success(source, state, outcome, (), state, ports)
    await ports.writer.record(source, state)
    return Refreshed(source, "not_modified", state)


async def _unchanged(source: Source, state: SourceState, outcome: Fetched, ports: Ports) -> Refreshed:
    state = schedule.moved(state, outcome.moved_to)
    state = replace(state, etag=outcome.etag, last_modified=outcome.last_modified, validated=_validated(outcome), probed_at=ports.clock())
    state = _success(source, state, outcome, (), state, ports)
    await ports.writer.record(source, state)
    return Refreshed(source, "unchanged", state)


async def _store(claim: Claim, address: str, outcome: Fetched, digest: bytes, ports: Ports) -> Refreshed:
    source, state = claim.source, claim.state
    task = _task(source, outcome, claim.known, ports)
    reading: Reading = await ports.workers.run(read_document, task)
    document = reading.document
    items: Sequence[Read] = reading.items
    if source.full_page and document.items:
        items = await _pages(source, document.items, ports)
    now = ports.clock()
    proven = replace(
        schedule.moved(replace(state, address=address), outcome.moved_to),
        etag=outcome.etag,
        last_modified=outcome.last_modified,
        validated=_validated(outcome),
        probed_at=now,
        body_digest=digest,
        drifted="",
        last_new_at=now if items else state.last_new_at,
    )
    published = [moment for each in items if (moment := each.raw.published or each.article.published)]
    proven = _success(source, proven, outcome, published, state, ports, document.hints)
    judged = tuple(Judged(each.raw, each.article, each.draft, terms=each.terms) for each in items)
    committed = await ports.writer.commit(Refresh(source.id, proven, judged, document.digests, 0, now))
    return Refreshed(source, "fetched", proven, committed, problems=document.problems)


def _validated(outcome: Fetched) -> str | None:
    """Give the address that the validators belong to, if it is not the one that was asked: they go back to no other."""
    return outcome.final_address if outcome.final_address != outcome.address else None


def _success(
    source: Source,
    state: SourceState,
    outcome: Fetched | NotModified,
    published: Sequence[datetime],
    before: SourceState,
    ports: Ports,
    hints: object = None,
) -> SourceState:
    from aggregator.model import FeedHints

    wishes = hints if isinstance(hints, FeedHints) else before.hints
    return schedule.after_success(
        source, state, outcome.headers, wishes, published, ports.clock(), ports.settings.fetch, ports.rng, freshness(outcome.headers)
    )


def _task(source: Source, outcome: Fetched, known: frozenset[bytes], ports: Ports) -> Task:
    return Task(
        body=outcome.body,
        headers=dict(outcome.headers),
        address=outcome.final_address,
        outlet=source.outlet.id,
        now=ports.clock(),
        kind=source.kind,
        recipe=source.recipe,
        selectors=source.selectors,
        timezone=source.outlet.timezone,
        country=source.outlet.country,
        language=source.outlet.language,
        known=known,
        max_items=ports.settings.fetch.max_items,
        with_articles=not source.full_page,
    )


async def _pages(source: Source, raws: Sequence[RawItem], ports: Ports) -> list[Read]:
    """Fetch the items' own pages, a few at once; an item whose page fails keeps what its feed says."""
    slots = asyncio.Semaphore(PAGES_AT_ONCE)
    loop = asyncio.get_running_loop()
    end = loop.time() + PAGES_SECONDS

    async def one(raw: RawItem) -> Read:
        async with slots:
            try:
                async with asyncio.timeout_at(end):
                    return await _page(source, raw, ports)
            except (DocumentError, TimeoutError):
                return await ports.workers.run(read_entry, raw, source.outlet.id, source.outlet.language)

    return list(await asyncio.gather(*(one(raw) for raw in raws)))


async def _page(source: Source, raw: RawItem, ports: Ports) -> Read:
    now = ports.clock()
    spacing = None
    if not raw.url:
        raise DocumentError(str(FailureKind.NOT_AN_ARTICLE), "the entry has no address")
    if ports.settings.fetch.respect_robots:
        rules = await ports.robots.rules(raw.url, now, ports_of(source))
        if not rules.allows(raw.url, ports.client.user_agent):
            raise DocumentError(str(FailureKind.ROBOTS), "robots.txt asks not to fetch this page")
        spacing = rules.delay(ports.client.user_agent)
    outcome = await ports.client.get(raw.url, accept="page", ports=ports_of(source), spacing=spacing)
    if not isinstance(outcome, Fetched):
        raise DocumentError(str(outcome.kind) if isinstance(outcome, Failed) else "protocol", "the page can't be had")
    return await ports.workers.run(read_article, _task(source, outcome, frozenset(), ports), raw)


async def _discover(claim: Claim, ports: Ports) -> Refreshed | None:
    """Where no candidate address is a feed, look for one on the outlet's site, once in a while."""
    source, state = claim.source, claim.state
    if source.kind is not Kind.FEED or not source.outlet.site or state.address or source.origin != "catalogue":
        return None
    if ports.settings.fetch.respect_robots:
        rules = await ports.robots.rules(source.outlet.site, ports.clock(), ports_of(source))
        if not rules.allows(source.outlet.site, ports.client.user_agent):
            return None
    outcome = await ports.client.get(source.outlet.site, accept="page", ports=ports_of(source))
    if not isinstance(outcome, Fetched):
        return None
    from aggregator.parse.discover import discover

    found = await ports.workers.run(discover, outcome.body, outcome.final_address)
    for address in found.feeds[:3]:
        if address in source.addresses:
            continue
        answer = await ports.client.get(address, ports=ports_of(source))
        if isinstance(answer, Fetched):
            try:
                return await _store(claim, address, answer, blake2b(answer.body, digest_size=16).digest(), ports)
            except DocumentError:
                continue
    return None


async def _failed(source: Source, state: SourceState, failure: Failed, ports: Ports) -> Refreshed:
    drifted = failure.detail if failure.kind is FailureKind.DRIFTED else state.drifted
    now, settings = ports.clock(), ports.settings.fetch
    if ports.outage.excuses(source, state, failure, now):
        state = ports.outage.put_off(state, failure, now, schedule.floor_of(source, settings), ports.rng)
    else:
        state = schedule.after_failure(source, replace(state, drifted=drifted), failure, now, settings, ports.rng)
    await ports.writer.record(source, state)
    return Refreshed(source, "failed", state, failure=failure)


def _kind(text: str) -> FailureKind:
    return FailureKind(text) if text in set(FailureKind) else FailureKind.INTERNAL


Progress = Callable[[Refreshed], Awaitable[None] | None]
