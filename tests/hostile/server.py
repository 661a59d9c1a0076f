"""A loopback server that speaks raw bytes: every case listens on a port of its own and may do to its caller what it likes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Visit:
    """One connection: what was asked, and for how long it was held."""

    at: float
    head: bytes = b""
    held: float | None = None

    @property
    def path(self) -> str:
        parts = self.head.split(b" ", 2)
        return parts[1].decode("latin-1") if len(parts) > 1 else ""

    def header(self, name: str) -> bytes | None:
        """Give a header's bytes as they were sent."""
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip()
        return None

    @property
    def conditional(self) -> bool:
        return self.header("If-None-Match") is not None or self.header("If-Modified-Since") is not None


class Talk:
    """A conversation with one caller."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, visit: Visit, number: int, stall: Stall) -> None:
        self.reader, self.writer, self.visit, self.number, self.stall = reader, writer, visit, number, stall
        self.path = ""

    async def hear(self) -> None:
        """Read the request's head."""
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            first = await self.reader.readexactly(1)
            if first == b"\x16":  # TLS: servers that don't speak it say so in plain HTTP, or hang up
                raise ConnectionResetError
            self.visit.head = first + (await self.reader.readuntil(b"\r\n\r\n"))[:-4]
        self.path = self.visit.path

    async def say(self, data: bytes) -> None:
        """Send bytes, as fast as the caller takes them."""
        self.writer.write(data)
        await self.writer.drain()

    async def drip(self, data: bytes, every: float) -> None:
        """Send bytes one by one."""
        for byte in data:
            await self.say(bytes((byte,)))
            await asyncio.sleep(every)

    async def wait(self) -> None:
        """Say nothing until the caller goes away."""
        while await self.reader.read(1024):
            pass

    def reset(self) -> None:
        """Break the connection off (RST)."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Talk], Awaitable[None]]


@dataclass
class Stall:
    """One case's place: its port and what came to it."""

    name: str
    script: Script | bytes
    port: int = 0
    others: dict[str, Stall] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def near(self, name: str) -> Stall:
        """Give another stall of the same server."""
        return self.others[name]


class Hostile:
    """Runs stalls in a thread of its own."""

    def __init__(self, scripts: dict[str, Script | bytes]) -> None:
        self.stalls = {name: Stall(name, script) for name, script in scripts.items()}
        for stall in self.stalls.values():
            stall.others = self.stalls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Hostile:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _open(self) -> None:
        self._servers = []
        for stall in self.stalls.values():
            server = await asyncio.start_server(self._taker(stall), "127.0.0.1", 0, limit=2**20)
            stall.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _taker(self, stall: Stall) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._tasks.add(task)
            visit = Visit(time.monotonic())
            stall.visits.append(visit)
            talk = Talk(reader, writer, visit, len(stall.visits), stall)
            try:
                await talk.hear()
                if isinstance(stall.script, bytes):
                    await talk.say(stall.script)
                else:
                    await stall.script(talk)
            except (ConnectionError, asyncio.CancelledError):
                pass
            finally:
                visit.held = time.monotonic() - visit.at
                self._tasks.discard(task)
                writer.close()
                with contextlib.suppress(ConnectionError, OSError):
                    await writer.wait_closed()

        return take
