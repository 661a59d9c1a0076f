"""Reads an address into what a request needs: whom to ask, for what, and with which credentials. Pure."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote, urljoin, urlsplit

from aggregator.model import Failed, FailureKind

USUAL_PORTS = {"http": 80, "https": 443}
LONGEST = 8_000  # characters; servers refuse longer request lines themselves
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_NOT_IN_A_HOST = frozenset(" /\\@?#<>|^%`{}\"'\t\r\n\x7f") | frozenset(map(chr, range(32)))


class Unusable(Exception):
    """An address that can't be asked; carries the failure."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.failure = Failed(kind, detail)


@dataclass(frozen=True, slots=True)
class Target:
    """One hop: what to ask whom. ``address`` has no credentials and no fragment; ``authorization`` belongs to this origin alone."""

    address: str
    scheme: str
    host: str
    port: int
    path: str
    authorization: str = ""

    @property
    def netloc(self) -> str:
        """Give host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Give what credentials are bound to."""
        return (self.scheme, self.host, self.port)


def target_of(address: str) -> Target:
    """Read an address (raises `Unusable`).

    International names and paths are written in ASCII, the fragment is dropped, credentials are taken out.
    """
    text = address.strip()
    try:
        parts = urlsplit(text)
        name, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{text[:200]} is no address: {error}") from None
    if parts.scheme not in USUAL_PORTS:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{text[:200]} is neither http nor https")
    if not name:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{text[:200]} names no host")
    if port == 0:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{text[:200]} names port 0")
    if len(text) > LONGEST:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"an address of {len(text):,} characters ({text[:100]}…) is too long")
    host = _ascii_host(name)
    path = quote(parts.path or "/", safe=_PATH_SAFE, errors="replace")
    if parts.query:
        path += "?" + quote(parts.query, safe=_PATH_SAFE + "?", errors="replace")
    shown = f"[{host}]" if ":" in host else host
    if port is not None and port != USUAL_PORTS[parts.scheme]:
        shown += f":{port}"
    return Target(
        f"{parts.scheme}://{shown}{path}",
        parts.scheme,
        host,
        USUAL_PORTS[parts.scheme] if port is None else port,
        path,
        _basic(parts.username, parts.password or "") if parts.username else "",
    )


def follow(target: Target, location: str) -> Target:
    """Give where a redirect leads (raises `Unusable`).

    Credentials stay with the origin that they were given for: a redirect neither carries them elsewhere nor brings its own.
    """
    try:
        joined = urljoin(target.address, location)
    except ValueError as error:
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"the redirect to {location[:200]} is no address: {error}") from None
    following = target_of(joined)
    return replace(following, authorization=target.authorization if following.origin == target.origin else "")


def _ascii_host(name: str) -> str:
    host = name
    if not name.isascii():
        try:
            host = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            raise Unusable(FailureKind.DNS, f"{name[:100]} is no host name") from None
    if not host or len(host) > 253 or not _NOT_IN_A_HOST.isdisjoint(host):
        raise Unusable(FailureKind.REFUSED_ADDRESS, f"{name[:100]} is no host name")
    return host


def _basic(user: str, password: str) -> str:
    pair = f"{unquote(user)}:{unquote(password)}"
    return "Basic " + b64encode(pair.encode("utf-8", "surrogatepass")).decode()
