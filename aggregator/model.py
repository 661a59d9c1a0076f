"""The nouns of Mujaz: frozen values that travel between the rooms, and nothing else.

An *outlet* publishes through *sources*; a source yields *items*; near-identical items form a
*story*. Times are aware and in UTC, text is NFC. This module imports nothing of the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Kind(StrEnum):
    """What stands at a source's address."""

    FEED = "feed"
    PAGE = "page"
    SITEMAP = "sitemap"


class Rights(StrEnum):
    """How much of an outlet's text may be shown to others (DESIGN 9)."""

    LINK = "link"
    EXCERPT = "excerpt"
    FULL = "full"


class FailureKind(StrEnum):
    """Why a refresh failed; each kind backs off in its own way (`aggregator.schedule`)."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    REDIRECT = "redirect"
    REFUSED_ADDRESS = "refused_address"
    ROBOTS = "robots"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    GONE = "gone"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    NOT_A_FEED = "not_a_feed"
    NOT_AN_ARTICLE = "not_an_article"
    EMPTY = "empty"
    DRIFTED = "drifted"
    INTERNAL = "internal"


# -- what is subscribed to ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher. ``country`` is ISO 3166-1 alpha-2, empty for a pan-Arab outlet."""

    id: str
    name: str
    name_latin: str = ""
    country: str = ""
    language: str = "ar"
    timezone: str = "UTC"
    site: str = ""
    rights: Rights = Rights.EXCERPT
    aliases: tuple[str, ...] = ()
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """CSS selectors that turn a list page into items; ``next`` leads to the older page."""

    item: str
    link: str = "a"
    title: str = ""
    date: str = ""
    image: str = ""
    summary: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors for a source's article pages; an empty one is left to the extractor."""

    title: str = ""
    body: str = ""
    date: str = ""
    author: str = ""
    image: str = ""
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """One place to pull from, as the catalogue or the user declares it.

    ``addresses`` are candidates, tried in order; the first that proves to be a feed is kept
    in `SourceState.address`. ``full_page`` asks for each new item's own page as well.
    """

    id: str
    outlet: Outlet
    kind: Kind = Kind.FEED
    addresses: tuple[str, ...] = ()
    topic: str = ""
    full_page: bool = False
    recipe: Recipe | None = None
    selectors: Selectors | None = None
    min_interval: timedelta | None = None
    verified: str = "never"
    origin: str = "catalogue"  # or "user": `sources add`, OPML


class Status(StrEnum):
    """Whether a source is polled."""

    ACTIVE = "active"
    PAUSED = "paused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class SourceState:
    """What polling a source has taught so far; stored on the source's row.

    ``rhythm`` counts publications by hour of the week in UTC (168 numbers, decayed);
    ``hints`` is what the feed itself asks for (`FeedHints`), ``moved_to``/``moved_count``
    count equal permanent redirects in a row, ``body_digest`` is of the last 200's body, ``validated`` is
    the address that gave the validators where redirects led elsewhere than ``address``.
    """

    status: Status = Status.ACTIVE
    address: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    validated: str | None = None
    next_fetch_at: datetime | None = None
    last_fetch_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    probed_at: datetime | None = None
    failures: int = 0
    failure: Failed | None = None
    moved_to: str | None = None
    moved_count: int = 0
    body_digest: bytes | None = None
    hints: FeedHints | None = None
    rhythm: tuple[float, ...] = ()
    learnt_at: datetime | None = None  # when the rhythm was last added to; it fades from then on
    drifted: str = ""
    reason: str = ""  # why next_fetch_at is what it is, in words
    fetch_count: int = 0
    item_count: int = 0


DIGEST = 8
"""Bytes of the digest by which an entry is recognised at the next poll."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A source that is due, taken by one worker until ``until``."""

    source: Source
    state: SourceState
    until: datetime | None = None
    asked: datetime | None = None  # when it was last taken; tells whether somebody else has taken it since
    digests: bytes = b""  # of the entries that it brought last

    @property
    def known(self) -> frozenset[bytes]:
        """Give the digests of the entries that it already brought."""
        return frozenset(self.digests[at : at + DIGEST] for at in range(0, len(self.digests), DIGEST))


# -- what a fetch brings --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fetched:
    """A 200 answer. ``headers`` has lower-case names; ``moved_to`` only if all hops were 301/308."""

    address: str
    final_address: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """A 304 answer; validators that it carries replace the stored ones."""

    address: str
    headers: Mapping[str, str]
    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A refresh that brought nothing, with a reason that a person can read."""

    kind: FailureKind
    detail: str
    status: int | None = None
    retry_after: timedelta | None = None
    at: datetime | None = None


FetchOutcome = Fetched | NotModified | Failed


# -- what a document holds ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FeedHints:
    """What a feed asks of those who poll it. Hours are 0..23 in UTC, days 0 (Monday)..6."""

    interval: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class RawItem:
    """One entry of a feed, sitemap or list page, cleaned for storage.

    ``guid`` is the entry's own id (or its address), ``digest`` the 8-byte digest of the
    entry's bytes, by which the next poll leaves it out. Texts are plain except
    ``content_html``, which is sanitised.
    """

    guid: str
    url: str
    title: str
    summary: str = ""
    content_html: str = ""
    author: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    image: str = ""
    categories: tuple[str, ...] = ()
    language: str = ""
    digest: bytes = b""
    source_link: str = ""
    date_problem: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed feed, sitemap or list page.

    ``items`` are the new or changed ones, in document order; ``digests`` are those of *all*
    its entries, known ones included (what the source's row remembers).
    """

    format: str  # rss | atom | jsonfeed | sitemap | page
    items: tuple[RawItem, ...]
    digests: tuple[bytes, ...] = ()
    title: str = ""
    site: str = ""
    language: str = ""
    hints: FeedHints = field(default_factory=FeedHints)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """What an article page says. ``confidence`` in 0..1; ``flags`` e.g. ``("breaking", "video")``."""

    title: str
    body: str
    body_html: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    author: str = ""
    image: str = ""
    image_credit: str = ""
    source_link: str = ""
    language: str = ""
    confidence: float = 0.0
    method: str = ""
    flags: tuple[str, ...] = ()
    date_problem: str = ""
    noarchive: bool = False
    nosnippet: bool = False


# -- what is stored and read back -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """One stored report. ``score``/``why`` tell how it came into its story (empty for the first)."""

    id: int
    story_id: int
    source_id: str
    outlet: Outlet
    guid: str
    url: str
    title: str
    summary: str
    body: str
    body_html: str
    author: str
    published: datetime | None
    updated: datetime | None
    seen_at: datetime
    shown_at: datetime  # what lists sort by: published, unless undated, old at first sight or in the future
    image: str
    image_credit: str
    source_link: str
    language: str
    topic: str = ""
    agency: str = ""
    confidence: float = 0.0
    categories: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    score: float | None = None
    why: tuple[str, ...] = ()
    matched: int | None = None
    verbatim: bool = False  # its text adds nothing to the story's; stored once
    restricted: bool = False  # the page said noarchive or nosnippet

    @property
    def said_at(self) -> datetime:
        """Give the time that readers are told: as published, unless that is missing, absurd, or lay ahead when the item came."""
        # in the year 1, where an unset date lies, times can't be told in another zone
        usable = (each for each in (self.published, self.shown_at) if each and each <= self.seen_at and each.year > 1900)
        return next(usable, self.seen_at)


@dataclass(frozen=True, slots=True)
class Revision:
    """A former headline or body of an item."""

    item_id: int
    at: datetime
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Related:
    """A link to a story that is close but another piece of news."""

    story_id: int
    title: str
    score: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """Near-identical items as one entry; ``items`` start with the lead and go on by time.

    ``independent`` counts texts that are not copies of one another or of one agency wire.
    """

    id: int
    items: tuple[Item, ...]
    first_at: datetime
    last_at: datetime
    updated_at: datetime
    independent: int = 1
    related: tuple[Related, ...] = ()

    @property
    def lead(self) -> Item:
        """Give the item that stands for the story."""
        return self.items[0]

    @property
    def outlets(self) -> tuple[Outlet, ...]:
        """Give the outlets that report the story, each once, in the order of its items."""
        return tuple({item.outlet.id: item.outlet for item in self.items}.values())


class Sort(StrEnum):
    """How stories are ordered."""

    TIME = "time"
    SPREAD = "spread"
    RELEVANCE = "relevance"


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories are wanted; empty fields ask for nothing. ``query`` is in search syntax."""

    since: datetime | None = None
    until: datetime | None = None
    outlets: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    query: str = ""
    sort: Sort = Sort.TIME


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing; ``next`` is the cursor of the page after it, or None."""

    rows: tuple[T, ...]
    next: str | None = None
