"""Turns names into a ready page, and a ready page into an answer that honours validators and compression."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from aggregator.web.cache import Ready

if TYPE_CHECKING:
    from jinja2 import Environment

    from aggregator.web.context import Site
    from aggregator.web.request import Reader


THANKS = ("report_thanks", "report_hidden", "report_merge_thanks")


@cache
def environment() -> Environment:
    """Load the templates once; everything that they print is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("aggregator.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # an upgrade of the files changes no page of the program that runs, which may not know their names
    )


@cache
def stamp() -> str:
    """Give what changes with the page's style and script, so that browsers that keep them ask anew after an upgrade."""
    folder = files("aggregator.web").joinpath("static")
    return blake2b(
        b"".join(folder.joinpath(name).read_bytes() for name in ("style.css", "page.js", "htmx.min.js")), digest_size=4
    ).hexdigest()


def warm() -> None:
    """Load what the first page and the first search need: half a second that else the first reader would wait."""
    import brotli  # noqa: F401

    from aggregator.arabic.tokens import search_terms
    from aggregator.dedup import reason  # noqa: F401

    search_terms("الأخبار")
    for name in environment().list_templates():
        environment().get_template(name)


def page(template: str, who: Reader, site: Site, request: Request, names: dict[str, Any]) -> Ready:
    """Render a template with the names that every page has and those of this one."""
    from aggregator.web.texts import LANGUAGES, texts
    from aggregator.web.view import View

    base = site.settings.web.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    # the way back from a form: without what was said once, and without a language that would overrule the one chosen
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in ("thanks", "ui")]
    here = request.url.path + ("?" + urlencode(asked, errors="replace") if asked else "")
    common = {
        "t": who.texts,
        "theme": who.theme,
        "title": site.settings.web.title,
        "base": base,
        "here": here,
        "current": "",
        "stamp": stamp(),
        "today": View(site, who.texts).today(),
        "languages": [texts(code) for code in LANGUAGES],
        "index": site.settings.web.index,
        "private": site.private,
        "ticker": [],
        "feed": "/feed.atom",
        "query": "",
        "thanks": thanks_of(request),
    }
    html = environment().get_template(template).render({**common, **names})
    return Ready(html.encode("utf-8", "replace"), "text/html; charset=utf-8")


def thanks_of(request: Request) -> str:
    """Give which thank-you a report without JavaScript came back for."""
    word = request.query_params.get("thanks", "")
    return word if word in THANKS else ""


def http_date(moment: datetime) -> str:
    """Write a time as HTTP does."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def http_date_of(seconds: float) -> str:
    """Write a file's time as HTTP does."""
    return http_date(datetime.fromtimestamp(seconds, UTC))


def unchanged(request: Request, ready: Ready) -> bool:
    """Tell whether the asker's copy is this one: by ETag if it sent one, else by date."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        # a strong tag of another coding of the same bytes still names the same answer
        plain = {tag.strip().removeprefix("W/").replace("-gz", "").replace("-br", "") for tag in tags.split(",")}
        return "*" in plain or ready.etag in plain
    since = request.headers.get("if-modified-since")
    if since is None or not ready.last_modified:
        return False
    try:
        return parsedate_to_datetime(ready.last_modified) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def coding_of(accepted: str) -> str:
    """Choose the content coding from Accept-Encoding: brotli, else gzip, else none; ``;q=0`` refuses one.

    >>> [coding_of(each) for each in ("gzip, deflate, br", "gzip;q=0.5", "br;q=0, gzip", "identity", "x-br")]
    ['br', 'gzip', 'gzip', '', '']
    """
    wanted = set()
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            wanted.add(name.strip())
    return next((coding for coding in ("br", "gzip") if coding in wanted), "")


def kept_response(request: Request, site: Site, key: tuple[object, ...], make: Callable[[], Ready], *, max_age: int = 0) -> Response:
    """Answer from the cache, made now if it is not there; `Quick` may answer the same request by the same key."""
    request.scope["mujaz.kept"] = (key, max_age)
    return ready_response(request, site.cache.get_or_make(key, make), max_age=max_age)


def ready_response(request: Request, ready: Ready, *, max_age: int = 60) -> Response:
    """Answer with ready bytes: 304 where nothing changed, brotli or gzip where the asker takes it."""
    coding = coding_of(request.headers.get("accept-encoding", ""))
    tag = ready.etag if not coding else f'{ready.etag[:-1]}-{"br" if coding == "br" else "gz"}"'
    page = ready.media_type.startswith("text/html")
    headers = {
        "etag": tag,
        "cache-control": f"{'private' if page else 'public'}, max-age={max_age}",
        "vary": "Accept-Encoding, Cookie, HX-Request" if page else "Accept-Encoding",
    }
    if ready.last_modified:
        headers["last-modified"] = ready.last_modified
    if unchanged(request, ready):
        return Response(status_code=304, headers=headers)
    if coding:
        headers["content-encoding"] = coding
    return Response(ready.coded(coding), media_type=ready.media_type, headers=headers)
