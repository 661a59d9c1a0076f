"""Serves the page without the daemon."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Answer until SIGINT or SIGTERM; pictures are fetched through the guarded client."""
    async with Client(settings.fetch, clock=lambda: datetime.now(UTC)) as client:
        with _heard_once():
            await server(create(store, settings, image_client=client)).serve(sockets=[listener])


@contextmanager
def _heard_once() -> Iterator[None]:
    """Let a signal end the serving and nothing else: uvicorn raises it again when all is answered, and the program would die of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, lambda *_: None) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
