"""One article page, decoded and parsed once; everything else in this room reads this value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from aggregator.arabic.charset import decode, repair
from aggregator.errors import DocumentError
from aggregator.extract.attributes import bounded
from aggregator.extract.sanitize import absolute

MAX_BYTES = 8_000_000
MAX_CHARACTERS = 3_000_000  # what is beyond is not read: the longest article page seen has 1.3 MB
MAX_NAMES = 1_000  # characters of an element's classes that are looked at: patterns look ahead in them
MAX_ELEMENTS = 30_000  # an article page has 200 to 5,000

Element = etree._Element


def xpath(expression: str) -> Callable[..., Any]:
    """Compile an XPath expression; what it gives depends on the expression, so nothing is said of it."""
    return etree.XPath(expression)


_XML = re.compile(r"^\s*<\?xml[^>]*\?>")
# page builders call every part of a page a widget
_BUILDER_SIGNS = ("elementor", "et_pb", "vc_", "wpb", "fusion", "fl-", "jeg_", "penci", "wp-block")
_BUILDERS = re.compile(
    r"\b(?:elementor|et_pb|vc|wpb|fusion|fl|jeg|penci|wp-block)[-_](?:widget-?(?:wrap|container|text-editor|theme-post-content)?|element|section|column|row|module)?(?![a-z])[-_]?"
)
# what no XML string may hold, as a character or written as a number
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
_NO_CHARACTERS = tuple(map(str.encode, "\ufeff\ufffe\uffff"))
_NUMBERED = re.compile(
    r"&#(?:x0*(?:[0-8bcef]|1[0-9a-f]|d[89a-f][0-9a-f]{2}|fff[ef])|0*(?:[0-8]|1[124-9]|2\d|3[01]|5[5-7]\d{3}|6553[45]))(?:;|(?![0-9a-f]))",
    re.I,
)
_COUNT = xpath("count(//*)")
_TEXT = xpath("string()")
_HEAD_NODES = xpath("//meta[@content] | //link[@href and @rel] | //base[@href] | //script[contains(@type, 'ld+json')]")


@dataclass(frozen=True, slots=True)
class Head:
    """What a page's head says: meta values by lower-case name, link addresses by relation, JSON-LD texts."""

    metas: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str, str], ...]
    scripts: tuple[str, ...]

    def values(self, *names: str) -> list[str]:
        """Give the values of these names, in the order of the names."""
        return [value for name in names for key, value in self.metas if key == name and value]

    def first(self, *names: str) -> str:
        """Give the first value of the first of these names that has one, or ""."""
        return next(iter(self.values(*names)), "")

    def link(self, relation: str) -> str:
        """Give the address of the first link with this relation, or ""."""
        return next((href for rel, href, _ in self.links if relation in rel.split()), "")


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page. ``base`` is what its addresses are relative to."""

    tree: Element
    body: Element
    head: Head
    url: str
    base: str
    lang: str
    title: str
    text: str  # its mark-up, decoded

    def absolute(self, address: str) -> str:
        """Give an address of this page as an absolute http(s) one, or ""."""
        address = absolute(address, self.base)
        return "" if address.startswith("mailto:") else address


# what a link to an article may lead to all the same
_MAGIC = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a picture or a recording"),
    (b"ID3", "a recording"),
    (b"OggS", "a recording"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
)
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]")
_LOOKED_AT, _MOST_NOISE = 4_000, 0.1  # characters; an Arabic page with a broken letter here and there has far fewer
_MARKUP = re.compile(r"<[A-Za-z!/?]")


def read(html: bytes, *, url: str, content_type: str = "") -> Page:
    """Decode and parse a page. Raises `DocumentError` ``not_an_article`` where there is none."""
    for magic, what in _MAGIC:
        if html.startswith(magic):
            raise DocumentError("not_an_article", f"The document is {what}, no article page.")
    text, _ = decode(html[:MAX_BYTES], content_type)
    if len(_NO_TEXT.findall(text[:_LOOKED_AT])) > len(text[:_LOOKED_AT]) * _MOST_NOISE:
        raise DocumentError("not_an_article", "The document is no text: it is no article page.")
    text = repair(_XML.sub("", text[:MAX_CHARACTERS]))
    if _MARKUP.search(text) is None:
        raise DocumentError("not_an_article", "The document has no mark-up: it is no article page.")
    if text.lstrip()[:500].lower().startswith(("<rss", "<feed", "<rdf:rdf", "<urlset", "<sitemapindex")):
        raise DocumentError("not_an_article", "The document is a feed or sitemap, no article page.")
    tree = _parse(text)
    body = tree.find(".//body")
    head = _head(tree)
    title = tree.find(".//title")
    base = next((href for rel, href, _ in head.links if rel == "base"), "")
    if not url:
        # nobody said where the page was found: what it says of itself is better than nothing
        url = next(
            (address for address in (head.link("canonical"), head.first("og:url"), base) if address.startswith(("http://", "https://"))), ""
        )
    return Page(
        tree=tree,
        body=body if body is not None else tree,
        head=head,
        url=url,
        base=_join(url, base),
        lang=(tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or tree.get("xml:lang") or "").strip(),
        title=" ".join(text_of(title).split()) if title is not None else "",
        text=text,
    )


def _printable(text: str) -> bytes:
    """Encode a text without the control characters that no tree can hold, raw and as numeric references."""
    if "&#" in text:
        text = _NUMBERED.sub("", text)
    encoded = text.encode("utf-8", "replace").translate(None, _CONTROLS)
    for mark in _NO_CHARACTERS:
        if mark in encoded:
            encoded = encoded.replace(mark, b"")
    return encoded


def fragment(html: str) -> Element:
    """Parse a piece of HTML (a feed's content, what a selector chose) as a body element."""
    tree = _parse(f"<html><body>{html[:MAX_CHARACTERS]}</body></html>")
    body = tree.find(".//body")
    return body if body is not None else tree


def text_of(element: Element) -> str:
    """Give all text of an element as one string, tags read as nothing."""
    return str(_TEXT(element))


def names_of(element: Element) -> str:
    """Give what a page's author calls an element: class, id, itemprop, property and role."""
    get = element.get
    names = f"{get('class') or ''} {get('id') or ''} {get('itemprop') or ''} {get('property') or ''} {get('role') or ''}"
    names = names[:MAX_NAMES]
    return _BUILDERS.sub("", names) if any(sign in names for sign in _BUILDER_SIGNS) else names


def _parse(text: str) -> Element:
    # huge_tree stays off: libxml2 then refuses depth beyond 256, which keeps all later walks bounded
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, recover=True, huge_tree=False, no_network=True)
    try:
        tree = etree.fromstring(_printable(bounded(text)), parser)
    except (etree.XMLSyntaxError, etree.ParserError, ValueError) as error:
        raise DocumentError("not_an_article", f"The page can't be parsed: {error}.") from error
    if tree is None:
        raise DocumentError("not_an_article", "The page is empty.")
    if _COUNT(tree) > MAX_ELEMENTS:
        raise DocumentError("not_an_article", f"The page has more than {MAX_ELEMENTS:,} elements: it is no article page.")
    return tree


def _join(url: str, base: str) -> str:
    try:
        return urljoin(url, base) if base else url
    except ValueError:
        return url


def _head(tree: Element) -> Head:
    metas: list[tuple[str, str]] = []
    links: list[tuple[str, str, str]] = []
    scripts: list[str] = []
    for node in _HEAD_NODES(tree):
        match node.tag:
            case "meta":
                value = " ".join(node.get("content").split())
                for attribute in ("property", "name", "itemprop", "http-equiv"):
                    names = (node.get(attribute) or "").lower().split()
                    metas += [(name, value) for name in names]
            case "link":
                links.append((node.get("rel").lower(), node.get("href").strip(), node.get("hreflang") or ""))
            case "base":
                links.append(("base", node.get("href").strip(), ""))
            case _:
                scripts.append(text_of(node))
    return Head(tuple(metas), tuple(links), tuple(scripts))
