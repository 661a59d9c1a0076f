"""``mujaz sources``: what is followed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from aggregator.cli.context import Context, counted, emit_json
from aggregator.errors import MujazError, UsageError


@click.group()
def sources() -> None:
    """List, add, check, pause and discover sources.

    \b
    Examples:
      mujaz sources add https://example.org/     a feed, a page or a whole site
      mujaz sources list --unwell                what a person should look at
      mujaz sources show hespress                its state, and its next fetch in words
    """


def _opened(context: Context) -> Any:
    from aggregator.cli.setup import followed, logging_on

    logging_on(context)
    store = context.open_store()
    followed(context, store)
    return store


def row(claim: Any, now: Any) -> dict[str, Any]:
    """Give a source for programs."""
    from aggregator.store.sources import is_unwell

    source, state = claim.source, claim.state
    return {
        "id": source.id,
        "outlet": source.outlet.id,
        "name": source.outlet.name,
        "country": source.outlet.country,
        "kind": str(source.kind),
        "address": state.address or (source.addresses[0] if source.addresses else ""),
        "proven": state.address is not None,
        "addresses": list(source.addresses),
        "status": str(state.status),
        "unwell": is_unwell(state, now),
        "items": state.item_count,
        "failures": state.failures,
        "error": {"kind": str(state.failure.kind), "detail": state.failure.detail} if state.failure else None,
        "last_success": state.last_success_at.isoformat() if state.last_success_at else None,
        "next_fetch": state.next_fetch_at.isoformat() if state.next_fetch_at else None,
        "why": state.reason,
    }


@sources.command("list")
@click.option("--outlet", help="Only this outlet's sources.")
@click.option("--unwell", is_flag=True, help="Only those that fail, drifted, or are silent beyond their rhythm.")
@click.option("--limit", type=click.IntRange(1), help="Show at most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
@click.pass_context
def list_sources(ctx: click.Context, outlet: str | None, unwell: bool, limit: int | None, as_json: bool) -> None:
    """List the sources.

    \b
    Examples:
      mujaz sources list --limit 20
      mujaz sources list --unwell --json
    """
    from aggregator.store import utc_now

    with _opened(ctx.obj) as store:
        now = utc_now()
        rows = [row(claim, now) for claim in store.sources(outlet=outlet, unwell=unwell, now=now)][:limit]
    if as_json:
        emit_json(rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, side in (("id", "left"), ("country", "left"), ("kind", "left"), ("state", "left"), ("items", "right"), ("problem", "left")):
        table.add_column(name, justify=side, no_wrap=name != "problem")  # type: ignore[arg-type]
    for each in rows:
        state = "unwell" if each["unwell"] and each["status"] == "active" else each["status"] if each["proven"] else "never fetched"
        problem = f"{each['error']['kind']}: {each['error']['detail']}" if each["error"] else ""
        table.add_row(each["id"], each["country"], each["kind"], state, str(each["items"]), Text(problem))
    console = Console()
    console.print(table)
    if not rows:
        console.print("All sources are well." if unwell else "No source is followed yet; `mujaz sources add URL` adds one.")


@sources.command()
@click.argument("source")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def show(ctx: click.Context, source: str, as_json: bool) -> None:
    """Show one source: its state, and why its next fetch is when it is.

    \b
    Example:
      mujaz sources show hespress
    """
    from aggregator.store import utc_now

    with _opened(ctx.obj) as store:
        claim = _claim(store, source)
        each = row(claim, utc_now())
    if as_json:
        emit_json([each])
        return
    state = claim.state
    lines = [
        f"{each['id']} — {each['name']} ({each['country'] or 'pan-Arab'}), {each['kind']}, {each['status']}",
        f"address       {each['address']}" + ("" if each["proven"] else "  (not yet proven)"),
        f"items         {each['items']} from {state.fetch_count} fetches",
        f"last success  {each['last_success'] or 'never'}",
        f"next fetch    {each['next_fetch'] or 'as soon as possible'}" + (f" — {state.reason}" if state.reason else ""),
    ]
    if state.etag or state.last_modified:
        lines.append(f"validators    ETag {state.etag or '—'}, Last-Modified {state.last_modified or '—'}")
    if state.failure:
        lines.append(f"last failure  {state.failure.kind}: {state.failure.detail} ({state.failures} in a row)")
        lines.append(f"what to do    {remedy(str(state.failure.kind))}")
    if state.moved_to:
        lines.append(f"moving        to {state.moved_to} ({state.moved_count} of 3 equal answers)")
    click.echo("\n".join(lines))


REMEDIES = {
    "dns": "check the address for a misspelling; the outlet may have moved (`mujaz sources discover URL`).",
    "connect": "nothing, if it is down for a while: it is tried again for ever.",
    "tls": "its certificate can't be trusted; look at the site in a browser.",
    "timeout": "nothing, if it is slow for a while; fetch.timeout can be raised.",
    "blocked": "its anti-bot protection refuses programs: ask the outlet to let the user-agent Mujaz through, set fetch.contact, or use another feed address.",
    "rate_limited": "nothing: it asked to be left alone for a while.",
    "unauthorized": "it wants a login, or refuses programs: ask the outlet, or use another feed address.",
    "not_found": "look for its new feed: `mujaz sources discover URL`.",
    "gone": "it was closed; remove it, or look for its new feed: `mujaz sources discover URL`.",
    "not_a_feed": "look for its feed: `mujaz sources discover URL`, or make a recipe for the page: `mujaz sources recipe URL`.",
    "drifted": "the page was rebuilt: make a new recipe with `mujaz sources recipe URL`.",
    "refused_address": "it leads into a private network; fetch.allow_private opens these.",
    "too_large": "raise the limit named above in the configuration, if you trust it.",
    "robots": "its robots.txt asks programs to stay away.",
}


def remedy(kind: str) -> str:
    """Give what a person can do about a kind of failure."""
    return REMEDIES.get(kind, "nothing: it is tried again, later each time.")


def _claim(store: Any, source_id: str) -> Any:
    claim = store.source(source_id)
    if claim is None:
        raise UsageError(f"There is no source {source_id!r}; `mujaz sources list` shows them.")
    return claim


@sources.command()
@click.argument("url")
@click.option("--id", "name", help="Id for the new source (default: made from the address).")
@click.option("--country", default="", help="ISO code of the outlet's country, for its dates.")
@click.option("--timezone", default="UTC", help="Time zone of its dates that name none.")
@click.option("--full-page", is_flag=True, help="Fetch each item's own page as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def add(ctx: click.Context, url: str, name: str | None, country: str, timezone: str, full_page: bool, as_json: bool) -> None:
    """Follow a feed, a page or a whole site, and store what it holds now.

    Prints the new source's id. A site's feed is looked for; a page without one is turned into a source by a recipe that is
    proposed from its repeating blocks. Adding what is followed already changes nothing.

    \b
    Examples:
      mujaz sources add https://example.org/feed/
      mujaz sources add https://example.org/ --country MA --timezone Africa/Casablanca
    """
    context: Context = ctx.obj
    from aggregator.cli.adding import add as add_source

    with _opened(context) as store:
        result = asyncio.run(
            add_source(store, context.settings, url, name=name, country=country.upper(), timezone=timezone, full_page=full_page)
        )
    if as_json:
        emit_json([result.row()])
    else:
        click.echo(result.source.id)
        context.say(result.sentence())
    ctx.exit(1 if result.failure else 0)


@sources.command()
@click.argument("source", nargs=-1, required=True)
@click.pass_context
def check(ctx: click.Context, source: tuple[str, ...]) -> None:
    """Fetch sources now and say what they yield (fetch.min_interval still holds).

    \b
    Example:
      mujaz sources check hespress
    """
    from aggregator.cli.fetch import fetch

    ctx.invoke(fetch, sources=source, which="all", force=True, as_json=False)


def _set(ctx: click.Context, names: Sequence[str], status: str, word: str) -> None:
    from aggregator.model import Status

    with _opened(ctx.obj) as store:
        for name in names:
            _claim(store, name)
            store.set_status(name, Status(status))
            click.echo(f"{name}: {word}")


@sources.command()
@click.argument("source", nargs=-1, required=True)
@click.pass_context
def pause(ctx: click.Context, source: tuple[str, ...]) -> None:
    """Stop fetching sources until they are resumed.

    \b
    Example:
      mujaz sources pause hespress
    """
    _set(ctx, source, "paused", "paused")


@sources.command()
@click.argument("source", nargs=-1, required=True)
@click.pass_context
def resume(ctx: click.Context, source: tuple[str, ...]) -> None:
    """Fetch paused or closed sources again.

    \b
    Example:
      mujaz sources resume hespress
    """
    _set(ctx, source, "active", "active again, due at once")


@sources.command()
@click.argument("source", nargs=-1, required=True)
@click.pass_context
def remove(ctx: click.Context, source: tuple[str, ...]) -> None:
    """Stop following sources; their items stay. One of the catalogue is paused instead, since it would come back.

    \b
    Example:
      mujaz sources remove example-org
    """
    with _opened(ctx.obj) as store:
        for name in source:
            origin = _claim(store, name).source.origin
            store.remove_source(name)
            click.echo(f"{name}: {'paused (it is in the catalogue)' if origin == 'catalogue' else 'removed'}")


@sources.command()
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def discover(ctx: click.Context, url: str, as_json: bool) -> None:
    """Show the feeds, sitemaps and the recipe that a site offers; nothing is stored.

    \b
    Example:
      mujaz sources discover https://example.org/
    """
    context: Context = ctx.obj
    from aggregator.cli.adding import look

    found = asyncio.run(look(context.settings, url))
    if as_json:
        emit_json([found.row()])
        return
    if found.guessed:
        click.echo("The page names no feed. Usual addresses, which may not exist (`mujaz sources add` tries them):")
    for kind, addresses in (("feed", found.feeds), ("sitemap", found.sitemaps)):
        for address in addresses:
            click.echo(f"{kind:<8} {address}")
    if found.recipe:
        click.echo(f"recipe   {found.items} items, e.g. {found.example}")
    if not (found.feeds or found.sitemaps or found.recipe):
        raise MujazError(f"{url} offers no feed, no sitemap and no list that a recipe could read.")


@sources.command()
@click.argument("url_or_file")
@click.option("--base", default="", help="Address of a page that is read from a file.")
@click.pass_context
def recipe(ctx: click.Context, url_or_file: str, base: str) -> None:
    """Propose a recipe for a page without a feed, as TOML, and show what it would yield.

    \b
    Examples:
      mujaz sources recipe https://example.org/news
      mujaz sources recipe page.html --base https://example.org/news
    """
    context: Context = ctx.obj
    from aggregator.cli.adding import propose

    if "://" not in url_or_file and url_or_file.lower().endswith((".html", ".htm", ".xhtml")) and not Path(url_or_file).exists():
        raise UsageError(f"There is no file {url_or_file}; an address begins with https://.")
    click.echo(asyncio.run(propose(context.settings, url_or_file, base)))


@sources.command("export")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, allow_dash=True), default="-", help="File to write (default: standard output)."
)
@click.pass_context
def export_sources(ctx: click.Context, output: str) -> None:
    """Write the followed sources as OPML.

    \b
    Example:
      mujaz sources export -o sources.opml
    """
    from aggregator.export import opml

    with _opened(ctx.obj) as store:
        text = opml(claim.source for claim in store.sources())
    with click.open_file(output, "wb", atomic=output != "-") as out:
        out.write(text)


@sources.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.pass_context
def import_sources(ctx: click.Context, file: str) -> None:
    """Follow all feeds of an OPML file; those followed already stay as they are.

    \b
    Example:
      mujaz sources import feeds.opml
    """
    from aggregator.catalogue import from_opml

    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    found = from_opml(data)
    with _opened(ctx.obj) as store:
        known = {address for claim in store.sources() for address in claim.source.addresses}
        fresh = [each for each in found if not known.intersection(each.addresses)]
        added = sum(store.add_source(each) for each in fresh)
    click.echo(f"{counted(added, 'source')} added, {len(found) - added} followed already; `mujaz fetch` fetches what is new.")
