"""The pages that a person reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from aggregator.model import Sort, StoryFilter
from aggregator.web.answer import kept_response, page, ready_response, thanks_of
from aggregator.web.cache import Ready
from aggregator.web.context import Site
from aggregator.web.request import THEMES, Reader, address_of, reader, secure, wanted
from aggregator.web.texts import LANGUAGES
from aggregator.web.view import Card, View

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
CARDS = 30
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
TICKER = 40
TOP = 7  # stories of the last day that most outlets report
FEWEST_TOP = 3  # of less there is no front to make


def site_of(request: Request) -> Site:
    """Give the running page that a request belongs to."""
    site: Site = request.app.state.site
    return site


def look(request: Request) -> Reader:
    """Give the reader of a request."""
    return reader(request, site_of(request).settings.web.language)


@router.get("/")
def front(request: Request) -> Response:
    """Show the latest stories, or the most widely reported ones."""
    return _listing(request, "/", wanted(request, query=""))


@router.get("/search")
def search(request: Request) -> Response:
    """Show the stories that a search finds; a search without words shows the box."""
    return _listing(request, "/search", wanted(request, order=Sort.RELEVANCE))


@router.get("/outlet/{outlet_id}")
def outlet(request: Request, outlet_id: str) -> Response:
    """Show the stories that one outlet reports."""
    if outlet_id not in {each.id for each, _ in site_of(request).store.outlets()}:
        raise HTTPException(404)
    return _listing(request, "/", StoryFilter(outlets=(outlet_id,), sort=wanted(request).sort))


def _listing(request: Request, path: str, wish: StoryFilter) -> Response:
    site, who = site_of(request), look(request)
    cursor = request.query_params.get("cursor", "")[:200]
    part = request.headers.get("hx-request") == "true" and bool(cursor)
    base = request.headers.get("host", "")
    key = ("listing", request.url.path, wish, cursor, part, base, who.texts.language, who.theme, thanks_of(request))
    return kept_response(request, site, key, lambda: _made(request, path, wish, cursor, part))


def _made(request: Request, path: str, wish: StoryFilter, cursor: str, part: bool) -> Ready:
    """Make a listing: the page, or for htmx only its next cards."""
    site, who = site_of(request), look(request)
    view = View(site, who.texts)
    empty_search = path == "/search" and not wish.query
    found = None if empty_search else site.store.stories(wish, limit=CARDS, cursor=cursor or None)
    choices = view.choices(wish)
    known = site.cache.fact("outlets", site.store.outlets) if len(wish.outlets) == 1 else []
    names = {
        "wish": wish,
        "path": path,
        "current": "" if wish.query or path != "/" else "spread" if wish.sort is Sort.SPREAD else "latest",
        "heading": view.heading(wish),
        "filtered": wish != StoryFilter(sort=wish.sort),
        "outlet": next((outlet for outlet, _ in known if outlet.id == wish.outlets[0]), None),
        "stories": [view.card(story, wish.query) for story in found.rows] if found else [],
        "next": address_of(path, wish, cursor=found.next) if found and found.next else "",
        "suggestion": site.store.suggest(wish.query) if found and wish.query and not found.rows else None,
        "choices": choices,
        "places": view.places(choices["country"], wish, path),
        "top": [],
        "feed": address_of("/feed.atom", replace(wish, sort=Sort.TIME)),
    }
    if not part and path == "/" and not cursor:
        latest = site.store.stories(StoryFilter(), limit=TICKER)
        names["ticker"] = [view.headline(story) for story in latest.rows]
        names["top"] = _top(site, view) if wish == StoryFilter() else []
    template = "_cards.html" if part else "search.html" if path == "/search" else "front.html"
    return page(template, who, site, request, names)


def _top(site: Site, view: View) -> list[Card]:
    """Give what most outlets report today; nothing where hardly anything is reported by more than one."""
    found = site.store.stories(StoryFilter(since=site.clock() - timedelta(days=1), sort=Sort.SPREAD), limit=TOP)
    stories = [story for story in found.rows if len(story.outlets) > 1]
    if len(stories) < FEWEST_TOP:
        return []
    # a front has a picture where one of its stories has: the first that does leads
    cards = [view.card(story, "") for story in stories]
    lead = next((card for card in cards if card.image), cards[0])
    return [lead, *(card for card in cards if card is not lead)]


@router.get("/story/{story_id}")
def story(request: Request, story_id: Id) -> Response:
    """Show one story: its lead's text, every other version, what changed, and why they are together."""
    site, who = site_of(request), look(request)
    key = ("story", story_id, request.headers.get("host", ""), who.texts.language, who.theme, thanks_of(request))

    def made() -> Ready:
        found = site.store.story(story_id)
        if found is None:
            raise HTTPException(404)
        return page("story.html", who, site, request, View(site, who.texts).story(found))

    return kept_response(request, site, key, made)


@router.get("/outlets")
def outlets(request: Request) -> Response:
    """List the outlets with what each brought."""
    site, who = site_of(request), look(request)
    return ready_response(
        request, page("outlets.html", who, site, request, {"places": View(site, who.texts).outlets(), "current": "outlets"}), max_age=0
    )


@router.get("/health")
def source_health(request: Request) -> Response:
    """Show the operator how each source does, the unwell ones first."""
    site, who = site_of(request), look(request)
    return ready_response(request, page("health.html", who, site, request, View(site, who.texts).health()), max_age=0)


@router.get("/about")
def about(request: Request) -> Response:
    """Say what this page is and what it keeps about its readers."""
    site, who = site_of(request), look(request)
    return ready_response(request, page("about.html", who, site, request, {}), max_age=0)


@router.post("/preferences")
def preferences(
    request: Request,
    theme: Annotated[str, Form()] = "",
    ui: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Keep the reader's theme and interface language in cookies, without JavaScript."""
    answer = RedirectResponse(local(back), 303)
    for name, value, allowed in (("theme", theme, THEMES), ("ui", ui, LANGUAGES)):
        if value in allowed:
            answer.set_cookie(name, value, max_age=365 * 86_400, samesite="lax", httponly=True, secure=secure(request))
    return answer


def local(address: str) -> str:
    """Give an address on this page only; anything else becomes the front page."""
    return quote(address, safe="/?=&%-._~+,:") if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """Ask crawlers to stay away, unless the operator allows indexing."""
    allowed = site_of(request).settings.web.index
    return Response("User-agent: *\n" + ("Disallow: /search\n" if allowed else "Disallow: /\n"), media_type="text/plain")


def error(request: Request, status: int, headers: dict[str, str] | None = None) -> Response:
    """Show an error in the reader's language."""
    site, who = site_of(request), look(request)
    key = f"error_{status}" if f"error_{status}" in who.texts.words else "error_400" if status < 500 else "error_500"
    ready = page("error.html", who, site, request, {"message": who.texts[key], "status": status})
    return Response(ready.body, status, {**(headers or {}), "content-type": ready.media_type, "cache-control": "no-store"})
