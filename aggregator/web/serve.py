"""Listens: one uvicorn server on a socket that is bound before anything is printed."""

from __future__ import annotations

import socket
from threading import Thread
from typing import TYPE_CHECKING

from aggregator.errors import ConfigurationError

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI


def bind(host: str, port: int) -> socket.socket:
    """Bind the address to listen on; a port in use is one sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named as TCP, accepted connections are set to send at once; else each answer waits 40 ms for the client to acknowledge its head
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)  # whoever reads the printed address may ask at once
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"The page can't listen on {host} port {port}: {error.strerror or error}. Choose another with MUJAZ_WEB__PORT or web.port."
        ) from None
    return listener


def address(listener: socket.socket) -> str:
    """Give the address to print for a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def server(app: FastAPI, *, drain: int = 5) -> uvicorn.Server:
    """Make the server; ``serve(sockets=[…])`` runs it, ``should_exit = True`` ends it within ``drain`` seconds."""
    import uvicorn

    from aggregator.web.answer import warm

    Thread(target=warm, name="warm", daemon=True).start()
    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=drain,
        timeout_keep_alive=20,
        h11_max_incomplete_event_size=32 * 1024,
    )
    return uvicorn.Server(config)
