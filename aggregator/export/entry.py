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
WORDS = 80
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


def web(url: str) -> str:
    """Give an address of the web as feeds must have it; empty for what is none."""
    return full(url) if url.startswith(("https://", "http://")) else ""


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
    others: tuple[tuple[str, str, str], ...] = ()  # the other reports: outlet, headline, address
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
        published=entry.published,
        updated=max(story.updated_at, entry.published),
        image=entry.image or next((image for item in story.items[1:] if (image := web(shown(item, everything=everything).image))), ""),
        language=entry.language,
        categories=entry.categories,
        others=others_of(story),
        related=tuple((f"{TAG}story/{link.story_id}", legal(link.title)) for link in story.related),
    )


def of_item(item: Item, *, everything: bool) -> Entry:
    """Give an item's entry."""
    part = shown(item, everything=everything)
    html = part.body_html or "".join(f"<p>{escape(line)}</p>" for line in (part.body or part.summary).split("\n\n") if line.strip())
    published = item.said_at
    return Entry(
        id=f"{TAG}item/{item.id}",
        title=legal(item.title).strip() or _first_words(legal(part.summary or part.body)) or legal(item.outlet.name),
        url=web(item.source_link) or web(item.url),
        summary=legal(part.summary),
        html=legal(html),
        author=legal(item.author),
        outlet=legal(item.outlet.name),
        outlet_site=legal(item.outlet.site),
        published=published,
        updated=max(item.updated or published, published),
        image=web(part.image),
        language=item.language or item.outlet.language,
        categories=tuple(legal(each) for each in dict.fromkeys((*([item.topic] if item.topic else []), *item.categories))),
    )


def _first_words(text: str) -> str:
    """Give the beginning of a text in the place of a headline."""
    line = " ".join(text.split())
    return line if len(line) <= WORDS else line[:WORDS].rsplit(" ", 1)[0] + "…"


def others_of(story: Story) -> tuple[tuple[str, str, str], ...]:
    """Give outlet, headline and address of the other reports of a story; those without an address on the web have nothing to read."""
    rows = ((legal(item.outlet.name), legal(item.title), web(item.source_link) or web(item.url)) for item in story.items[1:])
    return tuple(row for row in rows if row[2])


def also_html(story: Story) -> str:
    """Give the list of the other outlets' reports as HTML; empty for a story of one report."""
    if not (others := others_of(story)):
        return ""
    words = ALSO.get(story.lead.language, ALSO["ar"])
    rows = "".join(f'<li>{escape(outlet)}: <a href="{escape(url)}">{escape(title)}</a></li>' for outlet, title, url in others)
    return f"<p>{words}:</p><ul>{rows}</ul>"
