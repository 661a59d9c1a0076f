"""Read a document from outside: unpack, decode, look at its shape, and hand it to the reader for that shape.

    body ─► charset.unpack ─► charset.decode ─► shape.look ─┬─► feed      (cutting ─► mend ─► feedparser ─► fields)  ─┐
                                                            ├─► jsonfeed                                             ├─► entry.finish ─► RawItem
                                                            ├─► sitemap                                              │
                                                            └─► page      (a recipe), or an error that says why not ─┘

This room knows no network, clock or database; the time is passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from aggregator.errors import DocumentError
from aggregator.model import Document, Kind, Recipe
from aggregator.parse import charset, feed, jsonfeed, page, sitemap
from aggregator.parse import shape as shapes
from aggregator.parse.asked import Asked
from aggregator.parse.entry import Surroundings, web_address
from aggregator.parse.refusing import refusal

MAX_BYTES = 16 * 2**20
MAX_ITEMS = 2_000


def document(
    body: bytes,
    *,
    content_type: str = "",
    headers: Mapping[str, str] | None = None,
    address: str,
    timezone: str = "UTC",
    country: str = "",
    language: str = "",
    known: frozenset[bytes] = frozenset(),
    now: datetime,
    max_items: int = MAX_ITEMS,
    recipe: Recipe | None = None,
    kind: Kind | None = None,
) -> Document:
    """Read a feed, sitemap or (with ``recipe``) list page.

    ``address`` is where the document was found, ``headers`` have lower-case names, ``known`` are the
    digests of entries that are stored already: those are left out of ``items``, not of ``digests``.
    ``timezone``, ``country`` and ``language`` are the source's and settle what its texts leave open.
    Raises `DocumentError`: ``empty``, ``not_a_feed``, ``blocked``, ``too_large``, ``drifted``.
    """
    headers = headers or {}
    content_type = content_type or headers.get("content-type", "")
    if len(body) > MAX_BYTES:
        raise DocumentError("too_large", f"the document has {len(body)} bytes; {MAX_BYTES} are read at most")
    decoded = charset.decode(charset.unpack(body), content_type, language=language)
    base = web_address(headers.get("content-location", ""), address) or address
    around = Surroundings(base=base, now=now, timezone=timezone, country=country, language=headers.get("content-language", "") or language)
    shape = shapes.look(decoded.text, decoded.data)
    asked = Asked(around, known, max_items)
    match shape.kind:
        case "rss" | "atom":
            return feed.read(shape, asked)
        case "json":
            return jsonfeed.read(shape.data, asked)
        case "sitemap":
            return sitemap.read(shape, asked)
        case "html" if recipe is not None and kind is not Kind.FEED:
            return page.read(decoded.text, recipe, asked)
    raise refusal(shape, decoded.text, base)
