"""By what an entry is known again: its id within its source, its address within its outlet, or its very text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit

from aggregator.arabic.fold import fold
from aggregator.extract.addresses import identity
from aggregator.store.refresh import Judged


def digest(*parts: str) -> bytes:
    """Give 16 bytes that stand for these texts."""
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Identity:
    """Three ways to know an entry again; an empty one does not count."""

    guid: bytes
    address: bytes
    sameness: bytes


def is_shared(url: str) -> bool:
    """Tell whether an address is a home page, which many entries may link to."""
    parts = urlsplit(url)
    return not parts.netloc or (parts.path in ("", "/") and not parts.query)


def identities(source_id: str, outlet_id: str, items: Sequence[Judged]) -> list[Identity]:
    """Give the identities of one document's entries.

    An address that several entries of one document share identifies none of them, and neither does an id:
    some feeds give each entry the same one.
    """
    guids = Counter(each.raw.guid for each in items)
    addresses = Counter(identity(each.raw.url) for each in items if each.raw.url)
    found = []
    for each in items:
        raw = each.raw
        url = identity(raw.url) if raw.url else ""
        unique = bool(url) and addresses[url] == 1 and not is_shared(raw.url)
        own = (
            raw.guid
            if guids[raw.guid] == 1 and raw.guid
            else f"{raw.guid}\0{url if unique else ''}\0{fold(each.article.title or raw.title)}"
        )
        moment = raw.published.isoformat() if raw.published else ""
        found.append(
            Identity(
                guid=digest(source_id, own),
                address=digest(outlet_id, url) if unique else b"",
                sameness=digest(source_id, each.draft.substance.hex(), moment),
            )
        )
    return found
