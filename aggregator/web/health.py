"""For machines that watch: is it alive, is it ready, how does it do."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from aggregator.errors import MujazError
from aggregator.web.pages import site_of

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def alive() -> Response:
    """Say that the process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> Response:
    """Say whether the database answers too (503 if not)."""
    site = site_of(request)
    try:
        site.store.generation()
    except (MujazError, OSError) as error:
        return PlainTextResponse(f"database: {error}\n", 503)
    return PlainTextResponse("ok\n") if site.ready() else PlainTextResponse("starting\n", 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Give the numbers of this process and of the database in the Prometheus text form."""
    from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

    from aggregator.web.metrics import of_store

    site = site_of(request)
    return Response(generate_latest(REGISTRY) + of_store(site.store, site.clock()), media_type=CONTENT_TYPE_LATEST)
