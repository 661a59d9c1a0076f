"""The way to one server: an httpx transport that makes one connection for one request, to numbers that the guard has checked.

httpx's own pool costs 1.1 ms of CPU for a 304 and more with each open connection; a host that is polled every quarter of an hour has
no use for a pool. So each request gets a connection of its own (0.45 ms), read by httpx2's HTTP/1.1 engine over plain asyncio.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpcore2 as httpcore
import httpx2 as httpx

PIECE = 16 * 1024  # bytes handed on at once: what a piece costs to read (many tiny chunks) stays under 50 ms
PIECE_OF_ONE = 64 * 1024  # where the length of the whole was said, and no chunks come
BUFFERED = 256 * 1024  # bytes that may wait before the server is told to pause
MOST_ADDRESSES = 4
MOST_CHUNKS, THIN_CHUNK = 200_000, 16  # a body in more chunks than this, each thinner than that, is an attack on the reader
# what the engine raises -> what httpx's users know
ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.RemoteProtocolError, httpx.RemoteProtocolError),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.ReadError, httpx.ReadError),
    (httpcore.WriteError, httpx.WriteError),
)


class TooMuch(Exception):
    """The server sent more bytes than this request takes."""


class Wire(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """A connection as the HTTP engine wants it; counts what comes in and stops at ``allowance`` bytes."""

    def __init__(self, allowance: int) -> None:
        self.allowance = allowance
        self.piece = PIECE
        self._transport: asyncio.Transport | None = None
        self._waiting = bytearray()
        self._wanted: asyncio.Future[None] | None = None
        self._ended = False
        self._paused = False
        self._error: Exception | None = None

    # -- what asyncio calls --

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Take bytes; a server that is faster than the reader has to wait."""
        self._waiting += data
        if len(self._waiting) > BUFFERED and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note the end."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and why."""
        self._ended, self._error = True, exc
        self._wake()

    def _wake(self) -> None:
        if self._wanted is not None and not self._wanted.done():
            self._wanted.set_result(None)

    # -- what the HTTP engine calls --

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Give what has come, b"" at the end."""
        if not self._waiting and not self._ended:
            self._wanted = asyncio.get_running_loop().create_future()
            await self._wanted
        else:
            await asyncio.sleep(0)  # a server that is never waited for must not hold the others up
        if self._waiting:
            piece = bytes(self._waiting[: min(max_bytes, self.piece)])
            del self._waiting[: len(piece)]
            self.allowance -= len(piece)
            if self.allowance < 0:
                raise TooMuch
            if self._paused and len(self._waiting) < BUFFERED // 2 and self._transport is not None:
                self._paused = False
                self._transport.resume_reading()
            return piece
        if self._error is not None:
            raise httpcore.ReadError(str(self._error) or type(self._error).__name__)
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes (a request is small: nothing waits for the server to take it)."""
        if self._transport is None or self._transport.is_closing():
            raise httpcore.WriteError("the server closed the connection")
        self._transport.write(buffer)

    async def aclose(self) -> None:
        """Close at once; what has not come yet is not wanted."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def left_over(self) -> bytes:
        """Give what came and was not read."""
        return bytes(self._waiting[:PIECE])


class _Body(httpx.AsyncByteStream):
    """A body as it comes, already without chunk framing; closing it closes the connection."""

    def __init__(self, connection: httpcore.AsyncHTTP11Connection, stream: Any) -> None:
        self._connection = connection
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = 0
        size = 0
        try:
            async for chunk in self._stream:
                chunks += 1
                size += len(chunk)
                if chunks > MOST_CHUNKS and size < chunks * THIN_CHUNK:
                    raise httpx.RemoteProtocolError("the body comes in too many tiny chunks")
                yield chunk
        except tuple(theirs for theirs, _ in ERRORS) as error:
            raise translated(error) from error

    async def aclose(self) -> None:
        await self._connection.aclose()


class OneShot(httpx.AsyncBaseTransport):
    """Sends a request over a connection made for it.

    Extensions of the request: ``addresses`` (the numbers to connect to, tried in order), ``target`` (path and query as bytes),
    ``header_bytes`` and ``body_bytes`` (how much may come), ``seconds`` (for making the connection). Of the response: ``wire``.
    """

    def __init__(self, verify: ssl.SSLContext | bool = True) -> None:
        self._verify = verify

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Connect, send, and read the headers; the body is read from the response's stream."""
        asked = request.extensions
        wire = await self._connect(request.url, asked["addresses"], asked["header_bytes"], asked["seconds"])
        url = httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=asked["target"])
        connection = httpcore.AsyncHTTP11Connection(url.origin, wire)
        try:
            answer = await connection.handle_async_request(httpcore.Request(b"GET", url, headers=request.headers.raw))
        except tuple(theirs for theirs, _ in ERRORS) as error:
            raise translated(error) from error
        wire.allowance = asked["body_bytes"]
        names = {name.lower() for name, _ in answer.headers}
        if b"content-length" in names and b"transfer-encoding" not in names:
            wire.piece = PIECE_OF_ONE
        body = _Body(connection, answer.stream)
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions={"wire": wire, "connection": connection})

    async def _connect(self, url: httpx.URL, addresses: Sequence[str], allowance: int, seconds: float) -> Wire:
        port = url.port or (443 if url.scheme == "https" else 80)
        tried = addresses[:MOST_ADDRESSES]
        last: Exception | None = None
        for at, address in enumerate(tried):
            # a silent address must leave time for the ones after it
            share = seconds / (len(tried) - at) if len(tried) > 1 else seconds
            try:
                async with asyncio.timeout(share) as clock:
                    return await self._dial(url, address, port, allowance)
            except TimeoutError:
                if not clock.expired():
                    raise
                last = httpx.ConnectTimeout(f"{address} does not answer")
                seconds -= share
            except ssl.SSLError:
                raise  # the host was reached, and is not the one it should be: others of its addresses are no better
            except OSError as error:
                last = httpx.ConnectError(error.strerror or str(error) or type(error).__name__)
        raise last or httpx.ConnectError("there is no address to connect to")

    async def _dial(self, url: httpx.URL, address: str, port: int, allowance: int) -> Wire:
        loop = asyncio.get_running_loop()
        if url.scheme != "https":
            _, wire = await loop.create_connection(lambda: Wire(allowance), address, port)
            return wire
        _, wire = await loop.create_connection(
            lambda: Wire(allowance), address, port, ssl=self.context, server_hostname=url.raw_host.decode("ascii").strip("[]").rstrip(".")
        )
        return wire

    @property
    def context(self) -> ssl.SSLContext:
        """Give the TLS settings; reading the system's certificates takes 20 ms, so it is done when first needed."""
        if self._verify is True:
            self._verify = ssl.create_default_context()
            self._verify.set_alpn_protocols(["http/1.1"])
        elif self._verify is False:
            raise ValueError("certificates are always checked; pass a context to trust others")
        return self._verify


def translated(error: Exception) -> httpx.TransportError:
    """Give httpx's error for one of its engine's."""
    for theirs, ours in ERRORS:
        if isinstance(error, theirs):
            return ours(str(error))
    return httpx.TransportError(str(error))
