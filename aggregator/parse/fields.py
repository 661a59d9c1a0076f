"""Pick from feedparser's dictionaries what Mujaz keeps of an entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aggregator.parse.entry import Entry, web_address
from aggregator.parse.pictures import Picture, is_picture_file, number

Parsed = Any
_HTML_FILE = ("", "text/html", "application/xhtml+xml")
# pictures that newsroom systems put into tags of their own; the value is an address
_PICTURE_TAGS = re.compile(
    rb"<(?:[\w.-]+:)?(?:image|img|thumbnail|thumb|photo|picture|imageurl|image_url|featured_?image|image_link|postimage|cover)\s*>\s*(?:<!\[CDATA\[)?\s*"
    rb"(?:<url>\s*(?:<!\[CDATA\[)?\s*)?((?:https?:)?//?[^\s<\]]+)",
    re.IGNORECASE,
)

_get = dict.get  # feedparser's own looks every name up twice, and warns for some
_PICTURE_MARKS = (b"mage>", b"humb", b"hoto>", b"icture>", b"img>", b"cover>", b"mageurl", b"mage_")


def entry_of(parsed: Parsed, raw: bytes = b"", digest: bytes = b"") -> Entry:
    """Give feedparser's entry as an `Entry`; ``raw`` are its bytes, for what feedparser does not keep."""
    base = _base(parsed, raw)
    content = _content(parsed)
    summary = _get(parsed, "summary") or ""
    if summary and content and summary == content:
        summary = ""  # feedparser's copy of the content
    return Entry(
        id=_get(parsed, "id") or "",
        link=_link(parsed),
        title=_get(parsed, "title") or "",
        summary=summary,
        content=content,
        author=_author(parsed),
        published=_own(parsed, "published") or _own(parsed, "created"),
        updated=_own(parsed, "updated"),
        pictures=tuple(_pictures(parsed, raw)),
        categories=tuple(_categories(parsed)),
        language=(_get(parsed, "title_detail") or {}).get("language") or "",
        base=base,
        source_link=((_get(parsed, "source") or {}).get("link") or "") if raw[:6].lower() == b"<entry" else "",
        digest=digest,
    )


def _own(parsed: Parsed, name: str) -> str:
    """Give a field without feedparser's detour from ``updated`` to ``published``, which warns."""
    value = dict.get(parsed, name)
    return value if isinstance(value, str) else ""


def _base(parsed: Parsed, raw: bytes) -> str:
    if b"xml:base" not in raw:
        return ""
    for detail in (*(_get(parsed, "content") or ()), _get(parsed, "summary_detail"), _get(parsed, "title_detail")):
        if detail and detail.get("base"):
            return str(detail["base"])
    return ""


def _link(parsed: Parsed) -> str:
    """Give the article's address: the one behind FeedBurner's counter, the alternate link, the id that is an address."""
    original = _get(parsed, "feedburner_origlink")
    if isinstance(original, str) and original.startswith("http"):
        return original
    if _get(parsed, "link"):
        return str(parsed["link"])
    for link in _get(parsed, "links") or ():
        if link.get("href") and link.get("rel") in ("alternate", None) and link.get("type", "text/html") in _HTML_FILE:
            return str(link["href"])
    own = _get(parsed, "id") or ""
    return own if own.startswith(("http://", "https://")) else ""


def _content(parsed: Parsed) -> str:
    values = [
        part.get("value") or ""
        for part in _get(parsed, "content") or ()
        if not str(part.get("type", "")).startswith(("image/", "video/", "audio/"))
    ]
    return max(values, key=len, default="")


def _author(parsed: Parsed) -> str:
    names = [detail.get("name") for detail in _get(parsed, "authors") or () if detail and detail.get("name")]
    if len(names) > 1:
        return "، ".join(dict.fromkeys(names[:5]))
    return (_get(parsed, "author_detail") or {}).get("name") or _get(parsed, "author") or ""


def _categories(parsed: Parsed) -> Iterator[str]:
    for tag in _get(parsed, "tags") or ():
        name = tag.get("label") or tag.get("term")
        if name:
            yield name


def _pictures(parsed: Parsed, raw: bytes) -> Iterator[Picture]:
    for media in _get(parsed, "media_content") or ():
        if media.get("medium", "image") in ("image", "") or str(media.get("type", "")).startswith("image"):
            yield _of_attributes(media, "media")
    for link in _get(parsed, "links") or ():
        if link.get("rel") == "enclosure" and (str(link.get("type", "")).startswith("image") or is_picture_file(link.get("href") or "")):
            yield Picture(link.get("href") or "", "enclosure")
    for media in _get(parsed, "media_thumbnail") or ():
        yield _of_attributes(media, "thumbnail")
    for name in ("image", "thumbnail", "img", "itunes_image"):
        value = _get(parsed, name)
        address = (
            value
            if isinstance(value, str)
            else (value.get("href") or value.get("url") or value.get("src") or "")
            if isinstance(value, dict)
            else ""
        )
        if address:
            yield Picture(address, "entry")
    for found in _PICTURE_TAGS.finditer(raw) if any(mark in raw for mark in _PICTURE_MARKS) else ():
        yield Picture(found[1].decode("utf-8", "replace").replace("&amp;", "&"), "entry")


def _of_attributes(attributes: Parsed, role: str) -> Picture:
    return Picture(
        attributes.get("url") or "",
        role,
        number(attributes.get("width") or ""),
        number(attributes.get("height") or ""),
        attributes.get("type") or "",
    )


def logos_of(feed: Parsed, base: str) -> frozenset[str]:
    """Give the channel's own pictures, which stand for no entry."""
    image = feed.get("image") or {}
    told = [image.get("href"), image.get("url"), feed.get("logo"), feed.get("icon")] if isinstance(image, dict) else [feed.get("logo")]
    return frozenset(filter(None, (web_address(address, base) for address in told if isinstance(address, str))))
