"""Serves the page without the daemon."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.fetch.client import Client
from aggregator.web.app import create
from aggregator.web.serve import server

if TYPE_CHECKING:
    import socket

    from aggregator.settings import Settings
    from aggregator.store import Store


async def serve_alone(store: Store, settings: Settings, listener: socket.socket) -> None:
    """Answer until a signal; pictures are fetched through the guarded client."""
    async with Client(settings.fetch, clock=lambda: datetime.now(UTC)) as client:
        await server(create(store, settings, image_client=client)).serve(sockets=[listener])
