"""Answers from the cache before any route is looked for: what fifty readers ask at once is the same few pages and feeds."""

from __future__ import annotations

from collections import OrderedDict

from starlette.requests import Request, cookie_parser

from aggregator.web.answer import ready_response
from aggregator.web.cache import Cache
from aggregator.web.safety import App, Receive, Scope, Send

MOST_NAMES = 2_048


class Quick:
    """An ASGI layer that remembers by which cache key a request was answered, and answers its like by that key."""

    def __init__(self, app: App, cache: Cache) -> None:
        self._app = app
        self._cache = cache
        self._keys: OrderedDict[tuple[object, ...], tuple[tuple[object, ...], int]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or let the routes answer and remember how."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        name = name_of(scope)
        known = self._keys.get(name)
        ready = self._cache.peek(known[0]) if known else None
        if known and ready:
            await ready_response(Request(scope), ready, max_age=known[1])(scope, receive, send)
            return
        await self._app(scope, receive, send)
        kept = scope.get("mujaz.kept")
        if kept:
            self._keys[name] = kept
            if len(self._keys) > MOST_NAMES:
                self._keys.popitem(last=False)


def name_of(scope: Scope) -> tuple[object, ...]:
    """Give all of a request that an answer depends on: its address, its host, the reader's cookies, and whether htmx asks."""
    headers = {name: value for name, value in scope["headers"] if name in (b"host", b"cookie", b"hx-request")}
    cookies = cookie_parser(headers[b"cookie"].decode("latin-1")) if b"cookie" in headers else {}
    return (
        scope["path"],
        scope["query_string"],
        scope.get("scheme"),
        headers.get(b"host"),
        headers.get(b"hx-request"),
        cookies.get("ui"),
        cookies.get("theme"),
    )
