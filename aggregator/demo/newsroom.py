"""The outlets and articles of the demo: the built-in ones, or those of an NDJSON file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from aggregator.errors import UsageError
from aggregator.model import Kind, Outlet, Recipe, Rights, Source


@dataclass(frozen=True, slots=True)
class Piece:
    """One article as its outlet publishes it. ``number`` counts from 0 over the whole newsroom."""

    number: int
    outlet: str
    url: str
    title: str
    body: str
    published: datetime | None
    author: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How a fictional outlet publishes: the form of its feed, its charset, and what is odd about it."""

    outlet: Outlet
    form: str = "rss"  # rss | summary | atom | json | rdf | sitemap | page
    encoding: str = "utf-8"
    broken: bool = False


def _outlet(ident: str, name: str, latin: str, country: str, zone: str, language: str = "ar") -> Outlet:
    return Outlet(ident, name, latin, country, language, zone, rights=Rights.FULL)


STYLES: tuple[Style, ...] = (
    Style(_outlet("shati", "شاطئ بريس", "Shati Press", "MA", "Africa/Casablanca")),
    Style(_outlet("atlas", "أطلس اليوم", "Atlas Al-Yaoum", "MA", "Africa/Casablanca"), "atom"),
    Style(_outlet("rif", "منارة الريف", "Manarat Rif", "MA", "Africa/Casablanca"), "rss", "windows-1256"),
    Style(_outlet("zaytouna", "زيتونة نيوز", "Zaytouna News", "TN", "Africa/Tunis"), "page"),
    Style(_outlet("hidab", "صدى الهضاب", "Sada Al-Hidab", "DZ", "Africa/Algiers"), "rss", broken=True),
    Style(_outlet("nil", "بوابة ضفاف النيل", "Difaf El-Nil", "EG", "Africa/Cairo"), "summary"),
    Style(_outlet("arz", "نشرة الأرز", "Nashrat Al-Arz", "LB", "Asia/Beirut"), "json"),
    Style(_outlet("marfa", "مرفأ الخليج", "Marfa Al-Khaleej", "AE", "Asia/Dubai"), "rdf"),
    Style(_outlet("janoub", "سفير الجنوب", "Safir Al-Janoub", "MA", "Africa/Casablanca"), "sitemap"),
    Style(_outlet("echo", "ليكو دو لاطلاس", "L’Écho de l’Atlas", "MA", "Africa/Casablanca", "fr")),
)
RECIPE = Recipe(item="ul.news > li", link="h3 a", title="h3 a", date="time", image="img", summary="p.intro")


def source_of(style: Style, base: str, *, full_pages: bool = False) -> Source:
    """Give the source by which the pipeline follows a demo outlet served under ``base``."""
    home = f"{base}/{style.outlet.id}/"
    outlet = replace(style.outlet, site=home)
    match style.form:
        case "page":
            return Source(outlet.id, outlet, Kind.PAGE, (home,), full_page=True, recipe=RECIPE, origin="catalogue")
        case "sitemap":
            return Source(outlet.id, outlet, Kind.SITEMAP, (f"{home}news-sitemap.xml",), full_page=True)
    return Source(outlet.id, outlet, Kind.FEED, (f"{home}feed",), full_page=full_pages or style.form == "summary")


def built_in(now: datetime) -> Iterator[Piece]:
    """Give the built-in articles, oldest first, dated back from ``now``."""
    text = files("aggregator.demo").joinpath("articles.txt").read_text(encoding="utf-8")
    blocks = [block for block in text.split("\n\n") if block.startswith("@")]
    found = []
    for block in blocks:
        head, title, *lines = block.split("\n")
        outlet, hours, *rest = head[1:].split()
        author = next((word[3:].replace("_", " ") for word in rest if word.startswith("by=")), "")
        found.append((now - timedelta(hours=float(hours)), outlet, title, "\n\n".join(lines), author, "nopic" not in rest))
    found.sort(key=lambda row: row[0])
    for number, (published, outlet, title, body, author, pictured) in enumerate(found):
        image = f"img/{number}.png" if pictured and number % 5 else ""
        yield Piece(number, outlet, f"a/{number}", title, body, published, author, image)


def from_file(path: Path, zone: str) -> Iterator[Piece]:
    """Read articles from NDJSON, gzip'd or not: {"outlet","url","title","body","published","author"?,"image"?}.

    Times without a zone are in ``zone``. Raises `UsageError` naming the line that can't be read.
    """
    if not path.is_file():
        raise UsageError(f"There is no file {path}.")
    unpack = gzip.open if path.name.endswith(".gz") else open
    with unpack(path, "rt", encoding="utf-8") as lines:
        number = 0
        for at, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                outlet, url, title = str(row["outlet"]), str(row["url"]), str(row["title"])
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(f"{path}:{at}: this line is no article ({error!r}); it needs outlet, url and title.") from None
            moment = _moment(row.get("published"), zone)
            yield Piece(
                number, outlet, url, title, str(row.get("body") or ""), moment, str(row.get("author") or ""), str(row.get("image") or "")
            )
            number += 1


def _moment(value: object, zone: str) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment.replace(tzinfo=ZoneInfo(zone)) if moment.tzinfo is None else moment).astimezone(UTC)


def styles_of(pieces: list[Piece], zone: str) -> tuple[Style, ...]:
    """Give a plain style to each outlet of a file."""
    return tuple(
        Style(Outlet(ident, ident, timezone=zone, rights=Rights.EXCERPT)) for ident in dict.fromkeys(piece.outlet for piece in pieces)
    )
