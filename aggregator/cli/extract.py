"""The pipe command ``mujaz extract``: article pages in, one NDJSON article a line out."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from aggregator.cli.context import Context, emit_json
from aggregator.errors import DocumentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.model import Article

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_SHARED_BY = 5  # pages of one site in a run that declare the same picture: from there on it is the site's default


@dataclass(frozen=True, slots=True)
class Task:
    """One document, and the address it was found at ("" where nobody said)."""

    document: str
    path: Path | None
    url: str


@click.command(short_help="Article pages to NDJSON articles; stores nothing.")
@click.argument("documents", metavar="FILE|URL...", nargs=-1)
@click.option("--url", default="", help="Address the page was found at; relative addresses are joined with it.")
@click.option(
    "--urls",
    "urls_file",
    type=click.Path(exists=True, dir_okay=False),
    help="The same for many: a document and its address a line, parted by a tab. Without FILE, its documents are read.",
)
@click.option("--timezone", default="UTC", show_default=True, help="What times without a zone mean, e.g. Africa/Casablanca.")
@click.option("--country", default="", help="ISO code of the outlet's country: the order of 7/8/2025, the meaning of EST.")
@click.option("--limit", type=click.IntRange(min=0), help="Documents at most.")
@click.pass_context
def extract(
    ctx: click.Context, documents: tuple[str, ...], url: str, urls_file: str | None, timezone: str, country: str, limit: int | None
) -> None:
    """Read article pages and print what they say, one JSON object a line, in the order of the documents; stores nothing.

    Takes files, addresses or (with -) standard input. A line has "document", "title", "body" (plain text, paragraphs parted by
    a blank line), "body_html", "published", "author", "image", "source_link", "language" and "confidence" (0 to 1: how sure it
    is that the body is the whole text and nothing else). A page that holds no article gives one line with "document" and
    "error": {"kind", "detail"}, and exit status 1 at the end.

    \b
    Examples:
      mujaz extract page.html --url https://example.org/news/1
      mujaz extract https://example.org/news/1
      mujaz extract pages/*.html --urls addresses.tsv --timezone Africa/Casablanca --country MA
      curl -s https://example.org/news/1 | mujaz extract - --url https://example.org/news/1
    """
    from aggregator.arabic.zones import zone

    zone(timezone)  # a UsageError, before anything is read
    context: Context = ctx.obj
    tasks = _tasks(documents, url, Path(urls_file) if urls_file else None)
    if not tasks:
        raise UsageError("Name at least one FILE or URL, - for standard input, or --urls FILE.")
    tasks = tasks[:limit]
    shared = _shared_pictures(tasks)
    failed = False
    with _progress(context, len(tasks)) as step:
        for task in tasks:
            row = _row(context, task, timezone=timezone, country=country.upper(), shared=shared)
            failed = failed or "error" in row
            emit_json([row])
            step()
    if failed:
        ctx.exit(1)


def _tasks(documents: tuple[str, ...], url: str, urls_file: Path | None) -> list[Task]:
    addresses = read_urls(urls_file) if urls_file else {}
    if not documents and urls_file is not None:
        return [Task(name, _beside(urls_file, name), address) for name, address in addresses.items()]
    by_name = {Path(name).name: address for name, address in addresses.items()}
    tasks = []
    for document in documents:
        if document == "-" or _ADDRESS.match(document):
            tasks.append(Task(document, None, addresses.get(document, url)))
        else:
            tasks.append(Task(document, Path(document), addresses.get(document) or by_name.get(Path(document).name) or url))
    return tasks


def _beside(listing: Path, name: str) -> Path:
    """Give a listed document's path: as it is, else beside the list."""
    path = Path(name)
    return path if path.is_absolute() or path.exists() else listing.parent / name


def read_urls(path: Path) -> dict[str, str]:
    """Read a list of documents and their addresses. Raises `UsageError` naming the line that is none."""
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), 1):
        if not line.strip():
            continue
        document, tab, address = line.partition("\t")
        if not tab:
            raise UsageError(f"{path}:{number}: a document and its address, parted by a tab, are expected.")
        found[document.strip()] = address.strip()
    return found


def _shared_pictures(tasks: list[Task]) -> dict[str, frozenset[str]]:
    """Find the pictures that many of a site's pages declare (their default); a quick look at each file's head."""
    if len(tasks) < _SHARED_BY:
        return {}
    from aggregator.extract.addresses import site
    from aggregator.extract.images import declared_in, shared_by_many

    pictures: dict[str, list[str]] = {}
    for task in tasks:
        if task.path is not None and task.url:
            try:
                with task.path.open("rb") as file:
                    pictures.setdefault(site(task.url), []).append(declared_in(file.read(100_000)))
            except OSError:
                continue
    return {name: shared_by_many(found, least=_SHARED_BY) for name, found in pictures.items()}


def _row(context: Context, task: Task, *, timezone: str, country: str, shared: dict[str, frozenset[str]]) -> dict[str, Any]:
    from aggregator import extract as room
    from aggregator.extract.addresses import site

    try:
        html, content_type, url = _page(context, task)
        article = room.article(
            html,
            url=url,
            content_type=content_type,
            timezone=timezone,
            country=country,
            now=datetime.now(UTC),
            shared_images=shared.get(site(url), frozenset()),
        )
    except DocumentError as error:
        return {"document": task.document, "error": {"kind": error.kind, "detail": error.detail}}
    except Exception as error:
        # one page that breaks the extractor must not end a run over thousands
        if context.debug:
            raise
        return {"document": task.document, "error": {"kind": "internal", "detail": f"{type(error).__name__}: {error}"}}
    return {"document": task.document, **row_of(article)}


def row_of(article: Article) -> dict[str, Any]:
    """Give an article as the public line of DESIGN 1."""
    return {
        "title": article.title,
        "body": article.body,
        "body_html": article.body_html,
        "published": _rfc3339(article.published),
        "author": article.author,
        "image": article.image,
        "source_link": article.source_link,
        "language": article.language,
        "confidence": article.confidence,
    }


def _rfc3339(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z") if moment else None


def _page(context: Context, task: Task) -> tuple[bytes, str, str]:
    """Give a page's bytes, its content type and address."""
    if task.document == "-":
        return sys.stdin.buffer.read(), "", task.url
    if task.path is None:
        return asyncio.run(_fetched(context, task))
    try:
        return task.path.read_bytes(), "", task.url
    except OSError as error:
        raise DocumentError("not_found", f"{task.document} can't be read: {error.strerror or error}.") from None


async def _fetched(context: Context, task: Task) -> tuple[bytes, str, str]:
    from aggregator.fetch.client import Client
    from aggregator.model import Failed, Fetched

    try:
        port = urlsplit(task.document).port
    except ValueError:
        raise DocumentError("refused_address", f"{task.document!r} is no address.") from None
    async with Client(context.settings.fetch, clock=lambda: datetime.now(UTC)) as client:
        outcome = await client.get(task.document, accept="page", ports=frozenset({port} if port else ()))
    match outcome:
        case Fetched():
            return outcome.body, outcome.headers.get("content-type", ""), task.url or outcome.final_address
        case Failed():
            raise DocumentError(str(outcome.kind), outcome.detail)
        case _:
            raise DocumentError("protocol", "The server says that nothing changed, though nothing was asked of it before.")


@contextmanager
def _progress(context: Context, total: int) -> Iterator[Callable[[], None]]:
    """Give a function that counts one more document: a bar where a person looks on and the output goes elsewhere."""
    if not context.on_terminal or total < 2 or sys.stdout.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(TextColumn("extracting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("extracting", total=total)
        yield lambda: bar.advance(task)
