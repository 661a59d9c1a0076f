"""The signature of a report: all that the judge needs of it, in about a kilobyte.

The headline is kept as it was written, for the reasons, and folded and analysed when asked (`aggregator.dedup.headline`); of the
body's first 200 words stay the hashes of its three-word shingles and of its stems. 31 keys find look-alikes: pairs of the six rarest
title stems and the sixteen smallest shingles (99 % of the pairs that one person calls the same share one).
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from hashlib import blake2b
from html import unescape
from itertools import combinations, compress
from struct import Struct
from sys import byteorder
from zlib import crc32

from aggregator.arabic.digits import written
from aggregator.arabic.fold import clean, fold
from aggregator.arabic.language import language as detect
from aggregator.arabic.tokens import READ, STOP, Folded, cut
from aggregator.dedup.agency import agency
from aggregator.dedup.headline import Headline, headline, uncached_term
from aggregator.dedup.report import Report

VERSION = 3
"""Of the folding rules, the signature and the weights; stored beside the keys, so that `mujaz db reindex` knows what is old."""

CONTENT_SINCE = 3

BODY_WORDS = 200
_BODY_CHARACTERS = 1_800  # that hold so many words as a rule
_TITLE_CHARACTERS = 400
_LEAST_BODY = 15  # words; less than that says nothing beside a headline
_TITLE_KEYS = 6
_BODY_KEYS = 16
SKETCH = 128
"""Shingles that are kept of a body: the smallest, from which shares are estimated to within .05 (Broder, 1997)."""
_MASK = (1 << 64) - 1
_FIRST, _SECOND, _THIRD = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9  # odd, with their bits well mixed (xxHash)
# version, language bytes, title bytes, time, outlet, substance, agency bytes, words, runs, shingles, vocabulary, numbers, content
_HEAD = Struct("<BBHd8s8sHHHHHHH")
_HEAD_BEFORE = Struct("<BBHd8s8sHHHHHH")  # of versions 1 and 2, which had no content


@dataclass(frozen=True, slots=True)
class Draft:
    """A report's signature. Equal drafts mean reports that the judge can't tell apart.

    ``keys`` are signed 64-bit integers and stand only in a draft made from a report: the database keeps them in a
    table of their own. ``runs`` counts the different three-word shingles;
    ``shingles`` are the smallest of them in order, cut to unsigned 32-bit, ``vocabulary`` and
    ``numbers`` those of the body's content stems and numbers in the order of appearance; all little-endian. ``content`` are the hashes
    of the headline's content words with their weights (`OF_WEIGHT`), empty where an older version wrote none.
    """

    title: str
    language: str
    at: float | None
    outlet: bytes
    agency: str
    substance: bytes
    words: int
    runs: int
    shingles: bytes
    vocabulary: bytes
    numbers: bytes
    content: bytes = field(default=b"", compare=False)
    keys: tuple[int, ...] = field(default=(), compare=False)

    def content_weights(self) -> dict[int, int]:
        """Give the hashes of the headline's content words with their weights in eighths."""
        return {each & ~OF_WEIGHT: each & OF_WEIGHT for each in unpacked(self.content or _content(self.headline))}

    @property
    def headline(self) -> Headline:
        """Give the analysed headline (kept for the latest tens of thousands)."""
        return headline(self.title, self.language)

    def to_bytes(self) -> bytes:
        """Give the compact form; `from_bytes` reads it, in this and in later versions of Mujaz."""
        code, title, agency = self.language.encode(), self.title.encode(), self.agency.encode()
        head = _HEAD.pack(
            VERSION,
            len(code),
            len(title),
            float("nan") if self.at is None else self.at,
            self.outlet.ljust(8, b"\0"),
            self.substance,
            len(agency),
            self.words,
            self.runs,
            len(self.shingles) // 4,
            len(self.vocabulary) // 4,
            len(self.numbers) // 4,
            len(self.content) // 4,
        )
        return b"".join((head, code, title, agency, self.shingles, self.vocabulary, self.numbers, self.content))

    @classmethod
    def from_bytes(cls, data: bytes) -> Draft:
        """Read what `to_bytes` gave; raises ValueError for anything else."""
        if len(data) < _HEAD.size or not 1 <= data[0] <= VERSION:
            raise ValueError("not a signature of this version of Mujaz")
        layout = _HEAD_BEFORE if data[0] < CONTENT_SINCE else _HEAD
        _, code, title, at, outlet, substance, agency, words, runs, *hashes = layout.unpack_from(data)
        parts = []
        start = layout.size
        for size in (code, title, agency, *(4 * count for count in hashes)):
            parts.append(data[start : start + size])
            start += size
        if start != len(data):
            raise ValueError("a signature that is cut or too long")
        return cls(
            title=parts[1].decode(),
            language=parts[0].decode(),
            at=None if at != at else at,
            outlet=b"" if outlet == bytes(8) else outlet,
            agency=parts[2].decode(),
            substance=substance,
            words=words,
            runs=runs,
            shingles=parts[3],
            vocabulary=parts[4],
            numbers=parts[5],
            content=parts[6] if len(parts) > 6 else b"",
        )


def draft(report: Report, body: Folded | None = None) -> Draft:
    """Make the signature of a report; ``body`` is its text folded, where that was done already."""
    # &quot; in a headline would be a word that two headlines share
    plain = unescape(report.title) if "&" in report.title else report.title
    title = clean(plain)[:_TITLE_CHARACTERS]
    text, words = body if body is not None else _folded(report.body)
    code = report.language.split("-")[0].lower() or detect(report.title + " " + report.body[:200])
    analysed = headline(title, code)
    stems = list(map(_HASHES.__getitem__, words[:BODY_WORDS]))
    shingles = _shingles(stems) if len(stems) >= _LEAST_BODY else []
    different = list(dict.fromkeys(stems)) if shingles else []
    kinds = low_bits(_packed(different))
    at = report.published.timestamp() if report.published else None
    return Draft(
        title=title,
        language=code,
        at=at,
        outlet=blake2b(report.outlet.encode(), digest_size=8).digest() if report.outlet else b"",
        agency=agency(text),
        substance=blake2b(f"{analysed.text}\n{text.strip()}".encode(), digest_size=8).digest(),
        words=len(stems),
        runs=len(shingles),
        shingles=_packed([shingle >> 32 for shingle in shingles[:SKETCH]]),
        vocabulary=_packed(list(compress(different, kinds.translate(_SAYS)))),
        numbers=_packed([word for word in different if word & 7 == NUMBER]) if NUMBER in kinds else b"",
        content=_content(analysed),
        keys=_keys(analysed, shingles),
    )


OF_WEIGHT, EIGHTHS = 127, 8
"""The lowest seven bits of a hash in `Draft.content` are the word's weight in eighths, rounded down."""
NUMBER = 7
"""The lowest three bits of a word's hash say what it weighs (0..6, `weight` rounded down), or that it is a number."""
_SAYS = bytes(0 < code < NUMBER for code in range(256))
_LOW_BITS = bytes(code & 7 for code in range(256))
LARGE = 8
"""The fourth bit of a number's hash: beyond a dozen, or with a fraction; sharing «3» says little, «412» much."""


def family(language: str) -> str:
    """Give the group of languages whose reports are compared: one short headline in Latin letters may pass for another language."""
    return language if language in ("ar", "zgh", "fa", "ur") else "latin"


class _Hashes(dict[str, int]):
    """Word -> hash of its canonical stem; kept, since texts repeat their words."""

    def __missing__(self, word: str) -> int:
        if len(self) > 100_000:
            self.clear()
        value = self[word] = _hashed(word)
        return value


def _hashed(word: str) -> int:
    digits = word if word[0].isdigit() else written(word)
    if digits[0].isdigit():
        return hashed_number(digits)
    if word in STOP:
        return hashed(word, 0.0)
    found = uncached_term(word)
    return hashed(found.name, found.weight)


def hashed_number(digits: str) -> int:
    """Give the 32-bit hash by which a number stands in `Draft.numbers`."""
    large = len(digits) > 2 or digits > "12" if len(digits) > 1 else False
    return crc32(digits.encode()) & ~15 | (LARGE if large else 0) | NUMBER


def hashed(stem: str, rarity: float) -> int:
    """Give the 32-bit hash by which a stem stands in `Draft.vocabulary`."""
    return crc32(stem.encode()) & ~7 | min(6, int(rarity))


_HASHES = _Hashes()


def _folded(body: str) -> tuple[str, list[str]]:
    """Fold a text and cut off its first `BODY_WORDS` words; more is not looked at."""
    text = fold(body)
    words = cut(text[:_BODY_CHARACTERS])
    if len(words) <= BODY_WORDS and len(text) > _BODY_CHARACTERS:
        words = cut(text[:READ])
    return text, words


def _shingles(stems: list[int]) -> list[int]:
    """Give the 64-bit hashes of the different three-word runs, in order.

    Each is the lower half of ``a * _FIRST ^ b * _SECOND ^ c * _THIRD``. All are computed at once in one large integer, each stem in
    128 bits of its own, which no product of 32 and 64 bits leaves: five times as fast as one after the other.
    """
    lanes = array("Q", bytes(16 * len(stems)))
    lanes[::2] = array("Q", stems)
    row = int.from_bytes(_little(lanes), "little")
    mixed = row * _FIRST ^ row * _SECOND >> 128 ^ row * _THIRD >> 256
    found = array("Q", mixed.to_bytes(16 * len(stems), "little"))
    if byteorder == "big":
        found.byteswap()
    return sorted(set(found[: 2 * len(stems) - 4 : 2]))


def _content(title: Headline) -> bytes:
    return _packed([crc32(word.encode()) & ~OF_WEIGHT | min(OF_WEIGHT, int(EIGHTHS * rarity)) for word, rarity in title.weights.items()])


def _keys(title: Headline, shingles: list[int]) -> tuple[int, ...]:
    group = family(title.language)
    salt = crc32(group.encode())
    rare = sorted([crc32(word.encode()) for word in title.rarest(_TITLE_KEYS)])
    pairs = {(a * _FIRST ^ b * _SECOND ^ salt) & _MASK for a, b in combinations(rare, 2)}
    whole = int.from_bytes(blake2b(f"{group} {title.text}".encode(), digest_size=8).digest(), "little")
    keys = array("Q", (whole, *sorted(pairs), *[shingle ^ salt for shingle in shingles[:_BODY_KEYS]]))
    return tuple(array("q", keys.tobytes()))  # databases count with a sign


def _packed(values: list[int]) -> bytes:
    return _little(array("I", values))


def _little(values: array[int]) -> bytes:
    if byteorder == "big":
        values.byteswap()
    return values.tobytes()


def low_bits(data: bytes) -> bytes:
    """Give the lowest three bits of each hash of `Draft.vocabulary`: to sum the bytes takes a fifth of summing the integers' bits."""
    return data[::4].translate(_LOW_BITS)


def unpacked(data: bytes) -> array[int]:
    """Give the integers of `Draft.shingles` or `Draft.vocabulary`."""
    values: array[int] = array("I", data)
    if byteorder == "big":
        values.byteswap()
    return values
