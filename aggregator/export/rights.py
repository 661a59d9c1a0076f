"""How much of an item may be shown (DESIGN 9): all of it on the reader's own machine, else what its outlet allows."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model import Item, Rights

EXCERPT = 300  # characters


@dataclass(frozen=True, slots=True)
class Shown:
    """The parts that may be shown; ``whole`` tells whether the body is among them."""

    summary: str
    body: str
    body_html: str
    image: str
    whole: bool


def excerpt(text: str, length: int = EXCERPT) -> str:
    """Give the first lines of a text, cut at a word."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    return flat[:length].rsplit(" ", 1)[0].rstrip("،,.؛:- ") + "…"


def shown(item: Item, *, everything: bool) -> Shown:
    """Give what may be shown of an item; ``everything`` for the reader's own machine.

    A page that said noarchive or nosnippet is never shown beyond its headline to others.
    """
    if everything:
        return Shown(item.summary or excerpt(item.body), item.body, item.body_html, item.image, True)
    rights = item.outlet.rights
    if rights is Rights.LINK or item.restricted:
        return Shown("", "", "", "", False)
    first = excerpt(item.summary or item.body)
    if rights is Rights.FULL:
        return Shown(first, item.body, item.body_html, item.image, True)
    return Shown(first, "", "", item.image, False)
