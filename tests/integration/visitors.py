"""Visitors of the page: HTTP clients that ask the whole application, from an address and under a setting of one's choice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from starlette.testclient import TestClient

from aggregator.model import Failed, FailureKind, Fetched, Outlet, Rights, Source
from aggregator.settings import Settings
from aggregator.store import Store
from aggregator.web.app import create
from tests.integration.news import FOOTBALL, NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source

PICTURE = b"\xff\xd8\xff\xe0" + b"picture" * 50


@dataclass
class Pictures:
    """Outlets' picture servers, and what was asked of them."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    async def get(self, address: str, *, accept: str, max_bytes: int | None) -> object:
        self.asked.append((address, max_bytes))
        body = self.bodies.get(address)
        if body is None:
            return Failed(FailureKind.NOT_FOUND, "HTTP 404", 404)
        if max_bytes is not None and len(body) > max_bytes:
            return Failed(FailureKind.TOO_LARGE, "too large")
        return Fetched(address, address, 200, {"content-type": "text/html"}, body, NOW)


class Site:
    """One running page over a store; ``now`` (the date) and ``steady`` (seconds, by which limits and the cache go) may be moved."""

    def __init__(self, store: Store, pictures: Pictures | None = None, *, limited: bool = False, **web: Any) -> None:
        self.store = store
        self.now = NOW + timedelta(minutes=12)
        self.steady = 0.0
        base = Settings()
        settings = base.model_copy(update={"web": base.web.model_copy(update=web)})
        self.app = create(store, settings, clock=lambda: self.now, steady=lambda: self.steady, image_client=pictures, limited=limited)

    def visitor(self, address: str = "127.0.0.1", base: str = "http://127.0.0.1:8090", **headers: str) -> TestClient:
        """Give someone with an empty cookie jar, who follows no redirect by itself."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return TestClient(self.app, base_url=base, client=(address, 50_000), headers=named, follow_redirects=False)


Open = Callable[..., Site]


def with_rights(name: str, rights: Rights, **more: Any) -> Source:
    """Give a source whose outlet allows so much."""
    feed = source(name, **more)
    return replace(feed, outlet=replace(feed.outlet, rights=rights))


def stock(store: Store) -> None:
    """Store a merged story of two outlets, one of its own with a picture, an older one of another country."""
    refresh(store, source("alif"), entry(*SPAIN, url="https://alif.example/1", image="https://alif.example/spain.jpg"))
    refresh(store, source("alif"), entry(*RAIN, url="https://alif.example/2", published=NOW - timedelta(days=1)))
    refresh(
        store, source("ba", country="DZ", topic="sport"), entry(*FOOTBALL, url="https://ba.example/1", published=NOW - timedelta(days=2))
    )
    refresh(store, source("ta", country="TN"), entry(*SPAIN_TOO, url="https://ta.example/1", published=NOW + timedelta(minutes=3)))


def many(store: Store, count: int, word: str, before: timedelta = timedelta(0)) -> None:
    """Store so many different stories about ``word``, an hour apart, by one refresh."""
    texts = [f"{word} {n * 7919 % 10007} في حي {n * 104729 % 7907}" for n in range(count)]
    refresh(
        store,
        source("many"),
        *(entry(text, url=f"https://many.example/{n}", published=NOW - before - timedelta(hours=n)) for n, text in enumerate(texts)),
    )


def outlet_named(name: str, **more: Any) -> Outlet:
    """Give an outlet with a name in both scripts."""
    return Outlet(name, f"جريدة {name}", name_latin=f"Journal {name}", **more)


def day(text: str) -> datetime:
    """Read an ISO moment."""
    return datetime.fromisoformat(text)
