"""Read a list page as a source: a recipe of CSS selectors turns its repeating blocks into items."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aggregator.arabic.dates import find_date, parse_date
from aggregator.errors import DocumentError
from aggregator.extract.addresses import identity, site
from aggregator.extract.attributes import bounded
from aggregator.model import Document, RawItem, Recipe
from aggregator.parse import charset, text
from aggregator.parse import propose as proposing
from aggregator.parse.asked import Asked
from aggregator.parse.entry import Entry, Surroundings, digest_of, finish, web_address
from aggregator.parse.pictures import Picture, in_html

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

MAX_PAGE = 4_000_000
MAX_BLOCKS = 500
MAX_INSIDE = 3_000  # nodes in an entry of a list: it has ten to two hundred
MAX_DEPTH = 300  # elements in one another: a page has ten to forty
_BACKGROUND = re.compile(r"background(?:-image)?\s*:[^;\"']*url\(\s*[\"']?([^\"')]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a recipe found: the items, the digest of each, the address of the next older page, and the number of blocks."""

    items: tuple[RawItem, ...]
    digests: tuple[bytes, ...]
    next: str
    blocks: int
    title: str = ""


def items(
    html: bytes | str,
    recipe: Recipe,
    address: str,
    *,
    now: datetime,
    timezone: str = "UTC",
    country: str = "",
    language: str = "",
    known: frozenset[bytes] = frozenset(),
) -> tuple[RawItem, ...]:
    """Give a list page's items by a recipe; raises `DocumentError` (``drifted``) for a recipe that can't be CSS."""
    around = Surroundings(base=address, now=now, timezone=timezone, country=country, language=language)
    return listing(_text(html), recipe, Asked(around, known)).items


def propose(html: bytes | str, address: str) -> Recipe | None:
    """Propose a recipe from a page's repeating blocks; None where nothing repeats like a list of articles."""
    return proposing.propose(_text(html), address)


def read(html: str, recipe: Recipe, asked: Asked) -> Document:
    """Read a list page as a document; raises `DocumentError` (``drifted``) where the recipe no longer fits it."""
    found = listing(html, recipe, asked)
    every = found if not asked.known else listing(html, recipe, Asked(asked.around, frozenset(), asked.max_items))
    reason = drift(every, asked.around.base)
    if reason:
        raise DocumentError("drifted", f"the recipe does not fit the page any more: {reason}")
    return Document(
        format="page", items=found.items, digests=found.digests, title=found.title, site=asked.around.base, language=asked.around.language
    )


def listing(html: str, recipe: Recipe, asked: Asked) -> Listing:
    """Apply a recipe to a page; each article once, in the page's order."""
    soup = _soup(html)
    around = asked.around
    found: list[RawItem] = []
    digests: list[bytes] = []
    seen: set[str] = set()
    sizes = _sizes(soup)
    # what holds half of a page is no entry of a list, and each selector would go through all of it
    blocks = [block for block in _select(soup, recipe.item) if sizes[id(block)] <= MAX_INSIDE][:MAX_BLOCKS]
    for block in blocks:
        entry = _entry(block, recipe, around)
        if entry is None or identity(entry.link) in seen:
            continue
        seen.add(identity(entry.link))
        digests.append(entry.digest)
        if entry.digest in asked.known or len(found) >= asked.max_items:
            continue
        item = finish(entry, around)
        if item and item.title:
            found.append(item)
    title = text.line(soup.title.get_text(" ")) if soup.title else ""
    return Listing(tuple(found), tuple(digests), _next(soup, recipe, around.base), len(blocks), title)


def drift(found: Listing, address: str) -> str:
    """Say in words how a recipe's yield differs from a list of articles, or "".

    The measures hold for any list page: a navigation menu, a widget or an error page that a
    selector hits by chance yields nothing, one title for all, single words, or links to elsewhere.
    """
    got = found.items
    if not found.blocks:
        return "it finds no blocks"
    if not got:
        return f"its {found.blocks} blocks hold no link with a headline"
    titles = Counter(item.title for item in got)
    most, times = titles.most_common(1)[0]
    if len(got) >= 4 and times > len(got) / 2:
        return f"{times} of {len(got)} headlines are «{text.shorten(most, 40)}»"
    if len(got) >= 3 and sum(len(item.title.split()) < 3 for item in got) > len(got) * 0.7:
        return "its headlines are single words, as in a menu"
    away = sum(site(item.url) != site(address) for item in got)
    if len(got) >= 3 and away > len(got) * 0.7:
        return "its links lead to other sites"
    return ""


# -- one block ------------------------------------------------------------------------------


def _text(html: bytes | str) -> str:
    return (html if isinstance(html, str) else charset.decode(charset.unpack(html)).text)[:MAX_PAGE]


def _soup(html: str) -> BeautifulSoup:
    from bs4 import BeautifulSoup
    from lxml import etree

    html = bounded(html[:MAX_PAGE])
    # BeautifulSoup goes through all open elements at each text: 100 kB of them take it a minute
    etree.fromstring(html.encode("utf-8", "replace"), etree.HTMLParser(target=_Depth(), encoding="utf-8", huge_tree=True))
    return BeautifulSoup(html, "lxml")


def _sizes(soup: Tag) -> dict[int, int]:
    """Count what each element holds."""
    nodes = list(soup.descendants)
    sizes = dict.fromkeys(map(id, nodes), 1) | {id(soup): 1}
    for node in reversed(nodes):
        sizes[id(node.parent)] += sizes[id(node)]
    return sizes


class _Depth:
    """Counts, while a page is read, how deep its elements lie in one another."""

    depth = 0

    def start(self, *_: object) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise DocumentError("too_large", f"the page has elements more than {MAX_DEPTH} deep in one another")

    def end(self, *_: object) -> None:
        self.depth -= 1

    def data(self, _: object) -> None:
        return

    def comment(self, _: object) -> None:
        return

    def close(self) -> None:
        return


def _select(node: Tag, selector: str) -> Sequence[Tag]:
    from soupsieve import SelectorSyntaxError

    if not selector:
        return ()
    try:
        return node.select(selector)
    except (SelectorSyntaxError, NotImplementedError) as error:
        raise DocumentError(
            "drifted", f"the recipe's selector {selector!r} is not CSS that is known: {str(error).splitlines()[0]}"
        ) from None


def _first(block: Tag, selector: str) -> Tag | None:
    found = _select(block, selector)
    return found[0] if found else None


def _entry(block: Tag, recipe: Recipe, around: Surroundings) -> Entry | None:
    link = _link(block, recipe.link)
    if link is None:
        return None
    address = web_address(_attribute(link, "href"), around.base)
    if not address:
        return None
    title = _title(block, link, recipe.title)
    date = _date(block, recipe.date, around)
    picture = _pictures(block, recipe.image)
    summary = _first(block, recipe.summary)
    told = summary.get_text(" ") if summary is not None else ""
    told = "" if text.line(told) == text.line(title) else told
    # a relative date («منذ ساعتين») reads otherwise at each visit: it is no change of the entry
    marks = "\0".join((address, title, told, *(each.address for each in picture)))
    return Entry(
        id=address,
        link=address,
        title=title,
        summary=told,
        published=date,
        pictures=picture,
        digest=digest_of(marks.encode("utf-8", "replace")),
    )


def _link(block: Tag, selector: str) -> Tag | None:
    for found in _select(block, selector or "a"):
        if _attribute(found, "href").strip() not in ("", "#"):
            return found
    return block if block.name == "a" and _attribute(block, "href") else None


def _title(block: Tag, link: Tag, selector: str) -> str:
    chosen = _first(block, selector) if selector else None
    texts = [chosen.get_text(" ")] if chosen is not None else []
    if not selector or not texts or not texts[0].strip():
        heading = _first(block, "h1, h2, h3, h4, h5, h6")
        texts += [link.get_text(" "), _attribute(link, "title"), heading.get_text(" ") if heading is not None else "", _alt(link)]
    return next((told for told in texts if told.strip()), "")


def _alt(link: Tag) -> str:
    image = _first(link, "img[alt]")
    return _attribute(image, "alt") if image is not None else ""


def _date(block: Tag, selector: str, around: Surroundings) -> str:
    node = _first(block, selector) if selector else _first(block, "time[datetime], time")
    if node is None:
        return ""
    for name in ("datetime", "data-date", "data-time", "content", "title"):
        told = _attribute(node, name)
        if told and parse_date(told, timezone=around.timezone, country=around.country, now=around.now).value:
            return told
    told = node.get_text(" ")
    if parse_date(told, timezone=around.timezone, country=around.country, now=around.now).value:
        return told
    inside = find_date(told, timezone=around.timezone, country=around.country, now=around.now).value
    return inside.isoformat() if inside else told


def _pictures(block: Tag, selector: str) -> tuple[Picture, ...]:
    node: Any = _first(block, selector) if selector else block
    if node is None:
        return ()
    inside = tuple(in_html(str(node)))
    background = _BACKGROUND.search(str(node))
    if background:
        inside = (*inside, Picture(background[1].strip(), "content"))
    return inside


def _attribute(node: Tag, name: str) -> str:
    value = node.get(name)
    return value if isinstance(value, str) else ""


def _next(soup: Tag, recipe: Recipe, base: str) -> str:
    node = _first(soup, recipe.next) if recipe.next else None
    address = web_address(_attribute(node, "href"), base) if node is not None else ""
    return "" if address == base else address
