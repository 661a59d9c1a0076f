"""What a source's own CSS selectors choose on an article page (BeautifulSoup: selectors are written by users)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.arabic.fold import clean
from aggregator.extract.bylines import author_of
from aggregator.extract.page import Element, Page, fragment
from aggregator.model import Selectors

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag


@dataclass(frozen=True, slots=True)
class Selected:
    """What the selectors found; empty where they found nothing, and the extractor goes on by itself."""

    title: str = ""
    body: Element | None = None
    date: str = ""
    author: str = ""
    image: str = ""


def select(html: bytes, page: Page, selectors: Selectors) -> Selected:
    """Apply a source's selectors; one that finds nothing, or is no CSS, counts for nothing."""
    if not any((selectors.title, selectors.body, selectors.date, selectors.author, selectors.image, selectors.remove)):
        return Selected()
    from bs4 import BeautifulSoup
    from lxml import etree

    soup = BeautifulSoup(etree.tostring(page.tree, encoding="unicode", method="html"), "lxml")
    for selector in selectors.remove:
        for tag in _all(soup, selector):
            tag.decompose()
    bodies = _all(soup, selectors.body)
    # one selector may name several parts of one text
    body = fragment("".join(str(tag) for tag in bodies)) if any(tag.get_text(strip=True) for tag in bodies) else None
    return Selected(
        title=clean(_text(soup, selectors.title)),
        body=body,
        date=clean(_attribute(soup, selectors.date, "datetime", "content", "title") or _text(soup, selectors.date)),
        author=author_of(_text(soup, selectors.author)),
        image=page.absolute(_attribute(soup, selectors.image, "data-src", "content", "src", "href")),
    )


def _all(soup: BeautifulSoup, selector: str) -> list[Tag]:
    from soupsieve import SelectorSyntaxError

    if not selector:
        return []
    try:
        found = soup.select(selector)
    except (SelectorSyntaxError, ValueError, NotImplementedError):
        return []
    # a part inside a part that was found as well would come twice
    return [tag for tag in found if not any(parent in found for parent in tag.parents)] if len(found) < 200 else found[:200]


def _text(soup: BeautifulSoup, selector: str) -> str:
    tags = _all(soup, selector)
    return tags[0].get_text(" ") if tags else ""


def _attribute(soup: BeautifulSoup, selector: str, *names: str) -> str:
    tags = _all(soup, selector)
    if not tags:
        return ""
    return next((str(value) for value in (tags[0].get(name) for name in names) if value and not str(value).startswith("data:")), "")
