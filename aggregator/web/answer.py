"""Turns names into a ready page, and a ready page into an answer that honours validators and compression."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import Response

from aggregator.web.cache import Ready, make_ready

if TYPE_CHECKING:
    from jinja2 import Environment

    from aggregator.web.context import Site
    from aggregator.web.request import Reader


@cache
def environment() -> Environment:
    """Load the templates once; everything that they print is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("aggregator.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def page(template: str, who: Reader, site: Site, request: Request, names: dict[str, Any]) -> Ready:
    """Render a template with the names that every page has and those of this one."""
    from aggregator.web.texts import LANGUAGES, texts

    base = site.settings.web.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    common = {
        "t": who.texts,
        "theme": who.theme,
        "title": site.settings.web.title,
        "base": base,
        "here": here,
        "languages": [texts(code) for code in LANGUAGES],
        "index": site.settings.web.index,
        "private": site.private,
        "ticker": [],
        "feed": "/feed.atom",
        "query": "",
    }
    html = environment().get_template(template).render({**common, **names})
    return make_ready(html.encode(), "text/html; charset=utf-8")


def http_date(moment: datetime) -> str:
    """Write a time as HTTP does."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


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


def ready_response(request: Request, ready: Ready, *, max_age: int = 60) -> Response:
    """Answer with ready bytes: 304 where nothing changed, brotli or gzip where the asker takes it."""
    accepted = request.headers.get("accept-encoding", "").lower()
    coding = "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""
    tag = ready.etag if not coding else f'{ready.etag[:-1]}-{"br" if coding == "br" else "gz"}"'
    scope = "private" if ready.media_type.startswith("text/html") else "public"
    headers = {"etag": tag, "cache-control": f"{scope}, max-age={max_age}", "vary": "Accept-Encoding, Cookie, HX-Request"}
    if ready.last_modified:
        headers["last-modified"] = ready.last_modified
    if unchanged(request, ready):
        return Response(status_code=304, headers=headers)
    body = {"br": ready.brotli, "gzip": ready.gzipped, "": ready.body}[coding]
    if coding:
        headers["content-encoding"] = coding
    return Response(body, media_type=ready.media_type, headers=headers)
