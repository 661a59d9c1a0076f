"""Search over our own folded words: FTS5 and a tsvector hold the same words in the same places, so that both find the same.

Neither database's own text analysis is asked: `aggregator.arabic.tokens` folds and stems documents and queries alike.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, text
from sqlalchemy.types import UserDefinedType

from aggregator.arabic.fold import fold
from aggregator.arabic.tokens import Folded
from aggregator.store import bulk
from aggregator.store import schema as t
from aggregator.store.query import Query

MOST_NEAR = 200  # of words equally near the most frequent is meant
_GAP = 20  # places between headline and text in a tsvector, so that no phrase spans them
_LONGEST = 500  # letters of a word on PostgreSQL, which takes 2,046 bytes
_MOST_PLACES = 250  # PostgreSQL keeps 256 a word
_PARTS = re.compile(r"[^\W_]+")
_TOKENS = re.compile(r"[^\W\d_][\w\u064b-\u0652\u0640]*")
_MARKS = re.compile("[\u064b-\u0652\u0640]")

_ROWS_SQLITE = bulk.statement("INSERT INTO search(rowid, title, body) VALUES(?, ?, ?)")
_ROWS_POSTGRES = bulk.Statement("", "INSERT INTO search(item, vector) VALUES(%s, %s::tsvector)", "COPY search (item, vector) FROM STDIN")
_LEARN = bulk.statement(
    "INSERT INTO vocabulary(word, count, shown) VALUES(?, ?, ?) ON CONFLICT(word) DO UPDATE SET count = vocabulary.count + excluded.count"
)


def terms(title: str, body: str) -> tuple[str, str]:
    """Give what the index keeps of a headline and a text: their terms, with a blank between."""
    return Folded.of(title).terms, Folded.of(body).terms


def put(c: Connection, rows: Sequence[tuple[int, str, tuple[str, str]]], *, again: bool = False, learned: bool = True) -> None:
    """Index items (id, headline, `terms`); ``again`` replaces what was there, and without ``learned`` their words are not counted."""
    if again:
        drop(c, [row[0] for row in rows])
    if c.dialect.name == "sqlite":
        _ROWS_SQLITE.run(c, [(item, *kept) for item, _, kept in rows])
    else:
        _ROWS_POSTGRES.run(c, [(item, vector(head.split(), rest.split())) for item, _, (head, rest) in rows])
    if learned:
        learn(c, [row[1] for row in rows])


def vector(title: Sequence[str], body: Sequence[str]) -> str:
    """Write a tsvector with each word's places; those of the headline weigh more (A).

    >>> vector(["وزير", "2-1"], ["وزير"])
    "'وزير':1A,24 '2':2A '1':3A"
    """
    head = lexemes(title)
    places: dict[str, list[str]] = defaultdict(list)
    for place, part in enumerate(head, 1):
        places[part].append(f"{place}A")
    for place, part in enumerate(lexemes(body), len(head) + _GAP + 1):
        places[part].append(str(min(place, 16_383)))
    return " ".join(f"'{part}':{','.join(found[:_MOST_PLACES])}" for part, found in places.items())


def drop(c: Connection, ids: Sequence[int]) -> None:
    """Take items out of the index."""
    column = "rowid" if c.dialect.name == "sqlite" else "item"
    bulk.statement(f"DELETE FROM search WHERE {column} = ?").run(c, [(each,) for each in ids])  # noqa: S608  (a fixed name)


class TsQuery(UserDefinedType[str]):
    """PostgreSQL's type of a query, to cast text to."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Give the type's name."""
        return "TSQUERY"


def parts(terms: Sequence[str]) -> list[str]:
    """Give the words that both indexes hold of terms: «2-1» is two."""
    return [part for term in terms for part in _PARTS.findall(term)]


def lexemes(terms: Sequence[str]) -> list[str]:
    """Give the words as PostgreSQL takes them: a longer one made it refuse the whole report, and the whole search."""
    return [part[:_LONGEST] for part in parts(terms)]


def in_headline(terms: Sequence[str]) -> str:
    """Write for PostgreSQL that these words stand in the headline, one after the other.

    >>> in_headline(["وزير", "2-1"])
    "'وزير':A <-> '2':A <-> '1':A"
    """
    return " <-> ".join(f"'{part}':A" for part in lexemes(terms))


def _phrase(terms: Sequence[str], dialect: str) -> str:
    """Write a word or phrase in FTS5's or PostgreSQL's syntax; its words hold letters and digits only, and are quoted."""
    if dialect == "sqlite":
        return '"' + " ".join(parts(terms)) + '"'
    return "(" + " <-> ".join(f"'{part}'" for part in lexemes(terms)) + ")"


def expression(query: Query, dialect: str) -> str:
    """Write a query in FTS5's or PostgreSQL's syntax."""
    must, without = ([_phrase(terms, dialect) for terms in each] for each in (query.must, query.without))
    if dialect == "sqlite":
        return " AND ".join(must) + "".join(f" NOT {each}" for each in without)
    return " & ".join([*must, *(f"!{each}" for each in without)])


def hits(query: Query, dialect: str) -> Any:
    """Give a selectable of the item ids that a query finds."""
    return _matching(expression(query, dialect), dialect, "hits")


def any_of(phrases: Sequence[Sequence[str]], dialect: str) -> Any:
    """Give a selectable of the items that hold one of these words or phrases: those to leave out where no others are asked for."""
    return _matching((" OR " if dialect == "sqlite" else " | ").join(_phrase(terms, dialect) for terms in phrases), dialect, "any_of")


def _matching(asked: str, dialect: str, name: str) -> Any:
    if dialect == "sqlite":
        sql = "SELECT rowid AS item FROM search WHERE search MATCH :asked"
    else:
        sql = "SELECT item FROM search WHERE vector @@ CAST(:asked AS tsquery)"
    return text(sql).bindparams(bindparam("asked", asked, unique=True)).columns(item=t.Id).subquery(name)


def among(query: Query, dialect: str, item: Any) -> Any:
    """Give the condition that a query finds one item, for asking few items instead of listing many hits."""
    asked = expression(query, dialect)
    if dialect == "sqlite":
        sql = "EXISTS (SELECT 1 FROM search WHERE search MATCH :asked AND rowid = item.id)"
    else:
        sql = "EXISTS (SELECT 1 FROM search WHERE search.item = item.id AND vector @@ CAST(:asked AS tsquery))"
    assert item.key == "id", "the statement names the column"
    return text(sql).bindparams(asked=asked)


def learn(c: Connection, titles: Sequence[str]) -> None:
    """Count the words of headlines, from which did-you-mean chooses, each with one way to write it."""
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for title in titles:
        for token in set(_TOKENS.findall(title)):
            if 3 < len(token) < 20:
                word = fold(token)
                counts[word] += 1
                shown.setdefault(word, _MARKS.sub("", token))
    _LEARN.run(c, sorted((word, n, shown[word]) for word, n in counts.items()))


def suggest(c: Connection, query: Query) -> str | None:
    """Give the query with misspelt words replaced by the nearest known ones; None if nothing better is known.

    A word that finds something is not misspelt; the nearest is by Damerau-Levenshtein, then the more frequent.
    """
    better, changed = query.text, False
    for word in query.words:
        found = _nearest(c, word)
        if found is not None:
            better, changed = better.replace(word, found, 1), True
    return better if changed else None


def _nearest(c: Connection, word: str) -> str | None:
    from rapidfuzz import process
    from rapidfuzz.distance import DamerauLevenshtein

    folded = fold(word)
    asked = Query.of(word)
    if len(folded) < 4 or asked.empty or c.execute(select(hits(asked, c.dialect.name).c.item).limit(1)).first():
        return None
    far = 1 if len(folded) < 6 else 2
    v = t.vocabulary.c
    lengths = [len(folded) + more for more in range(-far, far + 1)]
    # one string of all words: twenty thousand rows through the driver took longer than comparing them
    alike = c.execute(select(func.aggregate_strings(v.word, " ")).where(func.length(v.word).in_(lengths))).scalar() or ""
    close = process.extract(folded, alike.split(" "), scorer=DamerauLevenshtein.distance, score_cutoff=far, limit=MOST_NEAR)
    distances = {word: distance for word, distance, _ in close}
    known = c.execute(select(v.word, v.count, v.shown).where(v.word.in_(distances)))
    best = min(((distances[word], -count, shown) for word, count, shown in known), default=None)
    return best[2] if best else None


def clear(c: Connection) -> None:
    """Empty the index and the vocabulary before they are made anew."""
    c.execute(text("DELETE FROM search"))
    c.execute(delete(t.vocabulary))
