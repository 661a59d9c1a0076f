"""An entry as some format gives it, and the one way in which it becomes a `RawItem`.

Feeds, JSON feeds, sitemaps and list pages all end here, so that cleaning, dates, addresses,
pictures and identity are the same for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from urllib.parse import quote

from aggregator.arabic.dates import DateResult, parse_date
from aggregator.arabic.fold import clean
from aggregator.arabic.language import language
from aggregator.extract.addresses import canonical
from aggregator.extract.sanitize import absolute, sanitize
from aggregator.model import DIGEST, RawItem
from aggregator.parse import text
from aggregator.parse.pictures import Picture, in_html, largest

MAX_CATEGORIES = 30
MAX_GUID = 1_000
_ENOUGH_FOR_LANGUAGE = 200


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a document says once for all of its entries, and what is known of its source.

    ``base`` is the address that entries' relative addresses are joined with, ``logos`` are the
    channel's own pictures, ``shared_ids`` the ids that several different entries claim.
    """

    base: str
    now: datetime
    timezone: str = "UTC"
    country: str = ""
    language: str = ""
    logos: frozenset[str] = frozenset()
    shared_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry's fields, decoded but not cleaned; every text may be HTML.

    ``base`` is the entry's own xml:base, ``permalink`` says that the id is an address, ``literal_title`` that
    the format declares its title plain text.
    """

    id: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    published: str = ""
    updated: str = ""
    pictures: tuple[Picture, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = ""
    base: str = ""
    source_link: str = ""
    digest: bytes = b""
    permalink: bool = False


def digest_of(*parts: bytes) -> bytes:
    """Give the 8-byte digest by which an entry's bytes are recognised at the next poll."""
    state = blake2b(digest_size=DIGEST)
    for part in parts:
        state.update(part)
    return state.digest()


def finish(entry: Entry, around: Surroundings) -> RawItem | None:
    """Clean an entry for storage; None for one without a headline, text and address.

    What nobody foresaw in a field costs the entry that and the like of it, and never the feed.
    """
    try:
        return _finished(entry, around)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        bare = Entry(id=entry.id, link=entry.link, title=entry.title, language=entry.language, base=entry.base, digest=entry.digest)
        found = _finished(bare, around)
        return found and replace(found, date_problem=f"an error that should not be: {type(error).__name__}: {str(error)[:100]}")


def _finished(entry: Entry, around: Surroundings) -> RawItem | None:
    url = web_address(entry.link, entry.base or around.base)
    base = entry.base or url or around.base
    content = _content(entry)
    title = text.line(entry.title, text.MAX_TITLE)
    described = text.paragraphs(entry.summary) if entry.summary else ""
    summary = text.excerpt(text.paragraphs(content)) if content and described in ("", title) else described
    title = title or text.shorten(summary, 120)
    if not (title or url):
        return None
    published, updated, problem = _dates(entry, around)
    pictures = (*entry.pictures, *in_html(content or entry.summary))
    return RawItem(
        guid=_guid(entry, url, title, summary, around),
        url=url,
        title=title,
        summary=summary,
        content_html=sanitize(content, base) if content else "",
        author=author_name(entry.author),
        published=published,
        updated=updated,
        image=largest(pictures, base, around.logos) if pictures else "",
        categories=_categories(entry.categories),
        language=language(f"{title} {summary[:_ENOUGH_FOR_LANGUAGE]}", entry.language or around.language),
        digest=entry.digest,
        source_link=web_address(entry.source_link, base),
        date_problem=problem,
    )


_MARKUP = re.compile(r"<(?:p|div|br|img|a|ul|ol|li|table|h\d|b|strong|em|i|span|figure|blockquote|iframe)\b", re.IGNORECASE)


def _content(entry: Entry) -> str:
    """Give the richest text as HTML: the content, or a description that has mark-up of its own."""
    content = entry.content.strip()
    if not content and "<" in entry.summary and _MARKUP.search(entry.summary):
        content = entry.summary
    return text.tame(text.without_credit(content[: text.MAX_CONTENT])) if content else ""


# -- identity -------------------------------------------------------------------------------


def _guid(entry: Entry, url: str, title: str, summary: str, around: Surroundings) -> str:
    """Give what names the entry: its own id, its address, or a digest of headline and date."""
    own = clean(entry.id)
    if own and own not in around.shared_ids:
        return own if len(own) <= MAX_GUID else "digest:" + digest_of(own.encode()).hex()
    if url:
        return canonical(url)
    told = entry.published.strip() or entry.updated.strip() or summary[:200]
    return "digest:" + digest_of(title.encode(), b"\0", told.encode("utf-8", "replace")).hex()


_SPACE_OR_CONTROL = re.compile(r"[\x00-\x20\x7f\xa0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


_PLAIN_ADDRESS = re.compile(
    r"https?://[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,250}[a-zA-Z0-9])?(?::[0-9]{1,5})?(?:[/?#][\x21-\x7e]{0,3000})?", re.ASCII
)


def web_address(address: str, base: str) -> str:
    """Give an absolute http(s) address, or "" where it is none.

    >>> web_address(" /خبر/1 ", "https://example.org/feed"), web_address("javascript:alert(1)", "https://example.org/")
    ('https://example.org/خبر/1', '')
    """
    if _PLAIN_ADDRESS.fullmatch(address) and "/../" not in address and "/./" not in address:
        return address
    address = _SPACE_OR_CONTROL.sub(lambda found: "%20" if found[0] == " " else "", address.strip())
    if not address:
        return ""
    if address.startswith("www."):
        address = "https://" + address
    elif address.startswith("feed:"):
        address = address[5:] if address.startswith("feed:http") else "http:" + address[5:]
    joined = absolute(address, base)
    return quote(joined, safe=_URL_SAFE) if joined.startswith(("http://", "https://")) and not joined.isprintable() else _http(joined)


_URL_SAFE = "".join(map(chr, range(33, 127)))


def _http(address: str) -> str:
    return address if address.startswith(("http://", "https://")) else ""


# -- dates ----------------------------------------------------------------------------------


def _dates(entry: Entry, around: Surroundings) -> tuple[datetime | None, datetime | None, str]:
    published = _date(entry.published, around)
    updated = _date(entry.updated, around)
    if published.value is None and not entry.published.strip() and updated.value:
        return updated.value, updated.value, updated.problem
    problem = published.problem if entry.published.strip() else updated.problem if entry.updated.strip() else "no date is given"
    return published.value, updated.value, problem


def _date(told: str, around: Surroundings) -> DateResult:
    if not told.strip():
        return DateResult(None)
    if "<" in told or "&" in told:
        told = text.line(told)
    return parse_date(told, timezone=around.timezone, country=around.country, now=around.now)


# -- names ----------------------------------------------------------------------------------

_MAIL = re.compile(r"(?:mailto:)?[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", re.ASCII)
_BY = re.compile(r"^(?:كتبت?|بقلم|بواسطة|إعداد|المصدر|تحرير|by|par|de)\s*[/:：\-–]\s*|^(?:بقلم|بواسطة|by|par)\s+", re.IGNORECASE)
_NOBODY = frozenset(
    [
        "admin",
        "administrator",
        "root",
        "webmaster",
        "noreply",
        "no-reply",
        "no_reply",
        "nobody",
        "unknown",
        "author",
        "editor",
        "user",
        "wordpress",
        "info",
        "contact",
        "null",
        "none",
        "n/a",
        "-",
        ".",
    ]
)


def author_name(told: str) -> str:
    """Give a writer's name without mail addresses, «بقلم» and account names.

    >>> author_name("editor@example.org (أحمد بنعلي)"), author_name("بقلم: سعاد العلوي"), author_name("admin")
    ('أحمد بنعلي', 'سعاد العلوي', '')
    """
    name = text.line(told)
    if "@" in name:
        name = _MAIL.sub("", name)
        name = re.sub(r"\(\s*\)|<\s*>|\[\s*\]", "", name).strip(" ,;:-")
        if name.startswith("(") and name.endswith(")"):
            name = name[1:-1]
    name = _BY.sub("", name.strip()).strip(" ,;:/|-")
    return "" if name.lower() in _NOBODY or name.startswith(("http://", "https://")) else name


def _categories(told: Iterable[str]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for category in told:
        name = text.line(category)
        if name and len(names) < MAX_CATEGORIES:
            names[name] = None
    return tuple(names)
