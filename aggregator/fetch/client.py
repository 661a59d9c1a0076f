"""The one HTTP client: guarded, bounded, polite. The only module that knows httpx (taken as httpx2, DESIGN 8).

Nothing that a server does raises: what comes back is `Fetched`, `NotModified` or `Failed`. Each request has one deadline over name,
connection, redirects and body; connections are not kept (a host is polled every quarter of an hour), and the addresses that are
connected to are those that the guard has checked.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpx2 as httpx

from aggregator import __version__
from aggregator.fetch import decode
from aggregator.fetch.blocked import is_challenge
from aggregator.fetch.caching import retry_after
from aggregator.fetch.gate import Gate
from aggregator.fetch.guard import Guard, NoAddress, Refused, Resolver, system_resolver
from aggregator.model import Failed, FailureKind, Fetched, FetchOutcome, NotModified
from aggregator.settings import FetchSettings

SHARDS = 64  # connection pools; their cost grows with the connections in one pool
MOST_HEADERS, MOST_HEADER_BYTES = 200, 64 * 1024
PERMANENT, TEMPORARY = (301, 308), (302, 303, 307)
ACCEPT = {
    "feed": "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5",
    "page": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
    "image": "image/avif, image/webp, image/png, image/jpeg, image/gif;q=0.8",
    "any": "*/*",
}
KINDS = {401: FailureKind.UNAUTHORIZED, 403: FailureKind.UNAUTHORIZED, 404: FailureKind.NOT_FOUND, 407: FailureKind.UNAUTHORIZED, 410: FailureKind.GONE, 429: FailureKind.RATE_LIMITED, 451: FailureKind.UNAUTHORIZED}


@dataclass(frozen=True, slots=True)
class Target:
    """One hop: what to ask whom, with credentials of its own address only."""

    address: str
    scheme: str
    host: str
    port: int
    authorization: str = ""

    @property
    def netloc(self) -> str:
        """Give host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"http": 80, "https": 443}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


class Unusable(Exception):  # noqa: N818
    """An address that can't be asked; carries the failure."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.failure = Failed(kind, detail)


def target_of(address: str) -> Target:
    """Read an address (raises `Unusable`); international names and paths are written in ASCII, the fragment is dropped."""
    text = "".join(ch for ch in address.strip() if ch not in "\r\n\t")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Unusable(FailureKind.REDIRECT, f"{text[:200]} is no address: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{text[:200]} is neither http nor https")
    if not host:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{text[:200]} names no host")
    try:
        ascii_host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise Unusable(FailureKind.DNS, f"{host[:100]} is no host name") from None
    if not ascii_host or any(ch in ascii_host for ch in " /\\@?#<>|^%`{}\"'"):
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{host[:100]} is no host name")
    number = port if port is not None else 443 if parts.scheme == "https" else 80
    if number == 0:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{text[:200]} names port 0")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    netloc = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    if port is not None:
        netloc += f":{port}"
    clean = urlunsplit((parts.scheme, netloc, path, query, ""))
    authorization = ""
    if parts.username:
        from base64 import b64encode
        from urllib.parse import unquote

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + b64encode(pair.encode()).decode()
    return Target(clean, parts.scheme, ascii_host.lower(), number, authorization)


class Client:
    """Fetches addresses; one a process, opened with ``async with``."""

    def __init__(
        self,
        settings: FetchSettings,
        *,
        clock: Callable[[], datetime],
        hold: Callable[[str, datetime], Awaitable[None]] | None = None,
        held: Callable[[str], datetime | None] | None = None,
        resolver: Resolver | None = None,
        gate: Gate | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._hold = hold
        self._held = held
        self._guard = Guard(settings.allow_private, resolver or system_resolver)
        self._gate = gate or Gate(settings.per_host, settings.host_spacing)
        self._context = verify
        self._transports: dict[int, httpx.AsyncHTTPTransport] = {}
        self._slots = asyncio.Semaphore(settings.concurrency)
        contact = f"; +{settings.contact}" if settings.contact else ""
        self.user_agent = f"Mujaz/{__version__} (Arabic news aggregator{contact})"

    async def __aenter__(self) -> Client:
        """Open the client."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close all connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def get(
        self,
        address: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "feed",
        ports: frozenset[int] = frozenset(),
        deadline: float | None = None,
        max_bytes: int | None = None,
        spacing: float | None = None,
        gated: bool = True,
    ) -> FetchOutcome:
        """Fetch an address, following redirects; never raises for what a server or network does.

        ``etag`` and ``last_modified`` are sent byte for byte, to this address only. ``ports`` are those besides 80 and 443 that may be
        connected to (the source's own addresses name them). ``deadline`` (seconds) covers everything after the gate let the request start.
        """
        settings = self._settings
        seconds = deadline or (settings.timeout if accept == "feed" else settings.page_timeout)
        limit = max_bytes or (settings.max_feed_bytes if accept == "feed" else settings.max_page_bytes)
        validators = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", last_modified)) if value}
        try:
            target = target_of(address)
            host = self._host_of(target)
            if self._held and (until := self._held(host)) and until > self._clock():
                return self._failed(FailureKind.RATE_LIMITED, f"{host} asked to be left alone until {until:%Y-%m-%d %H:%M} UTC", retry_after=until - self._clock())
            async with self._gate.enter(host, spacing) if gated else _free():
                async with self._slots, asyncio.timeout(seconds):
                    return await self._follow(address, target, validators, accept, ports, limit)
        except Unusable as error:
            return replace(error.failure, at=self._clock())
        except TimeoutError:
            return self._failed(FailureKind.TIMEOUT, f"no whole answer within {seconds:g} s (fetch.timeout)")
        except Refused as error:
            return self._failed(FailureKind.REFUSED_ADDRESS, str(error))
        except NoAddress as error:
            return self._failed(FailureKind.DNS, str(error))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError, ValueError, UnicodeError) as error:
            return self._failed(*_kind_of(error))

    def _failed(self, kind: FailureKind, detail: str, status: int | None = None, retry_after: timedelta | None = None) -> Failed:
        text = "".join(ch if ch.isprintable() else " " for ch in detail)[:500]
        return Failed(kind, text, status, retry_after, self._clock())

    def _host_of(self, target: Target) -> str:
        return target.netloc if self._settings.allow_private else target.host

    async def _follow(
        self, address: str, target: Target, validators: Mapping[str, str], accept: str, ports: frozenset[int], limit: int
    ) -> FetchOutcome:
        permanent: str | None = None
        all_permanent = True
        seen = {target.address}
        for _ in range(self._settings.max_redirects + 1):
            # validators came from the end of the redirects: every hop gets them, else a redirected feed is never conditional
            response, body = await self._ask(target, validators, accept, ports, limit)
            headers = _headers(response)
            status = response.status_code
            if status in PERMANENT + TEMPORARY:
                all_permanent = all_permanent and status in PERMANENT
                location = headers.get("location", "").strip()
                if not location:
                    return self._failed(FailureKind.REDIRECT, f"HTTP {status} without saying where to", status)
                following = target_of(urljoin(target.address, location))
                if following.authorization and following.netloc != target.netloc:
                    following = replace(following, authorization="")
                if not following.authorization and (following.scheme, following.netloc) == (target.scheme, target.netloc):
                    following = replace(following, authorization=target.authorization)
                if following.address in seen:
                    return self._failed(FailureKind.REDIRECT, f"redirects lead in a circle at {following.address}", status)
                seen.add(following.address)
                target = following
                if all_permanent:
                    permanent = target.address
                continue
            moved = permanent if all_permanent else None
            return await self._outcome(address, target, status, headers, body, bool(validators), moved)
        return self._failed(FailureKind.REDIRECT, f"more than {self._settings.max_redirects} redirects (fetch.max_redirects)")

    async def _ask(
        self, target: Target, validators: Mapping[str, str], accept: str, ports: frozenset[int], limit: int
    ) -> tuple[httpx.Response, bytes]:
        if target.port not in (80, 443) and target.port not in ports and not self._settings.allow_private:
            raise Unusable(FailureKind.REFUSED_ADDRESS, f"port {target.port} of {target.host} is not one that its source names")
        addresses = await self._guard.addresses(target.host, target.port)
        headers = [
            ("Host", target.netloc),
            ("User-Agent", self.user_agent),
            ("Accept", ACCEPT[accept]),
            ("Accept-Encoding", "gzip, deflate, br, zstd" if accept != "image" else "identity"),
            ("Connection", "close"),
            *((name, value) for name, value in validators.items()),
        ]
        if target.authorization:
            headers.append(("Authorization", target.authorization))
        raw = [(name.encode(), value.encode("latin-1", "surrogateescape") if _is_latin(value) else value.encode("utf-8", "surrogateescape")) for name, value in headers]
        url = httpx.URL(target.address)
        last: Exception | None = None
        for at, each in enumerate(addresses[:4]):
            # the connection goes to the checked number; the name stays in Host, in SNI and in the certificate's check
            request = httpx.Request("GET", url.copy_with(host=each), headers=raw, extensions={"sni_hostname": target.host})
            try:
                response = await self._transport(target.netloc).handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                last = error
                if at + 1 < len(addresses):
                    continue
                raise
            return response, await self._body(response, limit)
        raise last or NoAddress(f"{target.host} has no address")

    async def _body(self, response: httpx.Response, limit: int) -> bytes:
        try:
            if len(response.headers.raw) > MOST_HEADERS or sum(len(n) + len(v) for n, v in response.headers.raw) > MOST_HEADER_BYTES:
                raise Unusable(FailureKind.PROTOCOL, "the answer's headers are too many or too long")
            length = response.headers.get("content-length", "")
            if response.status_code in (301, 302, 303, 304, 307, 308, 204):
                return b""
            if length.isdigit() and int(length) > limit and response.status_code == 200:
                raise Unusable(FailureKind.TOO_LARGE, f"the body of {int(length):,} bytes is over the limit of {limit:,} (fetch.max_feed_bytes, fetch.max_page_bytes)")
            parts = bytearray()
            async for chunk in response.stream:  # type: ignore[union-attr]
                parts += chunk
                if len(parts) > limit:
                    if response.status_code != 200:
                        break  # an error's page need not be read whole
                    raise Unusable(FailureKind.TOO_LARGE, f"the body is over the limit of {limit:,} bytes (fetch.max_feed_bytes, fetch.max_page_bytes)")
            return bytes(parts)
        finally:
            await response.aclose()

    def _transport(self, netloc: str) -> httpx.AsyncHTTPTransport:
        shard = hash(netloc) % SHARDS
        transport = self._transports.get(shard)
        if transport is None:
            if self._context is True:
                self._context = ssl.create_default_context()
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
            transport = self._transports[shard] = httpx.AsyncHTTPTransport(verify=self._context, trust_env=False, limits=limits, retries=0)
        return transport

    async def _outcome(
        self, address: str, target: Target, status: int, headers: Mapping[str, str], body: bytes, conditional: bool, moved: str | None
    ) -> FetchOutcome:
        now = self._clock()
        if status == 304:
            if not conditional:
                return self._failed(FailureKind.PROTOCOL, "HTTP 304 to an unconditional request", status)
            return NotModified(address, headers, now, headers.get("etag"), headers.get("last-modified"), moved)
        try:
            text = decode.decode(body, headers.get("content-encoding", ""), self._settings.max_feed_bytes)
        except decode.TooLarge:
            return self._failed(FailureKind.TOO_LARGE, f"the decoded body is over the limit of {self._settings.max_feed_bytes:,} bytes (fetch.max_feed_bytes)", status)
        except decode.Broken as error:
            if status == 200:
                return self._failed(FailureKind.PROTOCOL, str(error), status)
            text = b""
        if is_challenge(status, headers, text):
            return self._failed(FailureKind.BLOCKED, f"HTTP {status}: an anti-bot page came instead (ask the outlet to let the user-agent Mujaz through)", status)
        if status in (200, 203):
            return Fetched(address, target.address, status, headers, text, now, headers.get("etag"), headers.get("last-modified"), moved)
        return await self._refusal(target, status, headers, now)

    async def _refusal(self, target: Target, status: int, headers: Mapping[str, str], now: datetime) -> Failed:
        after = retry_after(headers.get("retry-after"), now) if status in (429, 503) else None
        if after and self._hold:
            await self._hold(self._host_of(target), now + after)
        kind = KINDS.get(status) or (FailureKind.HTTP_5XX if status >= 500 else FailureKind.HTTP_4XX if status >= 400 else FailureKind.PROTOCOL)
        from http import HTTPStatus

        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "unknown status"
        return self._failed(kind, f"HTTP {status} {phrase}", status, after)


class _free:  # noqa: N801
    """Enters at once: for requests that have passed the gate already."""

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        return None


def _is_latin(value: str) -> bool:
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _headers(response: httpx.Response) -> dict[str, str]:
    """Give headers by lower-case name, the first of each, as the bytes came (latin-1), so that validators go back byte for byte."""
    found: dict[str, str] = {}
    for name, value in response.headers.raw:
        key = name.decode("latin-1").lower()
        if key == "set-cookie":
            continue
        found.setdefault(key, value.decode("latin-1"))
    return found


def _kind_of(error: Exception) -> tuple[FailureKind, str]:
    """Give the kind and the words of a failed connection."""
    text = str(error) or type(error).__name__
    chain: Any = error
    while chain is not None:
        if isinstance(chain, ssl.SSLError):
            return FailureKind.TLS, f"the encrypted connection failed: {chain.reason or chain}"
        chain = chain.__cause__ or chain.__context__
    match error:
        case httpx.ConnectError():
            return FailureKind.CONNECT, f"no connection: {text}"
        case httpx.TimeoutException():
            return FailureKind.TIMEOUT, f"no answer in time: {text}"
        case httpx.RemoteProtocolError() | httpx.LocalProtocolError() | httpx.DecodingError():
            return FailureKind.PROTOCOL, f"the server does not speak HTTP properly: {text}"
        case httpx.NetworkError() | OSError():
            return FailureKind.CONNECT, f"the connection broke: {text}"
    return FailureKind.PROTOCOL, text
