"""Feeds as readers' programs get them: valid, one entry a story, conditional, compressed."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import brotli
import pytest
from lxml import etree

from aggregator.model import Rights
from aggregator.store import Store
from tests.integration.feed_rules import complaints
from tests.integration.news import NOW, SPAIN, SPAIN_TOO, entry, refresh, source
from tests.integration.visitors import Site, stock, with_rights

FORMS = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
FEEDS = [
    "/feed.{}",
    "/outlet/alif/feed.{}",
    "/country/dz/feed.{}",
    "/topic/sport/feed.{}",
    "/feed.{}?q=" + quote("شبكة إسبانيا"),
    "/feed.{}?country=MA&country=TN&lang=ar",
    "/feed.{}?q=" + quote("لا شيء من هذا القبيل"),
]


@pytest.fixture
def store(site_store: Store) -> Store:
    return site_store


@pytest.fixture
def site(store: Store) -> Site:
    stock(store)
    return Site(store)


def awkward(store: Store) -> None:
    """Store what feeds stumble on: markup in texts, relative addresses, no text at all, no date, odd characters, two languages."""
    raw, article = entry(
        "عنوان & \"علامات\" 'أخرى' <خاص>",
        "نص & نص < نص",
        url="https://full.example/1?a=1&b=2",
        image="https://full.example/صورة 1.jpg",
    )
    html = '<p>نص <a href="https://full.example/x">رابط</a></p><img src="https://full.example/p.jpg" alt="">'
    feed = with_rights("full", Rights.FULL)
    feed = replace(feed, outlet=replace(feed.outlet, site="https://full.example/"))
    refresh(store, feed, (replace(raw, categories=("سياسة", "a & b", "سياسة")), replace(article, body_html=html)))
    refresh(store, source("bare"), entry("عنوان بلا نص ولا تاريخ \u202e\ufffe\x0b", published=None, url="https://bare.example/1"))
    refresh(store, source("link", language="fr"), entry("Titre", url="https://link.example/é/1", summary="Résumé « entre guillemets »"))


@pytest.mark.parametrize("form", FORMS)
def test_stories_that_are_not_as_they_should_be_make_a_valid_feed(store: Store, form: str) -> None:
    odd = source("odd")
    for n, (title, body, published, image) in enumerate(
        [
            ("خبر \x00\x01\x0b\x85 بحروف تحكم", "متن\x02 \x0c\uffff نص", NOW, "javascript:alert(1)"),
            ("", "", None, ""),
            (" \n ", "نص بلا عنوان", NOW, "/relative.png"),
            ("ع" * 5_000, "ن" * 50_000, NOW, ""),
            ("تاريخ لم يأت بعد", "نص", NOW + timedelta(days=900), ""),
            ("تاريخ قديم جدا", "نص", datetime(1, 1, 1, tzinfo=UTC), ""),
        ]
    ):
        refresh(store, odd, entry(title, body, published=published, image=image, url=f"https://odd.example/{n}"))
    answer = Site(store).visitor().get(f"/feed.{form}")
    assert complaints(answer.content, answer.headers["content-type"], f"http://127.0.0.1:8090/feed.{form}") == []
    assert answer.text.count("https://odd.example/") >= 6
    assert Site(store).visitor().get("/").status_code == 200
    assert "2029" not in answer.text, "what comes from the future is dated by when it came"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("path", FEEDS)
@pytest.mark.parametrize("base", ["", "https://news.example.org"])
def test_every_feed_is_valid_where_it_is_served(site: Site, form: str, path: str, base: str) -> None:
    site = Site(site.store, base_url=base)
    awkward(site.store)
    answer = site.visitor().get(path.format(form))
    assert answer.status_code == 200
    served = (base or "http://127.0.0.1:8090") + path.format(form)
    own = re.search(r'rel="self"[^>]*href="([^"]+)"', answer.text) or re.search(r'"feed_url": "([^"]+)"', answer.text)
    assert own
    self_address = own[1].replace("&amp;", "&")
    if "/feed." + form == path.format(form).split("?")[0]:
        assert self_address == served
    assert complaints(answer.content, answer.headers["content-type"], served) == []


def test_the_rules_find_what_is_broken(site: Site) -> None:
    """Guards the rules themselves: each of these feeds is broken in one place."""
    awkward(site.store)
    broken = {
        "atom": [
            ("</updated>", "+00:00</updated>"),
            ('rel="self" type="application/atom+xml" href="http', 'rel="self" type="application/atom+xml" href="https'),
            ("<name>", "<name/><x>", "</name>", "</x>"),
            ("tag:mujaz,2026:story/1<", "story 1<"),
            ('href="https://ta', 'href="/ta'),
            ("&lt;p&gt;", "&lt;p onclick='x'&gt;"),
        ],
        "rss": [
            ("<language>ar</language>", ""),
            ('isPermaLink="false"', ""),
            (" GMT<", " CEST<"),
            ("<pubDate>Wed", "<pubDate>Thu"),
            ("<title>" + SPAIN[0], "<title>&lt;b&gt;x&lt;/b&gt;"),
            ("story/1<", "story/2<"),
            ("<link>https://alif", "<link>//alif"),
        ],
        "json": [
            ('"feed_url": "http', '"feed_url": "https'),
            ("story/1", "story/2"),
            ('T12:00:00Z"', 'T12:00"'),
            ('"authors": [{"name"', '"authors": [{"nome"'),
        ],
    }
    for form, changes in broken.items():
        answer = site.visitor().get(f"/feed.{form}")
        for change in changes:
            text = answer.text
            for old, new in zip(change[::2], change[1::2], strict=True):
                assert old in text, (form, old)
                text = text.replace(old, new)
            assert complaints(text.encode(), answer.headers["content-type"], f"http://127.0.0.1:8090/feed.{form}"), (form, change)


@pytest.mark.parametrize(("form", "media_type"), FORMS.items())
def test_a_feed_that_did_not_change_is_not_sent_again(site: Site, form: str, media_type: str) -> None:
    visitor, path = site.visitor(), f"/feed.{form}"
    first = visitor.get(path)
    assert first.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert "set-cookie" not in first.headers
    assert first.headers["vary"] == "Accept-Encoding"
    assert first.headers["cache-control"] == "public, max-age=300"
    tag, date = first.headers["etag"], first.headers["last-modified"]
    assert tag.startswith('"')
    for headers in (
        {"if-none-match": tag},
        {"if-none-match": f'"x", W/{tag}'},
        {"if-none-match": "*"},
        {"if-modified-since": date},
        {"if-none-match": tag, "if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
    ):
        again = visitor.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b""), headers
        assert again.headers["etag"] == tag
    for headers in (
        {"if-none-match": '"x"'},
        {"if-none-match": '"x"', "if-modified-since": date},
        {"if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"if-modified-since": "nonsense"},
    ):
        assert visitor.get(path, headers=headers).status_code == 200, headers


def test_a_feed_changes_when_another_outlet_joins_a_story_and_keeps_its_entry(store: Store) -> None:
    refresh(store, source("alif"), entry(*SPAIN, url="https://alif.example/1"))
    site = Site(store)
    visitor = site.visitor()
    before = visitor.get("/feed.atom")
    refresh(store, source("ta"), entry(*SPAIN_TOO, url="https://ta.example/1"), now=NOW + timedelta(minutes=5))
    site.steady += 2
    after = visitor.get(
        "/feed.atom", headers={"if-none-match": before.headers["etag"], "if-modified-since": before.headers["last-modified"]}
    )
    assert after.status_code == 200
    assert after.headers["last-modified"] > before.headers["last-modified"]
    atom = "{http://www.w3.org/2005/Atom}"
    (old,), (new,) = (etree.fromstring(each.content).findall(atom + "entry") for each in (before, after))
    assert new.findtext(atom + "id") == old.findtext(atom + "id")
    assert str(new.findtext(atom + "updated")) > str(old.findtext(atom + "updated"))
    assert new.findtext(atom + "published") == old.findtext(atom + "published")
    assert "https://ta.example/1" in after.text


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip;q=1", "gzip"), ("identity", None), ("", None)]
)
def test_a_feed_is_compressed_as_asked(site: Site, accepted: str, coding: str | None) -> None:
    visitor = site.visitor()
    plain = visitor.get("/feed.atom", headers={"accept-encoding": "identity"})
    with visitor.stream("GET", "/feed.atom", headers={"accept-encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == coding
    assert {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[coding](raw) == plain.content
    assert (answer.headers["etag"] == plain.headers["etag"]) == (coding is None), "a strong tag names the very bytes"
    assert visitor.get("/feed.atom", headers={"accept-encoding": accepted, "if-none-match": answer.headers["etag"]}).status_code == 304


def test_a_kept_answer_is_as_good_as_the_first(site: Site) -> None:
    visitor = site.visitor()
    for path in ("/", "/feed.atom", "/story/1", "/search?q=x"):
        first, second = visitor.get(path), visitor.get(path)
        assert first.content == second.content
        assert dict(first.headers) == dict(second.headers)


def test_what_one_reader_is_shown_is_not_kept_for_another(site: Site) -> None:
    arab, french = site.visitor(), site.visitor()
    french.post("/preferences", data={"ui": "fr", "theme": "dark"})
    for _ in range(2):
        assert 'lang="ar"' in arab.get("/").text[:400]
        assert 'lang="fr" dir="ltr" data-theme="dark"' in french.get("/").text[:400]
        assert site.visitor(base="http://localhost:8090").get("/feed.atom").text.count("http://localhost:8090/feed.atom")
        assert arab.get("/feed.atom").text.count("http://127.0.0.1:8090/feed.atom")


def test_the_page_tells_of_its_feeds_and_the_sources_are_an_outline(site: Site) -> None:
    page = site.visitor().get("/").text
    for media_type in FORMS.values():
        assert f'<link rel="alternate" type="{media_type}"' in page
    answer = site.visitor().get("/sources.opml")
    assert answer.headers["content-type"].startswith("text/x-opml")
    outline = etree.fromstring(answer.content)
    assert outline.tag == "opml"
    assert {each.get("xmlUrl") for each in outline.iter("outline") if each.get("xmlUrl")} == {
        f"https://{name}.example/feed" for name in ("alif", "ba", "ta")
    }
    assert site.visitor().get("/sources.opml", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
