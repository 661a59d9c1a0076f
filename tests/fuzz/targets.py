"""What is fuzzed: each reader of outside data with what must hold for any bytes whatever. Anything but a typed refusal is a finding."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from aggregator.errors import DocumentError, MujazError
from aggregator.model import Kind, Outlet, Recipe, Source
from tests.property.test_sanitize import wrong_in

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
ADDRESS = "https://o.example/feed"
RECIPE = Recipe("article, li", link="a", title="h2", date="time", image="img", summary="p", next="a.next")
# control characters, bidirectional overrides, broken halves of pairs
TRICKS = frozenset(
    map(chr, (*range(9), 11, 12, *range(14, 32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)))
)


def clean(*texts: str) -> None:
    """Text for storage: NFC, and without anything that plays tricks."""
    for text in texts:
        assert not TRICKS & set(text), ascii(text[:200])
        assert unicodedata.is_normalized("NFC", text), ascii(text[:200])


def moment(value: datetime | None) -> None:
    assert value is None or value.utcoffset() == timedelta(0)


def _document(body: bytes, recipe: Recipe | None = None, kind: Kind | None = None) -> None:
    from aggregator.parse import document

    with suppress(DocumentError):
        found = document(body, address=ADDRESS, now=NOW, country="MA", recipe=recipe, kind=kind)
        assert len(found.items) <= 2_000
        for item in found.items:
            clean(item.title, item.summary, item.author, *item.categories)
            assert not TRICKS & set(item.guid), ascii(item.guid[:200])  # what names an entry stays as it is: it may be no NFC
            assert len(item.title) <= 1_000
            assert not item.url or item.url.startswith(("http://", "https://")), item.url
            assert not item.image or item.image.startswith(("http://", "https://")), item.image
            assert wrong_in(item.content_html) == [], item.content_html[:300]
            moment(item.published)
            moment(item.updated)


def feed(data: bytes) -> None:
    """RSS, RDF, Atom, JSON Feed, whatever the bytes are taken for."""
    _document(data)


def sitemap(data: bytes) -> None:
    """A sitemap: the bytes stand in one, and by themselves."""
    from aggregator.parse.sitemap import parts

    _document(data)
    head = b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"><url><loc>https://o.example/1</loc>'
    _document(head + data + b"</url></urlset>")
    with suppress(DocumentError):
        for address in parts(data, ADDRESS):
            assert address.startswith(("http://", "https://"))


def page(data: bytes) -> None:
    """An article's page, and a list of articles."""
    from aggregator.extract import article

    with suppress(DocumentError):
        found = article(data, url="https://o.example/1", now=NOW)
        clean(found.title, found.body, found.author)
        assert wrong_in(found.body_html) == []
        moment(found.published)
    _document(data, RECIPE, Kind.PAGE)


def date(data: bytes) -> None:
    """A date in words, in numbers, or within a text."""
    from aggregator.arabic.dates import find_date, parse_date
    from aggregator.arabic.stamps import offset

    text = data.decode("utf-8", "replace")
    for country in ("", "MA", "EG"):
        for read in (parse_date, find_date):
            found = read(text, timezone="Africa/Casablanca", country=country, now=NOW)
            moment(found.value)
    offset(text)


def discover(data: bytes) -> None:
    """A site's front page that may name feeds, and a recipe that may be proposed for it."""
    from aggregator.parse.discover import discover as look
    from aggregator.parse.page import propose

    with suppress(DocumentError):
        for address in look(data, "https://o.example/").feeds:
            assert address.startswith(("http://", "https://"))
    with suppress(DocumentError):
        propose(data, "https://o.example/")


def charset(data: bytes) -> None:
    """The letters of any bytes."""
    from aggregator.arabic import charset as letters
    from aggregator.parse.charset import decode, unpack

    with suppress(DocumentError):
        text = decode(unpack(data), data[:40].decode("latin-1")).text
        assert not any("\ud800" <= character <= "\udfff" for character in text)
    text, _ = letters.decode(data, data[:40].decode("latin-1"))
    text.encode()


def opml(data: bytes) -> None:
    """A list of subscriptions."""
    from aggregator.catalogue import from_opml

    with suppress(MujazError):
        for source in from_opml(data):
            assert all(address.startswith(("http://", "https://")) for address in map(str.lower, source.addresses))
            assert source.id


def headers(data: bytes) -> None:
    """A server's headers: what a request is answered with before there is a body."""
    from aggregator.fetch.answer import headers as read
    from aggregator.fetch.answer import validators
    from aggregator.fetch.blocked import is_challenge
    from aggregator.fetch.caching import freshness, http_date, retry_after

    lines = [line.partition(b":")[::2] for line in data.split(b"\n")]
    found = read(lines)
    assert not any(name.startswith("set-cookie") for name in found)
    found |= {"cache-control": "max-age=" + data.decode("latin-1"), "date": data.decode("latin-1"), "expires": data.decode("latin-1")}
    for text in (data.decode("latin-1"), *found.values()):
        moment(http_date(text))
        wait = retry_after(text, NOW)
        assert wait is None or timedelta(minutes=1) <= wait <= timedelta(days=7)
        validators(text, text)
    wish = freshness(found)
    assert wish is None or isinstance(wish, timedelta)
    for status in (200, 202, 403):
        is_challenge(status, found, data)


def robots(data: bytes) -> None:
    """A host's rules for robots."""
    from aggregator.fetch.robots import Rules, _parsed

    rules = Rules(_parsed(data), NOW)
    assert rules.allows("https://o.example/ا?b=%zz") in (True, False)
    wait = rules.delay()
    assert wait is None or 0 < wait <= 60


def address(data: bytes) -> None:
    """An address that a document or a redirect names."""
    from aggregator.extract.sanitize import absolute
    from aggregator.fetch.address import Unusable, target_of
    from aggregator.parse.entry import web_address

    text = data.decode("utf-8", "replace")
    for found in (absolute(text, ADDRESS), web_address(text, ADDRESS)):
        assert not found or found.lower().startswith(("http://", "https://", "mailto:")), found
    with suppress(Unusable):
        target_of(text)


def lines(data: bytes) -> None:
    """Lines for `mujaz dedup`."""
    from aggregator.cli.dedup import answers
    from aggregator.dedup.index import MemoryIndex

    given = data.split(b"\n")
    assert len(list(answers(given, MemoryIndex(), "en"))) <= len(given)


def catalogue(data: bytes) -> None:
    """A file of the catalogue."""
    import tempfile
    from pathlib import Path

    from aggregator.catalogue import load_file

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.toml"
        path.write_bytes(data)
        with suppress(MujazError):
            for source in load_file(path):
                assert isinstance(source, Source)
                assert isinstance(source.outlet, Outlet)


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (feed, page, date, sitemap, discover, charset, opml, headers, robots, address, lines, catalogue)
}
