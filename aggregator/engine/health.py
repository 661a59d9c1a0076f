"""Says over HTTP whether a worker lives and works, for whoever starts and restarts workers; they have no page of their own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

PATIENCE = 5.0  # seconds for a question
LINE = 4_096  # bytes of it at most


@contextlib.asynccontextmanager
async def answering(listener: socket.socket, ready: Callable[[], bool]) -> AsyncIterator[None]:
    """Answer ``/healthz`` (200) and ``/readyz`` (200, or 503 while no work is taken) on a bound socket."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(TimeoutError, OSError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE):
                words = (await reader.readline()).split()
                while (await reader.readline()).strip():
                    pass
                status, text = _answer(words[1] if len(words) > 1 else b"", ready())
                head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
                writer.write((head + text).encode())
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, sock=listener, limit=LINE)
    try:
        yield
    finally:
        server.close()


def _answer(path: bytes, ready: bool) -> tuple[str, str]:
    match path:
        case b"/healthz":
            return "200 OK", "ok\n"
        case b"/readyz" if ready:
            return "200 OK", "ok\n"
        case b"/readyz":
            return "503 Service Unavailable", "no work is taken: the database is away, or this worker is starting or stopping\n"
    return "404 Not Found", "only /healthz and /readyz are here\n"
