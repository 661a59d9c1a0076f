"""NDJSON: one story (or item) a line, with all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, BinaryIO

from aggregator.dedup.reason import say
from aggregator.export.atom import stamp
from aggregator.export.rights import shown
from aggregator.model import Item, Story


def row_of_item(item: Item, *, everything: bool) -> dict[str, Any]:
    """Give an item as a flat record; times are RFC 3339 in UTC or null."""
    part = shown(item, everything=everything)
    return {
        "id": item.id,
        "story": item.story_id,
        "outlet": item.outlet.id,
        "outlet_name": item.outlet.name,
        "country": item.outlet.country,
        "source": item.source_id,
        "url": item.url,
        "source_link": item.source_link,
        "title": item.title,
        "summary": part.summary,
        "body": part.body,
        "author": item.author,
        "published": stamp(item.published) if item.published else None,
        "updated": stamp(item.updated) if item.updated else None,
        "seen": stamp(item.seen_at),
        "image": part.image,
        "language": item.language,
        "topic": item.topic,
        "agency": item.agency,
        "categories": list(item.categories),
        "score": item.score,
        "matched": item.matched,
        "why": [say(reason) for reason in item.why],
    }


def row_of_story(story: Story, *, everything: bool) -> dict[str, Any]:
    """Give a story with its items and links."""
    return {
        "id": story.id,
        "title": story.lead.title,
        "first": stamp(story.first_at),
        "last": stamp(story.last_at),
        "outlets": [outlet.id for outlet in story.outlets],
        "independent": story.independent,
        "items": [row_of_item(item, everything=everything) for item in story.items],
        "related": [{"story": r.story_id, "title": r.title, "score": r.score, "why": [say(w) for w in r.why]} for r in story.related],
    }


def write_rows(rows: Iterable[dict[str, Any]], out: BinaryIO) -> int:
    """Write records, one a line; gives how many."""
    count = 0
    for row in rows:
        out.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        count += 1
    return count
