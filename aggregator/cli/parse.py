"""The pipe command ``mujaz parse``: feed documents in, one NDJSON item a line out."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from aggregator.cli.context import Context, emit_json
from aggregator.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from aggregator.model import RawItem


@click.command(short_help="Feed documents to NDJSON items; stores nothing.")
@click.argument("documents", metavar="FILE|URL...", nargs=-1, required=True)
@click.option(
    "--headers",
    "headers_file",
    type=click.Path(exists=True, dir_okay=False),
    help="File with the HTTP headers the documents came with, one a line.",
)
@click.option("--base", default="", help="Address the documents were found at; relative links are joined with it.")
@click.option("--timezone", default="UTC", show_default=True, help="What times without a zone mean, e.g. Africa/Casablanca.")
@click.option("--country", default="", help="ISO code of the outlet's country: the order of 7/8/2025, the meaning of EST.")
@click.option("--limit", type=click.IntRange(min=0), help="Entries of each document at most.")
@click.pass_context
def parse(
    ctx: click.Context, documents: tuple[str, ...], headers_file: str | None, base: str, timezone: str, country: str, limit: int | None
) -> None:
    """Read feeds and print their entries, one JSON object a line; stores nothing.

    Takes RSS 0.9x/1.0/2.0, Atom, JSON Feed and sitemaps in any charset, from files, addresses or (with -) standard input.
    A line has "document", "id", "title", "url", "summary", "content_html", "author", "published", "updated", "image",
    "categories" and "language". A document that yields nothing gives one line with "document" and
    "error": {"kind", "detail"}, and exit status 1 at the end.

    \b
    Examples:
      mujaz parse feed.xml
      mujaz parse https://example.org/feed/ | mujaz dedup
      curl -s https://example.org/feed/ | mujaz parse - --base https://example.org/feed/
      mujaz parse old.xml --headers old.headers --timezone Africa/Casablanca --country MA
    """
    from aggregator.arabic.zones import zone

    zone(timezone)  # a UsageError, before anything is read
    context: Context = ctx.obj
    headers = read_headers(Path(headers_file)) if headers_file else {}
    failed = False
    for name in documents:
        try:
            body, told, address = _body(context, name, headers, base)
            found = _items(body, told, address, timezone=timezone, country=country.upper(), limit=limit)
        except DocumentError as error:
            failed = True
            found = iter([{"error": {"kind": error.kind, "detail": error.detail}}])
        emit_json({"document": name, **row} for row in found)
    if failed:
        ctx.exit(1)


def _items(
    body: bytes, headers: Mapping[str, str], address: str, *, timezone: str, country: str, limit: int | None
) -> Iterator[dict[str, Any]]:
    from aggregator import parse as room

    document = room.document(
        body,
        headers=headers,
        address=address,
        timezone=timezone,
        country=country,
        now=datetime.now(UTC),
        max_items=2_000 if limit is None else limit,
    )
    if not document.items and limit != 0:
        reason = "; ".join(document.problems) or "it has no entries"
        raise DocumentError("empty", f"the {document.format} document yields nothing: {reason}")
    return map(row_of, document.items)


def row_of(item: RawItem) -> dict[str, Any]:
    """Give an entry as the public line of DESIGN 1."""
    return {
        "id": item.guid,
        "title": item.title,
        "url": item.url,
        "summary": item.summary,
        "content_html": item.content_html,
        "author": item.author,
        "published": rfc3339(item.published),
        "updated": rfc3339(item.updated),
        "image": item.image,
        "categories": list(item.categories),
        "language": item.language,
    }


def rfc3339(moment: datetime | None) -> str | None:
    """Write a moment in UTC, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z") if moment else None


_HEADER = re.compile(r"^([A-Za-z0-9!#$%&'*+.^_`|~-]+)\s*:\s*(.*?)\s*$")


def read_headers(path: Path) -> dict[str, str]:
    """Read headers as curl -D or a browser writes them; of several answers (redirects) the last counts."""
    headers: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("HTTP/"):
            headers.clear()
        elif found := _HEADER.match(line):
            headers[found[1].lower()] = found[2]
    return headers


def _body(context: Context, name: str, headers: Mapping[str, str], base: str) -> tuple[bytes, Mapping[str, str], str]:
    """Give a document's bytes, headers and address."""
    if name == "-":
        return sys.stdin.buffer.read(), headers, base
    if re.match(r"https?://", name, re.IGNORECASE):
        return asyncio.run(_fetched(context, name, headers, base))
    try:
        return Path(name).read_bytes(), headers, base
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror or error}.") from None


async def _fetched(context: Context, address: str, headers: Mapping[str, str], base: str) -> tuple[bytes, Mapping[str, str], str]:
    from aggregator.fetch.client import Client
    from aggregator.model import Failed, Fetched

    try:
        port = urlsplit(address).port
    except ValueError:
        raise UsageError(f"{address!r} is no address.") from None
    async with Client(context.settings.fetch, clock=lambda: datetime.now(UTC)) as client:
        outcome = await client.get(address, accept="feed", ports=frozenset({port} if port else ()))
    if isinstance(outcome, Fetched):
        return outcome.body, {**outcome.headers, **headers}, base or outcome.final_address
    kind, detail = (
        (str(outcome.kind), outcome.detail) if isinstance(outcome, Failed) else ("protocol", "the server says that nothing changed")
    )
    raise DocumentError(kind, detail)
