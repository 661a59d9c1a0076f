"""Stories to bytes: RSS, Atom, JSON Feed, NDJSON, CSV, Parquet, and OPML of the sources. Pure, streamed story by story."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import BinaryIO

from aggregator.model import Item, Source, Story

FORMATS = ("rss", "atom", "json", "ndjson", "csv", "parquet", "opml")


def write(
    form: str,
    stories: Iterable[Story],
    *,
    out: BinaryIO,
    title: str,
    now: datetime,
    address: str = "",
    home: str = "",
    language: str = "ar",
    rights: bool = True,
) -> int:
    """Write stories in a format; gives how many. ``rights`` False shows everything (the reader's own machine)."""
    from aggregator.export import entry

    everything = not rights
    if feed := _feed(form):
        from aggregator.export.feed import Head

        return feed(Head(title, now, address, home, language), (entry.of_story(story, everything=everything) for story in stories), out)
    from aggregator.export import ndjson, table

    rows = (ndjson.row_of_story(story, everything=everything) for story in stories)
    if form == "ndjson":
        return ndjson.write_rows(rows, out)
    return _table(form)((table.story_row(row) for row in rows), table.STORY_COLUMNS, out)


def write_items(
    form: str,
    items: Iterable[Item],
    *,
    out: BinaryIO,
    title: str,
    now: datetime,
    address: str = "",
    home: str = "",
    language: str = "ar",
    rights: bool = True,
) -> int:
    """Write items one by one instead of stories; gives how many."""
    from aggregator.export import entry

    everything = not rights
    if feed := _feed(form):
        from aggregator.export.feed import Head

        return feed(Head(title, now, address, home, language), (entry.of_item(item, everything=everything) for item in items), out)
    from aggregator.export import ndjson, table

    rows = (ndjson.row_of_item(item, everything=everything) for item in items)
    return ndjson.write_rows(rows, out) if form == "ndjson" else _table(form)(rows, table.ITEM_COLUMNS, out)


def opml(sources: Iterable[Source]) -> bytes:
    """Give the sources as OPML."""
    from aggregator.export import outline

    return outline.write(sources)


def _feed(form: str) -> Callable[..., int] | None:
    from importlib import import_module

    modules = {"rss": "rss", "atom": "atom", "json": "jsonfeed"}
    return import_module(f"aggregator.export.{modules[form]}").write if form in modules else None


def _table(form: str) -> Callable[..., int]:
    from aggregator.export import table

    return {"csv": table.write_csv, "parquet": table.write_parquet}[form]
