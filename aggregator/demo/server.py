"""Serves the newsroom over loopback HTTP with validators, at a simulated clock, and keeps its own log of requests."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from aggregator.demo import documents
from aggregator.demo.newsroom import Piece, Style

FEED_ITEMS = 30
LIST_ITEMS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of the server's log."""

    at: datetime
    path: str
    status: int
    conditional: bool


@dataclass
class Newsroom:
    """The outlets and what each has published so far."""

    styles: dict[str, Style]
    full_pages: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    base: str = ""
    log: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start with empty pages."""
        self._published: dict[str, list[Piece]] = defaultdict(list)
        self._by_number: dict[int, Piece] = {}
        self._link: dict[int, str] = {}
        self._ready: dict[str, tuple[bytes, str]] = {}
        self._lock = threading.Lock()

    def publish(self, pieces: Sequence[Piece]) -> None:
        """Publish articles, newest first on their outlets' pages."""
        with self._lock:
            for piece in pieces:
                self._published[piece.outlet].insert(0, piece)
                self._by_number[piece.number] = piece
                here = self.full_pages or "://" not in piece.url
                self._link[piece.number] = f"{self.base}/{piece.outlet}/a/{piece.number}" if here else piece.url
                self._ready.pop(piece.outlet, None)

    def link(self, piece: Piece) -> str:
        """Give the address under which an article is linked."""
        return self._link.get(piece.number, piece.url)

    def answer(self, path: str) -> tuple[int, bytes, str]:
        """Give status, body and content type for a path."""
        if path == "/robots.txt":
            return 200, b"User-agent: *\nDisallow: /private/\n", "text/plain"
        outlet, _, rest = unquote(path).lstrip("/").partition("/")
        style = self.styles.get(outlet)
        if style is None:
            return 404, b"not here", "text/plain"
        home = f"{self.base}/{outlet}/"
        with self._lock:
            pieces = self._published[outlet]
            if rest in ("feed", "news-sitemap.xml") and style.form != "page":
                if outlet not in self._ready:
                    self._ready[outlet] = documents.feed(style, pieces[:FEED_ITEMS], home, self._link)
                return 200, *self._ready[outlet]
            if rest == "":
                return 200, documents.list_page(style, pieces[:LIST_ITEMS], home, self._link), "text/html; charset=utf-8"
            kind, _, number = rest.partition("/")
            piece = self._by_number.get(int(number)) if kind == "a" and number.isdigit() else None
            if piece is not None and piece.outlet == outlet:
                return 200, documents.article_page(style, piece, home, pieces[:5], self._link), "text/html; charset=utf-8"
        if (kind == "img" and number.removesuffix(".png").isdigit()) or rest == "logo.png":
            return 200, _picture(int(number.removesuffix(".png")) if kind == "img" else 0), "image/png"
        return 404, b"not here", "text/plain"


@cache
def _picture(number: int) -> bytes:
    return documents.picture(number)


class Server:
    """A newsroom on a port of 127.0.0.1; ``with Server(newsroom) as base``."""

    def __init__(self, newsroom: Newsroom, port: int = 0) -> None:
        self.newsroom = newsroom
        handler = type("Handler", (_Handler,), {"newsroom": newsroom})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        newsroom.base = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> str:
        """Begin to serve; gives the base address."""
        self._thread.start()
        return self.newsroom.base

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    newsroom: Newsroom
    server_version = "Newsroom"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer with validators; 304 where the asker has it."""
        status, body, kind = self.newsroom.answer(self.path.partition("?")[0])
        tag = f'"{blake2b(body, digest_size=8).hexdigest()}"'
        given = self.headers.get("If-None-Match")
        if status == 200 and given == tag:
            status, body = 304, b""
        self.newsroom.log.append(Asked(self.newsroom.now, self.path, status, given is not None))
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.newsroom.now, usegmt=True))
        if status in (200, 304):
            self.send_header("ETag", tag)
        if status != 304:
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Keep silent: the log is a list."""
