"""The API under /api/v1: stories, items, outlets, sources, search, pictures. Errors are problem documents (RFC 9457)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, BeforeValidator, Field
from starlette.exceptions import HTTPException

from aggregator.model import Sort, Status, StoryFilter
from aggregator.store.stories import CURSOR
from aggregator.web.context import Site
from aggregator.web.shapes import (
    ImageOut,
    ItemOut,
    ItemsOut,
    MergeReportOut,
    OutletOut,
    Problem,
    SourceOut,
    StoriesOut,
    StoryOut,
    item_out,
    outlet_out,
    story_out,
)

MOST = 200
BIGGEST = 2**63 - 1
DATED = re.compile(r"\d{4}-\d\d-\d\d")


def _problem(text: str) -> dict[str, object]:
    return {"description": text, "content": {"application/problem+json": {"schema": Problem.model_json_schema()}}}


ERRORS: dict[int | str, dict[str, object]] = {
    400: _problem("The request can't be understood."),
    401: _problem("A token is needed."),
    403: _problem("Refused."),
    404: _problem("There is no such thing."),
    405: _problem("Another method is needed; Allow names it."),
    413: _problem("The request is too large."),
    421: _problem("An unknown host name."),
    422: _problem("A parameter has a wrong value."),
    429: _problem("Too many requests."),
    503: _problem("The database is not available."),
}


def site_of(request: Request) -> Site:
    """Give the running page."""
    site: Site = request.app.state.site
    return site


SiteOf = Annotated[Site, Depends(site_of)]
Id = Annotated[int, Path(ge=1, le=BIGGEST)]


def _secret(authorization: str) -> str:
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def may_read(site: SiteOf, authorization: Annotated[str, Header()] = "") -> None:
    """Let anyone read where ``web.public_api`` is true, else holders of a token."""
    if not site.settings.web.public_api and site.store.check_token(_secret(authorization)) is None:
        raise HTTPException(401, "Send a token: Authorization: Bearer …; make one with `mujaz token add`.", {"www-authenticate": "Bearer"})


Credentials = Annotated[
    HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False, description="A token of `mujaz token add`."))
]


def may_write(site: SiteOf, given: Credentials) -> None:
    """Let only holders of a writing token change things."""
    scopes = site.store.check_token(given.credentials.strip() if given else "")
    if scopes is None:
        raise HTTPException(401, "Send a token: Authorization: Bearer …; make one with `mujaz token add`.", {"www-authenticate": "Bearer"})
    if "write" not in scopes:
        raise HTTPException(403, "This token may only read.")


router = APIRouter(prefix="/api/v1", responses=ERRORS)
Reading = [Depends(may_read)]
Writing = [Depends(may_write)]


def _dated(value: object) -> object:
    """Refuse bare numbers, which Pydantic would take for seconds since 1970."""
    if isinstance(value, str) and not DATED.match(value):
        raise ValueError("is no date such as 2026-11-25 or 2026-11-25T10:00:00Z")
    return value


Text = Annotated[str, Query(max_length=300)]
Several = Annotated[list[str], Query(max_length=20)]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Moment = Annotated[datetime, BeforeValidator(_dated), Field(description="A date or a time as ISO 8601 has it; UTC without a zone.")]
Cursor = Annotated[str | None, Query(pattern=f"^{CURSOR}$", description="The `next` of the page before.")]


def asked(
    request: Request,
    q: Text = "",
    outlet: Several = [],  # noqa: B006  (FastAPI copies defaults)
    country: Several = [],  # noqa: B006
    topic: Several = [],  # noqa: B006
    lang: Several = [],  # noqa: B006
    since: Moment | None = None,
    until: Moment | None = None,
    sort: Sort | None = None,
) -> StoryFilter:
    """Read a story filter from the query; without ``sort`` a search is by relevance and anything else by time."""
    from datetime import UTC

    def aware(moment: datetime | None) -> datetime | None:
        return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment

    order = sort or (Sort.RELEVANCE if request.url.path.endswith("/search") else Sort.TIME)
    return StoryFilter(
        aware(since), aware(until), tuple(outlet), tuple(c.upper() for c in country), tuple(lang), tuple(topic), " ".join(q.split()), order
    )


Asked = Annotated[StoryFilter, Depends(asked)]


@router.get("/stories", dependencies=Reading)
def stories(site: SiteOf, wish: Asked, limit: Limit = 30, cursor: Cursor = None) -> StoriesOut:
    """List stories, newest first (or by ``sort``)."""
    found = site.store.stories(wish, limit=limit, cursor=cursor)
    return StoriesOut(stories=[story_out(site, story) for story in found.rows], next=found.next)


@router.get("/search", dependencies=Reading)
def search(site: SiteOf, wish: Asked, limit: Limit = 30, cursor: Cursor = None) -> StoriesOut:
    """Find stories: as /stories with ``q``, but by relevance and freshness unless ``sort`` says else."""
    return stories(site, wish, limit, cursor)


@router.get("/stories/{story_id}", dependencies=Reading)
def story(site: SiteOf, story_id: Id) -> StoryOut:
    """Give one story with all its items."""
    found = site.store.story(story_id)
    if found is None:
        raise HTTPException(404, f"There is no story {story_id}.")
    return story_out(site, found)


@router.get("/items", dependencies=Reading)
def items(site: SiteOf, wish: Asked, limit: Limit = 30, cursor: Cursor = None) -> ItemsOut:
    """List items, newest first."""
    found = site.store.items(wish, limit=limit, cursor=cursor)
    return ItemsOut(items=[item_out(site, item) for item in found.rows], next=found.next)


@router.get("/items/{item_id}", dependencies=Reading)
def item(site: SiteOf, item_id: Id) -> ItemOut:
    """Give one item."""
    found = site.store.item(item_id)
    if found is None:
        raise HTTPException(404, f"There is no item {item_id}.")
    return item_out(site, found)


@router.get("/outlets", dependencies=Reading)
def outlets(site: SiteOf) -> list[OutletOut]:
    """List the outlets with the number of their items."""
    return [outlet_out(outlet, count) for outlet, count in site.store.outlets()]


@router.get("/sources", dependencies=Reading)
def sources(site: SiteOf) -> list[SourceOut]:
    """List the sources with their health."""
    unwell = {claim.source.id for claim in site.store.sources(unwell=True, now=site.clock())}
    return [
        SourceOut(
            id=claim.source.id,
            outlet=claim.source.outlet.id,
            kind=str(claim.source.kind),
            addresses=list(claim.source.addresses),
            status=str(claim.state.status),
            unwell=claim.source.id in unwell,
            failures=claim.state.failures,
            problem=claim.state.failure.detail if claim.state.failure else claim.state.drifted,
            last_success=claim.state.last_success_at,
            next_fetch=claim.state.next_fetch_at,
            reason=claim.state.reason,
            items=claim.state.item_count,
        )
        for claim in site.store.sources()
    ]


@router.get("/images", dependencies=Writing)
def images(site: SiteOf) -> list[ImageOut]:
    """List the pictures that were reported or decided on, most reported first; for the operator, like what changes them."""
    found = sorted(site.store.images(), key=lambda each: (-each.reports, each.image))
    return [ImageOut(item=each.item, image=each.image, title=each.title, reports=each.reports, state=each.state) for each in found]


@router.get("/merge-reports", dependencies=Writing)
def merge_reports(site: SiteOf) -> list[MergeReportOut]:
    """List the stories that readers say were merged wrongly."""
    return [MergeReportOut(story=story, reports=n, latest=at) for story, n, at in site.store.merge_reports()]


@router.delete("/merge-reports/{story_id}", dependencies=Writing, status_code=204)
def dismiss_merge(site: SiteOf, story_id: Id) -> Response:
    """Put aside readers' reports against a story that is rightly merged."""
    if not site.store.dismiss_merge(story_id):
        raise HTTPException(404, f"Nobody reported story {story_id}.")
    return Response(status_code=204)


class Change(BaseModel):
    """What a source should be: active or paused."""

    status: Status


@router.patch("/sources/{source_id}", dependencies=Writing, status_code=204)
def change_source(site: SiteOf, source_id: str, change: Change) -> Response:
    """Pause or resume a source."""
    if site.store.source(source_id) is None:
        raise HTTPException(404, f"There is no source {source_id}.")
    site.store.set_status(source_id, change.status)
    return Response(status_code=204)


@router.delete("/stories/{story_id}", dependencies=Writing, status_code=204)
def remove_story(site: SiteOf, story_id: Id) -> Response:
    """Remove a story for good: its items do not come back."""
    if site.store.story(story_id) is None:
        raise HTTPException(404, f"There is no story {story_id}.")
    site.store.remove_story(story_id)
    site.cache.forget()
    return Response(status_code=204)


@router.delete("/images/{item_id}", dependencies=Writing, status_code=204)
def block_image(site: SiteOf, item_id: Id) -> Response:
    """Hide an item's picture for good."""
    if site.store.item(item_id) is None:
        raise HTTPException(404, f"There is no item {item_id}.")
    site.store.block_image(item_id)
    site.cache.forget()
    return Response(status_code=204)


@router.put("/images/{item_id}", dependencies=Writing, status_code=204)
def restore_image(site: SiteOf, item_id: Id) -> Response:
    """Show an item's picture again, and forget the reports against it."""
    if site.store.item(item_id) is None:
        raise HTTPException(404, f"There is no item {item_id}.")
    site.store.restore_image(item_id)
    site.cache.forget()
    return Response(status_code=204)
