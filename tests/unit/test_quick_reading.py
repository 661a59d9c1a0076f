"""What would take a parser a time that grows with the document's square is read, or refused, at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from aggregator.arabic.fold import clean
from aggregator.errors import DocumentError
from aggregator.extract import article
from aggregator.extract.attributes import bounded
from aggregator.extract.entities import unescape
from aggregator.model import Kind, Recipe
from aggregator.parse import document, entry
from aggregator.parse.discover import discover
from aggregator.parse.page import propose

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SIZE = 120_000
BODY = "<p>هذا نص فقرة من المقال وفيه جملة طويلة بما يكفي ليقرأها الناس في المدينة.</p>" * 6
HEAD = f"<html><head><title>عنوان المقال الطويل هنا</title></head><body><h1>عنوان المقال الطويل هنا</h1>{BODY}"
RECIPE = Recipe("li, div, article", link="a", title="h2, a", date="time", image="img", summary="p", next="a.next")
SIGNS = "\u0650\u064b\u0300\u0323"  # in the wrong order


def filled(unit: str) -> bytes:
    return (HEAD + unit * (SIZE // len(unit.encode()))).encode()


def as_article(page: bytes) -> str:
    return article(page, url="https://o.example/1", now=NOW).body


def as_list(page: bytes) -> int:
    return len(document(page, address="https://o.example/", now=NOW, recipe=RECIPE, kind=Kind.PAGE).items)


def as_front(page: bytes) -> object:
    return discover(page, "https://o.example/")


def as_proposal(page: bytes) -> object:
    return propose(page, "https://o.example/")


UNITS = ["<ul><li>نص", "<div>نص<br>نص", "<article><a href=/x>رابط طويل بما يكفي</a>", "\n", "<p class='has-'>", "<a href=/x>نص"]


@pytest.mark.parametrize("read", [as_article, as_list, as_front, as_proposal], ids=lambda read: str(read.__name__))
@pytest.mark.parametrize(
    "page",
    [
        *map(filled, UNITS),
        (HEAD + "<p>ا" + SIGNS * (SIZE // 8)).encode(),
        (HEAD + f"<p class='{'widget-content ' * (SIZE // 15)}'>نص").encode(),
        (HEAD + "<p " + " ".join(f"a{n}=1" for n in range(SIZE // 8)) + ">نص").encode(),
        (HEAD + "<div>" * 200 + "<li><a href=/x>رابط رقم كذا وكذا</a>" * 3_000).encode(),
    ],
    ids=["lists", "breaks", "articles", "lines", "paragraphs", "links", "signs", "classes", "attributes", "links, deep"],
)
def test_a_page_is_read_or_refused_at_once(page: bytes, read: Callable[[bytes], object]) -> None:
    began = time.process_time()
    with suppress(DocumentError):
        read(page)
    assert time.process_time() - began < 2


def test_a_list_beside_what_holds_the_whole_page_is_read() -> None:
    entries = "".join(f"<li><h2><a href=/{n}>عنوان رقم {n} من أخبار اليوم</a></h2><p>ملخص</p></li>" for n in range(60))
    page = f"<html><body><div>{'<p>' * 3_500}</p><ul>{entries}</ul></div></body></html>".encode()
    assert as_list(page) == 60


def test_an_endless_number_costs_an_entry_nothing() -> None:
    number = "&amp;#" + "0" * 5_000
    entries = "".join(
        f"<item><title>خبر {n}</title><link>http://o.example/{n}</link><{field}>{number}</{field}></item>"
        for n, field in enumerate(("pubDate", "category", "description", "author"))
    )
    found = document(f"<rss version='2.0'><channel>{entries}</channel></rss>".encode(), address="https://o.example/feed", now=NOW)
    assert [item.title for item in found.items] == [f"خبر {n}" for n in range(4)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("&#" + "0" * 5_000 + "65;&#x41;&amp;", "AA&"),
        ("&#" + "9" * 5_000 + ";", "\ufffd"),
        ("&#" + "0" * 5_000, "\ufffd"),
        ("&lt;b&gt; &#1575; &#", "<b> ا &#"),
    ],
)
def test_references_are_resolved_whatever_their_length(written: str, meant: str) -> None:
    assert unescape(written) == meant


def test_signs_without_end_are_cut_and_usual_ones_stay() -> None:
    assert clean("مُحَمَّدٌ") == "مُحَمَّدٌ"
    assert len(clean("ا" + "\u064b" * 10_000 + "ب")) == 32
    assert clean(clean("ا" + SIGNS * 1_000)) == clean("ا" + SIGNS * 1_000)


def test_attributes_are_taken_from_elements_with_thousands_alone() -> None:
    long = f"<p title='{'long ' * 900}'>"
    assert bounded("<p " + "a='1'" * 1_500 + "><b id='c'>" + long) == "<p><b id='c'>" + long


def test_a_width_of_four_hundred_digits_is_no_number() -> None:
    picture = f"<img src=/a.jpg srcset='/a.jpg {'9' * 400}w, /b.jpg 800w'>"
    assert as_article((HEAD + picture + BODY).encode())
    described = picture.replace("<", "&lt;").replace(">", "&gt;")
    item = f"<item><title>خبر</title><link>http://o.example/1</link><description>{described}</description></item>"
    found = document(f"<rss version='2.0'><channel>{item}</channel></rss>".encode(), address="https://o.example/feed", now=NOW)
    assert found.items[0].image == "http://o.example/b.jpg"


def test_what_nobody_foresaw_in_a_field_costs_no_feed(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = entry.in_html

    def stumbling(html: str) -> object:
        if "زلة" in html:
            raise OverflowError("nobody thought of it")
        return whole(html)

    monkeypatch.setattr(entry, "in_html", stumbling)
    items = "".join(
        f"<item><title>خبر {n}</title><link>http://o.example/{n}</link><description>{words}</description></item>"
        for n, words in enumerate(("نص", "زلة", "نص"))
    )
    found = document(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), address="https://o.example/feed", now=NOW)
    assert [item.title for item in found.items] == ["خبر 0", "خبر 1", "خبر 2"]
    assert "OverflowError" in found.items[1].date_problem
