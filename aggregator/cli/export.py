"""``mujaz export``: the merged stories as a feed or as data."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click

from aggregator.cli.context import Context
from aggregator.cli.filters import Narrowed, narrowing

T = TypeVar("T")
FORMATS = ("rss", "atom", "json", "ndjson", "csv", "parquet", "opml")
_AGO = re.compile(r"(\d{1,6})\s*(m|h|d|w)\Z")
_UNIT = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class When(click.ParamType):  # type: ignore[type-arg]
    """A moment: ISO date or time, a month, or how long ago (``12h``, ``2d``, ``1w``); with ``end`` a day counts to its end."""

    name = "when"

    def __init__(self, *, end: bool = False) -> None:
        self._end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read a moment as UTC."""
        if isinstance(value, datetime):
            return value
        if found := _AGO.match(value.strip()):
            return datetime.now(UTC) - timedelta(**{_UNIT[found[2]]: int(found[1])})
        from aggregator.store.query import when

        moment = when(value.strip(), end=self._end)
        if moment is None:
            self.fail(f"{value!r} is no date; give one like 2026-11-25, 2026-11-25T10:00Z, 2026-11, 12h or 2d.", param, ctx)
        return moment


@click.command()
@click.option(
    "-f", "--format", "form", type=click.Choice(FORMATS), default="atom", show_default=True, help="What to write; opml lists the sources."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    help="File to write, whole or not at all (default: standard output).",
)
@click.option("--since", type=When(), help="Only stories since then: 2026-11-01, 2026-11, 12h, 2d.")
@click.option("--until", type=When(end=True), help="Only stories until then; a day or month counts whole.")
@narrowing
@click.option("--query", default="", help="Only what this search finds.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@click.option("--items", is_flag=True, help="One entry an item instead of a story.")
@click.option("--title", default="موجز", show_default=True, help="Title of the feed.")
@click.pass_context
def export(
    ctx: click.Context,
    form: str,
    output: str,
    since: datetime | None,
    until: datetime | None,
    outlet: tuple[str, ...],
    country: tuple[str, ...],
    lang: tuple[str, ...],
    query: str,
    limit: int | None,
    items: bool,
    title: str,
) -> None:
    """Write the merged stories as a feed or as data, newest first.

    One entry a story, with the other outlets' headlines and links. The file is for you: it holds all that is stored; what is
    served to others over HTTP keeps to each outlet's rights.

    \b
    Examples:
      mujaz export -f atom -o stories.atom --since 2d
      mujaz export -f csv --country MA --items -o items.csv
      mujaz export -f csv --since 2026-11 --until 2026-11 -o november.csv
      mujaz export -f ndjson --query 'المحروقات' | jq .title
      mujaz export -f opml -o sources.opml
    """
    from aggregator.model import StoryFilter

    context: Context = ctx.obj
    narrowed = Narrowed.of(outlet, country, lang)
    wish = StoryFilter(since, until, narrowed.outlets, narrowed.countries, narrowed.languages, (), query)
    with context.open_store(create=False) as store:
        narrowed.check(store)
        if output == "-":
            out = sys.stdout.buffer
            _write(store, form, wish, limit, items, title, out)
            if sys.stdout.isatty() and form in ("atom", "rss", "json", "opml"):
                out.write(b"\n")
            out.flush()
            return
        target = Path(output)
        partial = target.with_name(target.name + ".partial")
        try:
            with partial.open("wb") as out:
                count = _write(store, form, wish, limit, items, title, out)
        except OSError as error:
            from aggregator.errors import MujazError

            partial.unlink(missing_ok=True)
            if error.errno == errno.ENOSPC:
                raise MujazError(f"The disk is full, {output} was not written: free some space and run this again.") from None
            raise MujazError(f"{output} can't be written: {error.strerror or error}.") from None
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        partial.replace(target)
    context.say(f"mujaz: {count} {'sources' if form == 'opml' else 'items' if items else 'stories'} written to {output}.")


def _write(store: Any, form: str, wish: Any, limit: int | None, items: bool, title: str, out: Any) -> int:
    from aggregator import export as writers

    if form == "opml":
        followed = [claim.source for claim in store.sources()]
        out.write(writers.opml(followed))
        return len(followed)
    kept = _Kept(out)
    options: dict[str, Any] = {"out": kept, "title": title, "now": datetime.now(UTC), "rights": False}
    if items:
        count = writers.write_items(form, _some(store.iter_items(wish), limit), **options)
    else:
        count = writers.write(form, _some(store.iter_stories(wish), limit), **options)
    if kept.error is not None:
        raise kept.error
    return count


class _Kept:
    """A file whose first error is remembered: lxml swallows what its last write raises, and a cut file would pass for a whole one."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write on."""
        try:
            return int(self._out.write(data))
        except OSError as error:
            self.error = self.error or error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._out, name)


def _some(rows: Iterator[T], limit: int | None) -> Iterator[T]:
    return islice(rows, limit) if limit else rows
