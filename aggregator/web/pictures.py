"""The picture proxy: readers' browsers ask only this page, never an outlet.

A picture is fetched through the guarded client once, known by its first bytes to be a picture,
kept in memory, and served with a policy that lets nothing in it run. SVG is refused: it can hold scripts.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from aggregator.model import Fetched

router = APIRouter(include_in_schema=False)
MEMORY = 64 * 2**20
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
)


class ImageClient(Protocol):
    """The part of the fetch client that the proxy needs."""

    async def get(self, address: str, *, accept: str, max_bytes: int | None) -> object:
        """Fetch an address; gives `Fetched` or a failure."""


def kind_of(body: bytes) -> str | None:
    """Give a picture's media type by its first bytes; None if it is none that may be served."""
    return next((media for at, magic, media in SIGNATURES if body[at : at + len(magic)] == magic), None)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's bytes and media type."""

    body: bytes
    media_type: str


class Pictures:
    """Fetches pictures and keeps the latest ones, up to 64 MiB."""

    def __init__(self, client: ImageClient, largest: int) -> None:
        self._client = client
        self._largest = largest
        self._kept: OrderedDict[str, Picture | None] = OrderedDict()
        self._size = 0
        self._running: dict[str, asyncio.Task[Picture | None]] = {}

    async def get(self, address: str) -> Picture | None:
        """Give a picture, or None where its server gives none; many askers share one fetch."""
        if address in self._kept:
            self._kept.move_to_end(address)
            return self._kept[address]
        task = self._running.get(address)
        if task is None:
            task = asyncio.create_task(self._fetch(address))
            self._running[address] = task
            task.add_done_callback(lambda _: self._running.pop(address, None))
        return await asyncio.shield(task)

    async def _fetch(self, address: str) -> Picture | None:
        outcome = await self._client.get(address, accept="image", max_bytes=self._largest)
        picture = None
        if isinstance(outcome, Fetched):
            media = kind_of(outcome.body)
            picture = Picture(outcome.body, media) if media else None
        self._keep(address, picture)
        return picture

    def _keep(self, address: str, picture: Picture | None) -> None:
        self._kept[address] = picture
        self._size += len(picture.body) if picture else 200
        while self._size > MEMORY and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._size -= len(old.body) if old else 200


@router.get("/picture/{item_id}")
async def picture(request: Request, item_id: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> Response:
    """Serve an item's picture; a hidden one is gone."""
    site = request.app.state.site
    item = await run_in_threadpool(site.store.item, item_id)
    if item is None or not item.image or site.pictures is None:
        raise HTTPException(404)
    found = await site.pictures.get(item.image)
    if found is None:
        raise HTTPException(404)
    headers = {
        "cache-control": "private, max-age=3600",
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": "inline",
    }
    return Response(found.body, media_type=found.media_type, headers=headers)
