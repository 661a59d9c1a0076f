"""The one HTTP client: guarded, bounded, polite. With its transport (`fetch.wire`) the only module that knows httpx (taken as httpx2).

Nothing that a server does raises: what comes back is `Fetched`, `NotModified` or `Failed`. Each request has one deadline over name,
connection, redirects, headers and body, and the addresses that are connected to are those that the guard has checked.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

import httpx2 as httpx

from aggregator import __version__
from aggregator.fetch import answer, decode
from aggregator.fetch.address import Target, Unusable, follow, target_of
from aggregator.fetch.answer import Answer
from aggregator.fetch.blocked import LOOKED_AT, is_challenge
from aggregator.fetch.caching import retry_after
from aggregator.fetch.gate import Gate, HostGate
from aggregator.fetch.guard import Guard, Refused
from aggregator.fetch.resolve import NoAddress, Resolver, ThreadResolver
from aggregator.fetch.wire import OneShot, TooMuch
from aggregator.model import Failed, FailureKind, Fetched, FetchOutcome, NotModified
from aggregator.settings import FetchSettings

MOST_HEADERS, MOST_HEADER_BYTES = 200, 64 * 1024
PERMANENT, TEMPORARY = (301, 308), (300, 302, 303, 307)
USABLE = (200, 203)
# statuses with which anti-bot pages come; the bodies of other errors are not read at all
TELLING = (202, 401, 403, 405, 406, 429, 503)
PATIENCE_WITH_ERRORS = 5.0  # seconds for the body of an error
ACCEPT = {
    "feed": "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5",
    "page": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
    "image": "image/avif, image/webp, image/png, image/jpeg, image/gif;q=0.8",
    "any": "*/*",
}


@dataclass(slots=True)
class _Trip:
    """One call of `Client.get` on its way from hop to hop."""

    address: str
    validators: tuple[tuple[bytes, bytes], ...]
    validated: str | None  # the one address that the validators are for; None: any hop
    accept: str
    ports: frozenset[int]
    limit: int
    limit_name: str
    cut: bool
    spacing: float | None
    gated: bool
    seconds: float
    left: float
    seen: set[str]
    permanent: bool = True


class Client:
    """Fetches addresses; one a process, opened with ``async with``.

    ``hold`` is told when a host asks to be left alone (Retry-After), ``held`` tells until when it is; ``verify`` is for tests that
    bring their own certificates.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        clock: Callable[[], datetime],
        hold: Callable[[str, datetime], Awaitable[None]] | None = None,
        held: Callable[[str], datetime | None] | None = None,
        resolver: Resolver | None = None,
        gate: HostGate | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._hold = hold
        self._held = held
        self._guard = Guard(settings.allow_private, resolver or ThreadResolver())
        self._gate: HostGate = gate or Gate(settings.per_host, settings.host_spacing)
        self._transport = OneShot(verify)
        self._slots = asyncio.Semaphore(settings.concurrency)
        contact = "".join(ch for ch in settings.contact if ch.isascii() and ch.isprintable() and ch not in "()")
        self.user_agent = f"Mujaz/{__version__} (Arabic news aggregator{f'; +{contact}' if contact else ''})"

    async def __aenter__(self) -> Client:
        """Open the client."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the client (no connection outlives its request)."""
        await self._transport.aclose()

    async def get(
        self,
        address: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        validated: str | None = None,
        accept: str = "feed",
        ports: frozenset[int] = frozenset(),
        deadline: float | None = None,
        max_bytes: int | None = None,
        cut: bool = False,
        spacing: float | None = None,
        gated: bool = True,
    ) -> FetchOutcome:
        """Fetch an address, following redirects; never raises for what a server or network does.

        ``etag`` and ``last_modified`` are sent byte for byte, to the hop at ``validated`` alone (the `Fetched.final_address` that they
        came with; None: to every hop). ``ports`` are those besides 80 and 443 that may be connected to (the source's own addresses name
        them). ``deadline`` (seconds) covers everything after the gate let the request start. A body over ``max_bytes`` is a failure, or
        with ``cut`` is given as far as it was read.
        """
        settings = self._settings
        feed = accept == "feed"
        seconds = deadline or (settings.timeout if feed else settings.page_timeout)
        trip = _Trip(
            address,
            answer.validators(etag, last_modified),
            None,
            accept,
            ports,
            max_bytes or (settings.max_feed_bytes if feed else settings.max_page_bytes),
            "fetch.max_feed_bytes" if feed else "fetch.max_page_bytes",
            cut,
            spacing,
            gated,
            seconds,
            seconds,
            set(),
        )
        try:
            if validated is not None:
                trip.validated = target_of(validated).address
            return await self._travel(trip, target_of(address))
        except Unusable as error:
            return self._failed(error.failure.kind, error.failure.detail)
        except TimeoutError:
            return self._failed(
                FailureKind.TIMEOUT, f"no whole answer within {seconds:g} s ({'fetch.timeout' if feed else 'fetch.page_timeout'})"
            )
        except Refused as error:
            return self._failed(FailureKind.REFUSED_ADDRESS, str(error))
        except NoAddress as error:
            return self._failed(FailureKind.DNS, str(error))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            return self._failed(*answer.trouble(error))

    # -- hops --

    async def _travel(self, trip: _Trip, target: Target) -> FetchOutcome:
        """Go from host to host: at each a place is taken at its gate, and the place before given back."""
        first = True
        while True:
            host = self._host_of(target)
            if held := self._left_alone(host):
                return held
            # waiting for the first host's gate is free: it is our own queue; later waits count
            async with asyncio.timeout(None if first else trip.left) as clock, self._place(trip, host), self._slots:
                if held := self._left_alone(host):  # it may have asked while this waited
                    return held
                loop = asyncio.get_running_loop()
                started = loop.time()
                clock.reschedule(started + trip.left)
                result = await self._visit(trip, target, host)
                trip.left -= loop.time() - started
            if not isinstance(result, Target):
                return result
            target, first = result, False

    def _left_alone(self, host: str) -> Failed | None:
        """Give the failure of asking a host that asked to be left alone; None where it may be asked."""
        until = self._held(host) if self._held else None
        if until is None or until <= self._clock():
            return None
        detail = f"{host} asked to be left alone until {until:%Y-%m-%d %H:%M} UTC"
        return self._failed(FailureKind.RATE_LIMITED, detail, retry_after=until - self._clock())

    def _place(self, trip: _Trip, host: str) -> AbstractAsyncContextManager[None]:
        return self._gate.enter(host, trip.spacing) if trip.gated else nullcontext()

    async def _visit(self, trip: _Trip, target: Target, host: str) -> FetchOutcome | Target:
        """Ask a host, and again while it redirects to itself; a `Target` is a redirect that leads to another host."""
        while True:
            if len(trip.seen) > self._settings.max_redirects:
                return self._failed(FailureKind.REDIRECT, f"more than {self._settings.max_redirects} redirects (fetch.max_redirects)")
            if target.address in trip.seen:
                return self._failed(FailureKind.REDIRECT, f"redirects lead in a circle at {target.address}")
            trip.seen.add(target.address)
            got = await self._ask(trip, target)
            if got.status not in PERMANENT and not (got.status in TEMPORARY and got.header("location")):
                if got.status in TEMPORARY:
                    return self._failed(FailureKind.REDIRECT, f"HTTP {got.status} without saying where to", got.status)
                return await self._outcome(trip, target, got)
            location = got.location()
            if not location:
                return self._failed(FailureKind.REDIRECT, f"HTTP {got.status} without saying where to", got.status)
            trip.permanent = trip.permanent and got.status in PERMANENT
            target = follow(target, location)
            if self._host_of(target) != host:
                return target

    def _host_of(self, target: Target) -> str:
        """Give what a host's manners are kept by; on loopback, where a test's servers differ by port, the port as well."""
        return target.netloc if self._settings.allow_private else target.host

    async def _ask(self, trip: _Trip, target: Target) -> Answer:
        if target.port not in (80, 443) and target.port not in trip.ports and not self._settings.allow_private:
            raise Unusable(FailureKind.REFUSED_ADDRESS, f"port {target.port} of {target.host} is not one that its source names")
        addresses = await self._guard.addresses(target.host, target.port)
        conditional = bool(trip.validators) and trip.validated in (None, target.address)
        headers = [
            (b"Host", target.netloc.encode()),
            (b"User-Agent", self.user_agent.encode()),
            (b"Accept", ACCEPT[trip.accept].encode()),
            (b"Accept-Encoding", b"gzip, deflate, br, zstd" if trip.accept != "image" else b"identity"),
            (b"Connection", b"close"),
        ]
        if conditional:
            headers += trip.validators
        if target.authorization:
            headers.append((b"Authorization", target.authorization.encode()))
        request = httpx.Request(
            "GET",
            httpx.URL(scheme=target.scheme, host=target.host, port=target.port),
            headers=headers,
            extensions={
                "addresses": addresses,
                "target": target.path.encode(),
                "header_bytes": 2 * MOST_HEADER_BYTES,
                "body_bytes": trip.limit + trip.limit // 16 + MOST_HEADER_BYTES,
                "seconds": trip.left,
            },
        )
        try:
            response = await self._transport.handle_async_request(request)
        except TooMuch:
            raise Unusable(FailureKind.PROTOCOL, f"the answer's headers are over the limit of {MOST_HEADER_BYTES:,} bytes") from None
        try:
            return await self._read(trip, response, conditional)
        finally:
            await response.aclose()

    async def _read(self, trip: _Trip, response: httpx.Response, conditional: bool) -> Answer:
        raw = response.headers.raw
        if len(raw) > MOST_HEADERS or sum(len(name) + len(value) for name, value in raw) > MOST_HEADER_BYTES:
            raise Unusable(FailureKind.PROTOCOL, f"the answer has over {MOST_HEADERS} headers, or over {MOST_HEADER_BYTES:,} bytes of them")
        got = Answer(response.status_code, answer.headers(raw), conditional)
        if got.status in USABLE:
            got.body = await self._body(trip, response, got)
            wire = response.extensions["wire"]
            # more came than Content-Length said: it lies, so this may be half a document, and is not to be confirmed by a later 304
            got.doubtful = bool((response.extensions["connection"]._h11_state.trailing_data[0] + wire.left_over).strip())
        elif got.status in TELLING:
            got.body = await self._glance(response)
        return got

    async def _body(self, trip: _Trip, response: httpx.Response, got: Answer) -> bytes:
        length = got.header("content-length")
        if length.isdecimal() and int(length[:20]) > trip.limit and not trip.cut:
            raise Unusable(
                FailureKind.TOO_LARGE, f"the body of {int(length[:20]):,} bytes is over the limit of {trip.limit:,} ({trip.limit_name})"
            )
        body = bytearray()
        try:
            async for piece in response.stream:  # type: ignore[union-attr]
                body += piece
                if len(body) > trip.limit:
                    raise TooMuch
        except TooMuch:
            if not trip.cut:
                raise Unusable(FailureKind.TOO_LARGE, f"the body is over the limit of {trip.limit:,} bytes ({trip.limit_name})") from None
            got.doubtful = True
            del body[trip.limit :]
        return bytes(body)

    async def _glance(self, response: httpx.Response) -> bytes:
        """Read the beginning of an error's body, as far as it can be had soon: it may tell that this is an anti-bot page."""
        body = bytearray()
        try:
            async with asyncio.timeout(PATIENCE_WITH_ERRORS):
                async for piece in response.stream:  # type: ignore[union-attr]
                    body += piece
                    if len(body) > LOOKED_AT:
                        break
        except (TimeoutError, TooMuch, httpx.HTTPError, OSError):
            pass
        return bytes(body)

    # -- outcomes --

    async def _outcome(self, trip: _Trip, target: Target, got: Answer) -> FetchOutcome:
        now = self._clock()
        moved = target.address if trip.permanent and len(trip.seen) > 1 and not target.authorization else None
        if got.status == 304:
            if not got.conditional:
                return self._failed(FailureKind.PROTOCOL, "HTTP 304 to an unconditional request", 304)
            return NotModified(trip.address, got.headers, now, *got.new_validators(), moved)
        usable = got.status in USABLE
        try:
            text = decode.decode(got.body, got.header("content-encoding"), trip.limit if usable else LOOKED_AT, cut=trip.cut or not usable)
        except decode.TooLarge:
            return self._failed(
                FailureKind.TOO_LARGE, f"the decoded body is over the limit of {trip.limit:,} bytes ({trip.limit_name})", got.status
            )
        except decode.Broken as error:
            if usable:
                return self._failed(FailureKind.PROTOCOL, str(error), got.status)
            text = b""
        after = retry_after(got.header("retry-after"), now) if got.status in (429, 503) else None
        if after and self._hold:
            await self._hold(self._host_of(target), now + after)
        if is_challenge(got.status, got.headers, text):
            return self._failed(
                FailureKind.BLOCKED,
                f"HTTP {got.status}: an anti-bot page came instead (ask the outlet to let the user-agent Mujaz through)",
                got.status,
                after,
            )
        if usable:
            validators = (None, None) if got.doubtful else got.new_validators()
            return Fetched(trip.address, target.address, got.status, got.headers, text, now, *validators, moved)
        return self._failed(*answer.refusal(got.status), got.status, after)

    def _failed(self, kind: FailureKind, detail: str, status: int | None = None, retry_after: timedelta | None = None) -> Failed:
        text = "".join(ch if ch.isprintable() else " " for ch in detail)[:500]
        return Failed(kind, text, status, retry_after, self._clock())
