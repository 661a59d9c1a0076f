"""Reads the catalogue, ``config/sources/*.toml``, and OPML into sources. Sources are data: a new site is a block of TOML.

A wrong file is one sentence with file, line, key and what is allowed, and nothing of it is half-loaded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aggregator.arabic.zones import is_zone
from aggregator.errors import ConfigurationError, UsageError
from aggregator.model import Kind, Outlet, Recipe, Rights, Selectors, Source

OUTLET_KEYS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "name": str,
    "name_latin": str,
    "country": str,
    "language": str,
    "timezone": str,
    "site": str,
    "rights": str,
    "aliases": list,
    "opted_out": bool,
    "verified": str,
    "feeds": list,
    "full_page": bool,
    "min_interval": int,
    "selectors": dict,
    "sources": list,
}
SOURCE_KEYS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "kind": str,
    "addresses": list,
    "topic": str,
    "full_page": bool,
    "min_interval": int,
    "verified": str,
    "recipe": dict,
    "selectors": dict,
}
RECIPE_KEYS = dict.fromkeys(Recipe.__dataclass_fields__, str)
SELECTOR_KEYS: dict[str, type | tuple[type, ...]] = {name: (list if name == "remove" else str) for name in Selectors.__dataclass_fields__}
ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}\Z")
MOST_OPML = 20_000


class _Wrong(Exception):
    """A key of a block that can't be used."""

    def __init__(self, key: str, allowed: str) -> None:
        super().__init__(key)
        self.key, self.allowed = key, allowed


def built_in() -> Path:
    """Give the folder of the catalogue that comes with the program: inside an installed wheel, or the checkout's."""
    here = Path(__file__).parent
    packed = here / "_config" / "sources"
    return packed if packed.is_dir() else here.parent / "config" / "sources"


def load(folder: Path | None = None) -> tuple[Source, ...]:
    """Load all files of a catalogue folder (None: the built-in one), in the order of their names.

    Raises `ConfigurationError`: one sentence with file, line, key and what is allowed.
    """
    base = folder or built_in()
    if not base.is_dir():
        raise ConfigurationError(f"There is no catalogue folder {base}; set catalogue.folder, or to nothing for no catalogue.")
    sources: list[Source] = []
    seen: dict[str, Path] = {}
    for path in sorted(base.glob("*.toml")):
        for source in load_file(path):
            if source.id in seen:
                raise ConfigurationError(f"{path}: id: {source.id!r} is in {seen[source.id].name} already; each source's id is used once.")
            seen[source.id] = path
            sources.append(source)
    return tuple(sources)


def load_file(path: Path) -> list[Source]:
    """Load one file of the catalogue."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from None
    except RecursionError:
        raise ConfigurationError(f"{path} is not valid TOML: it is nested too deeply.") from None
    unknown = [key for key in table if key != "outlets"]
    if unknown or not isinstance(table.get("outlets", []), list):
        key = unknown[0] if unknown else "outlets"
        raise ConfigurationError(f"{path}:{_line(text, key, 0)}: {key}: a catalogue file holds [[outlets]] blocks only.")
    found: list[Source] = []
    for number, block in enumerate(table.get("outlets", [])):
        try:
            found += _outlet(block)
        except _Wrong as wrong:
            raise ConfigurationError(f"{path}:{_line(text, wrong.key, number)}: {wrong.key}: {wrong.allowed}.") from None
    return found


def _line(text: str, key: str, block: int) -> int:
    """Give the line of a key within the numbered [[outlets]] block, or that of the block."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if re.match(r"\s*\[\[outlets\]\]", line)]
    start = starts[block] if block < len(starts) else 0
    end = starts[block + 1] if block + 1 < len(starts) else len(lines)
    name = key.rsplit(".", 1)[-1]
    pattern = re.compile(rf"\s*(?:\[+[\w.]*\b{re.escape(name)}\]+|\"?{re.escape(name)}\"?\s*=)")
    return next((number + 1 for number in range(start, end) if pattern.match(lines[number])), start + 1)


def _check(block: Any, keys: Mapping[str, type | tuple[type, ...]], where: str = "") -> Mapping[str, Any]:
    if not isinstance(block, dict):
        raise _Wrong(where.rstrip(".") or "outlets", "must be a table")
    for key, value in block.items():
        if key not in keys:
            raise _Wrong(where + key, f"is not known; allowed are {', '.join(keys)}")
        expected = keys[key]
        if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            names = {str: "a text in quotes", list: "a list of texts", bool: "true or false", int: "a whole number", dict: "a table"}
            raise _Wrong(where + key, f"must be {names[expected]}")  # type: ignore[index]
        if expected is list and key != "sources" and not all(isinstance(each, str) for each in block[key]):
            raise _Wrong(where + key, "must be a list of texts")
    return block


def _facts(block: Any) -> Mapping[str, Any]:
    """Check an outlet's own keys (raises `_Wrong`)."""
    row = _check(block, OUTLET_KEYS)
    for key in ("id", "name", "language", "timezone"):
        if not row.get(key):
            raise _Wrong(
                "id" if key not in row and "id" in row else key,
                f"{key} is missing; id, name, language and timezone are needed" if key not in row else "must not be empty",
            )
    if not ID.match(row["id"]):
        raise _Wrong("id", "small letters, digits, dots and dashes, 61 at most")
    if not is_zone(row["timezone"]):
        raise _Wrong("timezone", f"{row['timezone']!r} is no IANA time zone such as Africa/Casablanca")
    if not re.fullmatch(r"[A-Z]{2}|", row.get("country", "")):
        raise _Wrong("country", "two capital letters (ISO 3166), or empty for a pan-Arab outlet")
    if not re.fullmatch(r"[a-z]{2,3}", row["language"]):
        raise _Wrong("language", "a code such as ar, fr or zgh")
    rights = row.get("rights", str(Rights.EXCERPT))
    if rights not in set(Rights):
        raise _Wrong("rights", f"one of {', '.join(Rights)}")
    if row.get("site"):
        _address("site", row["site"])
    return row


def _outlet(block: Any) -> Iterator[Source]:
    row = _facts(block)
    site = row.get("site", "")
    outlet = Outlet(
        id=row["id"],
        name=row["name"],
        name_latin=row.get("name_latin", ""),
        country=row.get("country", ""),
        language=row["language"],
        timezone=row["timezone"],
        site=site,
        rights=Rights(row.get("rights", Rights.EXCERPT)),
        aliases=tuple(row.get("aliases", ())),
        opted_out=row.get("opted_out", False),
    )
    shared = {key: row[key] for key in ("full_page", "min_interval", "verified", "selectors") if key in row}
    if row.get("feeds"):
        yield _source(outlet, {**shared, "id": row["id"], "addresses": row["feeds"]}, "feeds")
    elif not row.get("sources"):
        if not site:
            raise _Wrong("id", f"{row['id']} has neither feeds, nor sources, nor a site to find them on")
        yield _source(outlet, {**shared, "id": row["id"], "addresses": []}, "site")
    for each in row.get("sources", ()):
        yield _source(outlet, {**shared, **_check(each, SOURCE_KEYS, "sources.")}, "addresses")


def _source(outlet: Outlet, row: Mapping[str, Any], named: str) -> Source:
    name = row.get("id", "")
    if not ID.match(name):
        raise _Wrong("sources.id", "small letters, digits, dots and dashes, 61 at most")
    kind = row.get("kind", str(Kind.FEED))
    if kind not in set(Kind):
        raise _Wrong("sources.kind", f"one of {', '.join(Kind)}")
    for address in row.get("addresses", ()):
        _address(named, address)
    recipe = Recipe(**_check(row["recipe"], RECIPE_KEYS, "recipe.")) if "recipe" in row else None
    if recipe is not None and not recipe.item:
        raise _Wrong("recipe.item", "the selector of one article's block is needed")
    if kind == Kind.PAGE and recipe is None:
        raise _Wrong("sources.kind", "a page needs a [outlets.sources.recipe] table; `mujaz sources recipe URL` proposes one")
    selectors = None
    if "selectors" in row:
        given = dict(_check(row["selectors"], SELECTOR_KEYS, "selectors."))
        selectors = Selectors(**{**given, "remove": tuple(given.get("remove", ()))})
    least = row.get("min_interval")
    if least is not None and least < 0:
        raise _Wrong("min_interval", "seconds, 0 or more")
    return Source(
        id=name,
        outlet=outlet,
        kind=Kind(kind),
        addresses=tuple(dict.fromkeys(row.get("addresses", ()))),
        topic=row.get("topic", ""),
        full_page=row.get("full_page", False),
        recipe=recipe,
        selectors=selectors,
        min_interval=timedelta(seconds=least) if least is not None else None,
        verified=row.get("verified", "never"),
    )


def _address(key: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _Wrong(key, f"{address!r} is no http or https address")


def from_opml(data: bytes) -> list[Source]:
    """Read the feeds of an OPML file (raises `UsageError` for what is none)."""
    from lxml import etree

    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
        root = etree.fromstring(data.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UsageError(f"The file is no OPML: {error}.") from None
    if root is None or _local(root.tag).lower() != "opml":
        raise UsageError("The file is no OPML: it does not begin with <opml>.")
    found: dict[str, Source] = {}
    for outline in root.iter("outline", "Outline"):
        try:
            attributes = {str(name).lower(): str(value) for name, value in outline.attrib.items()}
            parent = outline.getparent()
            topic = str(parent.get("text") or "") if parent is not None and _local(parent.tag) == "outline" else ""
        except UnicodeDecodeError:
            continue  # libxml2 recovers from bytes that are no UTF-8 by keeping them
        address = attributes.get("xmlurl", "").strip()
        try:
            _address("xmlUrl", address)
        except _Wrong:
            continue
        name = (attributes.get("title") or attributes.get("text") or urlsplit(address).hostname or address).strip()
        ident = _free(_slug(address), found)
        host = urlsplit(address).hostname or ""
        outlet = Outlet(
            id=_slug(f"http://{host}"), name=name, site=attributes.get("htmlurl", ""), language=attributes.get("language", "")[:2]
        )
        found[ident] = Source(ident, outlet, addresses=(address,), topic=topic, origin="user")
        if len(found) >= MOST_OPML:
            break
    if not found:
        raise UsageError("The OPML file names no feed (an outline with an http or https xmlUrl).")
    return list(found.values())


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]  # lxml's own QName refuses names that its recovering parser has let pass


def _slug(address: str) -> str:
    parts = urlsplit(address)
    host = (parts.hostname or "").removeprefix("www.")
    return re.sub(r"[^a-z0-9]+", "-", f"{host}{parts.path}{parts.query}".lower()).strip("-")[:58] or "feed"


def _free(name: str, taken: Mapping[str, object]) -> str:
    return next(each for each in (name, *(f"{name}-{n}" for n in range(2, MOST_OPML))) if each not in taken)


def duplicates(sources: Sequence[Source]) -> list[str]:
    """Give the addresses that several sources name (a catalogue mistake)."""
    names: dict[str, set[str]] = {}
    for source in sources:
        for address in source.addresses:
            names.setdefault(address, set()).add(source.id)
    return [address for address, ids in names.items() if len(ids) > 1]
