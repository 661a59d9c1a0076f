"""Read sitemaps as sources: Google-News sitemaps with headlines and dates, plain ones with addresses and ``lastmod``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aggregator.errors import DocumentError
from aggregator.model import Document, RawItem
from aggregator.parse import cutting, mend
from aggregator.parse.asked import Asked
from aggregator.parse.entry import Entry, finish, web_address
from aggregator.parse.pictures import Picture
from aggregator.parse.shape import Shape, resolved
from aggregator.parse.text import line

_LASTMOD = re.compile(rb"<(?:[\w.-]+:)?(?:publication_date|lastmod)\s*>\s*(?:<!\[CDATA\[)?\s*([0-9][^<\]]{3,40})", re.IGNORECASE)
_LOC = re.compile(rb"<(?:[\w.-]+:)?loc\s*>\s*(?:<!\[CDATA\[)?\s*([^<\]]+)", re.IGNORECASE)
Element = Any


def read(shape: Shape, asked: Asked) -> Document:
    """Read a sitemap; raises `DocumentError` for an index, naming the sitemaps in it."""
    data = resolved(shape)
    if shape.root.rpartition(":")[2].lower() == "sitemapindex":
        raise DocumentError("not_a_feed", f"a sitemap index; follow one of its sitemaps: {', '.join(parts(data, asked.around.base)[:3])}")
    cut = cutting.cut(data, sitemap=True)
    problems = [shape.problem] if shape.problem else []
    if cut is None:
        cut = cutting.with_digests(data, cutting.loose_spans(data, sitemap=True))
        problems.append("entries are not closed properly")
    chosen = _newest(cut, asked.max_items)
    if len(chosen) < len(cut.spans):
        problems.append(f"{len(cut.spans)} addresses, of which the newest {asked.max_items} were read")
    items: list[RawItem] = []
    seen = set(asked.known)
    for index in chosen:
        if cut.digests[index] in seen:
            continue
        seen.add(cut.digests[index])
        entry = _entry(cut.entry(index), cut.digests[index])
        item = finish(entry, asked.around) if entry and entry.link else None
        if item:
            items.append(item)
    return Document(
        format="sitemap",
        items=tuple(items),
        digests=tuple(cut.digests[index] for index in chosen),
        language=asked.around.language,
        problems=tuple(problems),
    )


def _newest(cut: cutting.Cut, most: int) -> list[int]:
    """Give the indexes of the newest addresses, in document order (a plain sitemap lists a site's whole past)."""
    indexes = list(range(len(cut.spans)))
    if len(indexes) <= most:
        return indexes
    dates = {index: found[1] if (found := _LASTMOD.search(cut.entry(index))) else b"" for index in indexes}
    return sorted(sorted(indexes, key=lambda index: dates[index], reverse=True)[:most])


def parts(data: bytes, base: str) -> list[str]:
    """Give the sitemaps that an index names: those for news first, then by date, newest first."""
    cut = cutting.cut(data, sitemap=True)
    entries = [cut.entry(index) for index in range(len(cut.spans))] if cut else []
    rows = []
    for entry in entries[:5_000]:
        found, date = _LOC.search(entry), _LASTMOD.search(entry)
        address = web_address(line(found[1].decode("utf-8", "replace"), 2_000), base) if found else ""
        if address:
            rows.append(("news" in address.lower(), "post" in address.lower(), date[1] if date else b"", address))
    rows.sort(key=lambda row: row[:3], reverse=True)
    return [row[3] for row in rows]


# -- one address ----------------------------------------------------------------------------


def _entry(raw: bytes, digest: bytes) -> Entry | None:
    from lxml import etree

    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, encoding="utf-8")
    try:
        element = etree.fromstring(mend.prefixes_bound(mend.references_mended(raw)), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if element is None:
        return None
    fields = dict(_fields(element))
    return Entry(
        id=fields.get("loc", ""),
        link=fields.get("loc", ""),
        title=fields.get("news title") or fields.get("video title") or "",
        summary=fields.get("video description", ""),
        published=fields.get("news publication_date") or fields.get("video publication_date") or "",
        updated=fields.get("lastmod", ""),
        pictures=tuple(_pictures(element)),
        categories=tuple(filter(None, (word.strip() for word in re.split("[,،]", fields.get("news keywords", ""))))),
        language=fields.get("news language", ""),
        digest=digest,
    )


def _fields(element: Element) -> Iterator[tuple[str, str]]:
    """Yield the fields of an address, those of its news and video blocks with the block's name before them; the first of each counts."""
    seen: set[str] = set()
    for node in element.iter():
        if not isinstance(node.tag, str) or len(node):
            continue
        name = _local(node)
        above = [_local(parent) for parent in node.iterancestors()]
        block = next((each for each in above if each in ("news", "video", "image")), "")
        key = f"{block} {name}".strip()
        if key not in seen and node.text and node.text.strip():
            seen.add(key)
            yield key, node.text.strip()


def _pictures(element: Element) -> Iterator[Picture]:
    for node in element.iter():
        if isinstance(node.tag, str) and node.text:
            name = _local(node)
            parent = _local(node.getparent()) if node.getparent() is not None else ""
            if parent == "image" and name == "loc":
                yield Picture(node.text.strip(), "media")
            elif name == "thumbnail_loc":
                yield Picture(node.text.strip(), "thumbnail")


def _local(node: Element) -> str:
    return str(node.tag).rpartition("}")[2].rpartition(":")[2].lower()
