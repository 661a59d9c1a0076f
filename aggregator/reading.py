"""What happens to a document in a worker process: bytes to items, items to articles, articles to drafts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from aggregator.model import Article, Document, Kind, RawItem, Recipe, Selectors

if TYPE_CHECKING:
    from aggregator.dedup import Draft


@dataclass(frozen=True, slots=True)
class Task:
    """A document to read, with what its source knows."""

    body: bytes
    headers: Mapping[str, str]
    address: str
    outlet: str
    now: datetime
    kind: Kind = Kind.FEED
    recipe: Recipe | None = None
    selectors: Selectors | None = None
    timezone: str = "UTC"
    country: str = ""
    language: str = ""
    known: frozenset[bytes] = frozenset()
    max_items: int = 2_000
    with_articles: bool = True


@dataclass(frozen=True, slots=True)
class Read:
    """An entry with its article and signature."""

    raw: RawItem
    article: Article
    draft: Draft
    terms: tuple[str, str]  # what the search index keeps of headline and text


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as read: its entries in order (bare where the full page is still to come)."""

    document: Document
    items: tuple[Read, ...] = ()


def read_document(task: Task) -> Reading:
    """Read a feed, sitemap or list page (raises `DocumentError`)."""
    from aggregator import extract, parse

    document = parse.document(
        task.body,
        content_type=task.headers.get("content-type", ""),
        headers=task.headers,
        address=task.address,
        timezone=task.timezone,
        country=task.country,
        language=task.language,
        known=task.known,
        now=task.now,
        max_items=task.max_items,
        recipe=task.recipe,
        kind=task.kind,
    )
    if not task.with_articles:
        return Reading(document)
    # one step for all entries before the next: alternating between them takes a tenth longer
    articles = [extract.from_feed(raw) for raw in document.items]
    items = tuple(_read(raw, article, task.outlet, task.language) for raw, article in zip(document.items, articles, strict=True))
    return Reading(replace(document, items=tuple(each.raw for each in items)), items)


def read_article(task: Task, raw: RawItem) -> Read:
    """Read an entry's own page; raises `DocumentError` where it is no article."""
    from aggregator import extract

    article = extract.article(
        task.body,
        url=task.address,
        content_type=task.headers.get("content-type", ""),
        headers=task.headers,
        selectors=task.selectors,
        feed_html=raw.content_html,
        feed_title=raw.title,
        timezone=task.timezone,
        country=task.country,
        language=raw.language or task.language,
        now=task.now,
    )
    return _read(raw, article, task.outlet, task.language)


def read_entry(raw: RawItem, outlet: str, language: str) -> Read:
    """Read an entry from its feed alone."""
    from aggregator import extract

    return _read(raw, extract.from_feed(raw), outlet, language)


def _read(raw: RawItem, article: Article, outlet: str, language: str) -> Read:
    from aggregator import dedup
    from aggregator.arabic.tokens import Folded
    from aggregator.dedup.headline import headline

    report = dedup.Report(
        raw.guid,
        article.title or raw.title,
        article.body or raw.summary,
        outlet,
        raw.url,
        raw.published or article.published,
        article.language or raw.language or language,
    )
    body = Folded.of(report.body)
    draft = dedup.draft(report, body)
    headline.cache_clear()  # nobody asks a worker for it again, and 20,000 of them reached its bound on memory
    # the article has all of the entry's own text that is kept: a third of what would go back to the main process
    return Read(replace(raw, content_html=""), article, draft, (Folded.of(report.title).terms, body.terms))
