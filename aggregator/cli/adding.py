"""Adds a source from any address: a feed is taken, a site's feed is found, a page gets a proposed recipe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from aggregator.daemon import assembled, utc_now
from aggregator.errors import DocumentError, MujazError, UsageError
from aggregator.extract.addresses import identity
from aggregator.model import Failed, Fetched, Kind, Outlet, Recipe, Source
from aggregator.pipeline import Refreshed, refresh

if TYPE_CHECKING:
    from aggregator.fetch.client import Client
    from aggregator.settings import Settings
    from aggregator.store import Store

MOST_TRIED = 4


@dataclass(frozen=True, slots=True)
class Added:
    """What adding an address came to."""

    source: Source
    refreshed: Refreshed | None
    known: bool = False

    @property
    def failure(self) -> Failed | None:
        """Give why nothing could be stored, if so."""
        return self.refreshed.failure if self.refreshed else None

    def sentence(self) -> str:
        """Say it to a person."""
        if self.known:
            return f"mujaz: {self.source.id} is followed already; nothing changed."
        assert self.refreshed is not None
        if self.failure:
            return f"mujaz: {self.source.id} was added, but its first fetch failed ({self.failure.kind}: {self.failure.detail}); it is tried again."
        committed = self.refreshed.committed
        what = {"feed": "a feed", "page": "a page read by a recipe", "sitemap": "a sitemap"}[str(self.source.kind)]
        return f"mujaz: {self.refreshed.state.address} is {what}; {len(committed.new)} items stored, {committed.merged} of them merged."

    def row(self) -> dict[str, Any]:
        """Give it for programs."""
        committed = self.refreshed.committed if self.refreshed else None
        return {
            "id": self.source.id,
            "kind": str(self.source.kind),
            "address": (self.refreshed.state.address if self.refreshed else None) or self.source.addresses[0],
            "known": self.known,
            "new": len(committed.new) if committed else 0,
            "merged": committed.merged if committed else 0,
            "error": {"kind": str(self.failure.kind), "detail": self.failure.detail} if self.failure else None,
        }


def normal(url: str) -> str:
    """Give an address with its scheme; raises `UsageError` for what is none."""
    text = url.strip()
    if "://" not in text:
        text = "https://" + text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url!r} is no address of a feed or page; give one like https://example.org/feed.")
    return text


def name_of(url: str, taken: Sequence[str]) -> str:
    """Make an id from an address that is not taken yet."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    base = re.sub(r"[^a-z0-9]+", "-", host.lower()).strip("-") or "source"
    if parts.port and parts.port not in (80, 443):
        base += f"-{parts.port}"
    path = re.sub(r"[^a-z0-9]+", "-", parts.path.lower()).strip("-")
    names = [base, *([f"{base}-{path}"[:60]] if path else []), *(f"{base}-{n}" for n in range(2, 10_000))]
    return next(name for name in names if name not in taken)


async def add(store: Store, settings: Settings, url: str, *, name: str | None, country: str, timezone: str, full_page: bool) -> Added:
    """Add an address and make its first refresh, from the answer that showed what it is."""
    address = normal(url)
    claims = store.sources()
    for claim in claims:
        if identity(address) in {identity(each) for each in (*claim.source.addresses, claim.state.address or "") if each}:
            return Added(claim.source, None, known=True)
    taken = [claim.source.id for claim in claims]
    if name and name in taken:
        raise UsageError(f"There is a source {name!r} already; choose another --id.")
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    outlet = Outlet(
        name_of(f"http://{parts.netloc.rpartition('@')[2]}", ()),
        host,
        country=country,
        timezone=timezone,
        site=f"{parts.scheme}://{parts.netloc}/",
        language="",
    )
    chosen = name or name_of(address, taken)
    done: list[Refreshed] = []
    async with assembled(store, settings, done.append) as running:
        answers = _Once(running.client)
        # the client's place is taken by one that gives an answer twice
        ports = replace(running.ports, client=cast("Client", answers))
        source = await _what(answers, ports, chosen, outlet, address, full_page)
        store.add_source(source)
        # taken at once, so that a daemon beside does not ask for the same
        taken_now = store.claim_due(utc_now(), 1, per_host=10_000, ids=[source.id], force=True)
        if not taken_now:
            raise MujazError(
                f"{chosen} was added; it is fetched by a running daemon, or when its host's wish to be left alone ends (`mujaz sources show {chosen}`)."
            )
        result = await refresh(replace(taken_now[0], source=source), ports)
    return Added(source, result)


class _Once:
    """A client that hands the answer which showed what an address is on to the first refresh, so that it is asked once."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._kept: dict[str, Any] = {}
        self.user_agent = client.user_agent

    async def get(self, address: str, **options: Any) -> Any:
        """Fetch an address, or give its answer if it was fetched a moment ago."""
        if address in self._kept:
            return self._kept.pop(address)
        return await self._client.get(address, **options)

    def keep(self, address: str, answer: Any) -> None:
        """Keep an answer for the refresh that follows."""
        self._kept[address] = answer


async def _what(answers: _Once, ports: Any, name: str, outlet: Outlet, address: str, full_page: bool) -> Source:
    """Find out what stands at an address: a feed or sitemap, a site with one, or a list page."""
    from aggregator.parse.discover import discover
    from aggregator.pipeline import ports_of
    from aggregator.reading import Task, read_document

    base = Source(name, outlet, addresses=(address,), full_page=full_page, origin="user")
    ports_open = ports_of(base)
    outcome = await answers.get(address, accept="feed", ports=ports_open)
    if not isinstance(outcome, Fetched):
        if isinstance(outcome, Failed) and outcome.kind in ("refused_address",):
            raise MujazError(f"{address}: {outcome.detail}.")
        return base  # it may be down: it is followed, and tried again
    answers.keep(address, outcome)
    try:
        reading = await ports.workers.run(
            read_document, Task(outcome.body, dict(outcome.headers), outcome.final_address, outlet.id, utc_now())
        )
    except DocumentError as error:
        if error.kind in ("blocked",):
            return base
    else:
        kind = Kind.SITEMAP if reading.document.format == "sitemap" else Kind.FEED
        return Source(name, outlet, kind, (address,), full_page=full_page or kind is Kind.SITEMAP, origin="user")
    found = await ports.workers.run(discover, outcome.body, outcome.final_address)
    for each in [*found.feeds, *found.sitemaps][:MOST_TRIED]:
        answer = await answers.get(each, accept="feed", ports=ports_open)
        if not isinstance(answer, Fetched):
            continue
        try:
            reading = await ports.workers.run(
                read_document, Task(answer.body, dict(answer.headers), answer.final_address, outlet.id, utc_now())
            )
        except DocumentError:
            continue
        if reading.document.items:
            answers.keep(each, answer)
            kind = Kind.SITEMAP if reading.document.format == "sitemap" else Kind.FEED
            return Source(name, outlet, kind, (each,), full_page=full_page or kind is Kind.SITEMAP, origin="user")
    if found.recipe is not None:
        return Source(name, outlet, Kind.PAGE, (address,), full_page=True, recipe=found.recipe, origin="user")
    raise MujazError(f"{address} is no feed, links to none, and holds no list of articles that a recipe could read.")


@dataclass(frozen=True, slots=True)
class Found:
    """What a site offers."""

    feeds: tuple[str, ...]
    sitemaps: tuple[str, ...]
    recipe: Recipe | None
    items: int
    example: str
    guessed: bool = False

    def row(self) -> dict[str, Any]:
        """Give it for programs."""
        recipe = {name: value for name, value in asdict(self.recipe).items() if value} if self.recipe else None
        return {
            "feeds": list(self.feeds),
            "sitemaps": list(self.sitemaps),
            "recipe": recipe,
            "items": self.items,
            "example": self.example,
            "guessed": self.guessed,
        }


async def look(settings: Settings, url: str) -> Found:
    """Fetch a page and find what it offers."""
    from aggregator.parse import page
    from aggregator.parse.discover import COMMON_SITEMAPS, discover

    body, address = await _page(settings, url)
    found = discover(body, address)
    if not found.guessed and {urlsplit(each).path for each in found.sitemaps} == set(COMMON_SITEMAPS):
        found = replace(found, sitemaps=())  # the page names feeds, and these are only where a sitemap may be
    items = page.items(body, found.recipe, address, now=utc_now()) if found.recipe else ()
    return Found(tuple(found.feeds), tuple(found.sitemaps), found.recipe, len(items), items[0].title if items else "", found.guessed)


async def _page(settings: Settings, url: str) -> tuple[bytes, str]:
    from aggregator.fetch.client import Client

    address = normal(url)
    async with Client(settings.fetch, clock=utc_now) as client:
        port = urlsplit(address).port
        outcome = await client.get(address, accept="page", ports=frozenset({port} if port else ()))
    if not isinstance(outcome, Fetched):
        detail = outcome.detail if isinstance(outcome, Failed) else "not modified"
        raise MujazError(f"{address} can't be fetched: {detail}.")
    return outcome.body, outcome.final_address


async def propose(settings: Settings, url_or_file: str, base: str) -> str:
    """Give a recipe for a page as TOML, with what it yields in comments."""
    from aggregator.parse import page

    if Path(url_or_file).is_file():
        body, address = Path(url_or_file).read_bytes(), base or "http://example.invalid/"
    else:
        body, address = await _page(settings, url_or_file)
    recipe = page.propose(body, address)
    if recipe is None:
        raise MujazError(f"{url_or_file} holds no repeating blocks that look like a list of articles.")
    found = page.items(body, recipe, address, now=utc_now())
    lines = ["[sources.recipe]", *(f"{name} = {_quoted(value)}" for name, value in asdict(recipe).items() if value)]
    lines += [f"# yields {len(found)} items:", *(f"#   {each.title[:90]}  {each.url}" for each in found[:5])]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
