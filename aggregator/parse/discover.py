"""Find what a site offers to follow: feeds, sitemaps, or a list page for a recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from aggregator.errors import DocumentError
from aggregator.extract.addresses import site
from aggregator.extract.entities import unescape
from aggregator.model import Recipe
from aggregator.parse import charset, sitemap
from aggregator.parse import shape as shapes
from aggregator.parse.entry import web_address

MAX_FOUND = 20
# in the order of how often they hold on Arab news sites (WordPress, Drupal, Joomla, hand-made)
COMMON_FEEDS = (
    "/feed/",
    "/rss.xml",
    "/rss",
    "/feed.xml",
    "/atom.xml",
    "/index.xml",
    "/feed/rss",
    "/ar/rss.xml",
    "/ar/feed",
    "/?feed=rss2",
    "/feeds/posts/default",
)
COMMON_SITEMAPS = ("/news-sitemap.xml", "/sitemap-news.xml", "/googlenews.xml", "/sitemap_news.xml", "/sitemap.xml", "/sitemap_index.xml")

_LINK = re.compile(r"<link\b([^<>]{1,3000})>", re.IGNORECASE)
_ANCHOR = re.compile(r"<a\b([^<>]{1,3000})>(.{0,400}?)</a>", re.IGNORECASE | re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_BASE = re.compile(r"<base\b[^<>]*?\bhref\s*=\s*[\"']?([^\"'\s<>]+)", re.IGNORECASE)
_FEED_TYPES = frozenset(
    (
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/xml",
        "text/xml",
        "application/x.atom+xml",
    )
)
_FEED_ADDRESS = re.compile(
    r"/(?:rss|feeds?|atom|rdf)(?:[/.?_-]|$)|\.(?:rss|rdf|atom)(?:$|\?)|[?&](?:feed|format|type)=(?:rss2?|atom|feed)|(?:rss|feed|atom)[\w-]*\.(?:xml|php|aspx|json)",
    re.IGNORECASE,
)
_SITEMAP_ADDRESS = re.compile(r"sitemap[\w-]*\.(?:xml|php)|/sitemap/?$", re.IGNORECASE)
_NOT_NEWS = re.compile(
    r"comments?/|/comments|oembed|/wp-json|xmlrpc|opensearch|/amp(?:/|$)|podcast|feedly\.com|/subscribe|add\.my\.yahoo|facebook\.com|twitter\.com",
    re.IGNORECASE,
)
_SITEMAP_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a page leads to; the best of each first.

    ``feeds`` and ``sitemaps`` are those that the page names. Where it names none they are the usual
    addresses, which may not exist (``guessed``): each is to be tried. ``recipe`` reads the page itself.
    """

    feeds: tuple[str, ...]
    sitemaps: tuple[str, ...]
    recipe: Recipe | None
    guessed: bool = False


def discover(html: bytes, address: str, *, content_type: str = "") -> Discovered:
    """Find feeds, sitemaps and a recipe from a page (or from a sitemap index) at ``address``."""
    text = charset.decode(charset.unpack(html), content_type).text
    try:
        shape = shapes.look(text)
    except DocumentError:
        return Discovered((), (), None)
    if shape.kind == "sitemap":
        return Discovered((), tuple(sitemap.parts(shape.data, address)[:MAX_FOUND]), None)
    feeds = declared_feeds(text, address)
    sitemaps = declared_sitemaps(text, address)
    from aggregator.parse.propose import propose

    recipe = propose(text, address) if shape.kind == "html" else None
    guessed = not feeds
    feeds = feeds or [urljoin(address, path) for path in COMMON_FEEDS]
    sitemaps = sitemaps or [urljoin(address, path) for path in COMMON_SITEMAPS]
    return Discovered(tuple(feeds[:MAX_FOUND]), tuple(sitemaps[:MAX_FOUND]), recipe, guessed)


def declared_feeds(text: str, address: str) -> list[str]:
    """Give the feeds that a page links to: ``<link rel=alternate>`` first, then anchors; comment feeds never, other sites' last."""
    base = _base(text, address)
    found: dict[str, int] = {}
    for rank, told in _told(text):
        where = web_address(told, base)
        if not where or _NOT_NEWS.search(urlsplit(where)._replace(netloc="").geturl()) or _NOT_NEWS.search(where):
            continue
        away = site(where) != site(address) and "feedburner" not in where
        found.setdefault(where, rank + 2 * away)
    return sorted(found, key=lambda where: found[where])[:MAX_FOUND]


def _told(text: str) -> Iterator[tuple[int, str]]:
    for found in _LINK.finditer(text):
        attributes = _attributes(found[1])
        rel = attributes.get("rel", "").lower().split()
        kind = attributes.get("type", "").lower().split(";")[0].strip()
        if ("alternate" in rel or "feed" in rel) and (
            kind in _FEED_TYPES or (kind == "application/json" and "feed" in attributes.get("href", ""))
        ):
            yield 0, attributes.get("href", "")
    for found in _ANCHOR.finditer(text):
        attributes = _attributes(found[1])
        href = attributes.get("href", "")
        inside = found[2].lower()
        if (
            attributes.get("type", "").lower() in _FEED_TYPES
            or _FEED_ADDRESS.search(href)
            or ("rss" in inside and len(inside) < 200 and href.endswith((".xml", ".php")))
        ):
            yield 1, href


def declared_sitemaps(text: str, address: str) -> list[str]:
    """Give the sitemaps that a page or a robots.txt names, those for news first."""
    base = _base(text, address)
    told = [match[1] for match in _SITEMAP_LINE.finditer(text)]
    for pattern in (_LINK, _ANCHOR):
        for found in pattern.finditer(text):
            attributes = _attributes(found[1])
            if "sitemap" in attributes.get("rel", "").lower() or _SITEMAP_ADDRESS.search(attributes.get("href", "")):
                told.append(attributes.get("href", ""))
    addresses = dict.fromkeys(filter(None, (web_address(each, base) for each in told)))
    return sorted(addresses, key=lambda where: "news" not in where.lower())[:MAX_FOUND]


def _attributes(inside: str) -> dict[str, str]:
    return {name.lower(): unescape(double or single or bare) for name, double, single, bare in _ATTRIBUTE.findall(inside)}


def _base(text: str, address: str) -> str:
    found = _BASE.search(text[:50_000])
    return web_address(unescape(found[1]), address) or address if found else address
