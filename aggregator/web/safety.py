"""What stands before every route: host and cross-site checks, limits of rate and size, security headers, HEAD. Pure ASGI."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException

from aggregator.settings import WebSettings
from aggregator.web.context import is_loopback
from aggregator.web.limits import Limits

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Say = Callable[[Scope, int, str, dict[str, str]], App]

log = logging.getLogger(__name__)
SAFE = {"GET", "HEAD", "OPTIONS"}
LARGEST_BODY = 64 * 2**10  # forms and API changes are a few hundred bytes

# no inline script or style, nothing from elsewhere; pictures may come from outlets only where the proxy is off
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:{pictures}; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


def policy(web: WebSettings) -> str:
    """Give the Content-Security-Policy of every page."""
    return POLICY.format(pictures="" if web.image_proxy else " https: http:")


def client_address(scope: Scope, trusted: tuple[str, ...]) -> str:
    """Give the address of the person asking; X-Forwarded-For counts only behind a trusted proxy, read from its end."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if address not in trusted:
        return address
    forwarded: str = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"), "")
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        try:
            ipaddress.ip_address(hop)
        except ValueError:
            break
        if hop not in trusted:
            return hop
    return address


class Safety:
    """An ASGI layer around the whole page; ``say`` makes the answer to what is refused."""

    def __init__(self, app: App, web: WebSettings, limits: Limits, say: Say) -> None:
        self._app = app
        self._web = web
        self._limits = limits
        self._say = say
        headers = [
            ("content-security-policy", policy(web)),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ]
        if not web.index:
            headers.append(("x-robots-tag", "noindex"))
        self._headers = [(name.encode(), value.encode()) for name, value in headers]
        self._own = urlsplit(web.base_url).netloc  # a proxy may not pass the name on that readers see
        self._hosts = {urlsplit(web.base_url).hostname or "", *web.allowed_hosts, "localhost", "127.0.0.1", "::1", web.host} - {""}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what must not pass; put the headers on what does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["mujaz.address"] = client_address(scope, self._web.trusted_proxies)
        head = scope["method"] == "HEAD"
        if head:
            scope = {**scope, "method": "GET"}  # answered as GET is, without its body
        started = False

        async def guarded(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                given = {name.lower() for name, _ in message.get("headers", ())}
                message["headers"] = [*message.get("headers", ()), *((n, v) for n, v in self._headers if n not in given)]
            elif head:
                message = {**message, "body": b""}
            await send(message)

        refused = self._refuse(scope)
        if refused:
            await self._say(scope, *refused)(scope, receive, guarded)
            return
        try:
            await self._app(scope, _measured(receive), guarded)
        except Exception:
            # said here and not further out, so that this answer too carries the headers
            log.exception("an error that should not be on %s", scope["path"])
            if started:
                raise
            await self._say(scope, 500, "An unexpected error.", {})(scope, receive, guarded)

    def _refuse(self, scope: Scope) -> tuple[int, str, dict[str, str]] | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if not self._known_host(host):
            return 421, "This page does not answer to that host name; see web.base_url and web.allowed_hosts.", {}
        if scope["method"] not in SAFE and not _same_site(headers, {host, self._own}):
            return 403, "Refused: the request did not come from this page.", {}
        if not headers.get(b"content-length", "0").isdecimal() or int(headers.get(b"content-length", "0")[:20]) > LARGEST_BODY:
            return 413, f"A request holds {LARGEST_BODY} bytes at most.", {"connection": "close"}
        path = scope["path"]
        if path.startswith("/static/") or is_loopback(scope["mujaz.address"]):
            return None  # nobody needs protection from the reader whose machine this is; reports are counted all the same
        searching = "/search" in path or b"q=" in scope.get("query_string", b"")
        purpose = "write" if scope["method"] not in SAFE else "search" if searching else "read"
        if not self._limits.allow(scope["mujaz.address"], purpose):
            return 429, "Too many requests in a short time; try again in a moment.", {"retry-after": "5"}
        return None

    def _known_host(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._hosts:
            return True
        # listening on all addresses without a name: any literal address is this machine's, any other name is rebinding
        return not is_loopback(self._web.host) and not self._web.base_url and _is_address(name)


def _measured(receive: Receive) -> Receive:
    """Let a request's body through up to the limit, for those that do not say how long it is."""
    size = 0

    async def limited() -> MutableMapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise HTTPException(413, f"A request holds {LARGEST_BODY} bytes at most.")
        return message

    return limited


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _same_site(headers: dict[bytes, str], hosts: set[str]) -> bool:
    """Tell whether a writing request comes from our own page, as browsers report it; programs send neither header."""
    fetch_site = headers.get(b"sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    origin = headers.get(b"origin")
    return origin is None or urlsplit(origin).netloc in hosts - {""}
