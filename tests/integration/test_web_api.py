"""The API: tokens, pages by cursor, problem documents, its own description."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.store import Store
from aggregator.store.schema import token
from tests.integration.news import NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source
from tests.integration.visitors import Site, many, stock

READING = ("/stories", "/stories/1", "/items", "/items/1", "/outlets", "/sources", "/search?q=x")
WRITING = (
    ("DELETE", "/stories/1"),
    ("DELETE", "/images/1"),
    ("PUT", "/images/1"),
    ("PATCH", "/sources/alif"),
    ("GET", "/images"),
    ("GET", "/merge-reports"),
)


@pytest.fixture
def store(site_store: Store) -> Store:
    stock(site_store)
    return site_store


def problem(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["title"]
    return str(body["detail"])


def test_reading_is_public_by_default_and_by_token_where_the_setting_says_so(store: Store) -> None:
    secret = store.add_token("newsroom", ("read",))
    for path in READING:
        assert Site(store).visitor().get("/api/v1" + path).status_code == 200
        closed = Site(store, public_api=False)
        refused = closed.visitor().get("/api/v1" + path)
        assert "mujaz token add" in problem(refused, 401)
        assert refused.headers["www-authenticate"] == "Bearer"
        assert closed.visitor(authorization="Bearer " + secret).get("/api/v1" + path).status_code == 200
        assert closed.visitor(authorization="Bearer x" + secret).get("/api/v1" + path).status_code == 401
    assert Site(store, public_api=False).visitor().get("/").status_code == 200, "the page stays open"


@pytest.mark.parametrize(("method", "path"), WRITING)
def test_writing_needs_a_token_that_may(store: Store, method: str, path: str) -> None:
    site, body = Site(store), {"status": "paused"} if method == "PATCH" else None
    reader, writer = store.add_token("reader", ("read",)), store.add_token("writer", ("read", "write"))

    def ask(authorization: str) -> Any:
        return site.visitor(authorization=authorization).request(method, "/api/v1" + path, json=body)

    for wrong in ("", "Bearer", "Bearer ", "Basic " + writer, "Bearer nonsense", writer):
        problem(ask(wrong), 401)
    problem(ask("Bearer " + reader), 403)
    assert ask("bearer " + writer).status_code in (200, 204)
    store.revoke_token("writer")
    problem(ask("Bearer " + writer), 401)


def test_only_a_tokens_hash_is_stored(store: Store) -> None:
    secret = store.add_token("newsroom", ("read",))
    with store.database.read() as c:
        rows = c.execute(select(token.c.name, token.c.digest)).all()
    assert [name for name, _ in rows] == ["newsroom"]
    assert secret.removeprefix("mujaz_") not in str(rows)
    assert len(secret) > 40


def test_a_source_is_paused_and_resumed(store: Store) -> None:
    operator = Site(store).visitor(authorization="Bearer " + store.add_token("desk", ("read", "write")))
    assert operator.patch("/api/v1/sources/ba", json={"status": "paused"}).status_code == 204
    states = {each["id"]: each["status"] for each in operator.get("/api/v1/sources").json()}
    assert states == {"alif": "active", "ba": "paused", "ta": "active"}
    problem(operator.patch("/api/v1/sources/nobody", json={"status": "paused"}), 404)
    problem(operator.patch("/api/v1/sources/ba", json={"status": "asleep"}), 422)
    problem(operator.patch("/api/v1/sources/ba", content=b"{", headers={"content-type": "application/json"}), 422)


def test_a_story_is_given_whole(store: Store) -> None:
    story = next(each for each in Site(store).visitor().get("/api/v1/stories").json()["stories"] if len(each["items"]) == 2)
    first, second = story["items"]
    assert (first["title"], second["title"]) == (SPAIN[0], SPAIN_TOO[0])
    assert (first["score"], first["why"]) == (None, [])
    assert second["score"] > 0.5
    assert second["why"]
    assert first["outlet"] == {
        "id": "alif",
        "name": "جريدة alif",
        "name_latin": "",
        "country": "MA",
        "language": "ar",
        "site": "",
        "items": None,
    }
    assert first["published"] == "2026-11-25T12:00:00Z"
    assert first["url"] == "https://alif.example/1"
    assert story["independent"] == 2


def test_stories_and_items_go_on_by_a_cursor_whatever_comes_meanwhile(store: Store) -> None:
    many(store, 20, "موضوع", timedelta(days=3))
    visitor = Site(store).visitor()
    for kind in ("stories", "items"):
        before = [each["id"] for each in visitor.get(f"/api/v1/{kind}?limit=200").json()[kind]]
        seen, cursor = [], ""
        while True:
            page = visitor.get(f"/api/v1/{kind}?limit=7" + (f"&cursor={cursor}" if cursor else "")).json()
            seen += [each["id"] for each in page[kind]]
            refresh(
                store,
                source("new"),
                entry(f"خبر جديد {len(seen)} من {kind}", url=f"https://new.example/{kind}{len(seen)}", published=NOW),
                now=NOW,
            )
            if (cursor := page["next"]) is None:
                break
        assert seen == before


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("/stories?cursor=x", 422, "cursor"),
        ("/stories?limit=0", 422, "limit"),
        ("/stories?limit=201", 422, "limit"),
        ("/stories?since=yesterday", 422, "since"),
        ("/stories?until=1764000000", 422, "until"),
        ("/stories?sort=best", 422, "sort"),
        ("/stories?q=" + "a" * 301, 422, "q"),
        ("/stories/x", 422, "story_id"),
        ("/stories/999", 404, "999"),
        ("/stories/" + "9" * 30, 422, "story_id"),
        ("/items/999", 404, "999"),
        ("/nothing", 404, ""),
    ],
)
def test_what_is_wrong_is_a_problem_document(store: Store, query: str, status: int, said: str) -> None:
    assert said in problem(Site(store).visitor().get("/api/v1" + query), status)


def test_a_wrong_method_names_the_right_ones(store: Store) -> None:
    answer = Site(store).visitor().post("/api/v1/stories")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET"
    assert Site(store).visitor().post("/api/v1/stories/1").headers["allow"] == "DELETE, GET"
    assert Site(store).visitor().options("/api/v1/images/1").headers["allow"] == "DELETE, PUT"
    page = Site(store).visitor().post("/about")
    assert page.status_code == 405
    assert page.headers["content-type"].startswith("text/html")


def test_filters_and_a_time_with_a_zone(store: Store) -> None:
    visitor = Site(store).visitor()

    def count(query: str) -> int:
        return len(visitor.get("/api/v1/stories?" + query).json()["stories"])

    assert count("country=dz") == 1
    assert count("outlet=alif&outlet=ba") == 3
    assert count("topic=sport&country=MA") == 0
    assert count("since=2026-11-25T12:00:00Z") == count("since=2026-11-25T13:00:00%2B01:00") == 1
    assert count("until=2026-11-25T11:59:59") == 2
    assert [each["title"] for each in visitor.get("/api/v1/items?q=%D8%A3%D9%85%D8%B7%D8%A7%D8%B1").json()["items"]] == [RAIN[0]]


def test_the_description_names_every_route_and_answer(store: Store) -> None:
    document = Site(store).visitor().get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path, methods in document["paths"].items():
        assert path.startswith("/api/v1/")
        for operation in methods.values():
            assert operation["description"], path
            for status in ("400", "401", "404", "422", "429", "503"):
                assert "application/problem+json" in operation["responses"][status]["content"], path
    assert {"/api/v1/stories", "/api/v1/search", "/api/v1/images", "/api/v1/merge-reports", "/api/v1/sources"} <= set(document["paths"])
