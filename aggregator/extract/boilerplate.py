"""What stands between and around an article's paragraphs, taken out of a copy of its part of the tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lxml import etree

from aggregator.arabic.fold import fold
from aggregator.extract import phrases
from aggregator.extract.bylines import is_byline, is_counter, same_name
from aggregator.extract.page import Element, names_of, text_of
from aggregator.extract.paragraphs import BLOCKS, settle

_NEVER = ("script", "style", "noscript", "template", "svg", "math", "object", "embed", "video", "audio", "button", "select", "textarea", "input", "nav", "footer", "menu", "dialog", "marquee", "link", "meta")  # fmt: skip
_W = r"(?<![a-z])(?:%s)(?![a-z])"
_COMMENTS = re.compile(
    _W % r"comments?(?:-?(?:list|area|section|form|wrap\w*))?|commentlist|respond|disqus\w*|fb-comments|commentaires?|replies|discussion",
    re.I,
)
_REMOVED = re.compile(
    _W
    % r"relat(?:ed|ive)\w*|read-?(?:more|also|next)|readmore|see-?also|also-?read|more-?(?:news|stories|posts|from)|recommend\w*|suggest\w*|similar|you-?may|most-?(?:read|viewed|popular)|popular|trending|latest"
    r"|shar(?:e|ing)\w*|social\w*|addthis\w*|addtoany\w*|a2a_\w+|sharedaddy|heateor\w*|ssba\w*|essb\w*|jp-relatedposts|follow-?us|whatsapp|telegram|print(?:friendly|-?btn|-?link)?|font-?size|toolbar|tools"
    r"|tags?(?:-?(?:list|links|cloud|wrap\w*))?|taglist|post-?tags|hashtags?|keywords|breadcrumbs?|navigation|pagination|pager|nav-?links|prev-?next|next-?prev|post-?nav\w*"
    r"|author-?(?:box|bio|info|card|about)|about-?author|bio|sidebar|widget\w*|newsletter|subscribe\w*|subscription|signup|promo\w*|banner\w*|advert\w*|ads?|ad-?(?:slot|unit|wrap\w*|container)|adsbygoogle|sponsor\w*|outbrain|taboola|mgid"
    r"|cookie\w*|gdpr|consent|popup|modal|ticker|breaking-?news|marquee|rating|ratings|votes?|poll|login|paywall|captcha|skip-?link|screen-?reader-?text|sr-only|visually-?hidden|hidden|copyright|disclaimer"
    r"|caption|wp-caption-text|image-?(?:credit|caption)|photo-?(?:credit|caption)|credits?|legende|figcaption|report-?image|signal\w*",
    re.I,
)  # fmt: skip
_HEAD_ONLY = re.compile(_W % r"meta|post-?meta|entry-?meta|byline|by-?line|author\w*|dat(?:e|es)|dat_ev|date-?time|datetime|time|timestamp|published|posted-?on|updated|publish\w*|created|views?|view-?count|hits|kicker|category|cat-?links|categories|section-?name|label|submitted|infos?|article-?info|post-?info|news-?info|reading-?time", re.I)  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_PUNCTUATION = re.compile(r"[.؟?!…:؛»\"”)]\s*$")
_LONG = 80


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the article when its body is cut out: lines that repeat it are no part of the body."""

    title: str = ""
    subtitle: str = ""
    author: str = ""
    category: str = ""
    dates: tuple[str, ...] = ()  # texts of the date lines that were found


class Leaf(NamedTuple):
    """A block without blocks in it, and its text."""

    element: Element
    text: str
    linked: int  # characters of the text that stand in links

    @property
    def is_long(self) -> bool:
        """Tell whether this is running text."""
        length = len(self.text)
        return self.linked < length * 0.5 and (length >= _LONG or (length >= 40 and bool(_PUNCTUATION.search(self.text))))

    @property
    def is_link(self) -> bool:
        """Tell whether this is nothing but a link."""
        return bool(self.linked) and self.linked >= len(self.text) * 0.85


def prune(container: Element, known: Known) -> None:
    """Take everything out of a container (a copy) that is no part of the article's text."""
    etree.strip_elements(container, *_NEVER, with_tail=False)
    _drop_by_name(container)
    _drop_buttons(container)
    settle(container)
    leaves = leaves_of(container)
    _drop_lines(container, leaves, known)
    _drop_link_lists(container)


def leaves_of(container: Element) -> list[Leaf]:
    """Give the blocks without blocks in them that have text, in document order."""
    blocks = [element for element in container.iter(etree.Element) if element.tag in BLOCKS or element is container]
    branches: set[Element] = set()
    for block in blocks:
        at = block.getparent() if block is not container else None
        while at is not None and at not in branches:
            branches.add(at)
            if at is container:
                break
            at = at.getparent()
    leaves = []
    for block in blocks:
        if block in branches:
            continue
        text = " ".join(text_of(block).split())
        if text:
            leaves.append(Leaf(block, text, _linked(block)))
    return leaves


def _linked(element: Element) -> int:
    if element.tag == "a":
        return _length(element)
    # an anchor around the block (a card that is a link as a whole) counts as well
    if any(ancestor.tag == "a" and ancestor.get("href") for ancestor in element.iterancestors("a")):
        return _length(element)
    return sum(_length(link) for link in element.iter("a"))


def _length(element: Element) -> int:
    return len(" ".join(text_of(element).split()))


def drop(element: Element) -> None:
    """Remove an element and keep the text behind it, apart from the text before it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and not element.tail.isspace():
        # its place stays as an empty paragraph, which parts the two texts
        for child in list(element):
            element.remove(child)
        element.text = None
        element.attrib.clear()
        element.tag = "p" if element.tag in BLOCKS else "span"
        return
    parent.remove(element)


# -- by what the page calls its parts -------------------------------------------------------------


class _Size:
    """How much text a container has, measured when first asked for: most fragments of feeds have nothing that must be weighed."""

    def __init__(self, container: Element) -> None:
        self._container = container

    @cached_property
    def whole(self) -> int:
        """Give the characters of its text."""
        return _length(self._container)


def _drop_by_name(container: Element) -> None:
    size = _Size(container)
    gone: set[Element] = set()
    for element in list(container.iter(etree.Element)):
        if element is container:
            continue
        if element.getparent() in gone:
            gone.add(element)
            continue
        if _is_removed(element, size):
            gone.add(element)
    for element in gone:
        parent = element.getparent()
        if parent is not None and parent not in gone:
            drop(element)


def _is_removed(element: Element, size: _Size) -> bool:
    tag = element.tag
    if tag in ("figcaption", "aside"):
        return _length(element) < size.whole * 0.4
    if tag == "form":
        return _length(element) < size.whole * 0.3
    style = element.get("style")
    if element.get("hidden") is not None or element.get("aria-hidden") == "true" or (style and _HIDDEN.search(style)):
        return _length(element) < size.whole * 0.4
    names = names_of(element)
    if len(names) < 6:
        return False
    if _COMMENTS.search(names):
        return size.whole - _length(element) >= 60
    if _REMOVED.search(names):
        return _length(element) < size.whole * 0.4
    if _HEAD_ONLY.search(names):
        length = _length(element)
        return (
            length < 160
            and length < size.whole * 0.4
            and tag not in ("h2", "h3", "td", "li", "strong", "b")
            and not _PUNCTUATION.search(text_of(element)[-2:])
        )
    return False


def _drop_buttons(container: Element) -> None:
    """Take out links and labels inside a line that only share or print the page."""
    for link in list(container.iter("a", "span")):
        text = text_of(link)
        if len(text) < 25 and "share" in phrases.kinds(" ".join(text.split())) and link is not container:
            drop(link)


# -- by what the lines say ------------------------------------------------------------------------


def _drop_lines(container: Element, leaves: list[Leaf], known: Known) -> None:
    long = [number for number, leaf in enumerate(leaves) if leaf.is_long and not phrases.kinds(leaf.text)]
    first, last = (long[0], long[-1]) if long else (len(leaves), -1)
    gone: set[Element] = set()
    for number, leaf in enumerate(leaves):
        if leaf.element in gone or _inside(leaf.element, gone):
            continue
        kinds = phrases.kinds(leaf.text)
        if kinds and _drop_kind(container, leaf, kinds, gone, is_tail=number > last):
            continue
        if (
            _is_caption(leaf)
            or (number < first and _is_head(leaf, known, is_only=not long))
            or (number > last >= 0 and _is_foot(leaf, known, leaves[first:last]))
            or (long and (_is_lone_link(leaf) or _is_clock(leaf)))
        ):
            gone.add(leaf.element)
    for element in gone:
        if element is not container:
            drop(element)
        elif len(leaves) == 1:
            for child in list(element):
                element.remove(child)
            element.text = None


_CLOCK = re.compile(r"[\d٠-٩]{1,2}:[\d٠-٩]{2}\s*(?:[صم]|am|pm|GMT)?", re.I)


def _is_clock(leaf: Leaf) -> bool:
    """Tell whether a line is but a time of day, as over the entries of a live page (in a table it is a fact)."""
    return leaf.element.tag not in ("td", "th", "li") and bool(_CLOCK.fullmatch(leaf.text))


def _inside(element: Element, gone: set[Element]) -> bool:
    return any(ancestor in gone for ancestor in element.iterancestors())


def _drop_kind(container: Element, leaf: Leaf, kinds: frozenset[str], gone: set[Element], *, is_tail: bool) -> bool:
    """Mark a line of boiler-plate and what hangs on it; False if it is text after all."""
    length = len(leaf.text)
    if kinds == {"sourceline"} and not ((leaf.linked and length < 120) or (is_tail and length <= 70)):
        return False
    if kinds == {"policy"} and not is_tail:
        return False
    if kinds <= {"related", "tags", "follow", "advert"} and length > 250 and not leaf.linked:
        return False
    gone.add(leaf.element)
    if "comments" in kinds and is_tail:
        gone.update(_all_after(container, leaf.element))
    elif kinds & {"related", "tags", "share"} and (length < 60 or leaf.text.rstrip().endswith(":")):
        gone.update(_linked_after(container, leaf.element))
    return True


def _top_of_heading(container: Element, element: Element) -> Element:
    """Go up from a heading as long as its wrapper holds nothing else."""
    text = _length(element)
    while element is not container:
        parent = element.getparent()
        if parent is None or parent is container or _length(parent) > text:
            break
        element = parent
    return element


def _linked_after(container: Element, heading: Element) -> list[Element]:
    top = _top_of_heading(container, heading)
    found: list[Element] = []
    for sibling in top.itersiblings():
        length = _length(sibling)
        if length and _linked(sibling) < length * 0.5:
            break
        found.append(sibling)
        if len(found) > 15 or (sibling.tail and len(sibling.tail.strip()) > 20):
            break
    return found


def _all_after(container: Element, heading: Element) -> list[Element]:
    top = _top_of_heading(container, heading)
    return list(top.itersiblings())


def _is_head(leaf: Leaf, known: Known, *, is_only: bool) -> bool:
    text = leaf.text
    if repeats(text, known.title) or (known.category and same_name(text, known.category)):
        return True
    if is_byline(text) or is_counter(text) or same_name(text, known.author) or text in known.dates:
        return True
    if is_date_line(text, known.dates):
        return True
    if leaf.element.tag == "h1":
        return True
    return leaf.is_link and len(text) <= 60 and not is_only


def _is_foot(leaf: Leaf, known: Known, body: list[Leaf]) -> bool:
    text = leaf.text
    if (
        is_byline(text)
        or is_counter(text)
        or same_name(text, known.author)
        or text in known.dates
        or is_date_line(text, known.dates)
        or leaf.is_link
    ):
        return True
    # a name under the text: «علي الخلولي», «وكالات», in another element than the paragraphs
    words = text.split()
    return (
        len(words) <= 3
        and not leaf.linked
        and leaf.element.tag not in ("li", "td", "th", "h2", "h3", "h4", "dd", "dt")
        and not any(character.isdigit() for character in text)
        and not _PUNCTUATION.search(text)
        and sum(len(part.text) for part in body) + _LONG > 100
    )


def _is_caption(leaf: Leaf) -> bool:
    """Tell whether a picture stands in a line with a few open words: its caption."""
    return len(leaf.text) <= 60 and not leaf.linked and not _PUNCTUATION.search(leaf.text) and leaf.element.find(".//img") is not None


def _is_lone_link(leaf: Leaf) -> bool:
    """Tell whether a paragraph in the midst of the text is only a link to another story."""
    return (
        leaf.is_link
        and leaf.element.tag in ("p", "div", "h2", "h3", "h4", "h5", "blockquote")
        and len(leaf.text) >= 15
        and not leaf.text.rstrip().endswith((".", "؟"))
    )


_DATE_SHAPE = re.compile(
    r"[\d٠-٩]{1,4}\s*[/.-]\s*[\d٠-٩]{1,2}\s*[/.-]\s*[\d٠-٩]{2,4}|[\d٠-٩]{1,2}\s+\w+\s*[/،,]?\s*(?:\w+\s*)?[\d٠-٩]{4}|(?:منذ|قبل)\s+\w+|[\d٠-٩]{1,2}:[\d٠-٩]{2}"
)
_DATE_FILL = re.compile(
    r"(?:نشر(?:ت)?|نشر في|تاريخ|النشر|التاريخ|آخر|اخر|تحديث|التحديث|أضيف|بتاريخ|الساعة|على|في|يوم|مساء|صباحا|ظهرا|بتوقيت|غرينتش|جرينتش|الرباط|القاهرة|مكة|منذ|قبل|ساعة|ساعات|دقيقة|دقائق|يوم|أيام|أسبوع|publié|le|mis|à|jour|updated|published|posted|on|at|last|date|gmt|utc|[apصم]\.?m?|(?:ال)?(?:اثنين|إثنين|ثلاثاء|أربعاء|اربعاء|خميس|جمعة|سبت|أحد|احد)|\w+day|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|[\d٠-٩]+)",
    re.I,
)  # fmt: skip


def is_date_line(text: str, dates: tuple[str, ...] = ()) -> bool:
    """Tell whether a short line is only a date, with a label or without."""
    if len(text) > 110 or not _DATE_SHAPE.search(text):
        return False
    if any(date and date in text and len(text) < len(date) + 30 for date in dates):
        return True
    rest = [word for word in re.findall(r"\w+", text) if not _DATE_FILL.fullmatch(word)]
    return len(rest) <= 2


def repeats(text: str, title: str) -> bool:
    """Tell whether a line is the headline once more, whole or nearly so."""
    if not title or not text or len(text) > len(title) * 1.4 + 10:
        return False
    one, other = phrases.folded(text), phrases.folded(title)
    return one == other or (
        len(one) > 20 and (one in other or other in one) and min(len(one), len(other)) > 0.7 * max(len(one), len(other))
    )


def _drop_link_lists(container: Element) -> None:
    """Take out lists, boxes and tables that are mostly links to other stories."""
    size = _Size(container)
    for element in list(container.iter("ul", "ol", "div", "section", "table", "article", "dl")):
        if element is container or element.getparent() is None:
            continue
        links = sum(1 for _ in element.iter("a"))
        if not links:
            continue
        length = _length(element)
        if length > size.whole * 0.5 or not length:
            continue
        linked = _linked(element)
        if (linked >= length * 0.66 and (links > 1 or element.tag in ("ul", "ol"))) or (
            links >= 3 and linked >= length * 0.4 and _headline_links(element) >= 3
        ):
            drop(element)


def _headline_links(element: Element) -> int:
    return sum(1 for link in element.iter("a") if len(text_of(link).split()) >= 4)


def folded_words(text: str) -> list[str]:
    """Give a text's words, folded, for comparing candidates."""
    return fold(text).split()
