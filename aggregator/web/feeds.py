"""Merged feeds: everything, an outlet, a country, a topic, a search; each is a `StoryFilter` written by `aggregator.export`."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from aggregator import export
from aggregator.model import Sort, StoryFilter
from aggregator.web.answer import http_date, kept_response
from aggregator.web.cache import Ready
from aggregator.web.pages import site_of
from aggregator.web.request import address_of, wanted

router = APIRouter(include_in_schema=False)
STORIES = 60
NAMES = {"q", "outlet", "country", "topic", "lang", "since", "until"}
MEDIA = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}


@router.get("/feed.{form}")
def feed(request: Request, form: str) -> Response:
    """Serve the stories that the query asks for (``q outlet country topic lang``)."""
    return _feed(request, form, wanted(request))


@router.get("/outlet/{name}/feed.{form}")
def outlet_feed(request: Request, name: str, form: str) -> Response:
    """Serve one outlet's stories."""
    return _feed(request, form, StoryFilter(outlets=(name,)))


@router.get("/country/{name}/feed.{form}")
def country_feed(request: Request, name: str, form: str) -> Response:
    """Serve one country's stories."""
    return _feed(request, form, StoryFilter(countries=(name.upper(),)))


@router.get("/topic/{name}/feed.{form}")
def topic_feed(request: Request, name: str, form: str) -> Response:
    """Serve one topic's stories."""
    return _feed(request, form, StoryFilter(topics=(name,)))


def _feed(request: Request, form: str, wish: StoryFilter) -> Response:
    if form not in MEDIA:
        raise HTTPException(404)
    site = site_of(request)
    base = site.settings.web.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    wish = replace(wish, sort=Sort.TIME)
    address = base + _asked(request, form, wish)
    key = ("feed", form, address, base, wish)
    return kept_response(request, site, key, lambda: _write(request, form, wish, base, address), max_age=300)


def _asked(request: Request, form: str, wish: StoryFilter) -> str:
    """Give the path and query that a feed was asked by, so that it names itself as it is known; without what means nothing here."""
    path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
    if not set(request.query_params) <= NAMES or not request.url.query.isascii():
        return address_of(f"/feed.{form}", wish)
    return path + (f"?{request.url.query}" if request.url.query else "")


def _write(request: Request, form: str, wish: StoryFilter, base: str, address: str) -> Ready:
    site = site_of(request)
    stories = site.store.stories(wish, limit=STORIES).rows
    latest = max((story.updated_at for story in stories), default=None)
    title = site.settings.web.title
    asked = wish.query or " ".join((*wish.outlets, *wish.countries, *wish.topics))
    out = BytesIO()
    export.write(
        form,
        stories,
        out=out,
        title=f"{title} · {asked}" if asked else title,
        address=address,
        home=base + address_of("/search" if wish.query else "/", wish),
        now=latest or site.clock(),
        rights=True,
    )
    return Ready(out.getvalue(), MEDIA[form], http_date(latest) if latest else "")


@router.get("/sources.opml")
def sources(request: Request) -> Response:
    """Serve the list of sources as OPML."""
    site = site_of(request)

    def made() -> Ready:
        return Ready(export.opml(claim.source for claim in site.store.sources()), "text/x-opml; charset=utf-8")

    return kept_response(request, site, ("opml",), made, max_age=3600)
