"""Put long texts aside before feedparser reads a feed, and back into what it gives.

feedparser only copies what stands in a CDATA section of a description or of ``content:encoded``, but looks each of its characters
up in two tables: of 96 kB of Arabic that was a third of its time. A short mark takes the text's place.
"""

from __future__ import annotations

import re
from typing import Any

_OPEN = re.compile(rb"<(description|content:encoded)>\s*<!\[CDATA\[\s*")
_CLOSE = re.compile(rb"\s*</(description|content:encoded)>")
_MARK = "mujaz:aside:"
_MARKED = re.compile(_MARK + r"(\d+);")
_LEAST = 200  # bytes
# what feedparser changes in a text: Windows-1252's characters, and UTF-8 that was taken for Latin-1 (no text with letters beyond that)
_CHANGED = re.compile("[\x80-\x9f]")
_BEYOND_LATIN_1 = re.compile("[\u0100-\U0010ffff]")


def put_aside(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Give a well-formed UTF-8 document with marks for its long texts, and the texts."""
    if _MARK.encode() in data:
        return data, ()
    texts: list[str] = []
    pieces: list[bytes] = []
    at = done = 0
    while (found := _OPEN.search(data, at)) is not None:
        start, end = found.end(), data.find(b"]]>", found.end())
        at = max(end, start)
        close = _CLOSE.match(data, end + 3) if end - start >= _LEAST else None
        if close is None or close[1] != found[1]:
            continue  # short, or text goes on behind this section
        text = data[start:end].decode()
        core = text.rstrip()
        if not core or _CHANGED.search(core) or not (core.isascii() or _BEYOND_LATIN_1.search(core)):
            continue
        pieces += [data[done:start], f"{_MARK}{len(texts)};{text[len(core) :]}".encode()]
        texts.append(core.replace("\r\n", "\n").replace("\r", "\n") if "\r" in core else core)
        done = end
    pieces.append(data[done:])
    return b"".join(pieces), tuple(texts)


def put_back(entry: Any, texts: tuple[str, ...]) -> None:
    """Put the texts back into an entry of feedparser's."""

    def whole(text: object) -> object:
        return _MARKED.sub(lambda found: texts[int(found[1])], text) if isinstance(text, str) and _MARK in text else text

    for name in ("summary", "description"):
        if dict.__contains__(entry, name):
            dict.__setitem__(entry, name, whole(dict.__getitem__(entry, name)))
    for part in dict.get(entry, "content") or ():
        dict.__setitem__(part, "value", whole(dict.get(part, "value")))
