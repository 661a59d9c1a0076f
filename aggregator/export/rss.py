"""RSS 2.0, written item by item."""

from __future__ import annotations

from collections.abc import Iterable
from email.utils import format_datetime
from typing import BinaryIO

from lxml import etree

from aggregator.export.entry import Entry, legal
from aggregator.export.feed import Head

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}


def write(head: Head, entries: Iterable[Entry], out: BinaryIO) -> int:
    """Write a feed; gives how many entries."""
    count = 0
    with etree.xmlfile(out, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element("rss", nsmap=NAMESPACES, version="2.0"), xml.element("channel"):
            home = head.home or head.address or "https://example.org/"
            for name, text in (("title", head.title), ("link", home), ("description", head.title), ("language", head.language)):
                _text(xml, name, legal(text))
            _text(xml, "lastBuildDate", format_datetime(head.now, usegmt=True))
            _text(xml, "generator", "Mujaz")
            if head.address:
                with xml.element(_q("atom", "link"), rel="self", type="application/rss+xml", href=legal(head.address)):
                    pass
            for entry in entries:
                _item(xml, entry)
                count += 1
    return count


def _q(prefix: str, name: str) -> str:
    return f"{{{NAMESPACES[prefix]}}}{name}"


def _item(xml: etree._IncrementalFileWriter, entry: Entry) -> None:
    with xml.element("item"):
        _text(xml, "title", entry.title)
        if entry.url:
            _text(xml, "link", entry.url)
        with xml.element("guid", isPermaLink="false"):
            xml.write(entry.id)
        _text(xml, "pubDate", format_datetime(entry.published, usegmt=True))
        _text(xml, _q("dc", "creator"), entry.author or entry.outlet)
        _text(xml, _q("dc", "publisher"), entry.outlet)
        if entry.language:
            _text(xml, _q("dc", "language"), entry.language)
        for term in entry.categories:
            _text(xml, "category", term)
        if entry.image:
            with xml.element(_q("media", "content"), url=entry.image, medium="image"):
                pass
        if entry.summary:
            _text(xml, "description", entry.summary)
        if entry.html:
            _text(xml, _q("content", "encoded"), entry.html)
        for outlet, title, url in entry.others:
            with xml.element(_q("atom", "link"), rel="related", title=f"{outlet}: {title}", href=url):
                pass


def _text(xml: etree._IncrementalFileWriter, name: str, text: str) -> None:
    with xml.element(name):
        xml.write(text)
