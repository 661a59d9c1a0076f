"""OPML 2.0 of the followed sources."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from aggregator.export.entry import legal
from aggregator.model import Kind, Source


def write(sources: Iterable[Source]) -> bytes:
    """Give the sources that are feeds as OPML, grouped by country."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Mujaz"
    body = etree.SubElement(root, "body")
    groups: dict[str, etree._Element] = {}
    for source in sources:
        if not source.addresses or source.kind is Kind.PAGE:
            continue
        country = source.outlet.country or "XX"
        if country not in groups:
            groups[country] = etree.SubElement(body, "outline", text=country, title=country)
        name = legal(source.outlet.name) + (f" ({legal(source.topic)})" if source.topic else "")
        attributes = {"type": "rss", "text": name, "title": name, "xmlUrl": legal(source.addresses[0])}
        if source.outlet.site:
            attributes["htmlUrl"] = legal(source.outlet.site)
        if source.outlet.language:
            attributes["language"] = source.outlet.language
        etree.SubElement(groups[country], "outline", attrib=attributes)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True))
