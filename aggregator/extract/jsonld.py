"""What a page says of its article in JSON-LD (schema.org), also inside ``@graph`` and lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aggregator.extract.entities import unescape

_ARTICLES = frozenset(
    """article newsarticle reportagenewsarticle analysisnewsarticle opinionnewsarticle backgroundnewsarticle reviewnewsarticle
    blogposting liveblogposting report techarticle scholarlyarticle advertisercontentarticle satiricalarticle socialmediaposting
    askpublicnewsarticle""".split()  # noqa: SIM905
)
_VIDEOS = frozenset(("videoobject",))
_MAX_SCRIPT = 2_000_000
_MAX_NODES = 5_000
_CONTROL = re.compile(r"[\x00-\x1f]+")
_TRAILING = re.compile(r",\s*([}\]])")


@dataclass(frozen=True, slots=True)
class Linked:
    """An article as its JSON-LD describes it; empty where it says nothing."""

    headline: str = ""
    body: str = ""
    description: str = ""
    published: str = ""
    modified: str = ""
    authors: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    logos: tuple[str, ...] = ()
    publisher: str = ""
    based_on: str = ""
    url: str = ""
    free: bool = True
    found: bool = False
    live: bool = False


def read(scripts: tuple[str, ...]) -> Linked:
    """Read a page's JSON-LD scripts; one that is no JSON is passed over."""
    nodes: list[dict[str, Any]] = []
    for script in scripts:
        nodes += _nodes(_load(script))
    by_id = {str(node["@id"]): node for node in nodes if "@id" in node and len(node) > 1}
    articles = [node for node in nodes if _types(node) & _ARTICLES]
    logos = tuple(
        address
        for node in nodes
        if _types(node) & {"organization", "newsmediaorganization"}
        for key in ("logo", "image")
        for address in _addresses(node.get(key), by_id)
    )
    if not articles:
        videos = [node for node in nodes if _types(node) & _VIDEOS]
        page = next((node for node in nodes if "webpage" in _types(node) and "datePublished" in node), None)
        if page is not None:
            return Linked(published=_text(page.get("datePublished")), modified=_text(page.get("dateModified")), logos=logos)
        if videos:
            video = videos[0]
            return Linked(published=_text(video.get("uploadDate")), images=tuple(_addresses(video.get("thumbnailUrl"), by_id)), logos=logos)
        return Linked(logos=logos)
    node = max(articles, key=lambda node: (len(_text(node.get("articleBody"))), "headline" in node, len(node)))
    return Linked(
        headline=_text(node.get("headline")) or _text(node.get("name")),
        body=_body(node),
        description=_text(node.get("description")),
        published=_text(node.get("datePublished")) or _text(node.get("dateCreated")),
        modified=_text(node.get("dateModified")),
        authors=tuple(_people(node.get("author"), by_id)) or tuple(_people(node.get("creator"), by_id)),
        images=tuple(_addresses(node.get("image"), by_id)) or tuple(_addresses(node.get("thumbnailUrl"), by_id)),
        logos=logos + tuple(_addresses(_first(node.get("publisher")).get("logo"), by_id)),
        publisher=next(iter(_people(node.get("publisher"), by_id)), ""),
        based_on=next(iter(_addresses(node.get("isBasedOn") or node.get("isBasedOnUrl"), by_id)), ""),
        url=next(iter(_addresses(node.get("mainEntityOfPage"), {})), "") or _text(node.get("url")),
        free=str(node.get("isAccessibleForFree", True)).lower() not in ("false", "0", "http://schema.org/false"),
        found=True,
        live="liveblogposting" in _types(node),
    )


def _load(script: str) -> Any:
    """Load JSON as newsrooms write it: with raw line breaks in strings, commas before a bracket, comment marks around."""
    script = script[:_MAX_SCRIPT].strip().removeprefix("<!--").removesuffix("-->").strip()
    script = script.removeprefix("//<![CDATA[").removeprefix("<![CDATA[").removesuffix("//]]>").removesuffix("]]>").strip().rstrip(";")
    for attempt in (script, _TRAILING.sub(r"\1", _CONTROL.sub(" ", script))):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _nodes(data: Any) -> Iterator[dict[str, Any]]:
    """Walk through lists, graphs and nested nodes, not deeper and not longer than a page needs."""
    stack = [(data, 0)]
    seen = 0
    while stack and seen < _MAX_NODES:
        value, depth = stack.pop()
        seen += 1
        if isinstance(value, list):
            stack += [(part, depth + 1) for part in reversed(value) if isinstance(part, (dict, list))]
        elif isinstance(value, dict):
            yield value
            if depth < 8:
                keys = ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart", "video", "publisher")
                stack += [(value[key], depth + 1) for key in reversed(keys) if isinstance(value.get(key), (dict, list))]


def _types(node: dict[str, Any]) -> set[str]:
    types = node.get("@type")
    return {str(name).rsplit("/", 1)[-1].lower() for name in (types if isinstance(types, list) else [types])}


def _first(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        value = next((part for part in value if isinstance(part, dict)), None)
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = next((part for part in value if isinstance(part, (str, dict))), "")
    if isinstance(value, dict):
        value = value.get("@value", "")
    # entities inside JSON are escaped twice as often as not
    return unescape(unescape(value)).strip() if isinstance(value, str) else ""


def _body(node: dict[str, Any]) -> str:
    body = node.get("articleBody")
    if isinstance(body, list):
        return "\n\n".join(_text(part) for part in body[:2_000])
    text = _text(body)
    if text or "liveBlogUpdate" not in node:
        return text
    updates = node["liveBlogUpdate"]
    parts = [part for part in (updates if isinstance(updates, list) else [updates])[:500] if isinstance(part, dict)]
    return "\n\n".join(filter(None, (line for part in parts for line in (_text(part.get("headline")), _text(part.get("articleBody"))))))


def _people(value: Any, by_id: dict[str, dict[str, Any]]) -> Iterator[str]:
    for part in value if isinstance(value, list) else [value]:
        name = _text(part.get("name")) or _text(by_id.get(str(part.get("@id")), {}).get("name")) if isinstance(part, dict) else _text(part)
        if name:
            yield name


def _addresses(value: Any, by_id: dict[str, dict[str, Any]]) -> Iterator[str]:
    for part in value[:20] if isinstance(value, list) else [value]:
        if isinstance(part, str):
            yield part.strip()
        elif isinstance(part, dict):
            known = by_id.get(str(part.get("@id")), {})
            address = (
                _text(part.get("url"))
                or _text(part.get("contentUrl"))
                or _text(known.get("url"))
                or _text(known.get("contentUrl"))
                or _text(part.get("@id"))
            )
            if address:
                yield address
