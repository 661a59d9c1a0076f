"""Bytes to text: which encoding a document is in, whatever it says about itself.

A byte-order mark is believed; what HTTP or the document declares is believed only if the bytes
decode so without an error and the result is no nonsense; undeclared windows-1256 and UTF-8 with a
lying header are daily bread in the Arab press.
"""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD = 4096
_HTTP = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_META = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.I)

# what a label means in practice (WHATWG: Latin-1 is windows-1252); "unicode" and the like are somebody's guess
_LABELS = {
    "iso-8859-1": "windows-1252",
    "iso8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "latin1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "iso-8859-9": "windows-1254",
    "windows-arabic": "windows-1256",
    "cp-1256": "windows-1256",
    "arabic": "iso-8859-6",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
}
# hex, rot13, idna and their like are codecs to Python, and turn bytes into something else than text
_NO_CHARSETS = frozenset(
    [
        "base64",
        "bz2",
        "hex",
        "quopri",
        "rot13",
        "uu",
        "zlib",
        "idna",
        "punycode",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "undefined",
        "mbcs",
        "oem",
    ]
)
# one-byte encodings that an undeclared or wrongly declared document is tried in
_GUESSES = ("windows-1256", "windows-1252", "iso-8859-6", "mac-arabic")
# words that every Arabic text of some length has; windows-1256 read as anything else has none of them
_COMMON = re.compile(
    "(?<![\u0621-\u064a])(?:في|من|على|إلى|الى|أن|ان|التي|الذي|عن|مع|هذا|هذه|بعد|بين|كما|أو|ما|لا|قال|يوم|ال[\u0621-\u064a]{3,})(?![\u0621-\u064a])"
)
_LATIN_WORD = re.compile(r"(?<![^\W\d_])(?:[a-z\xe0-\xff]{2,}|[A-Z\xc0-\xde][a-z\xe0-\xff]+)(?![^\W\d_])")
# UTF-8 that was read as windows-1252 or windows-1256 and stored so: «Ø§Ù„» and «ط§ظ„»
_MOJIBAKE = re.compile("[ÃÂØÙ][\u0080-\u00bf\u0152-\u2122]|[\u0637\u0638][\u00a0-\u00bf\u0679-\u06af\u2013-\u2122]")


def decode(body: bytes, content_type: str = "", declared: str = "") -> tuple[str, str]:
    """Give a document's text and the encoding it was read in (a Python codec name); never raises.

    ``content_type`` is the HTTP header, ``declared`` an encoding named elsewhere. The order: byte-order mark;
    UTF-8 if the bytes are valid and hold more than ASCII; the header, ``declared``, the document's own
    declaration, each if it decodes strictly to something likely; the one-byte encodings by the Arabic they
    give; charset-normalizer; at last UTF-8 with replacement characters.

    >>> decode("خبر عاجل من الرباط".encode("windows-1256"))
    ('خبر عاجل من الرباط', 'windows-1256')
    """
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace"), name
    wide = _without_mark(body)
    if wide:
        return body.decode(wide, errors="replace"), wide
    names = _names(body, content_type, declared)
    if body.isascii():
        return (
            (body.decode("ascii"), "utf-8") if not _escaping(names) else (body.decode(_escaping(names), errors="replace"), _escaping(names))
        )
    text = _as_utf8(body)
    if text is not None:
        return text, "utf-8"
    best = _declared(body, names) or _scored(body, names)
    if best is None:
        best = _detected(body)
    return (body.decode(best, errors="replace"), best) if best else (body.decode("utf-8", errors="replace"), "utf-8")


def _without_mark(body: bytes) -> str:
    """Recognise UTF-16 without a mark by the zero bytes of its first ASCII characters."""
    head = body[:64]
    if len(head) < 8 or b"\0" not in head:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.1:
        return "utf-16-be"
    return ""


def _names(body: bytes, content_type: str, declared: str) -> list[str]:
    """Give the encodings that somebody names, most believable first, as Python codec names."""
    head = body[:_HEAD]
    said = [match[1] for match in [_HTTP.search(content_type)] if match]
    said += [declared] if declared else []
    said += [match[1].decode("ascii", "replace") for match in (_XML.search(head), _META.search(head)) if match]
    names: list[str] = []
    for label in said:
        name = _codec(label)
        if name and name not in names:
            names.append(name)
    return names


def _codec(label: str) -> str:
    label = label.strip().lower()
    label = _LABELS.get(label, label)
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return ""
    return "" if info.name in _NO_CHARSETS else label


def _escaping(names: list[str]) -> str:
    """Give a named encoding that writes non-ASCII text in ASCII bytes (ISO-2022-JP and kin), or ""."""
    return next((name for name in names if name.startswith(("iso-2022", "iso2022", "utf-7", "hz"))), "")


def _as_utf8(body: bytes) -> str | None:
    """Decode as UTF-8 if that is what the bytes are; a few broken ones (a text cut inside a letter) don't change that.

    Other encodings are not valid UTF-8 by chance: two windows-1256 letters in a row form no UTF-8 sequence but for rare pairs.
    """
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = body.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    whole = sum(1 for character in text[:200_000] if character > "\x7f") - broken
    return text if broken * 20 <= whole else None


def _declared(body: bytes, names: list[str]) -> str | None:
    for name in names:
        if name == "utf-8":
            continue
        try:
            text = body.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
        if _likely(text, name):
            return name
    return None


def _likely(text: str, name: str) -> bool:
    """Tell whether a strict decoding gave text: Arabic in a Latin encoding gives «ÇáãÛÑÈ», and many a server says so."""
    letters = sum(1 for character in text[:50_000] if character > "\x7f")
    if not letters:
        return True
    if name in ("windows-1256", "iso-8859-6", "mac-arabic", "cp720", "cp864"):
        return letters < 20 or _arabic_score(text[:50_000]) > 0.2
    if name in ("windows-1252", "windows-1254", "windows-1250", "iso-8859-15"):
        return _latin_score(text[:50_000]) > 0.5
    return True


def _arabic_score(text: str) -> float:
    """Give how much of the non-ASCII text stands in common Arabic words (a news text: .8 and more, times four)."""
    letters = sum(1 for character in text if character > "\x7f") or 1
    return sum(map(len, _COMMON.findall(text))) / letters * 4 - text.count("\ufffd") / letters


def _latin_score(text: str) -> float:
    """Give the share of non-ASCII letters that stand in words as Latin languages write them (few in a row, among ASCII letters)."""
    foreign = [character for character in text if character > "\xbf"]
    if not foreign:
        return 1.0
    inside = sum(1 for word in _LATIN_WORD.findall(text) for character in word if character > "\xbf" and not _mostly_foreign(word))
    return inside / len(foreign)


def _mostly_foreign(word: str) -> bool:
    return sum(1 for character in word if character > "\xbf") * 2 > len(word)


def _scored(body: bytes, names: list[str]) -> str | None:
    """Choose among the one-byte encodings by the common Arabic words that each gives."""
    sample = body[:100_000]
    scores: dict[str, float] = {}
    for name in _GUESSES:
        text = sample.decode(name, errors="replace")
        if name == "windows-1252":
            scores[name] = _latin_score(text)
        else:
            scores[name] = _arabic_score(text)
    best = max(scores, key=lambda name: (scores[name], name in names))
    return best if scores[best] > 0.4 else None


def _detected(body: bytes) -> str | None:
    from charset_normalizer import from_bytes

    guess = from_bytes(body[:50_000], steps=3, chunk_size=512).best()
    return guess.encoding if guess is not None else None


def is_mojibake(text: str) -> bool:
    """Tell whether text is UTF-8 that somebody read in a one-byte encoding: «Ø§Ù„Ù…ØºØ±Ø¨».

    >>> is_mojibake("المغرب".encode().decode("windows-1252", "replace")), is_mojibake("المغرب: l’Été à Fès")
    (True, False)
    """
    sample = text[:5_000]
    if "Ø" not in sample and "ط§" not in sample and "Ã" not in sample:
        return False
    letters = sum(1 for character in sample if character > "\x7f")
    return letters > 4 and len(_MOJIBAKE.findall(sample)) * 3 > letters


def repair(text: str) -> str:
    """Undo one wrong reading of UTF-8 (see `is_mojibake`), or give the text as it is."""
    if not is_mojibake(text):
        return text
    for name in ("windows-1252", "windows-1256", "latin-1"):
        try:
            repaired = text.encode(name).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        return repaired
    return text
