"""Propose a recipe for a list page from the blocks that repeat in it.

Every link that reads like a headline votes for the elements around it, named by tag and
classes; the name under which most headlines stand one to a block is the list. Then the parts that
most of its blocks share (date, picture, summary) get selectors.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aggregator.extract.addresses import identity, site
from aggregator.extract.attributes import bounded
from aggregator.model import Recipe
from aggregator.parse.entry import web_address

Node = Any
MIN_BLOCKS = 4
_CLIMB = 7
_WORDS = 4
_LETTERS = 18
_OUTSIDE = frozenset(("nav", "footer", "aside", "header", "form", "select", "noscript"))
_OUTSIDE_CLASS = re.compile(
    r"\b(?:nav|menu|footer|breadcrumbs?|sidebar|widget|ticker|marquee|trending|most-?read|tags?|social|share|cookie|pagination)\b|الأكثر",
    re.IGNORECASE,
)
_VOLATILE = re.compile(
    r"\d|^(?:first|last|odd|even|active|current|clearfix|cf|row|col|lazy|lazyload(?:ed)?|wow|animated?|fade\w*|hentry|has-post-thumbnail|sticky|status-\w+|format-\w+|category-.*|tag-.*|type-\w+|views-row-.*)$",
    re.IGNORECASE,
)
_SAFE_CLASS = re.compile(r"^[A-Za-z_-][\w-]*$", re.ASCII)
_DATE_CLASS = re.compile(r"date|time|publish|posted|تاريخ", re.IGNORECASE)
_SUMMARY_CLASS = re.compile(r"excerpt|summary|desc|intro|teaser|lead|chapeau|brief|snippet|abstract", re.IGNORECASE)
_LOOKS_DATED = re.compile(r"\d{1,2}[/.\-:]\d{1,2}|(?:منذ|قبل|il y a)\s|\b(?:19|20)\d\d\b|[٠-٩]{1,2}\s|\bago\b")
_NEXT_TEXT = re.compile(
    r"^\s*(?:التالي|التالية|الصفحة التالية|السابق|أقدم|الأقدم|المقالات الأقدم|المزيد|next|older(?: posts)?|suivante?|»|›|→|←)\s*[»›→←]?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Headline:
    """A link that reads like a headline."""

    node: Node
    address: str
    words: int


def propose(text: str, address: str) -> Recipe | None:
    """Propose a recipe from a page's text; None where nothing repeats like a list of articles."""
    from lxml import etree, html

    try:
        tree = html.document_fromstring(
            bounded(text).encode("utf-8", "replace"), parser=html.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=False)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    headlines = list(_headlines(tree, address))
    best = _best_group(tree, headlines)
    return _recipe(tree, *best) if best else None


def _headlines(tree: Node, address: str) -> Iterator[Headline]:
    for link in tree.iter("a"):
        where = web_address(link.get("href") or "", address)
        if not where or identity(where) == identity(address) or site(where) != site(address):
            continue
        told = " ".join(" ".join(link.itertext()).split()) or link.get("title") or ""
        words = told.split()
        path = urlsplit(where)
        if len(words) < _WORDS or len(told) < _LETTERS or (path.path in ("", "/") and not path.query) or _outside(link):
            continue
        yield Headline(link, identity(where), len(words))


def _outside(node: Node) -> bool:
    for above in node.iterancestors():
        if above.tag in ("body", "html"):
            return False
        if above.tag in _OUTSIDE and not (above.tag == "header" and _in_article(above)):
            return True
        if _OUTSIDE_CLASS.search(f"{above.get('class') or ''} {above.get('id') or ''}"):
            return True
    return False


def _in_article(node: Node) -> bool:
    return any(above.tag in ("article", "li") for above in node.iterancestors())


def _name(node: Node) -> str:
    """Name an element by its tag and those of its classes that are about what it is, not which one it is."""
    classes = [name for name in (node.get("class") or "").split() if _SAFE_CLASS.match(name) and not _VOLATILE.search(name)]
    return ".".join([node.tag, *classes[:3]])


def _path(node: Node) -> str:
    """Name an element by itself, or where it has no class by its parent as well."""
    own = _name(node)
    parent = node.getparent()
    if "." in own or own == "article" or parent is None or not isinstance(parent.tag, str):
        return own
    identifier = parent.get("id") or ""
    above = f"#{identifier}" if _SAFE_CLASS.match(identifier) and not re.search(r"\d{3}", identifier) else _name(parent)
    return f"{above} > {own}" if above not in ("body", "html") else own


Group = tuple[str, list[tuple[Node, Headline]]]


def _best_group(tree: Node, headlines: Sequence[Headline]) -> Group | None:
    groups: dict[str, dict[Node, dict[str, Headline]]] = defaultdict(lambda: defaultdict(dict))
    for headline in headlines:
        node = headline.node
        for _ in range(_CLIMB):
            if node is None or not isinstance(node.tag, str) or node.tag in ("body", "html", "main"):
                break
            inside = groups[_path(node)][node]
            kept = inside.get(headline.address)
            if kept is None or kept.words < headline.words:
                inside[headline.address] = headline
            node = node.getparent()
    best: tuple[float, Group] | None = None
    for path, blocks in groups.items():
        single = [(block, next(iter(inside.values()))) for block, inside in blocks.items() if len(inside) == 1]
        addresses = {headline.address for _, headline in single}
        if len(addresses) < MIN_BLOCKS or len(single) < 0.7 * len(blocks):
            continue
        score = _score(single, len(addresses))
        if best is None or score > best[0]:
            best = (score, (path, single))
    return best[1] if best else None


def _score(blocks: Sequence[tuple[Node, Headline]], distinct: int) -> float:
    """Prefer many articles, and of equal lists the blocks that hold the most beside the headline: picture, date, summary."""
    sample = blocks[:12]
    rich = sum(
        (block.find(".//img") is not None) + (_date_node(block) is not None) + (_summary_node(block, line) is not None)
        for block, line in sample
    )
    words = sum(line.words for _, line in sample) / len(sample)
    return distinct * (1 + 0.5 * rich / len(sample)) * min(words, 10) + 0.01 * sum(len(block) for block, _ in sample)


# -- the recipe -----------------------------------------------------------------------------


def _recipe(tree: Node, path: str, blocks: Sequence[tuple[Node, Headline]]) -> Recipe:
    link = _shared(blocks, lambda block, line: line.node, "a")
    date = _shared(blocks, lambda block, line: _date_node(block), "")
    summary = _shared(blocks, lambda block, line: _summary_node(block, line), "")
    image = _shared(blocks, lambda block, line: block.find(".//img"), "")
    return Recipe(item=path, link=link or "a", date=date, image="img" if image else "", summary=summary, next=_next(tree))


def _shared(blocks: Sequence[tuple[Node, Headline]], choose: Callable[[Node, Headline], Node | None], default: str) -> str:
    """Give the selector by which most blocks name the chosen element, seen from the block."""
    votes: dict[str, int] = defaultdict(int)
    for block, line in blocks:
        node = choose(block, line)
        if node is not None:
            votes[_inside(block, node)] += 1
    if not votes:
        return default
    selector, count = max(votes.items(), key=lambda pair: pair[1])
    return selector if count >= len(blocks) / 2 else default


def _inside(block: Node, node: Node) -> str:
    if node is block:
        return ""
    own = _name(node)
    parent = node.getparent()
    if "." not in own and parent is not None and parent is not block:
        return f"{_name(parent)} {own}"
    return own


def _date_node(block: Node) -> Node | None:
    for node in block.iter():
        if not isinstance(node.tag, str) or node.tag == "a":
            continue
        told = " ".join(node.itertext()) if len(node) < 4 else ""
        if node.tag == "time" and (node.get("datetime") or told.strip()):
            return node
        if len(told) < 80 and _DATE_CLASS.search(node.get("class") or "") and _LOOKS_DATED.search(told):
            return node
    return None


def _summary_node(block: Node, line: Headline) -> Node | None:
    title = " ".join(line.node.itertext()).strip()
    for node in block.iter("p", "div", "span"):
        told = " ".join(" ".join(node.itertext()).split())
        named = _SUMMARY_CLASS.search(node.get("class") or "")
        if (
            len(told.split()) >= 6
            and (named or node.tag == "p")
            and title not in told
            and node is not block
            and node.find(".//a") is not line.node
        ):
            return node
    return None


def _next(tree: Node) -> str:
    for link in tree.iter("a", "link"):
        if "next" in (link.get("rel") or "").split():
            return f"{link.tag}[rel~=next]"
    for link in tree.iter("a"):
        classes = [
            name for name in (link.get("class") or "").split() if re.search(r"next|older", name, re.IGNORECASE) and _SAFE_CLASS.match(name)
        ]
        if classes and link.get("href"):
            return f"a.{classes[0]}"
    for link in tree.iter("a"):
        parent = link.getparent()
        if link.get("href") and parent is not None and _NEXT_TEXT.match(" ".join(link.itertext())):
            classes = [
                name
                for name in (parent.get("class") or "").split()
                if re.search(r"next|older", name, re.IGNORECASE) and _SAFE_CLASS.match(name)
            ]
            if classes:
                return f"{parent.tag}.{classes[0]} a"
    return ""
