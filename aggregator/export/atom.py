"""Atom 1.0 (RFC 4287), written entry by entry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO
from urllib.parse import quote

from lxml import etree

from aggregator.export.entry import TAG, Entry, full, legal
from aggregator.export.feed import Head

ATOM = "http://www.w3.org/2005/Atom"
XML = "{http://www.w3.org/XML/1998/namespace}"


def write(head: Head, entries: Iterable[Entry], out: BinaryIO) -> int:
    """Write a feed; gives how many entries."""
    count = 0
    with etree.xmlfile(out, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element(
            "feed", nsmap={None: ATOM, "media": "http://search.yahoo.com/mrss/", "xml": XML[1:-1]}, attrib={f"{XML}lang": head.language}
        ):
            for name, text in (("id", head.id), ("title", head.title), ("updated", stamp(head.now))):
                _text(xml, name, legal(text))
            if head.address:
                _empty(xml, "link", rel="self", type="application/atom+xml", href=legal(head.address))
            if head.home:
                _empty(xml, "link", rel="alternate", type="text/html", href=legal(head.home))
            with xml.element("author"):
                _text(xml, "name", legal(head.title))
            with xml.element("generator", uri="https://example.org/mujaz"):
                xml.write("Mujaz")
            for entry in entries:
                _entry(xml, entry)
                count += 1
    return count


def stamp(moment: object) -> str:
    """Write a time as RFC 3339 in UTC, to the second."""
    from datetime import UTC, datetime

    assert isinstance(moment, datetime)
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _entry(xml: etree._IncrementalFileWriter, entry: Entry) -> None:
    with xml.element("entry", attrib={f"{XML}lang": entry.language} if entry.language else {}):
        _text(xml, "id", entry.id)
        _text(xml, "title", entry.title)
        if entry.url:
            _empty(xml, "link", rel="alternate", type="text/html", href=entry.url)
        _text(xml, "published", stamp(entry.published))
        _text(xml, "updated", stamp(entry.updated))
        with xml.element("author"):
            _text(xml, "name", entry.author or entry.outlet)
        with xml.element("source"):
            _text(xml, "id", full(entry.outlet_site) or f"{TAG}outlet/{quote(entry.outlet)}")
            _text(xml, "title", entry.outlet)
            _text(xml, "updated", stamp(entry.updated))
            if entry.outlet_site:
                _empty(xml, "link", rel="alternate", href=full(entry.outlet_site))
        for term in entry.categories:
            _empty(xml, "category", term=term)
        for outlet, title, url in entry.others:
            _empty(xml, "link", rel="related", type="text/html", title=f"{outlet}: {title}", href=url)
        if entry.image:
            _empty(xml, "{http://search.yahoo.com/mrss/}content", url=entry.image, medium="image")
        if entry.summary:
            _text(xml, "summary", entry.summary)
        if entry.html:
            with xml.element("content", type="html"):
                xml.write(entry.html)


def _text(xml: etree._IncrementalFileWriter, name: str, text: str) -> None:
    with xml.element(name):
        xml.write(text)


def _empty(xml: etree._IncrementalFileWriter, name: str, **attributes: str) -> None:
    with xml.element(name, attrib=attributes):
        pass
