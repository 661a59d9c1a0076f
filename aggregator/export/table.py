"""Tables for a spreadsheet or a data frame: CSV and Parquet, one row an item or a story."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from aggregator.errors import UsageError

ITEM_COLUMNS = (
    "id", "story", "outlet", "outlet_name", "country", "source", "url", "source_link", "title", "summary", "body", "author",
    "published", "updated", "seen", "image", "language", "topic", "agency", "categories", "score", "matched", "why",
)  # fmt: skip
STORY_COLUMNS = ("id", "title", "first", "last", "outlets", "independent", "reports", "url", "summary", "language", "country")
ROWS_AT_ONCE = 2_000


def story_row(row: dict[str, Any]) -> dict[str, Any]:
    """Flatten a story's record to one row: its lead's facts and its counts."""
    lead = row["items"][0]
    return {
        **{name: row[name] for name in ("id", "title", "first", "last", "outlets", "independent")},
        "reports": len(row["items"]),
        "url": lead["source_link"] or lead["url"],
        "summary": lead["summary"],
        "language": lead["language"],
        "country": lead["country"],
    }


def cell(value: Any) -> str:
    """Give a value as a cell; a text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if value is None:
        return ""
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text.replace("\0", "")
    if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + text
    return text


def write_csv(rows: Iterable[dict[str, Any]], columns: tuple[str, ...], out: BinaryIO) -> int:
    """Write UTF-8 CSV with a mark at its start, by which spreadsheets know Arabic; gives how many rows."""
    text = io.TextIOWrapper(out, encoding="utf-8", errors="replace", newline="", write_through=True)
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([cell(row.get(name)) for name in columns])
        count += 1
    text.detach()
    return count


def write_parquet(rows: Iterable[dict[str, Any]], columns: tuple[str, ...], out: BinaryIO) -> int:
    """Write Parquet in row groups of 2,000; gives how many rows (raises `UsageError` without the extra)."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UsageError("Parquet needs the extra: pip install 'mujaz[parquet]'.") from None
    whole, real, many = ("id", "story", "matched", "independent", "reports"), ("score",), ("outlets", "categories", "why")
    kinds = {
        **dict.fromkeys(whole, pyarrow.int64()),
        **dict.fromkeys(real, pyarrow.float64()),
        **dict.fromkeys(many, pyarrow.list_(pyarrow.string())),
    }
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in columns])
    count = 0
    source = iter(rows)
    with parquet.ParquetWriter(out, schema) as writer:
        for chunk in _chunks(source):
            writer.write_table(pyarrow.Table.from_pylist([{name: row.get(name) for name in columns} for row in chunk], schema=schema))
            count += len(chunk)
    return count


def _chunks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield chunk
