"""Addresses of articles: without what only counts readers, and in the form by which two are one."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}
_SITE_PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.)")
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.I)
# an address in which nothing is escaped, counted or written in another way: most are
_PLAIN = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)(/[A-Za-z0-9/_.~-]*)")
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.I)


@cache
def _tracking() -> re.Pattern[str]:
    lines = files("aggregator.extract").joinpath("data/tracking.txt").read_text(encoding="utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in names), re.I)


def canonical(url: str) -> str:
    """Give an address as it is stored: host in lower case, tracking parameters and fragment removed, all else as it was.

    What can't be read as an http(s) address comes back as it is.

    >>> canonical("HTTPS://WWW.Example.org:443/خبر/1?utm_source=x&id=5#comments")
    'https://www.example.org/خبر/1?id=5'
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        return url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port not in (None, _PORTS[scheme]):
        host += f":{port}"
    # a fragment that begins with ! is the address of a page on some old sites
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    path = _SESSION.sub("", parts.path).replace(" ", "%20")
    return urlunsplit((scheme, host, path or "/", _without_tracking(parts.query), fragment))


def _without_tracking(query: str) -> str:
    if not query:
        return ""
    tracking = _tracking()
    kept = (pair for pair in query.split("&") if pair and not tracking.fullmatch(unquote(pair.partition("=")[0])))
    return "&".join(kept).replace(" ", "%20")


def identity(url: str) -> str:
    """Give the form under which two addresses of one article are equal; not an address to fetch.

    Scheme, ``www.``, ``m.``, ``amp``, ``index.html``, a slash at the end, the order of parameters and the way
    letters are escaped make no difference.

    >>> identity("http://www.example.org/%D8%AE%D8%A8%D8%B1/?b=2&a=1") == identity("https://example.org/خبر?a=1&b=2")
    True
    """
    if plain := _PLAIN.fullmatch(url):
        return _SITE_PREFIX.sub("", plain[1]) + _page(plain[2])
    url = canonical(url)
    parts = urlsplit(url) if url.startswith(("http://", "https://")) else None
    if parts is None:
        return url
    path = _page(_plain(parts.path))
    pairs = sorted(
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name.lower() not in ("amp", "outputtype")
    )
    query = "?" + urlencode(pairs) if pairs else ""
    fragment = "#" + parts.fragment if parts.fragment else ""
    return _SITE_PREFIX.sub("", parts.netloc) + path + query + fragment


def _page(path: str) -> str:
    """Give a path without what is said or left out alike: ``index.html``, ``amp``, a slash at the end."""
    return _INDEX.sub("/", path).rstrip("/").removesuffix("/amp").rstrip("/")


def _plain(path: str) -> str:
    """Escape a path in one way, whichever way it came in (twice escaped, too)."""
    try:
        text = unquote(path, errors="strict")
    except UnicodeDecodeError:
        return path
    return quote(text, safe="/:@!$&'()*+,;=~%-._")


def host(url: str) -> str:
    """Give an address's host without ``www.``, or ""."""
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return name.removeprefix("www.")


@cache
def _second_level() -> frozenset[str]:
    return frozenset(["ac", "co", "com", "edu", "gov", "info", "mil", "net", "org", "press", "gob", "gouv"])


def site(url: str) -> str:
    """Give the registrable part of an address's host: ``news.example.com.eg`` is of ``example.com.eg``.

    >>> site("https://news.example.com.eg/a"), site("https://amp.example.ma/b")
    ('example.com.eg', 'example.ma')
    """
    labels = host(url).split(".")
    if len(labels) <= 2 or all(label.isdigit() for label in labels):
        return ".".join(labels)
    take = 3 if len(labels[-1]) == 2 and labels[-2] in _second_level() else 2
    return ".".join(labels[-take:])
