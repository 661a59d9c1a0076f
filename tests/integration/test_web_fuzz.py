"""Whatever is asked of the page, search, feeds and API: an answer, never a failure, and only answers that are described."""

from __future__ import annotations

import random
from contextlib import nullcontext, suppress
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from aggregator.store import Store
from tests.integration.visitors import PICTURE, Pictures, Site, stock

PATHS = (
    "/",
    "/search",
    "/feed.atom",
    "/feed.rss",
    "/feed.json",
    "/outlet/alif",
    "/outlet/{}",
    "/outlet/{}/feed.atom",
    "/country/{}/feed.rss",
    "/topic/{}/feed.json",
    "/story/{}",
    "/picture/{}",
    "/static/{}",
    "/{}",
    "/api/v1/stories",
    "/api/v1/search",
    "/api/v1/items",
    "/api/v1/stories/{}",
    "/api/v1/items/{}",
)
NAMES = ("q", "cursor", "since", "until", "sort", "limit", "outlet", "country", "topic", "lang", "ui", "thanks", "back", "x")
VALUES = (
    "الحكومة",
    "شبكة إسبانيا",
    '"الاتجار بالبشر"',
    "-شبكة",
    "شبكة -إسبانيا",
    "outlet:alif",
    'outlet:"جريدة alif"',
    "since:2026-01-01",
    "since:9999-12-31",
    "until:0001-01-01",
    "AND OR NOT NEAR(a b, 3)",
    '"',
    "'; DROP TABLE item; --",
    "* ^ : ( ) { } [ ] | & ! <-> \\ %",
    "title:x body:y",
    "\x00",
    "a\x00b",
    "\u202e\u200f\u2066",
    "\ufeff",
    "🇲🇦👩‍👩‍👧",
    "ﷺ ﻻ ﴾﴿",
    "ـ" * 200,
    "َ" * 100,
    "٢٠٢٦",
    "2-1",
    "a" * 400,
    "ش " * 150,
    "-1",
    "0",
    "1",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 400,
    "1e308",
    "NaN",
    "inf",
    "-0.0",
    "true",
    "null",
    "4279ab919e200000.1f",
    "7ff8000000000000.1",
    "7ff0000000000000.fffffffffffffff",
    "fff0000000000000.0",
    "ffffffffffffffff.fffffffffffffff",
    "43dfffffffffffff.1",
    "c3e0000000000000.1",
    "3ff8000000000000.1",
    "0000000000000000.0",
    "4279AB919E200000.1F",
    "MTox",
    "0001-01-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-02-30",
    "2026-11-25T12:00:00Z",
    "time",
    "spread",
    "relevance",
    "ar",
    "fr",
    "xx",
    "MA",
    "XX",
    "//evil.example",
    "../../etc/passwd",
    "<script>",
)
# sent as they stand: what a client may put on the wire but no well-behaved one makes
BROKEN = (
    "%",
    "%zz",
    "%ff%fe",
    "%ed%a0%80",
    "%c0%af",
    "%00",
    "%u0627",
    "&&==",
    "=&=",
    "%E2%80",
    "+",
    ";",
    "q[]=1",
    "%0d%0aSet-Cookie:%20a=b",
)


@pytest.fixture
def store(site_store: Store) -> Store:
    stock(site_store)
    return site_store


def value(chance: random.Random) -> str:
    """Give a percent-encoded value: one of the known troublemakers, several together, or noise."""
    kind = chance.random()
    if kind < 0.6:
        return quote(chance.choice(VALUES), safe="")
    if kind < 0.75:
        return quote(" ".join(chance.choices(VALUES, k=3))[:300], safe="")
    if kind < 0.9:
        return chance.choice(BROKEN)
    letters = "اب ةى\"'-:()*^{}+&|!<>~@#$%\\/.,;؟،٣3\u200f\u0650\x00\x1f\x7f\u0085\uffff𝔸outlet"
    return quote("".join(chance.choices(letters, k=chance.randrange(40))), safe="")


def address(chance: random.Random) -> str:
    """Give an address with up to five parameters, some of them twice."""
    path = chance.choice(PATHS).replace("{}", value(chance) or "x")
    names = chance.choices(NAMES, weights=[6, *[1] * (len(NAMES) - 1)], k=chance.randrange(6))
    return path + ("?" + "&".join(f"{name}={value(chance)}" for name in names) if names else "")


def ask_all(store: Store, count: int, seed: int) -> None:
    chance = random.Random(seed)
    visitor = Site(store, Pictures({"https://alif.example/spain.jpg": PICTURE})).visitor()
    seen: set[int] = set()
    for _ in range(count):
        path = address(chance)
        headers = {"hx-request": "true"} if chance.random() < 0.2 else {}
        answer = visitor.get(path, headers=headers)
        assert answer.status_code < 500, path
        seen.add(answer.status_code)
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert "<script>" not in answer.text, path
    assert {200, 400, 404, 422} <= seen, "the addresses reach what they should"


def test_fuzzed_addresses_never_fail(store: Store) -> None:
    ask_all(store, 300, seed=1)


@pytest.mark.long
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_fuzzed_addresses_never_fail(store: Store, seed: int) -> None:
    ask_all(store, 1_000, seed=100 + seed)


def conform(store: Store, examples: int) -> int:
    """Let schemathesis ask each operation of the API as its description allows, and otherwise; gives how many operations."""
    import schemathesis
    from schemathesis.generation import GenerationMode

    site = Site(store, Pictures(), allowed_hosts=("testserver",))
    secret = store.add_token("tester", ("read", "write"))
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", site.app)
    operations = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode:
            checks = settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.explicit, Phase.generate],
                suppress_health_check=list(HealthCheck),
            )

            @checks
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: schemathesis.Case) -> None:
                for headers in ({}, {"Authorization": f"Bearer {secret}"}):
                    case.call_and_validate(headers=headers)

            # an operation without parameters can't be asked wrongly
            with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
                ask()
        operations += 1
    return operations


def test_the_api_answers_as_it_is_described(store: Store) -> None:
    assert conform(store, 3) >= 13


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_the_api_answers_as_it_is_described_at_length(store: Store) -> None:
    assert conform(store, 300) >= 13
