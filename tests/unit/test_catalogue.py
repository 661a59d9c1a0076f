"""The catalogue: whole, as its schema says, and clear about what is wrong with it."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from aggregator.catalogue import built_in, duplicates, from_opml, load, load_file
from aggregator.errors import ConfigurationError, UsageError
from aggregator.model import Rights

GOOD = '[[outlets]]\nid = "a"\nname = "أ"\nlanguage = "ar"\ntimezone = "Africa/Casablanca"\nfeeds = ["https://a.example/feed"]\n'


def test_the_built_in_catalogue_has_the_promised_outlets() -> None:
    sources = load()
    countries = Counter(source.outlet.country for source in sources)
    assert countries["MA"] >= 36
    assert countries[""] >= 12
    assert all(countries[code] >= 10 for code in ("DZ", "TN", "EG"))
    assert {"ar", "fr"} <= {source.outlet.language for source in sources}
    assert all(source.verified == "never" and source.outlet.rights is Rights.EXCERPT for source in sources)
    assert duplicates(sources) == []


def test_every_file_is_as_the_schema_says() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((built_in() / "schema.json").read_text())
    for path in built_in().glob("*.toml"):
        jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("name", "nom"), ":3: nom: is not known; allowed are id, name"),
        (('"Africa/Casablanca"', '"Morocco/Rabat"'), ":5: timezone: 'Morocco/Rabat' is no IANA time zone"),
        (('language = "ar"', "language = 3"), ":4: language: must be a text in quotes"),
        (('"https://a.example/feed"', '"ftp://a.example/"'), ":6: feeds: 'ftp://a.example/' is no http or https address"),
        (('"https://a.example/feed"', "7"), ":6: feeds: must be a list of texts"),
        (('id = "a"', 'id = "A b"'), ":2: id: small letters"),
        (('name = "أ"', 'name = "أ"\nrights = "all"'), ":4: rights: one of link, excerpt, full"),
        (("[[outlets]]", "[outlets"), "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_sentence_with_line_and_key(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_file(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_id_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD + GOOD.replace("a.example", "b.example"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"'a' is in a\.toml already"):
        load(tmp_path)


def test_a_page_needs_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(GOOD + '[[outlets.sources]]\nid = "a.page"\nkind = "page"\naddresses = ["https://a.example/"]\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="a page needs"):
        load_file(path)


@pytest.mark.parametrize(
    "data", [b"", b"<html></html>", b"<opml><body></body></opml>", b"\xff\xfe\x00", b'<!DOCTYPE x [<!ENTITY a "b">]><rss/>']
)
def test_what_is_no_opml_is_said_so(data: bytes) -> None:
    with pytest.raises(UsageError):
        from_opml(data)


def test_the_settings_file_is_up_to_date() -> None:
    from scripts.settings_file import FILE, text

    assert FILE.read_text(encoding="utf-8") == text()
