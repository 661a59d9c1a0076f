"""Decide in which encoding a document is written, whatever it declares.

The order is: byte-order mark, NUL pattern (UTF-16/32 without a mark), the test whether it *is*
UTF-8, the declarations (HTTP, XML, meta), our own look at Arabic letters, and charset-normalizer
only when all of these are silent (it takes 20 to 200 ms a document; ours well under one).
Declarations come after the UTF-8 test because the Arab web's most common lies are a UTF-8 feed
served as windows-1256 and the reverse; text that is not UTF-8 almost never decodes as UTF-8.
"""

from __future__ import annotations

import codecs
import re
import zlib
from dataclasses import dataclass

from aggregator.errors import DocumentError
from aggregator.parse import letters

MAX_UNPACKED = 32 * 2**20

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HTTP = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_XML = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:+-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_EBCDIC_XML = b"\x4c\x6f\xa7\x94"
# what servers write -> the codec that reads it (WHATWG: Latin-1 is read as windows-1252, gb2312 as gb18030)
_ALIASES = {
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "x-mac-arabic": "mac_arabic",
    "asmo-708": "iso8859-6",
    "dos-720": "cp720",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode-2-0-utf-8": "utf-8",
}
_SEVEN_BIT = ("iso2022", "hz", "utf_7")  # pure ASCII bytes that are not ASCII text
_WIDE = ("utf_16", "utf_32", "utf-16", "utf-32")
# Python's names of codecs that are not character sets: never from a document
_NOT_CHARSETS = frozenset(
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
        "undefined",
        "raw_unicode_escape",
        "unicode_escape",
        "mbcs",
        "oem",
    ]
)
_ARABIC = ("cp1256", "iso8859-6", "cp720", "mac_arabic")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document's text, the codec that read it, what was odd about that (or ""), and its bytes where they are the text in UTF-8."""

    text: str
    encoding: str
    problem: str = ""
    data: bytes = b""


def unpack(body: bytes, limit: int = MAX_UNPACKED) -> bytes:
    """Give the body without the gzip wrapping that some servers send unannounced.

    Raises `DocumentError` (``too_large``) where it unfolds to more than ``limit`` bytes.
    """
    for _ in range(2):  # a .gz file sent by a server that compresses as well
        if body[:2] != b"\x1f\x8b":
            break
        body = _gunzip(body, limit)
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, limit)
    except zlib.error as error:
        raise DocumentError("protocol", f"the document is broken gzip data: {error}") from None
    if unpacker.unconsumed_tail:
        raise DocumentError("too_large", f"the document unpacks to more than {limit} bytes")
    return plain


def decode(body: bytes, content_type: str = "", *, language: str = "") -> Decoded:
    """Decode a document's bytes; never fails, what can't be decoded becomes U+FFFD.

    ``language`` is what the source is known to write in: it settles texts that are too short
    to judge by their letters.

    >>> decode("عاجل: الملك يستقبل الوزراء".encode("cp1256")).encoding
    'cp1256'
    >>> decode("خبر".encode(), "text/xml; charset=windows-1256").text
    'خبر'
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _marked(body[len(mark) :], mark, encoding, content_type, language)
    wide = _wide(body)
    if wide:
        return Decoded(body.decode(wide, "replace").lstrip("\ufeff"), wide)
    return _unmarked(body, content_type, language)


def _marked(body: bytes, mark: bytes, encoding: str, content_type: str, language: str) -> Decoded:
    while body.startswith(mark):  # two marks: a file was glued to a template that had one already
        body = body[len(mark) :]
    if encoding != "utf-8":
        return Decoded(body.decode(encoding, "replace"), encoding)
    decoded = _unmarked(body, content_type, language)
    return (
        decoded
        if decoded.encoding == "utf-8"
        else Decoded(decoded.text, decoded.encoding, "the byte-order mark says UTF-8, the text is not")
    )


def _wide(body: bytes) -> str:
    """Recognise UTF-16 and UTF-32 without a mark by the NUL bytes around the ``<`` or ``{`` that a document starts with."""
    if body[:4] == _EBCDIC_XML:
        return "cp037"
    head = body[:4]
    if b"\0" not in head:
        return ""
    for pattern, encoding in ((b"\0\0\0.", "utf-32-be"), (b".\0\0\0", "utf-32-le"), (b"\0.\0.", "utf-16-be"), (b".\0.\0", "utf-16-le")):
        if len(head) == 4 and all((byte == 0) == (sign == 0) for byte, sign in zip(head, pattern, strict=True)):
            return encoding
    return _wide_arabic(body)


def _wide_arabic(body: bytes) -> str:
    # "<" and then an Arabic letter, or white space and then anything: count where the NULs stand
    sample = body[:400]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) * 10 < len(sample) or min(even, odd) * 10 > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _unmarked(body: bytes, content_type: str, language: str) -> Decoded:
    declared = _declared(body, content_type)
    if body.isascii():
        return _ascii(body, declared)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _legacy(body, declared, language)
    return _east_asian(body, declared) or _unscramble(text, body)


def _declared(body: bytes, content_type: str) -> list[str]:
    """Give the codecs that the document is said to be in, most trusted first, without repeats and unknown names."""
    head = body[:4096]
    names = [found.group(1) for found in (_HTTP.search(content_type),) if found]
    names += [found.group(1).decode("ascii") for found in (_XML.search(head), _META.search(head)) if found]
    codecs_found: list[str] = []
    for name in names:
        codec = codec_of(name)
        if codec and codec not in codecs_found:
            codecs_found.append(codec)
    return codecs_found


def codec_of(name: str) -> str:
    """Give Python's name of the codec for a declared character set, or "" for an unknown one."""
    name = name.strip().lower()
    name = _ALIASES.get(name, name)
    if name.startswith("windows-"):
        name = "cp" + name[8:]
    elif name.startswith("x-"):
        name = name[2:]
    if name.replace("-", "_").replace("_codec", "") in _NOT_CHARSETS:
        return ""
    try:
        codec = codecs.lookup(name)
        b" ".decode(name)
    except (LookupError, ValueError, UnicodeError, TypeError):
        return "" if not name.startswith(_WIDE) else name
    return codec.name


def _ascii(body: bytes, declared: list[str]) -> Decoded:
    for codec in declared:
        if codec.replace("-", "_").startswith(_SEVEN_BIT):
            try:
                return Decoded(body.decode(codec), codec)
            except UnicodeDecodeError:
                continue
    return Decoded(body.decode("ascii"), "utf-8")


def _east_asian(body: bytes, declared: list[str]) -> Decoded | None:
    # a handful of Chinese or Japanese bytes can be valid UTF-8 by chance: with so little text a declaration is worth more
    if not declared or declared[0] not in ("gb18030", "big5", "cp932", "euc_jp", "cp949", "johab", "big5hkscs"):
        return None
    if sum(byte > 127 for byte in body) > 24:
        return None
    try:
        return Decoded(body.decode(declared[0]), declared[0])
    except UnicodeDecodeError:
        return None


# -- not UTF-8 ------------------------------------------------------------------------------


def _legacy(body: bytes, declared: list[str], language: str) -> Decoded:
    if letters.mostly_utf8(body):
        return Decoded(letters.decode_mixed(body), "utf-8", "some bytes are not UTF-8")
    sample = letters.high_sample(body)
    arabic = letters.best(sample, _ARABIC)
    if arabic.accepted:
        problem = (
            "" if not declared or arabic.codec in declared else f"declared {declared[0]}, but the letters are Arabic in {arabic.codec}"
        )
        return Decoded(body.decode(arabic.codec, "replace"), arabic.codec, problem)
    for codec in declared:
        if codec == "utf-8":
            continue
        try:
            return Decoded(body.decode(codec), codec)
        except (UnicodeDecodeError, LookupError):
            continue
    latin = letters.looks_latin(sample)
    if arabic.short and ((arabic.plausible and not latin) or language == "ar"):
        return Decoded(body.decode("cp1256", "replace"), "cp1256", "too little text to be sure of windows-1256")
    if latin:
        return Decoded(body.decode("cp1252", "replace"), "cp1252", "undeclared windows-1252")
    return _last_resort(body, declared)


def _last_resort(body: bytes, declared: list[str]) -> Decoded:
    from charset_normalizer import from_bytes

    match = from_bytes(body[:20_000]).best()
    codec = match.encoding if match else (next((name for name in declared if name != "utf-8"), "") or "cp1252")
    if declared and declared[0] == "utf-8" and not match:
        codec = "utf-8"
    return Decoded(body.decode(codec, "replace"), codec, f"no declaration fits; read as {codec}")


def _unscramble(text: str, body: bytes) -> Decoded:
    """Undo UTF-8 that was read as windows-1252 and encoded once more («Ø§Ù„»): Arabic feeds out of old databases."""
    if b"\xc3" not in body:  # the byte that both of them begin with
        return Decoded(text, "utf-8", data=body)
    suspects = text.count("Ø") + text.count("Ù")
    if suspects < 8 or suspects * 8 < len(text) - len(text.encode("ascii", "ignore")):
        return Decoded(text, "utf-8", data=body)
    repaired = letters.undo_double_encoding(text)
    return Decoded(repaired, "utf-8", "encoded twice" if repaired != text else "")
