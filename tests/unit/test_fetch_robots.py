"""robots.txt: what is allowed, what silence and errors mean, and that it is asked for once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.fetch.robots import LONGEST, SLOWEST, Robots, Rules
from aggregator.model import Failed, FailureKind, Fetched, FetchOutcome

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PAGE = "http://a.example/news/1"
AGENT = "Mujaz/0.1 (Arabic news aggregator; +mail@example.org)"


class Server:
    """Stands for the client: answers every request with the same, and counts."""

    def __init__(self, answer: bytes | Failed) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.options: dict[str, Any] = {}

    async def get(self, address: str, **options: Any) -> FetchOutcome:
        self.asked.append(address)
        self.options = options
        await asyncio.sleep(0)
        if isinstance(self.answer, Failed):
            return self.answer
        return Fetched(address, address, 200, {}, self.answer, NOW)


def rules(answer: bytes | Failed) -> Rules:
    return asyncio.run(Robots(Server(answer), timedelta(days=1)).rules(PAGE, NOW))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /private/", True),
        ("User-agent: *\nDisallow: /news/", False),
        ("User-agent: *\nDisallow: /*/1$", False),
        ("User-agent: *\nDisallow: /news/\nAllow: /news/1", True),
        ("User-agent: mujaz\nDisallow: /\n\nUser-agent: *\nDisallow:", False),
        ("User-agent: MUJAZ\nDisallow:\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: news\nDisallow: /", True),
        ("User-agent: Arabic\nDisallow: /", True),
        ("User-agent: Googlebot\nDisallow: /", True),
        ("\ufeffUser-agent: *\r\nDisallow: /\r\n", False),
        ("<!doctype html><html><body>User-agent: *\nDisallow: /</body></html>", True),
        ("nonsense\n\0\x01:::", True),
    ],
)
def test_rules_are_read_by_our_name_alone(text: str, allowed: bool) -> None:
    assert rules(text.encode()).allows(PAGE, AGENT) is allowed


@pytest.mark.parametrize(
    ("failure", "allowed"),
    [
        (Failed(FailureKind.NOT_FOUND, "", 404), True),
        (Failed(FailureKind.UNAUTHORIZED, "", 403), True),
        (Failed(FailureKind.GONE, "", 410), True),
        (Failed(FailureKind.CONNECT, ""), True),
        (Failed(FailureKind.DNS, ""), True),
        (Failed(FailureKind.HTTP_5XX, "", 500), False),
        (Failed(FailureKind.HTTP_5XX, "", 503), False),
        (Failed(FailureKind.RATE_LIMITED, "", 429), False),
        (Failed(FailureKind.TIMEOUT, ""), False),
        (Failed(FailureKind.PROTOCOL, ""), False),
    ],
)
def test_no_rules_allow_all_and_a_server_in_trouble_closes_for_an_hour(failure: Failed, allowed: bool) -> None:
    found = rules(failure)
    assert found.allows(PAGE, AGENT) is allowed
    if not allowed:
        assert found.until == NOW + timedelta(hours=1)


def test_a_delay_is_granted_up_to_a_minute() -> None:
    assert rules(b"User-agent: *\nCrawl-delay: 7").delay(AGENT) == 7
    assert rules(b"User-agent: *\nCrawl-delay: 86400").delay(AGENT) == SLOWEST
    for text in (b"", b"User-agent: *\nCrawl-delay: x", b"User-agent: *\nCrawl-delay: -5", b"User-agent: *\nCrawl-delay: 0"):
        assert rules(text).delay(AGENT) is None


def test_a_host_is_asked_once_a_day_however_many_want_to_know() -> None:
    async def scene() -> None:
        server = Server(b"User-agent: *\nDisallow: /x")
        robots = Robots(server, timedelta(days=1))  # type: ignore[arg-type]
        await asyncio.gather(*(robots.rules(f"http://a.example/{n}", NOW) for n in range(20)))
        await robots.rules(PAGE, NOW + timedelta(hours=23))
        assert server.asked == ["http://a.example/robots.txt"]
        await robots.rules(PAGE, NOW + timedelta(hours=25))
        await robots.rules("https://a.example/", NOW)
        await robots.rules("http://user:pw@a.example:8080/", NOW)
        assert server.asked[1:] == ["http://a.example/robots.txt", "https://a.example/robots.txt", "http://a.example:8080/robots.txt"]
        assert robots._asking == {}

    asyncio.run(scene())


def test_an_endless_robots_txt_is_read_as_far_as_it_is_read() -> None:
    async def scene() -> None:
        server = Server(b"")
        await Robots(server, timedelta(days=1)).rules(PAGE, NOW)  # type: ignore[arg-type]
        assert server.options["cut"] is True
        assert server.options["max_bytes"] == LONGEST

    asyncio.run(scene())
