"""Readers' reports, from the button to the operator's list: pictures hidden for all, merges to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from aggregator.model import Rights, StoryFilter
from aggregator.store import Store
from aggregator.store.schema import metadata
from tests.integration.news import NOW, SPAIN, SPAIN_TOO, entry, refresh, source
from tests.integration.visitors import PICTURE, Pictures, Site, with_rights

IMAGE = "https://alif.example/spain.jpg?w=1&h=2"


@pytest.fixture
def store(site_store: Store) -> Store:
    html = f'<p>نص</p><img src="{IMAGE.replace("&", "&amp;")}" alt=""><p>آخر</p>'
    raw, article = entry(*SPAIN, url="https://alif.example/1", image=IMAGE)
    refresh(site_store, with_rights("alif", Rights.FULL), (raw, replace(article, body_html=html)))
    refresh(site_store, source("ta"), entry(*SPAIN_TOO, url="https://ta.example/1", published=NOW + timedelta(minutes=3)))
    return site_store


@pytest.fixture
def site(store: Store) -> Site:
    return Site(store, Pictures({IMAGE: PICTURE}))


def report(visitor: TestClient, item: int = 1, **headers: str) -> str:
    answer = visitor.post(f"/report/image/{item}", data={"back": "/"}, headers={"hx-request": "true", **headers})
    assert answer.status_code == 200, answer.text
    return answer.text


def seen(site: Site) -> dict[str, bool]:
    """Tell where the picture can be seen."""
    visitor = site.visitor()
    places = {path: visitor.get(path).text for path in ("/", "/story/1", "/feed.atom", "/feed.rss", "/feed.json")}
    found = {path: "/picture/1" in text or "spain.jpg" in text for path, text in places.items()}
    found["api"] = bool(visitor.get("/api/v1/items/1").json()["image"])
    found["proxy"] = visitor.get("/picture/1").status_code == 200
    return found


def test_a_picture_reported_by_three_people_is_gone_from_page_feeds_and_api(site: Site) -> None:
    assert all(seen(site).values())
    assert "شكرا على الإبلاغ" in report(site.visitor("192.0.2.1"))
    report(site.visitor("192.0.2.2"))
    assert all(seen(site).values())
    assert "حُجبت هذه الصورة" in report(site.visitor("192.0.2.3"))
    assert not any(seen(site).values()), seen(site)


def test_one_person_counts_once(site: Site) -> None:
    visitor = site.visitor("192.0.2.1")
    for _ in range(5):
        report(visitor)
    assert [each.reports for each in site.store.images()] == [1]
    assert all(seen(site).values())


def test_two_people_behind_one_address_count_as_two(site: Site) -> None:
    for _ in range(2):
        report(site.visitor("192.0.2.1"))
    assert [each.reports for each in site.store.images()] == [2]


def test_nobody_reports_without_end(store: Store) -> None:
    site = Site(store, Pictures(), limited=True)
    visitor = site.visitor("192.0.2.1")
    answers = [visitor.post("/report/merge/1", data={}).status_code for _ in range(12)]
    assert answers == [303] * 10 + [429] * 2
    site.steady += 61
    assert visitor.post("/report/merge/1", data={}).status_code == 303


def test_the_threshold_is_a_setting(store: Store) -> None:
    site = Site(store, Pictures({IMAGE: PICTURE}), image_reports=1)
    assert "حُجبت هذه الصورة" in report(site.visitor())


def test_neither_address_nor_cookie_is_stored(site: Site, store: Store) -> None:
    visitor = site.visitor("192.0.2.77")
    report(visitor)
    cookie = visitor.cookies["reader"]
    with store.database.read() as c:
        stored = {table.name: str(c.execute(select(table)).all()) for table in metadata.sorted_tables}
    assert len(stored["image_report"]) > 2, "nothing was reported"
    assert not [name for name, rows in stored.items() if "192.0.2.77" in rows or cookie in rows]


def test_a_cookie_is_set_only_when_something_is_reported(site: Site) -> None:
    visitor = site.visitor()
    for path in ("/", "/story/1", "/search?q=x", "/feed.atom"):
        assert "set-cookie" not in visitor.get(path).headers
    report(visitor)
    assert set(visitor.cookies) == {"reader"}


def test_without_javascript_the_reader_comes_back_to_a_thank_you(site: Site) -> None:
    visitor = site.visitor()
    for back, path in (("/?country=MA", "/?country=MA&thanks=report_thanks"), ("/story/1", "/story/1?thanks=report_thanks")):
        answer = visitor.post("/report/image/1", data={"back": back})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        page = visitor.get(path).text
        assert '<p class="thanks" role="status">شكرا على الإبلاغ' in page
        assert "thanks=" not in page, "the next way back does not thank again"
    assert 'class="thanks"' not in visitor.get("/?thanks=<b>").text


def test_what_has_no_picture_cannot_be_reported(site: Site) -> None:
    for item in ("2", "999", "0", "x", str(2**70)):
        assert site.visitor().post(f"/report/image/{item}", data={}).status_code == 404, item


def test_an_operator_lists_restores_and_blocks(site: Site, store: Store) -> None:
    for n in range(3):
        report(site.visitor(f"192.0.2.{n}"))
    operator = site.visitor(authorization="Bearer " + store.add_token("desk", ("read", "write")))
    assert operator.get("/api/v1/images").json() == [{"item": 1, "image": IMAGE, "title": SPAIN[0], "reports": 3, "state": "hidden"}]
    assert operator.put("/api/v1/images/1").status_code == 204
    assert all(seen(site).values())
    for n in range(3, 7):
        report(site.visitor(f"192.0.2.{n}"))
    assert all(seen(site).values()), "a picture that was restored stays"
    assert operator.delete("/api/v1/images/1").status_code == 204
    assert not any(seen(site).values())
    assert operator.delete("/api/v1/images/999").status_code == 404


def test_the_command_line_decides_the_same(site: Site, store: Store) -> None:
    store.block_image(1)
    site.steady += 2
    assert not any(seen(site).values())
    store.restore_image(1)
    site.steady += 2
    assert all(seen(site).values())


def test_reports_are_forgotten_after_ninety_days(site: Site, store: Store) -> None:
    for n in range(2):
        report(site.visitor(f"192.0.2.{n}"))
    site.visitor().post("/report/merge/1", data={})
    site.now += timedelta(days=91)
    assert "شكرا على الإبلاغ. تُحجب" in report(site.visitor("192.0.2.9"))
    assert [each.reports for each in store.images()] == [1]
    assert store.merge_reports() == []


def test_reports_are_erased_though_no_new_one_comes(site: Site, store: Store) -> None:
    report(site.visitor())
    site.visitor().post("/report/merge/1", data={})
    store.expire_keys(site.now + timedelta(days=91), timedelta(days=30))
    assert store.images() == []
    assert store.merge_reports() == []


def test_a_wrong_merge_lands_in_the_operators_list(site: Site, store: Store) -> None:
    for address in ("192.0.2.1", "192.0.2.2"):
        visitor = site.visitor(address)
        for _ in range(2):
            answer = visitor.post("/report/merge/1", data={"back": "/story/1"})
            assert answer.headers["location"] == "/story/1?thanks=report_merge_thanks"
        assert "سيُراجَع هذا الجمع" in visitor.get("/story/1?thanks=report_merge_thanks").text
    assert [(story, n) for story, n, _ in store.merge_reports()] == [(1, 2)]
    operator = site.visitor(authorization="Bearer " + store.add_token("desk", ("read", "write")))
    assert [(each["story"], each["reports"]) for each in operator.get("/api/v1/merge-reports").json()] == [(1, 2)]
    assert site.visitor().get("/api/v1/merge-reports").status_code == 401
    assert site.visitor().post("/report/merge/999", data={}).status_code == 404


def test_a_merge_that_is_right_is_put_aside_and_may_be_reported_again(site: Site, store: Store) -> None:
    site.visitor("192.0.2.1").post("/report/merge/1", data={})
    assert site.visitor().delete("/api/v1/merge-reports/1").status_code == 401
    operator = site.visitor(authorization="Bearer " + store.add_token("desk", ("read", "write")))
    assert operator.delete("/api/v1/merge-reports/1").status_code == 204
    assert operator.get("/api/v1/merge-reports").json() == []
    assert operator.delete("/api/v1/merge-reports/1").status_code == 404
    assert len(store.story(1).items) == 2, "the story stays as it is"  # type: ignore[union-attr]
    site.visitor("192.0.2.1").post("/report/merge/1", data={})
    assert [(story, n) for story, n, _ in store.merge_reports()] == [(1, 1)]


def test_a_split_empties_the_list_of_merges(site: Site, store: Store) -> None:
    site.visitor().post("/report/merge/1", data={})
    (story,) = store.stories(StoryFilter()).rows
    store.split([story.items[1].id])
    assert store.merge_reports() == []
