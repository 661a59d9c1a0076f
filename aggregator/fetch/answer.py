"""What a server's answer says before its body is looked at: headers, validators, statuses, troubles in words."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import httpx2 as httpx

from aggregator.model import FailureKind

LONGEST_VALIDATOR = 1_024  # bytes; a longer one is not sent back: the request's headers would be refused, for ever
LISTS = ("cache-control", "content-encoding", "x-robots-tag")  # headers that may come in several lines
_BYTES = re.compile(r"bytearray\(b['\"](.{0,100}).*?['\"]\)", re.DOTALL)
KINDS = {
    401: FailureKind.UNAUTHORIZED,
    402: FailureKind.UNAUTHORIZED,
    403: FailureKind.UNAUTHORIZED,
    404: FailureKind.NOT_FOUND,
    407: FailureKind.UNAUTHORIZED,
    410: FailureKind.GONE,
    429: FailureKind.RATE_LIMITED,
    451: FailureKind.UNAUTHORIZED,
}


@dataclass(slots=True)
class Answer:
    """An answer as read: ``headers`` by lower-case name, their bytes as latin-1; ``conditional`` tells whether validators were sent."""

    status: int
    headers: dict[str, str]
    conditional: bool
    body: bytes = b""
    doubtful: bool = False  # perhaps not whole: its validators must not be kept

    def header(self, name: str) -> str:
        """Give a header, "" if it did not come."""
        return self.headers.get(name, "")

    def location(self) -> str:
        """Give where a redirect leads; many servers write Arabic paths as bare UTF-8."""
        value = self.header("location").strip()
        try:
            return value.encode("latin-1").decode("utf-8")
        except UnicodeError:
            return value

    def new_validators(self) -> tuple[str | None, str | None]:
        """Give ETag and Last-Modified as they came."""
        etag, modified = self.header("etag"), self.header("last-modified")
        return (etag if 0 < len(etag) <= LONGEST_VALIDATOR else None), (modified if 0 < len(modified) <= LONGEST_VALIDATOR else None)


def headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give headers by lower-case name, the first of each (lists joined), as the bytes came (latin-1), so that validators go back byte for byte.

    Cookies are dropped here: nothing after this point can send one back.
    """
    found: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        if key.startswith("set-cookie"):
            continue
        text = value.decode("latin-1")
        if key in found:
            if key in LISTS:
                found[key] += ", " + text
        else:
            found[key] = text
    return found


def validators(etag: str | None, last_modified: str | None) -> tuple[tuple[bytes, bytes], ...]:
    """Give the headers of a conditional request, byte for byte what the server once sent."""
    found = []
    if etag:
        found.append((b"If-None-Match", _bytes(etag)))
    if last_modified:
        found.append((b"If-Modified-Since", _bytes(last_modified)))
    return tuple(found)


def _bytes(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def refusal(status: int) -> tuple[FailureKind, str]:
    """Give kind and words of a status that brings no document."""
    phrase = HTTPStatus(status).phrase if status in _KNOWN else "unknown status"
    text = f"HTTP {status} {phrase}"
    if status in KINDS:
        return KINDS[status], text
    if status >= 500:
        return FailureKind.HTTP_5XX, text
    if status >= 400:
        return FailureKind.HTTP_4XX, text
    if status in (202, 204, 205):
        return FailureKind.EMPTY, f"{text}: the server sends no document"
    if status == 206:
        return FailureKind.PROTOCOL, f"{text}: a part came, though the whole was asked for"
    return FailureKind.PROTOCOL, text


_KNOWN = {int(each) for each in HTTPStatus}


def trouble(error: Exception) -> tuple[FailureKind, str]:
    """Give kind and words of a connection that failed."""
    text = str(error) or type(error).__name__
    match error:
        case ssl.SSLCertVerificationError():
            return FailureKind.TLS, f"the server's certificate is not trusted: {getattr(error, 'verify_message', '') or text}"
        case ssl.SSLError():
            return FailureKind.TLS, f"the encrypted connection failed: {getattr(error, 'reason', None) or text}"
        case httpx.ConnectError():
            return FailureKind.CONNECT, f"no connection: {text}"
        case httpx.TimeoutException():
            return FailureKind.TIMEOUT, f"no connection in time: {text}"
        case httpx.ProtocolError() | httpx.DecodingError():
            return FailureKind.PROTOCOL, "the server does not speak HTTP properly: " + _BYTES.sub(r"«\1»", text)
        case httpx.NetworkError() | OSError():
            return FailureKind.CONNECT, f"the connection broke: {text}"
    return FailureKind.PROTOCOL, f"the answer can't be read: {text}"
