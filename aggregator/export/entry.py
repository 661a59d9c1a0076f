"""What every feed format writes of a story: one entry, stable id, the lead's words, and who else reports it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import quote

from aggregator.export.rights import shown
from aggregator.model import Item, Story

# what XML 1.0 allows; anything else would make a document that no reader opens
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CLEAN = re.compile(r"[A-Za-z0-9%/:=&?~#+!$,;'@()*\[\]._-]*")
TAG = "tag:mujaz,2026:"
ALSO = {"ar": "ورد أيضا في", "fr": "Également chez", "en": "Also reported by"}


def legal(text: str) -> str:
    """Give a text without characters that XML forbids."""
    return _ILLEGAL.sub("", text)


def full(url: str) -> str:
    """Give an address as feeds must have it: letters beyond ASCII, spaces and quotes percent-encoded, what is encoded left as it is.

    >>> full("https://alif.example/صورة 1.jpg?a=1&b=%20")
    'https://alif.example/%D8%B5%D9%88%D8%B1%D8%A9%201.jpg?a=1&b=%20'
    """
    return url if _CLEAN.fullmatch(url) else quote(legal(url), safe="%/:=&?~#+!$,;'@()*[]", errors="replace")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed. Texts are XML-legal; ``html`` is the content, ``summary`` plain text."""

    id: str
    title: str
    url: str
    summary: str
    html: str
    author: str
    outlet: str
    outlet_site: str
    published: datetime
    updated: datetime
    image: str
    language: str
    categories: tuple[str, ...]
    others: tuple[Item, ...] = ()
    related: tuple[tuple[str, str], ...] = ()


def of_story(story: Story, *, everything: bool) -> Entry:
    """Give a story's entry; it is updated when more outlets join."""
    lead = story.lead
    entry = of_item(lead, everything=everything)
    also = also_html(story)
    return Entry(
        id=f"{TAG}story/{story.id}",
        title=entry.title,
        url=entry.url,
        summary=entry.summary,
        html=entry.html + also,
        author=entry.author,
        outlet=entry.outlet,
        outlet_site=entry.outlet_site,
        published=lead.published or lead.shown_at,
        updated=max(story.updated_at, lead.published or lead.shown_at),
        image=entry.image or full(next((part.image for item in story.items[1:] if (part := shown(item, everything=everything)).image), "")),
        language=entry.language,
        categories=entry.categories,
        others=story.items[1:],
        related=tuple((f"{TAG}story/{link.story_id}", legal(link.title)) for link in story.related),
    )


def of_item(item: Item, *, everything: bool) -> Entry:
    """Give an item's entry."""
    part = shown(item, everything=everything)
    html = part.body_html or "".join(f"<p>{escape(line)}</p>" for line in (part.body or part.summary).split("\n\n") if line.strip())
    published = item.published or item.shown_at
    return Entry(
        id=f"{TAG}item/{item.id}",
        title=legal(item.title),
        url=full(item.source_link or item.url),
        summary=legal(part.summary),
        html=legal(html),
        author=legal(item.author),
        outlet=legal(item.outlet.name),
        outlet_site=legal(item.outlet.site),
        published=published,
        updated=max(item.updated or published, published),
        image=full(part.image),
        language=item.language or item.outlet.language,
        categories=tuple(legal(each) for each in dict.fromkeys((*([item.topic] if item.topic else []), *item.categories))),
    )


def also_html(story: Story) -> str:
    """Give the list of the other outlets' reports as HTML; empty for a story of one report."""
    if len(story.items) < 2:
        return ""
    words = ALSO.get(story.lead.language, ALSO["ar"])
    rows = "".join(
        f'<li>{escape(legal(item.outlet.name))}: <a href="{escape(full(item.source_link or item.url))}">{escape(legal(item.title))}</a></li>'
        for item in story.items[1:]
    )
    return f"<p>{words}:</p><ul>{rows}</ul>"
