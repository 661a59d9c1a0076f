"""What a feed validator complains of, as functions from a served feed to complaints: the rules of the W3C's service, of RFC 4287,
of RSS 2.0 with the advisory board's profile, and of JSON Feed 1.1. An empty list is a valid feed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from lxml import etree, html

ATOM, DC, CONTENT = "{http://www.w3.org/2005/Atom}", "{http://purl.org/dc/elements/1.1/}", "{http://purl.org/rss/1.0/modules/content/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})"
)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
TAG = re.compile(r"tag:([a-z0-9._-]+@)?[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:\S+")
RISKY = {"script", "iframe", "object", "embed", "style", "form", "input", "meta", "link", "base", "frame", "applet"}
CHANNEL = {
    "title",
    "link",
    "description",
    "language",
    "lastBuildDate",
    "pubDate",
    "generator",
    "item",
    "ttl",
    "image",
    "copyright",
    ATOM + "link",
}
ITEM = {
    "title", "link", "description", "guid", "pubDate", "category", "author", "comments", "enclosure", "source",
    DC + "creator", DC + "publisher", DC + "language", CONTENT + "encoded", MEDIA + "content", ATOM + "link",
}  # fmt: skip


def complaints(text: bytes, media_type: str, address: str) -> list[str]:
    """Give what is wrong with a feed that was served at ``address`` as ``media_type``."""
    kind, _, parameters = media_type.partition(";")
    found = [] if parameters.strip() == "charset=utf-8" else [f"charset: {parameters}"]
    if kind == "application/feed+json":
        return [*found, *_json(json.loads(text), address)]
    root = etree.fromstring(text)
    if kind == "application/atom+xml":
        return [*found, *_atom(root, address)]
    if kind == "application/rss+xml":
        return [*found, *_rss(root, address)]
    return [f"media type {kind}"]


def _one(parent: etree._Element, names: Iterable[str], where: str) -> Iterator[str]:
    for name in names:
        there = parent.findall(name)
        if len(there) != 1:
            yield f"{where}: {len(there)} of {name}"
        elif not "".join(there[0].itertext()).strip():
            yield f"{where}: empty {name}"


def _absolute(url: str | None, where: str) -> Iterator[str]:
    parts = urlsplit(url or "")
    if parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"[^\x21-\x7e]|[<>\"{}|\\^`]", url or ""):
        yield f"{where}: {url!r} is no full address"


def _markup(text: str, where: str) -> Iterator[str]:
    if not text.strip():
        yield f"{where}: empty"
        return
    for element in html.fragment_fromstring(text, create_parent=True).iter(etree.Element):
        if element.tag in RISKY:
            yield f"{where}: <{element.tag}>"
        for name, value in element.attrib.items():
            if name in ("href", "src") and urlsplit(value).scheme not in ("http", "https", "mailto"):
                yield f"{where}: relative or odd {name} {value!r}"
            if name == "style" or name.startswith("on"):
                yield f"{where}: attribute {name}"


def _plain(text: str | None, where: str) -> Iterator[str]:
    if re.search(r"<(?:p|b|i|a|br|img|div|span)\b[^>]*>|&(?:amp|lt|gt|quot|nbsp);", text or ""):
        yield f"{where}: holds markup"


def _twice(values: Iterable[object], what: str) -> Iterator[str]:
    yield from (f"{what} twice: {value}" for value, n in Counter(values).items() if n > 1)


def _rss(root: etree._Element, address: str) -> Iterator[str]:
    channel = root.find("channel")
    if root.tag != "rss" or root.get("version") != "2.0" or channel is None:
        yield "no RSS 2.0"
        return
    yield from _one(channel, ("title", "link", "description", "language", "lastBuildDate"), "channel")
    yield from _absolute(channel.findtext("link"), "channel link")
    yield from (f"channel: unknown {child.tag}" for child in channel if child.tag not in CHANNEL)
    if not LANGUAGE.fullmatch(channel.findtext("language") or ""):
        yield "channel: language"
    own = [(link.get("href"), link.get("type")) for link in channel.findall(ATOM + "link") if link.get("rel") == "self"]
    if own != [(address, "application/rss+xml")]:
        yield f"self is {own}, served at {address}"
    for date in root.iter("pubDate", "lastBuildDate"):
        if not RFC822.fullmatch(date.text or "") or parsedate_to_datetime(date.text).strftime("%a") != (date.text or "")[:3]:
            yield f"date {date.text}"
    items = channel.findall("item")
    yield from _twice([item.findtext("guid") for item in items], "guid")
    for item in items:
        yield from _one(item, ("title", "link", "guid", "pubDate"), "item")
        yield from (f"item: unknown {child.tag}" for child in item if child.tag not in ITEM)
        for name in ("description", CONTENT + "encoded", DC + "creator"):
            if len(item.findall(name)) > 1:
                yield f"item: {name} twice"
        guid = item.find("guid")
        if guid is not None and guid.get("isPermaLink", "true") != "false":
            yield from _absolute(guid.text, "guid that is said to be an address")
        yield from _absolute(item.findtext("link"), "item link")
        yield from _plain(item.findtext("title"), "item title")
        for url in [media.get("url") for media in item.findall(MEDIA + "content")] + [
            link.get("href") for link in item.findall(ATOM + "link")
        ]:
            yield from _absolute(url, "item")
        for encoded in item.findall(CONTENT + "encoded"):
            yield from _markup(encoded.text or "", "content")
        yield from ("empty category" for each in item.findall("category") if not (each.text or "").strip())


def _atom(root: etree._Element, address: str) -> Iterator[str]:
    if root.tag != ATOM + "feed":
        yield "no Atom feed"
        return
    yield from _one(root, (ATOM + "id", ATOM + "title", ATOM + "updated"), "feed")
    own = [(link.get("href"), link.get("type")) for link in root.findall(ATOM + "link") if link.get("rel") == "self"]
    if own != [(address, "application/atom+xml")]:
        yield f"self is {own}, served at {address}"
    for date in root.iter(ATOM + "updated", ATOM + "published"):
        if not RFC3339.fullmatch(date.text or ""):
            yield f"date {date.text}"
    entries = root.findall(ATOM + "entry")
    yield from _twice([entry.findtext(ATOM + "id") for entry in entries], "id")
    for each in [*root.iter(ATOM + "id")]:
        text = each.text or ""
        if not (TAG.fullmatch(text) or text.startswith(("http://", "https://", "urn:"))) or re.search(r"\s", text):
            yield f"id {text!r}"
    for link in root.iter(ATOM + "link"):
        yield from _absolute(link.get("href"), "link")
    for parent in (root, *entries):
        alternates = [
            (link.get("type"), link.get("hreflang"))
            for link in parent.findall(ATOM + "link")
            if link.get("rel", "alternate") == "alternate"
        ]
        yield from _twice(alternates, "alternate")
    for entry in entries:
        yield from _one(entry, (ATOM + "id", ATOM + "title", ATOM + "updated", ATOM + "author", ATOM + "published"), "entry")
        yield from _one(entry.find(ATOM + "author"), (ATOM + "name",), "author")
        yield from _plain(entry.findtext(ATOM + "title"), "entry title")
        source = entry.find(ATOM + "source")
        if source is not None:
            yield from _one(source, (ATOM + "id", ATOM + "title", ATOM + "updated"), "source")
        if len(entry.findall(ATOM + "content")) > 1 or len(entry.findall(ATOM + "summary")) > 1:
            yield "entry: content or summary twice"
        for content in entry.findall(ATOM + "content"):
            if content.get("type") != "html":
                yield f"content type {content.get('type')}"
            yield from _markup(content.text or "", "content")
        first, last = (entry.findtext(ATOM + name) or "" for name in ("published", "updated"))
        dated = RFC3339.fullmatch(first) and RFC3339.fullmatch(last)
        if dated and datetime.fromisoformat(last) < datetime.fromisoformat(first):
            yield "updated before published"
        yield from ("empty category" for each in entry.findall(ATOM + "category") if not (each.get("term") or "").strip())
    newest = max((entry.findtext(ATOM + "updated") or "" for entry in entries), default="")
    if newest > (root.findtext(ATOM + "updated") or ""):
        yield "an entry is newer than the feed"


def _json(feed: dict[str, object], address: str) -> Iterator[str]:
    if feed.get("version") != "https://jsonfeed.org/version/1.1" or not feed.get("title") or not isinstance(feed.get("items"), list):
        yield "no JSON Feed 1.1"
        return
    if feed.get("feed_url") != address:
        yield f"feed_url is {feed.get('feed_url')}, served at {address}"
    yield from _absolute(str(feed.get("home_page_url")), "home_page_url")
    items: list[dict[str, object]] = feed["items"]  # type: ignore[assignment]
    yield from _twice([item.get("id") for item in items], "id")
    for item in items:
        if not isinstance(item.get("id"), str) or not item["id"]:
            yield f"id {item.get('id')!r}"
        if not (item.get("content_html") or item.get("content_text")):
            yield "an item without content"
        yield from _absolute(str(item.get("url")), "url")
        if "image" in item:
            yield from _absolute(str(item["image"]), "image")
        yield from (f"date {item.get(name)}" for name in ("date_published", "date_modified") if not RFC3339.fullmatch(str(item.get(name))))
        yield from _markup(str(item.get("content_html") or "-"), "content")
        if not all(isinstance(author, dict) and author.get("name") for author in item.get("authors", [])):  # type: ignore[attr-defined]
            yield "authors"
        unknown = {name for name in item if not name.startswith("_")} - {
            "id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image", "date_published",
            "date_modified", "authors", "tags", "language", "attachments",
        }  # fmt: skip
        yield from (f"unknown {name}" for name in unknown)
