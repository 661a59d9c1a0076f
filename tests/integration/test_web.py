"""The page as a browser sees it over HTTP: what it shows to whom, how it pages and filters, what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from aggregator.model import Rights, StoryFilter
from aggregator.store import Store
from tests.integration.news import NOW, RAIN, SPAIN, SPAIN_TOO, entry, refresh, source
from tests.integration.visitors import PICTURE, Pictures, Site, many, outlet_named, stock, with_rights

BODY = SPAIN[1].split(". ")[1]  # the second sentence
LONG = " ".join(f"جملة رقم {n} من النص الطويل." for n in range(60))


@pytest.fixture
def store(site_store: Store) -> Store:
    return site_store


@pytest.fixture
def stocked(store: Store) -> Store:
    stock(store)
    return store


def story_of(store: Store, title: str) -> int:
    return next(item.story_id for item in store.iter_items(StoryFilter()) if item.title == title)


def item_of(store: Store, title: str) -> int:
    return next(item.id for item in store.iter_items(StoryFilter()) if item.title == title)


def titles(page: str) -> list[str]:
    """Give the headlines of a listing in order."""
    return [re.sub(r"<[^>]+>", "", each) for each in re.findall(r'<h2 dir="auto"[^>]*>(.*?)</h2>', page)]


# -- what is shown to whom ------------------------------------------------------------------------


def test_on_the_readers_own_machine_a_story_is_shown_whole(store: Store) -> None:
    refresh(store, with_rights("alif", Rights.LINK), entry("عنوان", LONG, url="https://alif.example/1"))
    page = Site(store).visitor().get("/story/1").text
    assert "جملة رقم 59" in page


@pytest.mark.parametrize("web", [{"host": "0.0.0.0"}, {"base_url": "https://news.example.org"}, {"trusted_proxies": ("127.0.0.1",)}])
@pytest.mark.parametrize(
    ("rights", "first", "last"), [(Rights.LINK, False, False), (Rights.EXCERPT, True, False), (Rights.FULL, True, True)]
)
def test_others_see_what_the_outlet_allows(store: Store, web: dict[str, Any], rights: Rights, first: bool, last: bool) -> None:
    refresh(store, with_rights("alif", rights), entry("عنوان", LONG, url="https://alif.example/1", image="https://alif.example/p.jpg"))
    visitor = Site(store, Pictures(), **web).visitor()
    for path in ("/story/1", "/", "/api/v1/stories/1", "/search?q=" + quote("عنوان")):
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert "عنوان" in answer.text
        assert "https://alif.example/1" in answer.text, "the way to the source is always there"
        assert ("جملة رقم 1 " in answer.text) == first, path
        if "story" in path:
            assert ("جملة رقم 59" in answer.text) == last, path
    assert (visitor.get("/picture/1").status_code == 404) or rights is not Rights.LINK


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.rss", "/feed.json", "/outlet/alif/feed.atom"])
def test_a_served_feed_keeps_to_the_rights_even_on_the_own_machine(store: Store, path: str) -> None:
    refresh(store, with_rights("alif", Rights.EXCERPT), entry("عنوان", LONG, url="https://alif.example/1"))
    text = Site(store).visitor().get(path).text
    assert "جملة رقم 1 " in text
    assert "جملة رقم 59" not in text


@pytest.mark.parametrize("word", ["noarchive", "nosnippet"])
def test_noarchive_and_nosnippet_leave_the_headline_only(store: Store, word: str) -> None:
    raw, article = entry("عنوان", LONG, url="https://alif.example/1", image="https://alif.example/p.jpg")
    refresh(store, with_rights("alif", Rights.FULL), (raw, replace(article, **{word: True})))
    site = Site(store, Pictures(), host="0.0.0.0")
    for path in ("/story/1", "/", "/feed.atom", "/feed.json", "/api/v1/items/1"):
        text = site.visitor().get(path).text
        assert "عنوان" in text
        assert "جملة رقم" not in text, path
        assert "p.jpg" not in text, path
    assert site.visitor().get("/picture/1").status_code == 404


def test_an_outlet_that_opts_out_is_gone_at_once(stocked: Store) -> None:
    site = Site(stocked)
    before = site.visitor().get("/").text
    assert "جريدة ba" in before
    feed = source("ba", country="DZ", topic="sport")
    stocked.add_source(replace(feed, outlet=replace(feed.outlet, opted_out=True)))
    site.steady += 2
    for path in ("/", "/feed.atom", "/api/v1/stories", "/search?q=" + quote("المنتخب")):
        assert "ba.example" not in site.visitor().get(path).text, path


def test_a_removed_story_is_gone_from_every_page(stocked: Store) -> None:
    site, number = Site(stocked), story_of(stocked, RAIN[0])
    visitor = site.visitor(authorization="Bearer " + stocked.add_token("desk", ("read", "write")))
    assert RAIN[0] in visitor.get("/").text
    assert visitor.delete(f"/api/v1/stories/{number}").status_code == 204
    for path in ("/", "/feed.atom", "/api/v1/stories"):
        assert RAIN[0] not in visitor.get(path).text, path
    assert visitor.get(f"/story/{number}").status_code == 404


# -- listings -------------------------------------------------------------------------------------


def test_a_card_says_who_when_and_who_else(stocked: Store) -> None:
    page = Site(stocked).visitor().get("/").text
    assert "قبل 12 دقيقة" in page
    assert "أورده مصدر آخر" in page
    assert SPAIN_TOO[0] in page, "the other outlet's own headline"
    assert "https://ta.example/1" in page


def test_pages_go_on_by_a_cursor_and_new_stories_do_not_shift_them(store: Store) -> None:
    many(store, 45, "موضوع")
    site = Site(store)
    first = site.visitor().get("/").text
    (more,) = re.findall(r'<p class="more"><a href="([^"]+)"', first)
    refresh(store, source("new"), entry(*SPAIN, url="https://new.example/1", published=NOW), now=NOW)
    second = site.visitor().get(more.replace("&amp;", "&")).text
    assert len(titles(first)) == 30
    assert len(titles(second)) == 15
    assert not set(titles(first)) & set(titles(second))
    assert 'class="more"' not in second
    part = site.visitor(hx_request="true").get(more.replace("&amp;", "&")).text
    assert "<html" not in part
    assert titles(part) == titles(second)


@pytest.mark.parametrize("sort", ["time", "spread", "relevance"])
def test_a_search_goes_on_in_the_order_that_was_chosen(store: Store, sort: str) -> None:
    many(store, 40, "مكتبة")
    visitor = Site(store).visitor()
    first = visitor.get(f"/search?q={quote('مكتبة')}&sort={sort}").text
    (more,) = re.findall(r'<p class="more"><a href="([^"]+)"', first)
    second = visitor.get(more.replace("&amp;", "&"))
    assert second.status_code == 200
    assert len(titles(first)) == 30
    assert len(set(titles(first)) | set(titles(second.text))) == 40
    assert f'value="{sort}" selected' in first


def test_a_search_by_time_is_not_answered_with_the_kept_one_by_relevance(store: Store) -> None:
    refresh(store, source("a"), entry("إنتاج الزيتون يرتفع", "أرقام جديدة", url="https://a.example/1", published=NOW - timedelta(days=2)))
    refresh(store, source("b"), entry("تقرير عام حول الموسم", "تراجع إنتاج الزيتون وسط كلام طويل", url="https://b.example/1"))
    visitor, query = Site(store).visitor(), quote("الزيتون")
    assert titles(visitor.get(f"/search?q={query}").text)[0] == "إنتاج الزيتون يرتفع"
    assert titles(visitor.get(f"/search?q={query}&sort=time").text)[0] == "تقرير عام حول الموسم"
    first = visitor.get(f"/api/v1/search?q={query}").json()["stories"][0]["title"]
    assert first == "إنتاج الزيتون يرتفع"
    assert visitor.get(f"/api/v1/stories?q={query}").json()["stories"][0]["title"] == "تقرير عام حول الموسم"


def test_by_spread_the_most_widely_reported_story_stands_first(store: Store) -> None:
    at = NOW - timedelta(hours=5)
    for name, text in (("x", SPAIN), ("y", SPAIN_TOO), ("z", (SPAIN_TOO[0] + " على الأقل", SPAIN_TOO[1]))):
        refresh(store, source(name), entry(*text, url=f"https://{name}.example/1", published=at))
    refresh(store, source("alif"), entry(*RAIN, url="https://alif.example/2"))
    visitor = Site(store).visitor()
    assert titles(visitor.get("/").text)[0] == RAIN[0]
    assert titles(visitor.get("/?sort=spread").text)[0] != RAIN[0]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("country=DZ", 1),
        ("country=MA", 2),
        ("country=dz,tn", 2),
        ("topic=sport", 1),
        ("outlet=alif", 2),
        ("lang=fr", 0),
        ("outlet=nobody", 0),
        ("since=2026-11-25", 1),
        ("until=2026-11-24", 2),
        ("until=2026-11-24T00:00:00Z", 1),
        ("since=9999-12-31T23:59:59-14:00", 3),
    ],
)
def test_filters_choose(stocked: Store, query: str, count: int) -> None:
    page = Site(stocked).visitor().get("/?" + query).text
    assert len(titles(page)) == count
    if not count:
        assert "لا أخبار توافق هذه التصفية" in page


def test_an_outlets_page_shows_its_stories_and_names_its_feed(stocked: Store) -> None:
    visitor = Site(stocked).visitor()
    page = visitor.get("/outlet/ba").text
    assert len(titles(page)) == 1
    assert 'href="/feed.atom?outlet=ba"' in page
    assert visitor.get("/outlet/nobody").status_code == 404
    assert visitor.get("/outlet/ba/feed.atom").text.count("<entry") == 1


def test_a_search_marks_its_words_in_the_text_as_printed_and_is_a_feed(stocked: Store) -> None:
    page = Site(stocked).visitor().get("/search?q=" + quote("الاتجار")).text
    assert re.search(r"<mark>[^<]*تجار</mark>", page)
    address = re.search(r'<link rel="alternate" type="application/atom\+xml"[^>]* href="([^"]+)"', page)
    assert address
    feed = Site(stocked).visitor().get(address[1].replace("&amp;", "&")).text
    assert feed.count("<entry") == 1


def test_a_word_found_further_down_is_shown_where_it_stands(store: Store) -> None:
    refresh(store, source("alif"), entry("عنوان الخبر", LONG + " وهنا كلمة زعفران وحدها. " + LONG, url="https://alif.example/1"))
    page = Site(store).visitor().get("/search?q=" + quote("الزعفران")).text
    assert "<mark>زعفران</mark>" in page
    assert "جملة رقم 59" in page
    public = Site(store, host="0.0.0.0").visitor().get("/search?q=" + quote("الزعفران")).text
    assert "زعفران" not in public.split('class="cards"')[1], "no more than the outlet allows"
    assert len(titles(public)) == 1


def test_a_word_of_another_outlets_report_finds_the_story(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN, url="https://alif.example/1"))
    refresh(store, source("ta"), entry(SPAIN_TOO[0], SPAIN_TOO[1] + " وحضر زعفران أيضا.", url="https://ta.example/1"))
    page = Site(store).visitor().get("/search?q=" + quote("زعفران"))
    assert page.status_code == 200
    assert len(titles(page.text)) == 1


def test_a_search_without_hits_says_so_and_offers_a_spelling(stocked: Store) -> None:
    page = Site(stocked).visitor().get("/search?q=" + quote("المنتخبب")).text
    assert "لا توجد نتائج" in page
    assert "هل تقصد" in page
    assert ">المنتخب<" in page
    suggestion = re.search(r'class="suggestion">.*?href="([^"]+)"', page)
    assert suggestion
    assert len(titles(Site(stocked).visitor().get(suggestion[1]).text)) == 1


# -- a story --------------------------------------------------------------------------------------


def test_a_story_says_both_dates_its_versions_and_why_they_are_together(stocked: Store) -> None:
    page = Site(stocked).visitor().get(f"/story/{story_of(stocked, SPAIN[0])}").text
    assert "الأربعاء 25 نونبر 2026" in page
    assert "15 جمادى الآخرة 1448 هـ" in page
    assert "اقرأ الخبر من مصدره" in page
    assert "كما ورد في مصادر أخرى" in page
    assert "https://ta.example/1" in page
    assert "لماذا جُمعت هذه التقارير" in page
    assert "في العنوان" in page, "the stored reasons in plain Arabic"
    assert 'property="og:title"' in page
    assert '"@type": "NewsArticle"' in page
    assert '<meta name="robots" content="noindex">' in page


def test_a_story_shows_what_changed(store: Store) -> None:
    feed = source("alif")
    refresh(store, feed, entry("مقتل 3 أشخاص في حادث سير بفاس", "النص الأول عن الحادث.", guid="g", url="https://alif.example/1"))
    refresh(
        store,
        feed,
        entry("مقتل 9 أشخاص في حادث سير بفاس", "النص الثاني عن الحادث.", guid="g", url="https://alif.example/1"),
        now=NOW + timedelta(minutes=5),
    )
    page = Site(store).visitor().get("/story/1").text
    assert "ما الذي تغير؟" in page
    assert "نسخة ما قبل الأربعاء 25 نونبر 2026" in page, "with the month names of the outlet's country"
    assert "<del>3</del>" in page
    assert "<ins>9</ins>" in page


def test_text_from_outside_is_escaped_and_its_direction_left_to_itself(store: Store) -> None:
    refresh(store, source("alif", language="fr"), entry('<script>alert(1)</script> "x" & y', "<b>gras</b>", url="https://alif.example/1"))
    for path in ("/", "/story/1", "/search?q=script", '/search?q="><script>alert(2)</script>'):
        page = Site(store).visitor().get(path).text
        assert "<script>alert" not in page, path
    page = Site(store).visitor().get("/story/1").text
    assert '<h1 dir="auto" lang="fr">' in page


# -- the interface --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "direction", "word"),
    [("ar", "rtl", "اقرأ الخبر من مصدره"), ("fr", "ltr", "Lire l’article à sa source"), ("en", "ltr", "Read at the source")],
)
def test_the_interface_speaks_three_languages(stocked: Store, language: str, direction: str, word: str) -> None:
    visitor = Site(stocked).visitor()
    kept = visitor.post("/preferences", data={"ui": language, "back": "/?country=MA"}, headers={"sec-fetch-site": "same-origin"})
    assert (kept.status_code, kept.headers["location"]) == (303, "/?country=MA")
    page = visitor.get("/").text
    assert f'<html lang="{language}" dir="{direction}"' in page
    assert word in page


def test_an_outlet_is_named_in_the_readers_script(store: Store) -> None:
    feed = source("alif")
    refresh(store, replace(feed, outlet=outlet_named("alif", country="MA")), entry(*RAIN, url="https://alif.example/1"))
    visitor = Site(store).visitor()
    assert "جريدة alif" in visitor.get("/").text
    assert "Journal alif" in visitor.get("/?ui=fr").text


def test_the_theme_is_kept_in_a_cookie(stocked: Store) -> None:
    visitor = Site(stocked).visitor()
    answer = visitor.post("/preferences", data={"theme": "dark", "back": "//evil.example/"})
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert 'data-theme="dark"' in visitor.get("/").text
    assert 'data-theme="auto"' in Site(stocked).visitor().get("/").text, "another reader's page is not dark"
    assert visitor.post("/preferences", data={"theme": "<script>"}).headers.get("set-cookie") is None


def test_an_empty_installation_says_what_to_do(store: Store) -> None:
    for path in ("/", "/search", "/outlets", "/health", "/about"):
        assert Site(store).visitor().get(path).status_code == 200, path
    assert "mujaz sources add" in Site(store).visitor().get("/").text
    assert Site(store).visitor().get("/feed.atom").status_code == 200


# -- pictures -------------------------------------------------------------------------------------


def test_pictures_come_through_the_page(stocked: Store) -> None:
    servers = Pictures({"https://alif.example/spain.jpg": PICTURE})
    visitor = Site(stocked, servers).visitor()
    number = item_of(stocked, SPAIN[0])
    page = visitor.get("/").text
    assert f'src="/picture/{number}"' in page
    assert "alif.example/spain.jpg" not in page
    for _ in range(3):
        answer = visitor.get(f"/picture/{number}")
        assert (answer.status_code, answer.content) == (200, PICTURE)
        assert answer.headers["content-type"] == "image/jpeg", "as its bytes say, whatever its server said"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert servers.asked == [("https://alif.example/spain.jpg", 5 * 2**20)], "asked for once, within the size allowed"


@pytest.mark.parametrize(
    "body", [b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"<html>", b"", b"\xff\xd8\xff" + bytes(6 * 2**20)]
)
def test_what_is_no_picture_or_too_large_is_not_served(stocked: Store, body: bytes) -> None:
    visitor = Site(stocked, Pictures({"https://alif.example/spain.jpg": body})).visitor()
    assert visitor.get(f"/picture/{item_of(stocked, SPAIN[0])}").status_code == 404


def test_a_picture_is_fetched_for_a_stored_item_only(stocked: Store) -> None:
    servers = Pictures()
    visitor = Site(stocked, servers).visitor()
    for path in ("/picture/999", "/picture/0", "/picture/x", "/picture/https://evil.example/x", f"/picture/{item_of(stocked, RAIN[0])}"):
        assert visitor.get(path).status_code == 404, path
    assert servers.asked == []


def test_the_proxy_can_be_turned_off(stocked: Store) -> None:
    visitor = Site(stocked, Pictures(), image_proxy=False).visitor()
    answer = visitor.get("/")
    assert 'src="https://alif.example/spain.jpg"' in answer.text
    assert "img-src 'self' data: https: http:" in answer.headers["content-security-policy"]


# -- safety ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/story/1", "/feed.atom", "/static/page.js", "/api/v1/stories", "/healthz", "/metrics", "/api/v1/items/999"]
)
def test_every_answer_carries_the_safety_headers(stocked: Store, path: str) -> None:
    headers = Site(stocked).visitor().get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-robots-tag"] == "noindex"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_page_holds_no_inline_script_style_or_handler(stocked: Store) -> None:
    for path in ("/", f"/story/{story_of(stocked, SPAIN[0])}", "/search?q=x", "/health", "/outlets", "/about"):
        page = Site(stocked).visitor().get(path).text
        scripts = re.findall(r"<script([^>]*)>", page)
        assert all("src=" in each or "application/ld+json" in each for each in scripts), path
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page), path
        assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)[^"]*"(?=[^>]*(?:stylesheet|preload))', page)


def test_noindex_can_be_lifted(stocked: Store) -> None:
    visitor = Site(stocked, index=True).visitor()
    answer = visitor.get("/")
    assert "noindex" not in answer.text
    assert "x-robots-tag" not in answer.headers
    assert "Disallow: /search" in visitor.get("/robots.txt").text
    assert "Disallow: /\n" in Site(stocked).visitor().get("/robots.txt").text


def test_only_known_host_names_are_answered(stocked: Store) -> None:
    site = Site(stocked)
    assert site.visitor(base="http://localhost:8090").get("/").status_code == 200
    assert site.visitor(base="http://evil.example").get("/").status_code == 421
    answer = site.visitor(base="http://evil.example").get("/api/v1/stories")
    assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")
    public = Site(stocked, base_url="https://news.example.org", allowed_hosts=("www.example.org",))
    assert public.visitor(base="http://news.example.org").get("/").status_code == 200
    assert public.visitor(base="http://www.example.org").get("/").status_code == 200


@pytest.mark.parametrize("path", ["/report/image/1", "/report/merge/1", "/preferences"])
@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}, {"origin": "null"}]
)
def test_a_form_of_another_site_is_refused_and_changes_nothing(stocked: Store, path: str, headers: dict[str, str]) -> None:
    visitor = Site(stocked).visitor()
    answer = visitor.post(path, data={"theme": "dark"}, headers=headers)
    assert answer.status_code == 403
    assert "رُفض هذا الطلب" in answer.text
    assert "set-cookie" not in answer.headers
    assert stocked.images() == []
    assert stocked.merge_reports() == []


def test_behind_a_proxy_that_hides_the_name_forms_work_and_cookies_go_by_tls_only(stocked: Store) -> None:
    visitor = Site(stocked, base_url="https://news.example.org", trusted_proxies=("127.0.0.1",)).visitor(origin="https://news.example.org")
    answer = visitor.post("/preferences", data={"theme": "dark"})
    assert answer.status_code == 303
    assert "secure" in answer.headers["set-cookie"].lower()
    assert visitor.post("/preferences", data={"theme": "dark"}, headers={"origin": "https://news.example.org.evil"}).status_code == 403


def test_another_site_cannot_use_the_api_either(stocked: Store) -> None:
    secret = stocked.add_token("desk", ("read", "write"))
    answer = Site(stocked).visitor(authorization=f"Bearer {secret}", origin="https://evil.example").delete("/api/v1/stories/1")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_a_large_body_is_refused_whether_or_not_it_says_its_size(stocked: Store) -> None:
    visitor = Site(stocked).visitor()
    assert visitor.post("/preferences", data={"back": "x" * 100_000}).status_code == 413

    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b"back=" + b"x" * 2_000

    answer = visitor.post("/preferences", content=chunks(), headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 413


def test_a_flood_is_slowed_down_by_address(stocked: Store) -> None:
    site = Site(stocked, limited=True)
    visitor = site.visitor("192.0.2.1")
    answers = [visitor.get("/search?q=x").status_code for _ in range(62)]
    assert answers == [200] * 60 + [429] * 2
    refused = visitor.get("/search?q=x")
    assert "retry-after" in refused.headers
    assert "طلبات كثيرة" in refused.text
    assert visitor.get("/").status_code == 200, "pages have a limit of their own"
    site.steady += 0.5
    assert [visitor.get("/search?q=x").status_code for _ in range(2)] == [200, 429]
    assert site.visitor("192.0.2.2").get("/search?q=x").status_code == 200


def test_who_sits_at_the_machine_is_not_slowed_down(stocked: Store) -> None:
    visitor = Site(stocked, limited=True).visitor("127.0.0.1")
    assert {visitor.get("/search?q=x").status_code for _ in range(100)} == {200}
    assert {visitor.get("/").status_code for _ in range(400)} == {200}


def test_writing_has_a_limit_of_its_own(stocked: Store) -> None:
    visitor = Site(stocked, limited=True).visitor("192.0.2.1")
    answers = [visitor.delete("/api/v1/stories/999").status_code for _ in range(61)]
    assert answers == [401] * 60 + [429]
    assert visitor.delete("/api/v1/stories/999").headers["content-type"] == "application/problem+json"


def test_behind_a_trusted_proxy_readers_are_told_apart(stocked: Store) -> None:
    site = Site(stocked, limited=True, trusted_proxies=("10.0.0.1",))
    visitor = site.visitor("10.0.0.1", x_forwarded_for="198.51.100.1")
    assert [visitor.get("/search?q=x").status_code for _ in range(61)] == [200] * 60 + [429]
    assert site.visitor("10.0.0.1", x_forwarded_for="198.51.100.2").get("/search?q=x").status_code == 200
    assert site.visitor("10.0.0.1", x_forwarded_for="198.51.100.9, 198.51.100.1").get("/search?q=x").status_code == 429, "read from its end"


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/story/999", 404),
        ("/story/x", 404),
        ("/story/99999999999999999999999", 404),
        ("/story/-1", 404),
        ("/feed.xml", 404),
        ("/?cursor=!!", 400),
        ("/search?q=a&cursor=x", 400),
        ("/static/../app.py", 404),
    ],
)
def test_an_error_is_a_page_in_the_readers_language(stocked: Store, path: str, status: int) -> None:
    for language, word in (("ar", "عودة إلى الرئيسية"), ("fr", "Retour à l’accueil")):
        answer = Site(stocked, language=language).visitor().get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")
        assert word in answer.text
        assert "default-src" in answer.headers["content-security-policy"]


def test_an_unexpected_error_is_a_page_too(stocked: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(stocked)
    monkeypatch.setattr(stocked, "outlets", lambda: 1 / 0)
    for path, kind in (("/outlets", "text/html"), ("/api/v1/outlets", "application/problem+json")):
        answer = site.visitor().get(path)
        assert answer.status_code == 500
        assert answer.headers["content-type"].startswith(kind)
        assert "ZeroDivision" not in answer.text
        assert "content-security-policy" in answer.headers
    assert "ZeroDivisionError" in caplog.text


def test_without_a_database_the_page_says_so(stocked: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from aggregator.errors import DatabaseError

    def broken(*_: object, **__: object) -> object:
        raise DatabaseError("The database does not answer.")

    monkeypatch.setattr(stocked, "generation", broken)
    visitor = Site(stocked).visitor()
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 503
    page = visitor.get("/")
    assert page.status_code == 503
    assert page.headers["retry-after"]
    assert "قاعدة البيانات غير متاحة الآن" in page.text


def test_machines_that_watch_get_their_answers(stocked: Store) -> None:
    visitor = Site(stocked).visitor()
    assert (visitor.get("/healthz").text, visitor.get("/readyz").text) == ("ok\n", "ok\n")
    metrics = visitor.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    for line in (
        "mujaz_items 4.0",
        "mujaz_stories 3.0",
        "mujaz_merged_items 1.0",
        'mujaz_sources{state="active"} 3.0',
        "mujaz_schedule_lag_seconds",
        "mujaz_extraction_confidence 0.8",
        "mujaz_queue 0.0",
        "mujaz_source_silence_seconds",
    ):
        assert line in metrics.text


def test_a_head_request_is_answered_as_get_without_a_body(stocked: Store) -> None:
    visitor = Site(stocked).visitor()
    for path in ("/", "/feed.atom", "/story/1", "/static/style.css", "/api/v1/stories", "/healthz"):
        got, head = visitor.get(path), visitor.head(path)
        assert head.status_code == 200, path
        assert head.content == b""
        assert head.headers["content-length"] == got.headers["content-length"]
        assert head.headers.get("etag") == got.headers.get("etag")
    assert visitor.head("/nowhere").status_code == 404


@pytest.mark.parametrize(("name", "kind"), [("style.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")])
def test_the_pages_own_files_are_compressed_kept_and_not_sent_twice(stocked: Store, name: str, kind: str) -> None:
    page = Site(stocked).visitor().get("/").text
    assert f"/static/{name}" in page
    visitor = Site(stocked).visitor()
    first = visitor.get(f"/static/{name}", headers={"accept-encoding": "br"})
    assert first.headers["content-encoding"] == "br"
    assert first.headers["content-type"].startswith(kind)
    assert "max-age=3600" in first.headers["cache-control"]
    again = visitor.get(f"/static/{name}", headers={"accept-encoding": "br", "if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for outside in ("../app.py", "%2e%2e/app.py", "fonts", "nothing.css"):
        assert visitor.get(f"/static/{outside}").status_code == 404


# -- the front ------------------------------------------------------------------------------------


def reported_by_two(store: Store, number: int, published: datetime) -> None:
    """Store a story that two outlets report."""
    title, body = (
        f"افتتاح مصنع رقم {number * 37} للسيارات في مدينة {['طنجة', 'فاس', 'وجدة', 'أكادير'][number % 4]}",
        f"افتتح المصنع {number * 41} اليوم.",
    )
    for outlet in ("alif", "ba"):
        refresh(store, source(outlet), entry(title, body, url=f"https://{outlet}.example/{number}", published=published))


def test_what_most_outlets_report_today_leads_the_front(store: Store) -> None:
    for number in range(3):
        reported_by_two(store, number, NOW - timedelta(hours=number + 1))
    refresh(store, source("alif"), entry("خبر لم يورده غير مصدر واحد", "نص.", url="https://alif.example/x", published=NOW))
    front = Site(store).visitor().get("/").text
    leading = front.split('class="cards"')[0].split('class="front"')[1]
    assert leading.count("أورده مصدر آخر") == 3
    assert "خبر لم يورده غير مصدر واحد" not in leading
    for path in ("/?country=MA", "/?sort=spread", "/search?q=" + quote("مصنع")):
        assert 'class="front"' not in Site(store).visitor().get(path).text, path


def test_a_day_on_which_hardly_anything_is_shared_has_no_front(store: Store) -> None:
    reported_by_two(store, 0, NOW - timedelta(hours=1))
    reported_by_two(store, 1, NOW - timedelta(hours=2))
    for number in (2, 3):
        reported_by_two(store, number, NOW - timedelta(days=3))
    assert 'class="front"' not in Site(store).visitor().get("/").text


def test_a_listing_is_headed_by_what_it_is_narrowed_to(stocked: Store) -> None:
    visitor = Site(stocked).visitor()
    assert re.search(r"<h1><bdi>جريدة alif</bdi></h1>", visitor.get("/outlet/alif").text)
    assert "<title>الجزائر · موجز</title>" in visitor.get("/?country=DZ").text
    assert '<a href="/?country=DZ" aria-current="true">الجزائر</a>' in visitor.get("/?country=DZ").text
    assert '<h1 class="unseen">' in visitor.get("/").text


def test_a_text_keeps_to_its_own_side(store: Store) -> None:
    french = source("lettre", language="fr")
    refresh(store, french, entry("La Chambre adopte la loi", "Les députés ont voté.", url="https://lettre.example/1"))
    refresh(store, source("alif"), entry(*RAIN))
    for ui in ("ar", "fr"):
        cards = Site(store).visitor().get(f"/?ui={ui}").text.split('class="cards"')[1].split('<div class="words"')
        assert {card.split(">")[0].strip(): "La Chambre" in card for card in cards[1:]} == {'dir="ltr"': True, 'dir="rtl"': False}
