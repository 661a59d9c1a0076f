"""Puts the page together: routes, safety, errors. The store, settings and clock are passed in."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException

from aggregator import __version__
from aggregator.errors import DatabaseError, UsageError
from aggregator.settings import Settings
from aggregator.web import api, feeds, health, pages, pictures, reports
from aggregator.web.cache import Cache
from aggregator.web.context import Site
from aggregator.web.limits import Limits
from aggregator.web.quick import Quick
from aggregator.web.safety import Safety
from aggregator.web.static_files import Static

if TYPE_CHECKING:
    from aggregator.store import Store

log = logging.getLogger(__name__)
ROOMS = (api, feeds, health, pictures, reports, pages)


def utc_now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


def create(
    store: Store,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    steady: Callable[[], float] = time.monotonic,
    image_client: pictures.ImageClient | None = None,
    limited: bool = True,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """Build the page over an opened store.

    ``clock`` is what dates are compared with, ``steady`` what limits and the cache are timed by.
    ``image_client`` fetches pictures for the proxy (None: pictures are linked at their outlets);
    ``limited=False`` turns the rate limits off, for load tests only.
    """
    limits = Limits(steady, enabled=limited)
    proxy = pictures.Pictures(image_client, settings.web.image_bytes) if image_client and settings.web.image_proxy else None
    site = Site(store, settings, clock, Cache(store.generation, steady), limits, proxy)
    app = FastAPI(
        title="Mujaz",
        version=__version__,
        description="Merged Arabic news: stories, items, outlets, sources.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.site = site
    for room in ROOMS:
        app.include_router(room.router)
    app.mount("/static", Static(), name="static")
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(DatabaseError, _no_database)
    app.add_exception_handler(UsageError, _misused)
    app.add_middleware(Quick, cache=site.cache)
    app.add_middleware(Safety, web=settings.web, limits=limits, say=_refusal)
    return app


def _answer(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Say an error as a problem document to programs (RFC 9457), as a page to people."""
    if request.url.path.startswith("/api/"):
        problem: dict[str, Any] = {"type": "about:blank", "title": _title(status), "status": status, "detail": detail}
        return JSONResponse(problem, status, headers, media_type="application/problem+json")
    return pages.error(request, status, headers)


def methods_of(route: Any, path: str) -> set[str]:
    """Give the methods that a route answers at a path; none where it does not match."""
    return set(route.methods) if route.path_regex.match(path) else set()


def _title(status: int) -> str:
    from http import HTTPStatus

    return HTTPStatus(status).phrase


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        # the framework names the methods of one route only, and an address may have several
        allowed = {method for room in ROOMS for route in room.router.routes for method in methods_of(route, request.url.path)}
        return _answer(request, 405, f"Allowed here: {', '.join(sorted(allowed))}.", {"allow": ", ".join(sorted(allowed))})
    return _answer(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["loc"][0] == "path" and not request.url.path.startswith("/api/"):
        return _answer(request, 404, "There is no such page.")
    return _answer(request, 422, f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}")


async def _no_database(request: Request, error: Exception) -> Response:
    log.warning("the page could not be answered: %s", error)
    return _answer(request, 503, "The database is not available.", {"retry-after": "10"})


async def _misused(request: Request, error: Exception) -> Response:
    return _answer(request, 400, str(error))


def _refusal(scope: Any, status: int, detail: str, headers: dict[str, str]) -> Response:
    """Say what is refused before any route: to a stranger's host name in plain text, since a page would name it."""
    if status == 421 and not scope["path"].startswith("/api/"):
        return PlainTextResponse(detail + "\n", status, headers)
    return _answer(Request(scope), status, detail, headers)
