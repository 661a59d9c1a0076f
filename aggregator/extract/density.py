"""Where on a page the running text stands, by its amount alone.

Only text nodes long enough to be prose are looked at, and only outside links: a page of 800
elements has some twenty of them, which is why this costs a fraction of a millisecond. Their
lengths are added up along their ancestors (the idea of Readability's paragraph scores, with
descent instead of decay), then the walk goes down from the body for as long as one child
holds most of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from aggregator.extract import phrases
from aggregator.extract.outline import Outline
from aggregator.extract.page import Element, Page, names_of, text_of, xpath

MIN_PROSE = 25  # characters: a shorter line doesn't tell prose from a label
_PROSE = xpath(
    f".//text()[string-length(.) >= {MIN_PROSE}][string-length(normalize-space(.)) >= {MIN_PROSE}]"
    "[not(ancestor::a or ancestor::button or ancestor::select or ancestor::option or ancestor::marquee or ancestor::label or ancestor::textarea)]"
)
INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "o:p",
        "amp-fit-text",
    ]
)
_LEAVES = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "dd", "dt", "pre", "td", "figcaption", "summary", "caption"]
)
_LISTS = frozenset(["ul", "ol", "dl", "blockquote"])
_OUTSIDE = frozenset(["nav", "footer", "aside", "form", "menu", "dialog", "figcaption"])
# names that page authors give to what is not the article, as whole words between - _ and spaces
_NOT_ARTICLE = re.compile(
    r"(?<![a-z])(?:comments?|comment-?list|commentlist|cmts?|replies|discussion|respond|disqus|fb-comments|related\w*|sidebar|side-?bar|widget(?:s|_\w+)?|footer|ticker|news-?ticker|marquee|breaking(?:-?news)?"
    r"|cookie\w*|gdpr|consent|popup|modal|newsletter|subscribe\w*|promo\w*|breadcrumbs?|menu|navbar|navigation|most-?(?:read|viewed|popular)|popular|trending|recommended|latest-?news|copyright|mega-?menu"
    r"|outbrain|taboola|login|signup|register|polls?|sondage|commentaires?)(?![a-z])",
    re.I,
)
_SENTENCE_END = re.compile(r"[.؟?!:…»\"”)\]]\s*$")
_STOPS = re.compile(r"[.،؛,;؟?!:…]")


@dataclass(slots=True)
class Prose:
    """The prose of a page: its text nodes with their weights, and the sums of their ancestors."""

    nodes: list[tuple[Element, str, float]] = field(default_factory=list)  # block, text, weight
    mass: dict[Element, float] = field(default_factory=dict)
    kids: dict[Element, dict[Element, None]] = field(default_factory=dict)  # an ordered set each
    order: dict[Element, list[int]] = field(default_factory=dict)  # element -> numbers of its text nodes
    lead: int | None = None  # the first text node behind the headline

    @property
    def total(self) -> float:
        """Give the weight of all prose."""
        return sum(weight for _, _, weight in self.nodes)


def measure(page: Page, around: Outline | None = None, heading: Element | None = None) -> Prose:
    """Find the prose of a page, outside of what tag or name says to be something else.

    What stands before the headline (``heading``, by its place in ``around``) counts half: an article follows its headline.
    """
    prose = Prose()
    top = page.body
    start = around.place(heading, -1) if around is not None else -1
    outside = _headed_outside(top)
    found: list[tuple[Element, str, float]] = []
    for text in _PROSE(top):
        holder = text.getparent()
        if text.is_tail:
            holder = holder.getparent()
        block = block_of(holder)
        if block is None or block.tag == "h1" or _is_outside(block, top, outside):
            continue
        weight = weigh(str(text))
        if around is not None and around.place(block, start) < start:
            weight *= 0.5
        if weight > 0:
            found.append((block, str(text), weight))
    cards = _cards(found)
    for number, (block, text, weight) in enumerate(found):
        is_card = len(text) < _CARD and (_shape(block) in cards or _is_teaser(block))
        lighter = weight * 0.3 if is_card else weight
        prose.nodes.append((block, text, lighter))
        _add(prose, block, top, lighter, number)
        if prose.lead is None and around is not None and around.place(block, -1) > start >= 0:
            prose.lead = number
    return prose


_CARD = 160  # characters: the teaser on a card is shorter


def _is_teaser(block: Element) -> bool:
    """Tell whether a short text stands in a box of its own with a link as long as a headline: a teaser of another story."""
    if block.tag in ("div", "li", "td", "section") and len(block) and not (block.text or "").strip() and _is_box(block, block[0]):
        return True
    parent = block.getparent()
    return (
        parent is not None
        and block.tag in ("p", "div", "span")
        and _is_small(parent)
        and parent[0] is not block
        and _is_box(parent, parent[0])
    )


def _is_small(element: Element) -> bool:
    # not len(): it counts all children, which for a paragraph's parent, asked by each paragraph, is quadratic
    return next(islice(element, 6, 7), None) is None


def _is_box(box: Element, first: Element) -> bool:
    link = first if first.tag == "a" else first.find(".//a")
    return link is not None and len(text_of(link).strip()) >= 15 and len(text_of(box)) < 2 * _CARD


def _shape(block: Element) -> tuple[str, ...]:
    """Give a block's and its wrapper's tags and classes, by which the cards of a list are alike."""
    parent = block.getparent()
    if parent is None:
        return ()
    return (str(block.tag), block.get("class") or "", str(parent.tag), parent.get("class") or "")


def _cards(found: list[tuple[Element, str, float]]) -> set[tuple[str, ...]]:
    """Find the shapes of cards: four and more blocks alike, each in a wrapper of its own, with little text in most."""
    shapes: dict[tuple[str, ...], list[tuple[Element | None, int]]] = {}
    for block, text, _ in found:
        shape = _shape(block)
        if shape and (shape[1] or shape[3]):
            shapes.setdefault(shape, []).append((block.getparent(), len(text)))
    return {
        shape
        for shape, places in shapes.items()
        if len(places) >= 4
        and len({parent for parent, _ in places}) == len(places)
        and sorted(length for _, length in places)[len(places) // 2] < 110
    }


def weigh(text: str) -> float:
    """Give how much a text node counts: its length, less if nothing in it speaks for a sentence, nothing if it is boiler-plate."""
    text = " ".join(text.split())
    length = len(text)
    if length < 400 and phrases.kinds(text):
        return 0.0
    stops = len(_STOPS.findall(text))
    if not stops and length < 110:
        return length * 0.35  # a headline, as in lists of them
    return min(length, 2_000) * (1.0 if _SENTENCE_END.search(text) or length > 160 else 0.8)


def block_of(element: Element | None) -> Element | None:
    """Give the nearest element that is no inline one."""
    while element is not None and element.tag in INLINE:
        element = element.getparent()
    return element


def _headed_outside(top: Element) -> dict[Element, bool]:
    """Find the parts of a page that a heading says to be comments or other stories."""
    outside: dict[Element, bool] = {}
    seen: set[Element] = set()
    for heading in top.iter("h2", "h3", "h4", "h5", "h6", "legend"):
        text = text_of(heading)
        if len(text) > 60:
            continue
        kinds = phrases.kinds(" ".join(text.split()))
        if not kinds & {"comments", "related"}:
            continue
        parent = heading.getparent()
        if parent is None or parent is top or parent in seen:
            continue
        # the first such heading of a place decides for the rest of it
        seen.add(parent)
        leads = not any(len(text_of(sibling).strip()) > 3 for sibling in islice(heading.itersiblings(preceding=True), 20))
        if leads and parent.find(".//h1") is None and parent.tag not in ("body", "main", "article"):
            outside[parent] = True
        elif "comments" in kinds:
            outside.update((sibling, True) for sibling in heading.itersiblings())
    return outside


def _is_outside(element: Element, top: Element, known: dict[Element, bool]) -> bool:
    chain = []
    answer = False
    at: Element | None = element
    while at is not None and at is not top:
        if at in known:
            answer = known[at]
            break
        chain.append(at)
        at = at.getparent()
    for part in reversed(chain):
        answer = answer or known.get(part, False) or _is_named_outside(part)
        known[part] = answer
    return answer


def _is_named_outside(element: Element) -> bool:
    if element.tag in _OUTSIDE:
        # an ASP.NET page is one form from head to foot
        return element.tag != "form" or (
            len(element) < 40 and element.find(".//p") is None and element.find(".//table") is None and element.find(".//article") is None
        )
    names = names_of(element)
    if len(names) < 5 or not _NOT_ARTICLE.search(names):
        return False
    # body class="single has-sidebar …" and the like name a layout, not a thing
    return element.tag not in ("body", "html", "main", "article") and not _LAYOUT.search(names)


_LAYOUT = re.compile(r"(?:has|with|no|without|left|right|hide|show|sticky|is|menu|footer)[-_]?(?:side-?bar|widgets?|footer|menu|navbar|breadcrumbs?|comments?)|(?:side-?bar|menu|navbar)[-_](?:left|right|none|yes|no|open|closed)|\bwidget-?content\b(?=.*\barticle)|elementor-widget(?!-(?:sidebar|posts))", re.I)  # fmt: skip


def _add(prose: Prose, block: Element, top: Element, weight: float, number: int) -> None:
    at: Element | None = block
    below: Element | None = None
    while at is not None:
        prose.mass[at] = prose.mass.get(at, 0.0) + weight
        prose.order.setdefault(at, []).append(number)
        if below is not None:
            prose.kids.setdefault(at, {})[below] = None
        if at is top:
            break
        below = at
        at = at.getparent()


def densest(prose: Prose, top: Element) -> Element | None:
    """Give the element that holds the running text, or None where there is no prose."""
    if top not in prose.mass:
        return None
    at = top
    while True:
        kids = list(prose.kids.get(at, ()))
        if not kids:
            return _whole(at, prose, top)
        weighed = [(prose.mass[kid] * _likeness(kid, prose), kid) for kid in kids]
        share, best = max(weighed, key=lambda pair: pair[0])
        own = prose.mass[at] - sum(prose.mass[kid] for kid in kids)
        total = sum(weight for weight, _ in weighed) + max(own, 0.0)
        if own > 0.05 * total:
            return at
        if _is_leaf(best, prose) or share < 0.6 * total or best.tag in _LISTS:
            return at if _is_text_place(at, kids, best, share, total, prose) else _whole(best, prose, top)
        at = best


def _is_text_place(at: Element, kids: list[Element], best: Element, share: float, total: float, prose: Prose) -> bool:
    """Tell whether an element is the text's own place, or one that holds the text's place beside others."""
    if _is_leaf(best, prose) or best.tag in _LISTS or (len(kids) == 2 and _outline(kids[0]) == _outline(kids[1])):
        return True
    return not (len(kids) == 2 and share > 0.5 * total)


def _outline(element: Element) -> tuple[str, str]:
    return (str(element.tag), element.get("class") or "")


def _is_leaf(element: Element, prose: Prose) -> bool:
    return (element.tag in _LEAVES and element.tag != "td") or element not in prose.kids


def _likeness(element: Element, prose: Prose) -> float:
    """Weigh down what repeats one shape many times with little prose in each: cards, comments, lists of headlines."""
    kids = prose.kids.get(element, {})
    shapes: dict[tuple[str, str], int] = {}
    for kid in kids:
        if not _is_leaf(kid, prose):
            shape = (str(kid.tag), kid.get("class") or "")
            shapes[shape] = shapes.get(shape, 0) + 1
    if shapes and max(shapes.values()) >= 4 and element.tag in ("ul", "ol", "div", "section"):
        return 0.5
    if element.tag in ("ul", "ol") and len(kids) >= 3:
        return 0.5
    return 1.0


def _whole(element: Element, prose: Prose, top: Element) -> Element:
    """Go up from a lone paragraph to the place that it shares with its neighbours."""
    while element is not top and element.tag in INLINE | _LEAVES - {"td"}:
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return element


def overlap(prose: Prose, one: Element, other: Element) -> float:
    """Give the share of prose that two elements have in common, of all that either has (0..1)."""
    first, second = set(prose.order.get(one, ())), set(prose.order.get(other, ()))
    either = sum(prose.nodes[number][2] for number in first | second)
    return sum(prose.nodes[number][2] for number in first & second) / either if either else 0.0


def texts_in(prose: Prose, element: Element) -> Iterable[str]:
    """Give the prose inside an element, in document order."""
    return (prose.nodes[number][1] for number in prose.order.get(element, ()))
