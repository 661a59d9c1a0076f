"""Bound an element's attributes, before a parser of HTML sees them."""

from __future__ import annotations

import re

_MOST = 1_000  # no element has more attributes, or classes
_LONG = 4 * _MOST
_LONG_TAG = re.compile(rf"<([A-Za-z][^<>\s/]{{0,40}})([^<>]{{{_LONG},}})>")


def bounded(html: str) -> str:
    """Take the attributes from elements that have a thousand and more: libxml2 compares each with all (60,000: 4.5 s).

    >>> bounded("<p " + "a='1'" * 1_500 + "><b id='c'>"), bounded("<p title='" + "long " * 900 + "'>")[:10]
    ("<p><b id='c'>", "<p title='")
    """
    return _LONG_TAG.sub(lambda found: f"<{found[1]}>" if _are_many(found[2]) else found[0], html) if len(html) > _LONG else html


def _are_many(attributes: str) -> bool:
    return max(attributes.count("="), attributes.count("/"), len(attributes.split())) > _MOST
