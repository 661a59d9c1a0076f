"""What a request asks for, read from its address and cookies into values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aggregator.model import Sort, StoryFilter
from aggregator.store.query import when
from aggregator.web.texts import LANGUAGES, Texts, texts

if TYPE_CHECKING:
    from starlette.requests import Request

THEMES = ("auto", "light", "dark")
LONGEST_QUERY = 300
MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: the interface language and the theme that their cookies (or ``?ui=``) ask for."""

    texts: Texts
    theme: str
    address: str
    cookie: str


def reader(request: Request, default: str) -> Reader:
    """Read the reader's wishes; anything unknown falls back to the page's defaults."""
    ui = request.query_params.get("ui") or request.cookies.get("ui") or default
    theme = request.cookies.get("theme", "auto")
    return Reader(
        texts=texts(ui if ui in LANGUAGES else default),
        theme=theme if theme in THEMES else "auto",
        address=str(request.scope.get("mujaz.address", "")),
        cookie=request.cookies.get("reader", "")[:64],
    )


def secure(request: Request) -> bool:
    """Tell whether readers come by TLS, to the page itself or to a proxy before it: then cookies go no other way."""
    base: str = request.app.state.site.settings.web.base_url
    return request.url.scheme == "https" or base.startswith("https:")


def values(request: Request, name: str) -> tuple[str, ...]:
    """Give a filter's values, repeated or with commas between, cleaned and capped."""
    parts = [part.strip() for value in request.query_params.getlist(name) for part in value.split(",")]
    return tuple(dict.fromkeys(part[:80] for part in parts if part))[:MOST_VALUES]


def wanted(request: Request, query: str | None = None, *, order: Sort = Sort.TIME) -> StoryFilter:
    """Read a story filter from ``q outlet country topic lang sort since until``; ``order`` where no sort is asked for."""
    sort = request.query_params.get("sort", "")
    text = request.query_params.get("q", "") if query is None else query
    return StoryFilter(
        since=moment(request.query_params.get("since", "")),
        until=moment(request.query_params.get("until", ""), end=True),
        outlets=values(request, "outlet"),
        countries=tuple(code.upper() for code in values(request, "country")),
        topics=values(request, "topic"),
        languages=values(request, "lang"),
        query=" ".join(text[:LONGEST_QUERY].split()),
        sort=Sort(sort) if sort in set(Sort) else order,
    )


def moment(text: str, *, end: bool = False) -> datetime | None:
    """Read an ISO date or time as UTC, a day as its begin or as its ``end``; None if it is none."""
    return when(text.strip().replace(" ", "+"), end=end)


def address_of(path: str, wish: StoryFilter, **more: str) -> str:
    """Give the address of a listing with this filter (and a cursor, a sort …)."""
    pairs = [("q", wish.query)] if wish.query else []
    pairs += [("outlet", v) for v in wish.outlets] + [("country", v) for v in wish.countries]
    pairs += [("topic", v) for v in wish.topics] + [("lang", v) for v in wish.languages]
    if wish.sort is not (Sort.RELEVANCE if path == "/search" else Sort.TIME) and "sort" not in more:
        pairs.append(("sort", str(wish.sort)))
    for name, value in (("since", wish.since), ("until", wish.until)):
        if value:
            pairs.append((name, value.isoformat()))
    pairs += [(name, value) for name, value in more.items() if value]
    return path + ("?" + urlencode(pairs, errors="replace") if pairs else "")
