"""JSON Feed 1.1, written item by item; what it has no word for stands under ``_mujaz``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, BinaryIO

from aggregator.export.atom import stamp
from aggregator.export.entry import Entry
from aggregator.export.feed import Head


def write(head: Head, entries: Iterable[Entry], out: BinaryIO) -> int:
    """Write a feed; gives how many entries."""
    fields: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": head.title, "language": head.language}
    if head.home:
        fields["home_page_url"] = head.home
    if head.address:
        fields["feed_url"] = head.address
    start = json.dumps(fields, ensure_ascii=False)[:-1] + ', "items": ['
    out.write(start.encode("utf-8", "replace"))
    count = 0
    for entry in entries:
        out.write(((",\n" if count else "\n") + json.dumps(_item(entry), ensure_ascii=False)).encode("utf-8", "replace"))
        count += 1
    out.write(b"\n]}\n")
    return count


def _item(entry: Entry) -> dict[str, Any]:
    row: dict[str, Any] = {"id": entry.id, "title": entry.title}
    if entry.url:
        row["url"] = entry.url
    if entry.html:
        row["content_html"] = entry.html
    else:
        row["content_text"] = entry.summary or entry.title
    for name, value in (("summary", entry.summary), ("image", entry.image), ("language", entry.language), ("tags", list(entry.categories))):
        if value:  # an empty field says nothing
            row |= {name: value}
    row["date_published"], row["date_modified"] = stamp(entry.published), stamp(entry.updated)
    row["authors"] = [{"name": entry.author or entry.outlet}]
    also = [{"outlet": outlet, "title": title, "url": url} for outlet, title, url in entry.others]
    row["_mujaz"] = {"outlet": entry.outlet, "also_reported_by": also, "related": [{"id": a, "title": b} for a, b in entry.related]}
    return row
