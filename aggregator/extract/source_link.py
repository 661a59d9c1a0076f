"""Where a story can be read at its source: looked for before boiler-plate is cut, since it stands in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aggregator.extract import phrases
from aggregator.extract.addresses import canonical, site
from aggregator.extract.density import block_of
from aggregator.extract.jsonld import Linked
from aggregator.extract.page import Element, Page, text_of, xpath

# what the wordings have in common; only pages that hold one of these are searched, and only for these
_WORDS = ("مصدر", "الأصلي", "الاصلي", "الموقع الرسمي", "رابط الخبر", "نقلا عن", "نقلاً عن")
_MOST = 60  # mentions looked at: a page has one or two
_LATIN_STEMS = ("ource", "riginal", "full story")
_LATIN = re.compile(
    r"(?:^|[>\s])sources?(?:\s|&nbsp;|</\w+>)*(?::|</a>)|à la source|at the source|article original|l.original|original (?:article|story|post)|read (?:the )?original|view original|full story at",
    re.I,
)
_LATIN_TEXTS = xpath(
    "//text()[string-length(.) < 200][contains(., 'ource') or contains(., 'OURCE') or contains(., 'riginal') or contains(., 'full story')]"
)
_ARABIC_TEXTS = xpath("//text()[string-length(.) < 200][contains(., $word)]")
_MARKABLE = xpath("//a[@rel or @itemprop or contains(@class, 'ource') or contains(@class, 'riginal')] | //link[@itemprop]")
_MARKED = re.compile(r"isBasedOn|source-?link|read-?source|original-?link", re.I)
_REDIRECT = ("url", "u", "link", "target", "to", "redirect", "redirect_url", "goto", "dest", "q", "r", "out")
_SCRIPTED = re.compile(r"https?://[^'\"\s)]+")


def find(page: Page, linked: Linked) -> str:
    """Give the address of the story at its source, else the page's own canonical address, without tracking parameters."""
    for address in (_worded(page), _marked(page), _declared(page, linked)):
        if address:
            return canonical(unwrap(address))
    return canonical(own(page, linked))


def own(page: Page, linked: Linked) -> str:
    """Give the page's canonical address: what it declares, if that is on its own site, else where it was found."""
    for said in (page.head.link("canonical"), page.head.first("og:url"), linked.url):
        address = page.absolute(said)
        if address and (not page.url or site(address) == site(page.url)) and not _is_front(address, page.url):
            return address
    return page.url


def _is_front(address: str, url: str) -> bool:
    """Tell whether a page declares its site's front page as its address: a theme's mistake."""
    return urlsplit(address).path in ("", "/") and not urlsplit(address).query and urlsplit(url).path not in ("", "/")


def _worded(page: Page) -> str:
    """Find the link behind «انقر هنا لقراءة الخبر من مصدره», «المصدر: …» and their kin."""
    named = ""
    for text in _mentions(page)[:_MOST]:
        holder = text.getparent()
        if text.is_tail:
            holder = holder.getparent()
        link = _enclosing_link(holder)
        block = block_of(holder)
        place = link if link is not None else block
        if place is None:
            continue
        line = " ".join(text_of(place).split())
        if len(line) > 200:
            line = " ".join(str(text).split())
        kinds = phrases.kinds(line)
        if "readsource" in kinds:
            address = _address(page, link, block, text, foreign=False)
            if address:
                return address
        if "sourceline" in kinds and not named:
            named = _address(page, link, block, text, foreign=True)
    return named


def _mentions(page: Page) -> list[Any]:
    texts: list[Any] = []
    for word in _WORDS:
        if word in page.text:
            texts += _ARABIC_TEXTS(page.body, word=word)
    if any(_LATIN.search(around) for stem in _LATIN_STEMS for around in _around(page.text, stem)):
        texts += _LATIN_TEXTS(page.body)
    return texts


def _around(text: str, stem: str) -> Iterator[str]:
    """Give the surroundings of each place where a word's stem stands (finding it is ten times faster than a search by expression)."""
    at = text.find(stem)
    while at >= 0:
        yield text[max(0, at - 16) : at + 40]
        at = text.find(stem, at + 1)


def _enclosing_link(element: Element | None) -> Element | None:
    while element is not None and element.tag != "a":
        element = element.getparent() if block_of(element) is not element else None
    return element


def _address(page: Page, link: Element | None, block: Element | None, text: str, *, foreign: bool) -> str:
    links = [link] if link is not None else []
    if block is not None and len(text_of(block)) < 400:
        links += list(block.iter("a"))
        parent = block.getparent()
        # the label and its link may be cells or lines of their own
        if not links and parent is not None and len(text_of(parent)) < 200:
            links += list(parent.iter("a"))
    elif link is None and block is not None:
        links += _after(block, text)
    for candidate in links:
        address = _href(page, candidate)
        if address and _leads_on(address, page.url) and not (foreign and site(unwrap(address)) == site(page.url)):
            return address
    return ""


def _after(block: Element, text: str) -> list[Element]:
    """Give the link that directly follows a text in a long block (text set by line breaks)."""
    holder = getattr(text, "getparent", lambda: None)()
    if holder is None:
        return []
    following = holder.getnext() if getattr(text, "is_tail", False) else next(iter(holder), None)
    for _ in range(3):
        if following is None:
            return []
        if following.tag == "a":
            return [following]
        inner = following.find(".//a")
        if inner is not None:
            return [inner]
        if following.tag == "br":
            return []
        following = following.getnext()
    return []


def _href(page: Page, link: Element) -> str:
    href = link.get("href") or ""
    if not href or href.startswith(("#", "javascript:")):
        scripted = _SCRIPTED.search(f"{link.get('data-href') or ''} {link.get('data-url') or ''} {link.get('onclick') or ''} {href}")
        return scripted[0] if scripted else ""
    return page.absolute(href)


def _leads_on(address: str, url: str) -> bool:
    parts = urlsplit(address)
    return canonical(address) != canonical(url) and (parts.path not in ("", "/") or bool(parts.query) or site(address) != site(url))


def _marked(page: Page) -> str:
    for link in _MARKABLE(page.tree):
        get = link.get
        rel = get("rel")
        if not (rel and "source" in rel.lower().split()) and not _MARKED.search(f"{get('itemprop') or ''} {get('class') or ''}"):
            continue
        address = page.absolute(link.get("href") or "")
        if address and _leads_on(address, page.url):
            return address
    return ""


def _declared(page: Page, linked: Linked) -> str:
    head = page.head
    for said in (
        linked.based_on,
        *head.values("syndication-source", "original-source", "isbasedon", "article:original_source", "dc.source"),
    ):
        address = page.absolute(said) if said.startswith(("http", "//")) else ""
        if address and _leads_on(address, page.url):
            return address
    address = page.absolute(head.link("canonical"))
    if address and page.url and site(address) != site(page.url) and urlsplit(address).path not in ("", "/"):
        return address
    return ""


def unwrap(address: str) -> str:
    """Give where a redirecting address leads (``/go?url=https%3A%2F%2F…``), if it says so itself.

    >>> unwrap("https://a.example/out?url=https%3A%2F%2Fb.example%2Fnews%2F1")
    'https://b.example/news/1'
    """
    try:
        pairs = dict(parse_qsl(urlsplit(address).query))
    except ValueError:
        return address
    for name in _REDIRECT:
        value = pairs.get(name, "")
        if value.startswith(("http://", "https://")) and "." in value:
            return value
    return address
