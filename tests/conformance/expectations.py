"""Reads the expectations that feedparser's test documents carry in a comment, and holds our items against them.

An expectation is a Python expression such as ``not bozo and entries[0]['title'] == 'x'``. Its clauses about fields that we
keep are checked; texts are compared as plain text, for that is what we keep of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aggregator.extract.sanitize import plain
from aggregator.model import Document, RawItem
from aggregator.parse import text
from aggregator.parse.entry import author_name, web_address

# the title that the test gives to entries which have nothing that we store an entry for (most cases have one odd field and no more)
PLACEHOLDER = "untitled"


@dataclass(frozen=True)
class Case:
    """The expectation and the HTTP headers of a test document."""

    expect: str
    headers: dict[str, str]
    description: str


def case_of(data: bytes) -> Case | None:
    """Read a document's head comment, in whichever encoding."""
    for encoding in ("utf-8", "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le", "cp037", "latin-1"):
        try:
            head = data.decode(encoding, "replace" if encoding == "utf-8" else "strict")
        except UnicodeError:
            continue
        found = re.search(r"<!--(.*?)-->", head, re.DOTALL)
        if found and "Expect:" in found[1]:
            break
    else:
        return None
    expect = re.search(r"Expect:\s*(.+)", found[1])
    described = re.search(r"Description:\s*(.+)", found[1])
    headers = {name.strip().lower(): value.strip() for name, value in re.findall(r"^Header:\s*([^:]+):(.+)$", found[1], re.MULTILINE)}
    assert expect
    return Case(expect[1].strip(), headers, described[1].strip() if described else "")


@dataclass(frozen=True)
class Clause:
    """``entries[index].field == value`` (index None: the feed's own field)."""

    index: int | None
    field: str
    value: Any


def clauses(expect: str) -> Iterator[Clause]:
    """Yield the clauses of an expectation that are about fields that we keep."""
    try:
        tree = ast.parse(expect, mode="eval").body
    except SyntaxError:
        return
    for node in tree.values if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And) else [tree]:
        if not (isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq)):
            continue
        place = _place(node.left)
        try:
            value = ast.literal_eval(node.comparators[0])
        except ValueError:
            continue
        if place and place[1] in _CHECKS:
            yield Clause(place[0], place[1], value)


def _place(node: ast.expr) -> tuple[int | None, str] | None:
    steps: list[Any] = []
    while True:
        match node:
            case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
                steps.append(key)
                node = inner
            case ast.Attribute(value=inner, attr=key):
                steps.append(key)
                node = inner
            case ast.Name(id=name):
                steps.append(name)
                break
            case _:
                return None
    steps.reverse()
    if steps[0] == "feed":
        return None, "feed." + ".".join(map(str, steps[1:]))
    if steps[0] == "entries" and len(steps) > 2 and isinstance(steps[1], int):
        return steps[1], ".".join(map(str, steps[2:]))
    return None


def _moment(value: Any) -> datetime | None:
    return datetime(*value[:6], tzinfo=UTC) if value else None


def _texts_equal(ours: str, theirs: str) -> bool:
    if ours == PLACEHOLDER:
        ours = ""
    squeeze = re.compile(r"[\s…]+")
    return squeeze.sub("", ours) == squeeze.sub("", theirs)


def _same_html(item: RawItem, value: str) -> bool:
    return _texts_equal(plain(item.content_html or item.summary), plain(value)) or _texts_equal(item.summary, text.paragraphs(value))


def _same_summary(item: RawItem, value: str) -> bool:
    theirs = text.paragraphs(value)
    return _texts_equal(item.summary, theirs) or (
        item.summary.endswith("…") and _texts_equal(theirs[: len(item.summary) - 1], item.summary)
    )


def _same_link(item: RawItem, value: str) -> bool:
    return item.url == (web_address(value, "") or "")


_ITEM: dict[str, Callable[[RawItem, Any], bool]] = {
    "title": lambda item, value: _texts_equal(item.title, text.line(value, text.MAX_TITLE)),
    "title_detail.value": lambda item, value: _texts_equal(item.title, text.line(value, text.MAX_TITLE)),
    "link": _same_link,
    "id": lambda item, value: item.guid == value,
    "guid": lambda item, value: item.guid == value,
    "summary": _same_summary,
    "description": _same_summary,
    "summary_detail.value": _same_summary,
    "content.0.value": _same_html,
    "author": lambda item, value: item.author == author_name(value),
    "author_detail.name": lambda item, value: item.author == author_name(value),
    "published_parsed": lambda item, value: item.published == _moment(value),
    "issued_parsed": lambda item, value: item.published == _moment(value),
    "updated_parsed": lambda item, value: item.updated == _moment(value),
    "modified_parsed": lambda item, value: item.updated == _moment(value),
    "date_parsed": lambda item, value: item.updated == _moment(value),
    "tags.0.term": lambda item, value: item.categories[:1] == (text.line(value),),
    "tags.1.term": lambda item, value: item.categories[1:2] == (text.line(value),),
    "category": lambda item, value: item.categories[:1] == (text.line(value),),
}
_FEED: dict[str, Callable[[Document, Any], bool]] = {
    "feed.title": lambda document, value: _texts_equal(document.title, text.line(value)),
    "feed.link": lambda document, value: document.site == web_address(value, ""),
    "feed.language": lambda document, value: document.language == value,
}
_CHECKS = {**_ITEM, **_FEED}


def failures(document: Document, expect: str) -> Iterator[str]:
    """Yield what does not hold, each in a few words."""
    for clause in clauses(expect):
        if clause.index is None:
            if not _FEED[clause.field](document, clause.value):
                yield f"{clause.field} is not {clause.value!r}: title {document.title!r}, site {document.site!r}, language {document.language!r}"
        elif clause.index >= len(document.items):
            yield f"there is no entry {clause.index}"
        elif not _ITEM[clause.field](document.items[clause.index], clause.value):
            yield f"{clause.field} is not {clause.value!r}: {document.items[clause.index]}"
