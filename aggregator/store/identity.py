"""By what an entry is known again: its id within its source, its address within its outlet, or its very text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit

from aggregator.arabic.fold import fold
from aggregator.arabic.tokens import STOP, search_terms
from aggregator.extract.addresses import identity
from aggregator.store.refresh import Judged

TELLING_WORDS = 15  # a text of this length says which article it is, whenever its feed dates it


def digest(*parts: str) -> bytes:
    """Give 16 bytes that stand for these texts."""
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Identity:
    """Three ways to know an entry again; an empty one does not count. ``another`` is its id if ``guid`` was used before."""

    guid: bytes
    address: bytes
    sameness: bytes
    another: bytes = b""


def is_shared(url: str) -> bool:
    """Tell whether an address is a home page, which many entries may link to."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return not parts.netloc or (parts.path in ("", "/") and not parts.query)


def plain_guid(guid: str) -> str:
    """Give an entry's id in one spelling: an address moves between http and https and gathers tracking parameters.

    >>> plain_guid("http://www.example.org/a?utm_source=x") == plain_guid("https://example.org/a")
    True
    """
    if not guid.startswith(("http://", "https://")):
        return guid
    # live pages number their entries by fragment
    return "#".join((_readable(guid.partition("#")[0]), *guid.partition("#")[2:]))


def identities(source_id: str, outlet_id: str, items: Sequence[Judged]) -> list[Identity]:
    """Give the identities of one document's entries.

    An address that several entries of one document share identifies none of them, and neither does an id:
    some feeds give each entry the same one.
    """
    guids = [plain_guid(each.raw.guid) for each in items]
    urls = [_readable(each.raw.url) for each in items]
    guid_count, url_count = Counter(guids), Counter(urls)
    found = []
    for each, guid, url in zip(items, guids, urls, strict=True):
        unique = bool(url) and url_count[url] == 1 and not is_shared(each.raw.url)
        other = "\0".join((guid, url if unique else "", fold(each.article.title or each.raw.title)))
        moment = each.raw.published.isoformat() if each.raw.published and each.draft.words < TELLING_WORDS else ""
        found.append(
            Identity(
                guid=digest(source_id, guid if guid and guid_count[guid] == 1 else other),
                address=digest(outlet_id, url) if unique else b"",
                sameness=digest(source_id, each.draft.substance.hex(), moment),
                another=digest(source_id, other),
            )
        )
    return found


def _readable(url: str) -> str:
    try:
        return identity(url) if url else ""
    except ValueError:
        return url


def alike(one: str, other: str) -> bool:
    """Tell whether two headlines may be versions of one: they share a third of their words."""
    first, second = (frozenset(search_terms(each)) - STOP for each in (one, other))
    if not first or not second:
        return one == other
    return 3 * len(first & second) >= min(len(first), len(second))
