"""Read JSON Feed 1.0 and 1.1, and what calls itself so: ids that are numbers, a missing version, dates as epochs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html import escape
from typing import Any

from aggregator.errors import DocumentError
from aggregator.model import Document
from aggregator.parse import text
from aggregator.parse.asked import Asked
from aggregator.parse.entry import Entry, digest_of, finish, web_address
from aggregator.parse.pictures import Picture, is_picture_file

Table = Mapping[str, Any]


def read(data: bytes, asked: Asked) -> Document:
    """Read a JSON feed; raises `DocumentError` (``not_a_feed``) for JSON of another kind or broken beyond reading."""
    feed = _loaded(data)
    rows = [row for row in _list(feed.get("items")) if isinstance(row, dict)]
    problems = [] if "jsonfeed.org/version" in _text(feed, "version") else ["the version of JSON Feed is not stated"]
    site = web_address(_text(feed, "home_page_url"), asked.around.base)
    around = replace(
        asked.around,
        language=_text(feed, "language") or asked.around.language,
        logos=frozenset(filter(None, (web_address(_text(feed, name), asked.around.base) for name in ("icon", "favicon")))),
    )
    digests: list[bytes] = []
    items = []
    seen = set(asked.known)
    for row in rows[: asked.max_items]:
        digest = digest_of(json.dumps(row, sort_keys=True).encode())
        digests.append(digest)
        if digest in seen:
            continue
        seen.add(digest)
        item = finish(_entry(row, digest), around)
        if item:
            items.append(item)
    if len(rows) > asked.max_items:
        problems.append(f"{len(rows)} entries, of which {asked.max_items} were read")
    return Document(
        format="jsonfeed",
        items=tuple(items),
        digests=tuple(digests),
        title=text.line(_text(feed, "title")),
        site=site,
        language=around.language,
        problems=tuple(problems),
    )


def _loaded(data: bytes) -> Table:
    try:
        feed = json.loads(data.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise DocumentError("not_a_feed", f"the document begins like JSON, but can't be read: {str(error)[:120]}") from None
    if isinstance(feed, dict) and isinstance(feed.get("items"), list):
        return feed
    raise DocumentError("not_a_feed", "the document is JSON, but no JSON feed: it has no list of items")


def _entry(row: Table, digest: bytes) -> Entry:
    html = _text(row, "content_html")
    plain_text = _text(row, "content_text")
    if not html and plain_text:
        html = "".join(f"<p>{escape(part)}</p>" for part in plain_text.split("\n\n") if part.strip())
    url = _text(row, "url")
    other = _text(row, "external_url")
    return Entry(
        id=_text(row, "id"),
        link=url or other or (_text(row, "id") if _text(row, "id").startswith("http") else ""),
        title=_text(row, "title"),
        summary=_text(row, "summary"),
        content=html,
        author="، ".join(dict.fromkeys(_authors(row))),
        published=_text(row, "date_published"),
        updated=_text(row, "date_modified"),
        pictures=tuple(_pictures(row)),
        categories=tuple(tag for tag in _list(row.get("tags")) if isinstance(tag, str)),
        language=_text(row, "language"),
        source_link=other if url else "",
        digest=digest,
    )


def _authors(row: Table) -> Iterator[str]:
    for author in [*_list(row.get("authors")), row.get("author")]:
        name = author if isinstance(author, str) else _text(author, "name") if isinstance(author, dict) else ""
        if name:
            yield name


def _pictures(row: Table) -> Iterator[Picture]:
    for name in ("image", "banner_image"):
        value = row.get(name)
        address = _text(value, "url") if isinstance(value, dict) else _text(row, name)
        if address:
            yield Picture(address, "media")
    for attachment in _list(row.get("attachments")):
        if isinstance(attachment, dict):
            address, kind = _text(attachment, "url"), _text(attachment, "mime_type")
            if kind.startswith("image/") or (not kind and is_picture_file(address)):
                yield Picture(address, "enclosure", type=kind)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(table: Table, name: str) -> str:
    """Give a field as text; numbers as they are written (an id, an epoch), anything else as ""."""
    value = table.get(name)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")  # half of a surrogate pair: "\ud83d"
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
