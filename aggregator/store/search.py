"""Search over our own folded words: FTS5 and tsvector('simple') index the same text, so that both find the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text, update

from aggregator.arabic.tokens import search_terms, words
from aggregator.store import schema as t

NEWEST = 5_000  # ranked by relevance are the newest hits only: bm25 over 100,000 rows of a common word took 3 s
BODY_WORDS = 1_200
_PART = re.compile(r'(-?)(?:(outlet|country|lang|topic|since|until):("[^"]*"|\S+)|"([^"]*)"|(\S+))', re.UNICODE)


@dataclass(frozen=True, slots=True)
class Query:
    """A search in parts: words and phrases that must be there, those that must not, and filters."""

    must: tuple[tuple[str, ...], ...] = ()
    without: tuple[tuple[str, ...], ...] = ()
    filters: tuple[tuple[str, str], ...] = ()
    plain: str = field(default="")

    @property
    def empty(self) -> bool:
        """Tell whether no word is asked for."""
        return not self.must


def parse(query: str) -> Query:
    """Read a search as typed; what can't be read is searched as words."""
    must: list[tuple[str, ...]] = []
    without: list[tuple[str, ...]] = []
    filters: list[tuple[str, str]] = []
    plain: list[str] = []
    for minus, name, value, phrase, word in _PART.findall(query):
        if name:
            filters.append((name, value.strip('"')))
            continue
        asked = phrase or word
        terms = tuple(search_terms(asked))
        if not terms:
            continue
        if minus:
            without.append(terms)
        else:
            plain.append(asked)
            must.extend([terms] if phrase else [(term,) for term in terms])
    return Query(tuple(must), tuple(without), tuple(filters), " ".join(plain))


def day(value: str) -> datetime | None:
    """Read the date of ``since:`` and ``until:``; None if it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def put(c: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    """Index items (id, headline, text), replacing what was there."""
    if not rows:
        return
    ids = [row[0] for row in rows]
    values = [{"id": item, "terms": terms_of(title, body)} for item, title, body in rows]
    if c.dialect.name == "sqlite":
        c.execute(text("DELETE FROM search WHERE rowid = :id"), [{"id": each} for each in ids])
        c.execute(text("INSERT INTO search(rowid, terms) VALUES(:id, :terms)"), values)
    else:
        c.execute(text("DELETE FROM search WHERE item = :id"), [{"id": each} for each in ids])
        c.execute(text("INSERT INTO search(item, terms) VALUES(:id, :terms)"), values)
    learn(c, [row[1] for row in rows])


def terms_of(title: str, body: str) -> str:
    """Give the folded words that are indexed; the headline's come first and once more at the end, so that they weigh double."""
    head = search_terms(title)
    return " ".join((*head, *search_terms(body)[:BODY_WORDS], *head))


def drop(c: Connection, ids: Sequence[int]) -> None:
    """Take items out of the index."""
    column = "rowid" if c.dialect.name == "sqlite" else "item"
    if ids:
        c.execute(text(f"DELETE FROM search WHERE {column} = :id"), [{"id": each} for each in ids])  # noqa: S608  (a fixed name)


def expression(query: Query, dialect: str) -> str:
    """Write a query in FTS5's or PostgreSQL's syntax; terms hold letters and digits only, and are quoted."""

    def sqlite(terms: tuple[str, ...]) -> str:
        return '"' + " ".join(_safe(term) for term in terms) + '"'

    def postgres(terms: tuple[str, ...]) -> str:
        return "(" + " <-> ".join(f"'{_safe(term)}'" for term in terms) + ")"

    if dialect == "sqlite":
        parts = " AND ".join(sqlite(each) for each in query.must)
        return parts + "".join(f" NOT {sqlite(each)}" for each in query.without)
    return " & ".join([postgres(each) for each in query.must] + [f"!{postgres(each)}" for each in query.without])


def _safe(term: str) -> str:
    return re.sub(r"[^\w]", "", term, flags=re.UNICODE).replace("_", "")


def hits(query: Query, dialect: str) -> Any:
    """Give a selectable of the item ids that a query finds."""
    asked = expression(query, dialect)
    if dialect == "sqlite":
        return (
            text("SELECT rowid AS item FROM search WHERE search MATCH :asked").bindparams(asked=asked).columns(item=t.Id).subquery("hits")
        )
    sql = "SELECT item FROM search WHERE vector @@ to_tsquery('simple', :asked)"
    return text(sql).bindparams(asked=asked).columns(item=t.Id).subquery("hits")


def ranked(c: Connection, query: Query) -> list[tuple[int, float]]:
    """Give the newest hits with their relevance (higher is better)."""
    asked = expression(query, c.dialect.name)
    if c.dialect.name == "sqlite":
        sql = (
            "SELECT rowid AS item, -bm25(search) AS score FROM search WHERE search MATCH :asked "
            "AND rowid > (SELECT coalesce(min(r), 0) - 1 FROM (SELECT rowid AS r FROM search WHERE search MATCH :asked ORDER BY rowid DESC LIMIT :newest))"
        )
    else:
        sql = (
            "SELECT item, ts_rank_cd(vector, to_tsquery('simple', :asked)) AS score FROM "
            "(SELECT item, vector FROM search WHERE vector @@ to_tsquery('simple', :asked) ORDER BY item DESC LIMIT :newest) AS newest"
        )
    return [(row[0], float(row[1])) for row in c.execute(text(sql), {"asked": asked, "newest": NEWEST})]


def learn(c: Connection, titles: Sequence[str]) -> None:
    """Count the words of headlines, from which did-you-mean chooses."""
    counts = Counter(word for title in titles for word in set(words(title)) if 3 < len(word) < 20 and not word[0].isdigit())
    if not counts:
        return
    v = t.vocabulary.c
    known = {row[0] for row in c.execute(select(v.word).where(v.word.in_(list(counts))))}
    old = [{"b_word": word, "b_n": n} for word, n in counts.items() if word in known]
    if old:
        from sqlalchemy import bindparam

        c.execute(update(t.vocabulary).where(v.word == bindparam("b_word")).values(count=v.count + bindparam("b_n")), old)
    new = [{"word": word, "count": n} for word, n in counts.items() if word not in known]
    if new:
        c.execute(insert(t.vocabulary), new)


def suggest(c: Connection, query: str) -> str | None:
    """Give the query with misspelt words replaced by the nearest known ones; None if nothing better is known."""
    from rapidfuzz.distance import DamerauLevenshtein

    asked = parse(query)
    changed = False
    out = []
    for word in asked.plain.split():
        folded = "".join(words(word))
        v = t.vocabulary.c
        if not folded or len(folded) < 4 or c.execute(select(v.count).where(v.word == folded)).first():
            out.append(word)
            continue
        rows = c.execute(select(v.word, v.count).where(v.count > 1).order_by(v.count.desc()).limit(20_000))
        best = min(((DamerauLevenshtein.distance(folded, row[0], score_cutoff=2), -row[1], row[0]) for row in rows), default=(9, 0, ""))
        if best[0] <= (1 if len(folded) < 6 else 2):
            out.append(best[2])
            changed = True
        else:
            out.append(word)
    return " ".join(out) if changed else None


def clear(c: Connection) -> None:
    """Empty the index and the vocabulary before they are made anew."""
    c.execute(text("DELETE FROM search"))
    c.execute(delete(t.vocabulary))
