"""Plain addresses are told apart by a short cut, exactly as the long way tells them."""

from __future__ import annotations

import random
import re

import pytest

from aggregator.extract import addresses

HOSTS = ["a.example", "www.a.example", "m.a.example", "amp.b.example", "www2.news.example.ma", "1.2.3.4", "a--b.example", "www.m.example"]
PARTS = ["", "index.html", "amp", "a", "b.c", "default.aspx", "index.php", "..", ".", "~x", "1-2_3", "Index.HTML", "amp.html"]


def test_the_short_cut_says_what_the_long_way_says(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    urls = [
        f"{rng.choice(['http', 'https'])}://{rng.choice(HOSTS)}/{'/'.join(rng.choices(PARTS, k=rng.randint(0, 4)))}" for _ in range(3_000)
    ]
    short = [addresses.identity(url) for url in urls]
    assert all(map(addresses._PLAIN.fullmatch, urls))
    monkeypatch.setattr(addresses, "_PLAIN", re.compile("(?!)"))
    assert [addresses.identity(url) for url in urls] == short
