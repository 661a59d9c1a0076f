"""Which part of the page is the article: cheap opinions first, and an expensive one only where they differ.

The opinions: what the mark-up calls its body (`hinted`), where the prose is (`density.densest`),
and texts to compare with, that are no part of the tree: JSON-LD's ``articleBody`` and the feed's
content. Two that agree are accepted; else trafilatura, which costs 17 to 26 ms, says which is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from aggregator.arabic.fold import fold
from aggregator.extract.density import Prose, densest, overlap
from aggregator.extract.page import Element, Page

AGREED = 0.85
_LONG_ORACLE = 200  # characters of text from elsewhere below which it says too little

# names for the body of an article, the surest first
_HINTS = (
    (5, re.compile(r"article-?body|articlebody", re.I), ("itemprop", "property")),
    (4, re.compile(r"(?<![a-z])(?:article|story|post|entry|news|node|single|item)[-_]?_?(?:body|content|text|txt|fulltext)(?:[-_]?(?:inner|text|body|entry|wrap\w*|details?))?(?![a-z])|td-post-content|field-name-body|field--name-body|field--body|itemfulltext|articletext|article__body|story__body|wysiwyg\w*|the-?content|content-?(?:body|text|entry)|body-?(?:text|content)|text-?(?:body|content)|(?:news|article)-?(?:details?|desc(?:ription)?)-?(?:text|content|body)?|rich-?text|post-?details-?content|entry(?![-a-z])", re.I), ("class", "id")),
    (2, re.compile(r"(?<![a-z])(?:article|post|story|news|details?|single|content|text|body|maqal|khabar|hentry|sujet|texte|contenu)(?![a-z])", re.I), ("class", "id")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """The part of the tree that was chosen, how sure that is, and who said so; ``text`` stands in where the tree has nothing."""

    element: Element | None
    confidence: float
    method: str
    text: str = ""


def hinted(prose: Prose, top: Element) -> tuple[Element | None, int]:
    """Give the element that the page's author named as the article's body, and how plain the name is (0..5)."""
    best: Element | None = None
    best_rank = (0, False, 0.0, 0)
    total = prose.total
    for depth, element in enumerate(prose.mass):
        if element is top or element.tag in ("html", "body", "p", "h1", "h2", "h3", "li", "span"):
            continue
        level = _level(element)
        if not level:
            continue
        mass = prose.mass[element]
        if level < 5 and mass < 0.2 * total:
            continue
        # to follow the headline beats being bigger, and bigger by a tenth beats deeper
        rank = (level, prose.lead is not None and prose.lead in prose.order[element], round(mass / total * 10), depth)
        if rank > best_rank or (rank[:3] == best_rank[:3] and best is not None and element in set(best.iterdescendants())):
            best, best_rank = element, rank
    return best, best_rank[0]


def _level(element: Element) -> int:
    for level, pattern, attributes in _HINTS:
        for attribute in attributes:
            value = element.get(attribute)
            if value and pattern.search(value):
                return level
    return 3 if element.tag == "article" else 1 if element.tag == "main" else 0


def choose(page: Page, prose: Prose, *, texts: tuple[tuple[str, str], ...] = ()) -> Choice:
    """Choose the article's part of the tree; ``texts`` are (method, text) from outside the tree, most believable first."""
    dense = densest(prose, page.body)
    named, level = hinted(prose, page.body)
    if dense is None:
        return Choice(None, 0.0, "")
    if named is None:
        named, level = dense, 0
    options = list(dict.fromkeys((named, dense)))
    for method, text in texts:
        squeezed = squeeze(text)
        if len(squeezed) < _LONG_ORACLE:
            continue
        scored = [(agreement(prose, option, squeezed), option) for option in options]
        score, option = max(scored, key=lambda pair: pair[0])
        if score >= AGREED:
            return Choice(option, 0.97, f"{method}+tree")
    common = overlap(prose, named, dense)
    if level >= 2 and common >= AGREED:
        # same prose, so the inner one: less stands around it
        return Choice(_inner(named, dense), 0.95 if level >= 4 else 0.9, "name+density")
    if level == 0:
        return Choice(dense, 0.7, "density")
    if level >= 4 and prose.mass.get(named, 0.0) >= 0.75 * prose.mass[dense] and common >= 0.6:
        return Choice(named, 0.85, "name")
    follows = level >= 4 and prose.lead is not None and prose.lead in prose.order[named]
    # the named part follows the headline at once; the bigger one is somewhere else, or holds comments or the next story as well
    if follows and (prose.lead not in prose.order[dense] or (prose.mass[named] >= 250 and not _is_one_of_several(named, prose))):
        return Choice(named, 0.85, "name+headline")
    return _third_opinion(page, prose, named, dense, level)


def _inner(one: Element, other: Element) -> Element:
    return one if other in set(one.iterancestors()) else other if one in set(other.iterancestors()) else one


def _is_one_of_several(element: Element, prose: Prose) -> bool:
    """Tell whether a part has a brother of the same name with prose in it: then both are parts of one text."""
    parent = element.getparent()
    brothers = prose.kids.get(parent, {}) if parent is not None else {}
    return sum(1 for brother in brothers if brother.tag == element.tag and brother.get("class") == element.get("class")) > 1


def squeeze(text: str) -> str:
    """Fold a text and take out all but letters and digits, so that mark-up makes no difference."""
    return re.sub(r"[\W_]+", "", fold(text))


def agreement(prose: Prose, element: Element, squeezed: str) -> float:
    """Give how far an element's prose and a squeezed text are the same (F1 of characters)."""
    shared = own = 0
    for number in prose.order.get(element, ()):
        text = squeeze(prose.nodes[number][1])
        if not text:
            continue
        own += len(text)
        ends = (text[:24] in squeezed) + (text[-24:] in squeezed)
        shared += len(text) * ends // 2
    if not own or not shared:
        return 0.0
    precision, recall = shared / own, min(1.0, shared / len(squeezed))
    return 2 * precision * recall / (precision + recall)


def _third_opinion(page: Page, prose: Prose, named: Element, dense: Element, level: int) -> Choice:
    text = trafilatura_text(page)
    squeezed = squeeze(text)
    fallback = named if level >= 3 else dense
    if len(squeezed) < 60:
        return Choice(fallback, 0.5, "name" if level >= 3 else "density")
    scored = [(agreement(prose, option, squeezed), option) for option in (named, dense)]
    score, option = max(scored, key=lambda pair: pair[0])
    if score >= 0.75:
        return Choice(option, 0.8, "tree+trafilatura")
    return Choice(fallback, 0.45, "name" if level >= 3 else "density", text)


def trafilatura_text(page: Page) -> str:
    """Give trafilatura's opinion of the text, or "" where it has none (imported only when it is asked)."""
    import trafilatura

    source = etree.tostring(page.tree, encoding="unicode", method="html")
    try:
        return trafilatura.extract(source, include_comments=False, include_tables=True, deduplicate=False) or ""
    except Exception:
        # a crash of a third opinion is no reason to lose the article
        return ""
