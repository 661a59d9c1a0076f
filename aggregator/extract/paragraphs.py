"""Text set without paragraphs (`<br><br>`, bare text between blocks, one span around all) given paragraphs, so that one set of rules serves all pages."""

from __future__ import annotations

import re

from lxml import etree

from aggregator.extract import phrases
from aggregator.extract.density import INLINE
from aggregator.extract.page import Element, text_of

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "amp-sidebar",
        "amp-list",
    ]
)
_PLACES = frozenset(["article", "blockquote", "body", "center", "div", "dd", "li", "main", "p", "section", "td", "h2", "h3", "h4"])
_WRAPPERS = INLINE - {"a", "sub", "sup", "wbr", "time", "abbr"}
_SENTENCE_END = re.compile(r"[.؟?!:…»\"”)\]]\s*$")
_LONG_LINE = 110
_CUSTOM = re.compile(r"^[a-z]+-[a-z-]+$")


def settle(container: Element) -> None:
    """Give every run of text inside the container a block of its own; changes the tree in place."""
    elements = list(container.iter(etree.Element))
    for element in reversed(elements):
        if element.tag in _WRAPPERS and element is not container and _breaks_inside(element):
            element.tag = "div"
    for element in elements:
        if element.tag in _PLACES and len(element):
            _settle_one(element, container)


def _breaks_inside(element: Element) -> bool:
    for child in element:
        if child.tag in BLOCKS:
            return True
        if (
            child.tag == "br"
            and (_has_text(element.text) or child.getprevious() is not None)
            and (_has_text(child.tail) or child.getnext() is not None)
        ):
            return True
    return False


def _has_text(text: str | None) -> bool:
    return bool(text) and not str(text).isspace()


def _settle_one(place: Element, container: Element) -> None:
    breaks = any(child.tag == "br" for child in place)
    blocks = any(child.tag in BLOCKS for child in place)
    if not breaks and not (blocks and (_has_text(place.text) or any(_has_text(child.tail) or child.tag in INLINE for child in place))):
        return
    groups = _groups(place)
    if len(groups) == 1 and not isinstance(groups[0], list):
        return
    runs = [group for group in groups if isinstance(group, list)]
    if len(runs) <= 1 and not blocks:
        return
    for child in list(place):
        place.remove(child)
    place.text = None
    if place.tag in ("p", "h2", "h3", "h4") and place is not container:
        place.tag = "div"
    for group in groups:
        if isinstance(group, list):
            _wrap(place, group)
        else:
            place.append(group)


Run = list["str | Element"]


class _Groups:
    """Blocks, and the runs between them, as they come; a run ends at a block, at two breaks, or at one between lines of their own."""

    def __init__(self) -> None:
        self.done: list[Run | Element] = []
        self.run: Run = []
        self.breaks = 0  # since the last text

    def close(self) -> None:
        """End the run, if there is anything in it."""
        if any(not isinstance(part, str) or part.strip() for part in self.run):
            self.done.append(self.run)
        self.run, self.breaks = [], 0

    def add(self, part: str | Element, line: str) -> None:
        """Add a text or an inline element, whose text is ``line``."""
        if self.breaks and line.strip():
            if self.breaks > 1 or _is_own_line(_line(self.run), line):
                self.close()
            elif self.run:
                self.run.append(etree.Element("br"))
            self.breaks = 0
        self.run.append(part)

    def add_text(self, text: str | None) -> None:
        """Add a text node; white space counts only between words."""
        if not text:
            return
        if not text.isspace():
            self.add(text, text)
        elif self.run and not self.breaks:
            self.run.append(text)

    def add_element(self, child: Element) -> None:
        """Add a child element, its tail already taken off."""
        if child.tag == "br":
            self.breaks += 1
        elif child.tag in BLOCKS:
            self.close()
            self.done.append(child)
        else:
            picture = "x" if child.tag in ("img", "picture", "iframe", "video") and not self.breaks else ""
            self.add(child, text_of(child) or picture)


def _groups(place: Element) -> list[Run | Element]:
    """Take an element's content apart: blocks, and runs of text and inline elements that belong to one paragraph."""
    groups = _Groups()
    groups.add_text(place.text)
    for child in place:
        tail = child.tail
        child.tail = None
        groups.add_element(child)
        groups.add_text(tail)
    groups.close()
    return groups.done


def _line(run: Run) -> str:
    """Give the last line of a run."""
    parts: list[str] = []
    for part in reversed(run):
        if not isinstance(part, str) and part.tag == "br":
            break
        parts.append(part if isinstance(part, str) else text_of(part))
    return "".join(reversed(parts)).strip()


def _is_own_line(before: str, after: str) -> bool:
    """Tell whether a single break ends a paragraph; verses and addresses, with their short open lines, stay together."""
    return (
        len(before) > _LONG_LINE
        or len(after) > _LONG_LINE
        or bool(_SENTENCE_END.search(before))
        or bool(phrases.kinds(after) or phrases.kinds(before))
    )


def _wrap(place: Element, run: Run) -> None:
    paragraph = etree.SubElement(place, "p")
    last: Element | None = None
    for part in run:
        if isinstance(part, str):
            if last is None:
                paragraph.text = (paragraph.text or "") + part
            else:
                last.tail = (last.tail or "") + part
        else:
            paragraph.append(part)
            last = part
