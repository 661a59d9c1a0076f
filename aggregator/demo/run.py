"""Runs the real pipeline over the newsroom, round by round at a simulated clock, and accounts for every article."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from aggregator.arabic.fold import clean, fold
from aggregator.daemon import assembled
from aggregator.demo.documents import guid
from aggregator.demo.newsroom import Piece, Style, source_of
from aggregator.demo.server import Newsroom
from aggregator.extract.addresses import identity
from aggregator.model import StoryFilter
from aggregator.pipeline import Refreshed

if TYPE_CHECKING:
    from aggregator.settings import Settings
    from aggregator.store import Store

BURST = 30  # new articles of one outlet a round: what its feed holds
FOLDED_EVERY = 25  # rounds after which old keys leave the near-duplicate window


@dataclass
class Outcome:
    """What a run came to: refreshes, and why an article is not an item of its own."""

    rounds: int = 0
    refreshed: list[Refreshed] = field(default_factory=list)
    failures: list[Refreshed] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    unaccounted: list[Piece] = field(default_factory=list)
    served: int = 0
    left_out: int = 0


def demo_settings(settings: Settings) -> Settings:
    """Give the settings for a newsroom on this machine: loopback allowed, no waiting."""
    fetch = settings.fetch.model_copy(
        update={"allow_private": True, "min_interval": 0.0, "host_spacing": 0.0, "per_host": 16, "concurrency": 32}
    )
    return settings.model_copy(update={"fetch": fetch})


def rounds_of(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Cut articles, in their order, into rounds in which no outlet has more than its feed holds."""
    current: list[Piece] = []
    counts: dict[str, int] = {}
    for piece in pieces:
        if counts.get(piece.outlet, 0) >= BURST:
            yield current
            current, counts = [], {}
        current.append(piece)
        counts[piece.outlet] = counts.get(piece.outlet, 0) + 1
    if current:
        yield current


def thirds(pieces: Sequence[Piece], now: datetime) -> Iterator[list[Piece]]:
    """Cut the built-in articles into what was there the day before, this morning, and just now."""
    for newest, oldest in ((16.0, 1e9), (4.0, 16.0), (-1.0, 4.0)):
        part = [piece for piece in pieces if piece.published and newest <= (now - piece.published).total_seconds() / 3600 < oldest]
        yield from rounds_of(part)


async def replay(
    store: Store,
    settings: Settings,
    newsroom: Newsroom,
    styles: Sequence[Style],
    rounds: Sequence[list[Piece]],
    *,
    final: datetime | None,
    limit: int | None,
    show: Callable[[int, int, Refreshed | None], None],
) -> Outcome:
    """Publish and fetch, round by round; ``final`` is the clock of the last round, ``limit`` the most rounds."""
    sources = [source_of(style, newsroom.base, full_pages=newsroom.full_pages) for style in styles]
    store.sync_catalogue(sources)
    outcome = Outcome(left_out=sum(len(part) for part in rounds[limit:]) if limit else 0)
    chosen = list(rounds[:limit] if limit else rounds)
    number = 0

    def report(result: Refreshed) -> None:
        if result.failure:
            outcome.failures.append(result)
        if result.committed.new or result.committed.revised:
            outcome.refreshed.append(result)
        show(number, len(chosen), result)

    dates = [max((piece.published for piece in part if piece.published), default=None) for part in chosen]
    newsroom.now = min((date for date in dates if date), default=newsroom.now)
    async with assembled(store, settings, report, clock=lambda: newsroom.now, rng=Random(1)) as running:
        for number, part in enumerate(chosen, 1):
            date = dates[number - 1]
            newsroom.now = max(newsroom.now + timedelta(seconds=1), date or newsroom.now)
            if final is not None and number == len(chosen):
                newsroom.now = max(newsroom.now, final)
            newsroom.publish(part)
            outcome.served += len(part)
            fresh = {piece.outlet for piece in part}
            # an outlet without news is asked now and then only, as a schedule would
            asked = [source.id for source in sources if source.id in fresh or number % 10 == 0]
            await running.engine.once(asked, force=True)
            show(number, len(chosen), None)
            if number % FOLDED_EVERY == 0:
                window = timedelta(hours=settings.dedup.window_hours)
                await running.writer.call(store.expire_keys, newsroom.now, window)
    outcome.rounds = len(chosen)
    account(store, [piece for part in chosen for piece in part], newsroom, outcome)
    return outcome


def account(store: Store, pieces: Sequence[Piece], newsroom: Newsroom, outcome: Outcome) -> None:
    """Find each article among the items, or say why it is none of its own."""
    stored: dict[str, set[str]] = {}
    links: dict[str, set[str]] = {}
    titles: dict[str, set[str]] = {}
    count = 0
    for item in store.iter_items(StoryFilter()):
        stored.setdefault(item.source_id, set()).add(item.guid)
        links.setdefault(item.source_id, set()).add(identity(item.url))
        titles.setdefault(item.source_id, set()).add(fold(item.title))
        count += 1
    matched = 0
    seen: set[tuple[str, str]] = set()
    for piece in pieces:
        # as the parser cleans them: control and bidi characters out, NFC
        own, link = clean(guid(piece)), clean(newsroom.link(piece))
        key = (piece.outlet, own)
        if key in seen:
            _reason(outcome, "its address came before: kept as a revision of that item")
        elif not {own, link}.isdisjoint(stored.get(piece.outlet, ())):
            matched += 1
        elif identity(link) in links.get(piece.outlet, ()):
            _reason(outcome, "its address came before in another spelling: kept as a revision of that item")
        elif fold(clean(piece.title)) in titles.get(piece.outlet, ()):
            _reason(outcome, "its outlet published the same headline, text and date under another address before")
        else:
            outcome.unaccounted.append(piece)
        seen.add(key)
    if matched != count:
        _reason(outcome, f"{count} items stored for {matched} articles with an address of their own")


def _reason(outcome: Outcome, text: str) -> None:
    outcome.reasons[text] = outcome.reasons.get(text, 0) + 1


def utc_now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)
