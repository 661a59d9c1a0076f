"""Rows by COPY and one by one: the same values arrive, and errors are told alike."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from aggregator.errors import DatabaseError
from aggregator.store import Store, bulk

TOKENS = bulk.insert("token", ("name", "digest", "scopes", "at"))
ODD = ["", "\\N", "\\", "\t", "\n", "\r\n", "\\.", "'\"", "موجز", "🕊", "%s ? :x", "\x01"]


@pytest.mark.parametrize("together", [True, False], ids=["together", "one by one"])
def test_all_text_arrives_as_it_is(store: Store, together: bool) -> None:
    rows = [(f"{at}", each, each * 3, 2**62 - at) for at, each in enumerate(ODD)]
    with store.database.write() as c:
        for part in [rows] if together else [[row] for row in rows]:
            TOKENS.run(c, part)
    with store.database.read() as c:
        found = [tuple(row) for row in c.execute(text("SELECT name, digest, scopes, at FROM token"))]
    assert sorted(found) == sorted(rows)


def test_numbers_bytes_and_what_is_missing_arrive_as_they_are(store: Store) -> None:
    columns = ("id", "outlet", "topic", "host", "enabled", "origin", "spec", "status", "next_fetch_at", "last_fetch_at", "state", "digests")
    rows: list[tuple[Any, ...]] = [
        (f"s{n}", "o", "", "h", n % 2 == 0, "", "{}", "active", None if n else -(2**62), n, "{}", bytes(range(256)) * n) for n in range(4)
    ]
    with store.database.write() as c:
        bulk.insert("source", columns).run(c, rows)
        found = [tuple(row) for row in c.execute(text(f"SELECT {', '.join(columns)} FROM source ORDER BY id"))]
    assert [(*row[:4], bool(row[4]), *row[5:-1], bytes(row[-1])) for row in found] == rows


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_row_that_is_there_already_is_told_and_nothing_of_its_transaction_stays(store: Store, count: int) -> None:
    with store.database.write() as c:
        TOKENS.run(c, [("one", "", "", 1)])

    def write() -> None:
        with store.database.write() as c:
            TOKENS.run(c, [("two", "", "", 2)])
            TOKENS.run(c, [*((f"n{n}", "", "", n) for n in range(count - 1)), ("one", "", "", 1)])

    with pytest.raises(DatabaseError) as caught:
        write()
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert not caught.value.passing, "to try again would not help"
    assert [name for name, *_ in store.tokens()] == ["one"]


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_goes_away_in_the_middle_passes(store: Store) -> None:
    def cut() -> None:
        with store.database.write() as c:
            mine = c.execute(text("SELECT pg_backend_pid()")).scalar()
            with store.database.read() as other:
                other.execute(text("SELECT pg_terminate_backend(:mine)"), {"mine": mine})
            TOKENS.run(c, [(f"n{n}", "", "", n) for n in range(50)])

    with pytest.raises(DatabaseError) as caught:
        cut()
    assert caught.value.passing
    assert store.tokens() == []
    with store.database.write() as c:
        TOKENS.run(c, [(f"n{n}", "", "", n) for n in range(50)])
    assert len(store.tokens()) == 50
