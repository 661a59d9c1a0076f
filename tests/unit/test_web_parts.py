"""The page's small parts: plural forms, limits, safety, cache, differences, filters."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from starlette.responses import PlainTextResponse

from aggregator.model import Outlet, Revision, Sort, StoryFilter
from aggregator.settings import WebSettings
from aggregator.web.cache import Cache, Ready
from aggregator.web.difference import words_apart
from aggregator.web.limits import Limits
from aggregator.web.pages import local
from aggregator.web.request import address_of, moment
from aggregator.web.safety import Safety, client_address
from aggregator.web.texts import LANGUAGES, category, texts


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (1, "خبر واحد"),
        (2, "خبران"),
        (3, "3 أخبار"),
        (10, "10 أخبار"),
        (11, "11 خبرا"),
        (99, "99 خبرا"),
        (100, "100 خبر"),
        (103, "103 أخبار"),
        (111, "111 خبرا"),
    ],
)
def test_arabic_counts_agree_with_their_noun(n: int, said: str) -> None:
    assert texts("ar").count("stories", n) == said


def test_french_zero_and_one_are_singular() -> None:
    assert [category(n, "fr") for n in (0, 1, 2)] == ["one", "one", "other"]


def test_the_interface_says_the_same_things_in_each_language() -> None:
    keys = {code: set(texts(code).words) for code in LANGUAGES}
    assert keys["ar"] == keys["fr"] == keys["en"]


def test_a_limit_lets_a_burst_through_and_then_a_drip() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    assert sum(limits.allow("a", "report") for _ in range(20)) == 10
    assert limits.allow("b", "report"), "another address is not held"
    now[0] = 61
    assert [limits.allow("a", "report") for _ in range(2)] == [True, False]


def test_the_cache_forgets_when_the_database_changes() -> None:
    generation, now = [1], [0.0]
    cache = Cache(lambda: generation[0], lambda: now[0])
    ready = cache.put(("x",), cache.current(), Ready(b"one", "text/plain"))
    assert cache.get(("x",)) is ready
    generation[0], now[0] = 2, 2.0
    assert cache.get(("x",)) is None


def test_a_difference_says_removed_and_added_words() -> None:
    parts = words_apart("مقتل 3 أشخاص في حادث", "مقتل 9 أشخاص في حادث")
    assert [(p.kind, p.text) for p in parts] == [("same", "مقتل"), ("removed", "3"), ("added", "9"), ("same", "أشخاص في حادث")]
    assert words_apart("same", "same") == ()


@pytest.mark.parametrize("address", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", ""])
def test_a_way_back_never_leaves_the_page(address: str) -> None:
    assert local(address) == "/"


def test_a_way_back_keeps_its_query() -> None:
    assert local("/search?q=a&sort=time") == "/search?q=a&sort=time"
    assert "\n" not in local("/x\r\nSet-Cookie: a=b")


def test_a_listing_address_holds_the_whole_filter() -> None:
    wish = StoryFilter(outlets=("hespress",), countries=("MA",), query="الحكومة", sort=Sort.SPREAD)
    address = address_of("/", wish, cursor="abc")
    assert "outlet=hespress" in address
    assert "country=MA" in address
    assert "cursor=abc" in address
    assert "sort=spread" in address
    assert "%D8%A7" in address


def test_a_moment_is_read_as_utc_or_not_at_all() -> None:
    assert moment("2026-11-25") == datetime(2026, 11, 25, tzinfo=UTC)
    assert moment("2026-11-25T10:00:00+01:00") == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert moment("yesterday-ish") is None


def scope(path: str = "/", method: str = "GET", **headers: str) -> dict[str, object]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "method": method, "headers": raw, "query_string": b"", "client": ("127.0.0.1", 5000)}


def ask(web: WebSettings, scope: dict[str, object]) -> tuple[int, dict[bytes, bytes]]:
    sent: list[dict[str, object]] = []

    async def app(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"ok"})  # type: ignore[operator]

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b""}

    def say(scope: object, status: int, text: str, headers: dict[str, str]) -> PlainTextResponse:
        return PlainTextResponse(text, status, headers)

    asyncio.run(Safety(app, web, Limits(lambda: 0.0), say)(scope, receive, send))  # type: ignore[arg-type]
    return int(sent[0]["status"]), dict(sent[0]["headers"])  # type: ignore[call-overload]


def test_every_answer_carries_a_policy_without_inline_script() -> None:
    status, headers = ask(WebSettings(), scope(host="localhost:8090"))
    assert status == 200
    policy = headers[b"content-security-policy"].decode()
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert headers[b"x-robots-tag"] == b"noindex"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "", "[::bad"])
def test_an_unknown_host_name_is_refused(host: str) -> None:
    assert ask(WebSettings(), scope(host=host))[0] == 421


def test_the_public_address_is_answered() -> None:
    assert ask(WebSettings(base_url="https://news.example.org"), scope(host="news.example.org"))[0] == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"origin": "http://localhost:8090"}, 200),
        ({}, 200),
    ],
)
def test_a_form_of_another_site_is_refused(headers: dict[str, str], status: int) -> None:
    assert ask(WebSettings(), scope(method="POST", path="/report/image/1", host="localhost:8090", **headers))[0] == status


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy() -> None:
    asked = scope(x_forwarded_for="6.6.6.6, 198.51.100.7, 10.0.0.9")
    assert client_address(asked, ()) == "127.0.0.1"
    assert client_address(asked, ("127.0.0.1", "10.0.0.9")) == "198.51.100.7"


def test_revisions_read_from_the_newest_back() -> None:
    from aggregator.web.difference import differences

    item = type("Item", (), {"outlet": Outlet("a", "أ")})()
    old = [
        Revision(1, datetime(2026, 1, 1, tzinfo=UTC), "عنوان أول", ""),
        Revision(1, datetime(2026, 1, 2, tzinfo=UTC), "عنوان ثان", ""),
    ]
    found = differences(item, old, ("عنوان ثالث", ""), everything=True, when=lambda at: at.date().isoformat())  # type: ignore[arg-type]
    assert [change.when for change in found] == ["2026-01-02", "2026-01-01"]
    assert [part.text for part in found[1].title if part.kind == "added"] == ["ثان"]
