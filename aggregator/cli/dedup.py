"""The pipe command ``mujaz dedup``: NDJSON items in, one NDJSON verdict a line out, in input order."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aggregator.cli.context import Context
    from aggregator.dedup import Link, Report, Verdict
    from aggregator.dedup.index import MemoryIndex

_LONGEST_LINE = 20_000_000  # characters


@click.command(short_help="NDJSON items to NDJSON verdicts; stores nothing.")
@click.argument("file", type=click.File("rb"), default="-")
@click.option(
    "--window",
    "window_hours",
    type=click.FloatRange(min=0, min_open=True),
    help="Hours back that an item is compared with (default: dedup.window_hours).",
)
@click.option(
    "--same", type=click.FloatRange(0, 1, min_open=True), help="Score from which two reports are one story (default: dedup.same)."
)
@click.option(
    "--related", type=click.FloatRange(0, 1, min_open=True), help="Score from which two stories are linked (default: dedup.related)."
)
@click.option("--explain", type=click.Choice(["en", "ar", "fr"]), default="en", show_default=True, help="Language of the reasons.")
@click.pass_context
def dedup(ctx: click.Context, file: IO[bytes], window_hours: float | None, same: float | None, related: float | None, explain: str) -> None:
    """Say which items tell the same news; stores nothing.

    Reads one JSON object a line from FILE (default: standard input): {"id", "title", "body"?, "summary"?, "content_html"?,
    "outlet"?, "url"?, "published"?}, and answers each at once, judged on the lines before it: {"id", "story", "verdict",
    "matched", "score", "why", "related"}. A repeated id or url is a revision of that item. What can't be read gives
    {"id"?, "error"} in its place, and exit status 1 at the end.

    \b
    Examples:
      mujaz dedup items.ndjson > verdicts.ndjson
      mujaz parse feed.xml | mujaz dedup
      mujaz dedup --explain ar < items.ndjson
    """
    from aggregator.dedup.index import MemoryIndex

    context: Context = ctx.obj
    defaults = context.settings.dedup
    index = MemoryIndex(window_hours=window_hours or defaults.window_hours, same=same or defaults.same, related=related or defaults.related)
    failed = False
    for answer in answers(file, index, explain):
        failed = failed or "error" in answer
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()
    if failed:
        ctx.exit(1)


def answers(lines: Iterable[bytes], index: MemoryIndex, language: str) -> Iterator[dict[str, Any]]:
    """Give the answer to each line that is not blank."""
    names: list[str] = []  # item number -> its id in the input
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name: Any = None
        try:
            row = _object(line)
            name = row.get("id")
            report = _report(row, number)
        except _Unreadable as error:
            known = {} if name is None else {"id": name}
            yield {**known, "error": {"kind": error.kind, "detail": f"line {number}: {error}"}}
            continue
        item, verdict = index.add(report)
        if item == len(names):
            names.append(report.id)
        yield _answer(report.id, item, verdict, names, index, language)


class _Unreadable(ValueError):
    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > _LONGEST_LINE:
        raise _Unreadable("too_large", f"longer than {_LONGEST_LINE} bytes")
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _Unreadable("not_utf8", f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise _Unreadable("not_json", "nested too deeply") from None
    except ValueError as error:
        raise _Unreadable("not_json", f"not JSON: {error}") from None
    if not isinstance(row, dict):
        raise _Unreadable("not_an_item", f"a JSON object is expected, not {type(row).__name__}")
    return row


def _report(row: dict[str, Any], number: int) -> Report:
    from aggregator.dedup import Report

    if "error" in row and "title" not in row:
        raise _Unreadable("error_line", "the line reports an error of the command before")
    for field in ("title", "body", "summary", "content_html", "outlet", "url", "language", "published"):
        if not isinstance(row.get(field, ""), str | None):
            raise _Unreadable("wrong_type", f'"{field}" must be text')
    title = row.get("title")
    if title is None:
        raise _Unreadable("no_title", '"title" is missing')
    identity = row.get("id")
    if not isinstance(identity, str | int | None) or isinstance(identity, bool):
        raise _Unreadable("wrong_type", '"id" must be text or a whole number')
    return Report(
        id=str(number) if identity is None else str(identity),
        title=title,
        body=_body(row),
        outlet=row.get("outlet") or "",
        url=row.get("url") or "",
        published=_time(row.get("published")),
        language=row.get("language") or "",
    )


def _body(row: dict[str, Any]) -> str:
    for field in ("body", "summary", "content_html"):
        text = row.get(field)
        if text and text.strip():
            if field == "content_html":
                from aggregator.extract.sanitize import plain

                return plain(str(text))
            return str(text)
    return ""


def _time(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Unreadable("wrong_date", f'"published" is not an RFC 3339 date: {text[:40]}') from None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise _Unreadable("wrong_date", f'"published" is out of range: {text[:40]}') from None


def _answer(name: str, item: int, verdict: Verdict, names: list[str], index: MemoryIndex, language: str) -> dict[str, Any]:
    from aggregator.dedup import New, Revises, SameAs

    story = names[index.story_of(item)]
    base: dict[str, Any] = {"id": name, "story": story}
    match verdict:
        case SameAs():
            why = [reason.say(language) for reason in verdict.why]
            return {
                **base,
                "verdict": "same",
                "matched": names[verdict.item],
                "score": verdict.score,
                "why": why,
                "related": _links(verdict.related, names, language),
            }
        case Revises():
            return {**base, "verdict": "revises", "matched": names[verdict.item], "score": 1.0, "why": [], "related": []}
        case New():
            near = verdict.nearest
            why = [reason.say(language) for reason in near.why] if near else []
            return {
                **base,
                "verdict": "new",
                "matched": None,
                "score": near.score if near else 0.0,
                "why": why,
                "related": _links(verdict.related, names, language),
            }


def _links(links: tuple[Link, ...], names: list[str], language: str) -> list[dict[str, Any]]:
    return [{"id": names[link.item], "score": link.score, "why": [reason.say(language) for reason in link.why]} for link in links]
