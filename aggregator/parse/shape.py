"""Look at a document's outer shape, before anything parses it: what it is, and what it declares on its way.

Works on UTF-8 bytes; nothing here builds a tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator.errors import DocumentError

MAX_ENTITIES = 500
MAX_EXPANSION = 2_000_000

# bytes that XML 1.0 forbids and no text needs
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*))(?=[\s/>])")
_ROOTS = {
    b"rss": "rss",
    b"rdf": "rss",
    b"feed": "atom",
    b"channel": "rss",
    b"urlset": "sitemap",
    b"sitemapindex": "sitemap",
    b"html": "html",
}
_FEED_START = re.compile(rb"<\?xml\b|<(?:[A-Za-z_][\w.-]*:)?(?:rss|rdf|feed|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_HTML_START = re.compile(rb"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_HTML_ONLY = frozenset(
    (
        b"html",
        b"head",
        b"body",
        b"div",
        b"p",
        b"script",
        b"meta",
        b"title",
        b"h1",
        b"table",
        b"br",
        b"b",
        b"center",
        b"form",
        b"span",
        b"pre",
    )
)
_JUNK = 20_000


@dataclass(frozen=True, slots=True)
class Shape:
    """A document's kind (``rss atom sitemap html json xml text``), its bytes from the root on, and its root element's name.

    ``entities`` are the internal entities that its DOCTYPE defines, already expanded.
    """

    kind: str
    data: bytes
    root: str = ""
    entities: tuple[tuple[bytes, bytes], ...] = ()
    problem: str = ""


MAX_TAGS = 250_000
_MAX_SCANNED = 300_000_000
_PAIRS = ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->"), (b"<?", b"?>"))


def bounded(data: bytes) -> bytes:
    """Give XML back that can be read in seconds; raises `DocumentError` for more tags, or more unclosed sections, than that."""
    tags = data.count(b"<")
    if tags > MAX_TAGS:
        raise DocumentError("too_large", f"the document has {tags} tags; {MAX_TAGS} are read at most")
    if tags * len(data) <= _MAX_SCANNED:
        return data
    for opening, closing in _PAIRS:
        unclosed = data.count(opening) - data.count(closing)
        # each is looked for to the end of the document, several times
        if unclosed > 2 and unclosed * len(data) > _MAX_SCANNED:
            raise DocumentError("not_a_feed", f"the XML is broken beyond mending: {unclosed} sections {opening.decode()} are never closed")
    return data


def look(text: str, data: bytes = b"") -> Shape:
    """Tell what a decoded document is; raises `DocumentError` (``empty``, ``too_large`` for an entity bomb).

    ``data`` is the text in UTF-8, where it came so.
    """
    data = (data or text.encode("utf-8", "replace")).translate(None, _CONTROLS)
    data = data.strip(b" \t\r\n").removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise DocumentError("empty", "the document is empty")
    if data[:1] in b"{[":
        return Shape("json", data)
    problem = ""
    if not data.startswith(b"<"):
        data, problem = _after_junk(data)
        if not data.startswith(b"<"):
            return Shape("text", data)
    return _shape(data, problem)


def _shape(data: bytes, problem: str) -> Shape:
    at, entities = _prolog(data)
    found = _ROOT.match(data, at)
    if found is None:
        found = _ROOT.search(data, at)
        if found is None:
            return Shape("text", data)
    name = found[2].lower()
    kind = _ROOTS.get(name)
    if kind is None and name in _HTML_ONLY:
        # a warning of PHP («<br /><b>Warning</b>…») before the feed
        later = _FEED_START.search(data, found.end(), found.end() + _JUNK)
        if later and not _HTML_START.search(data, 0, later.start()):
            return _shape(data[later.start() :], "text before the feed was left out")
        kind = "html"
    return Shape(kind or "xml", data[found.start() :], found[1].decode("ascii", "replace"), entities, problem)


def _after_junk(data: bytes) -> tuple[bytes, str]:
    start = _FEED_START.search(data, 0, _JUNK) or _HTML_START.search(data, 0, _JUNK)
    return (data[start.start() :], "text before the document was left out") if start else (data, "")


_DOCTYPE = re.compile(rb"<!doctype\b", re.IGNORECASE)


def _prolog(data: bytes) -> tuple[int, tuple[tuple[bytes, bytes], ...]]:
    """Find where declarations, comments and the DOCTYPE end; read the entities that it defines."""
    at = 0
    entities: tuple[tuple[bytes, bytes], ...] = ()
    while True:
        while data[at : at + 1].isspace() or data[at : at + 3] == b"\xef\xbb\xbf":
            at += 3 if data[at : at + 1] == b"\xef" else 1
        if data.startswith(b"<?", at):
            end = data.find(b"?>", at)
            other = data.find(b">", at)
            at = end + 2 if end >= 0 and end - at < 5_000 else (other + 1 if other >= 0 else len(data))
        elif data.startswith(b"<!--", at):
            end = data.find(b"-->", at)
            at = end + 3 if end >= 0 else at + 4
        elif _DOCTYPE.match(data, at):
            subset, at = _doctype(data, at)
            entities = _expanded(subset)
        else:
            return at, entities


def _doctype(data: bytes, at: int) -> tuple[bytes, int]:
    close, bracket = data.find(b">", at), data.find(b"[", at)
    if bracket < 0 or (0 <= close < bracket):
        return b"", (close + 1 if close >= 0 else len(data))
    end = re.compile(rb"\]\s*>").search(data, bracket)
    if end is None:
        return b"", bracket + 1
    return data[bracket + 1 : end.start()], end.end()


_ENTITY = re.compile(rb"<!ENTITY\s+([\w.-]+)\s+(?:\"([^\"]*)\"|'([^']*)')\s*>")
_EXTERNAL = re.compile(rb"<!ENTITY\s+([\w.-]+)\s+(?:SYSTEM|PUBLIC)\b", re.IGNORECASE)
_REFERENCE = re.compile(rb"&([\w.-]+);")
_PREDEFINED = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))


def _expanded(subset: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Expand the internal entities; external and parameter entities are never looked at.

    Raises `DocumentError` (``too_large``) for definitions that unfold into more than 2 MB or into themselves.
    """
    values = dict.fromkeys(_EXTERNAL.findall(subset), b"")  # what they name is never fetched: they stand for nothing
    values |= {name: double or single for name, double, single in _ENTITY.findall(subset)}
    if len(values) > MAX_ENTITIES:
        raise DocumentError("too_large", f"the document defines {len(values)} entities")
    done: dict[bytes, bytes] = {}
    for name in values:
        _expand(name, values, done, ())
    return tuple(done.items())


def _expand(name: bytes, values: dict[bytes, bytes], done: dict[bytes, bytes], path: tuple[bytes, ...]) -> bytes:
    if name in done:
        return done[name]
    if name in path or len(path) > 20:
        raise DocumentError("too_large", "the document's entities expand into themselves")
    pieces: list[bytes] = []
    size = 0
    at = 0
    value = values[name]
    for found in _REFERENCE.finditer(value):
        inner = found[1]
        pieces.append(value[at : found.start()])
        pieces.append(_expand(inner, values, done, (*path, name)) if inner in values and inner not in _PREDEFINED else found[0])
        size += len(pieces[-1]) + len(pieces[-2])
        at = found.end()
        if size > MAX_EXPANSION:
            raise DocumentError("too_large", "the document is an entity bomb: its entities expand without bound")
    pieces.append(value[at:])
    done[name] = b"".join(pieces)
    return done[name]


_CDATA_OR_REFERENCE = re.compile(rb"<!\[CDATA\[.*?\]\]>|&([A-Za-z_][\w.-]*);", re.DOTALL)


def resolved(shape: Shape) -> bytes:
    """Give the document with its own entities put in; raises `DocumentError` where that makes it explode."""
    if not shape.entities:
        return bounded(shape.data)
    values = dict(shape.entities)
    total = 0

    def put(found: re.Match[bytes]) -> bytes:
        nonlocal total
        value = values.get(found[1]) if found[1] else None
        if value is None:
            return found[0]
        total += len(value)
        if total > MAX_EXPANSION:
            raise DocumentError("too_large", "the document is an entity bomb: its entities expand without bound")
        return value

    return bounded(_CDATA_OR_REFERENCE.sub(put, bounded(shape.data)))
