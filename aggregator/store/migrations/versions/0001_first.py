"""The first tables, as SQL of their own: later changes of `aggregator.store.schema` must not change what this made."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

KINDS = {
    "sqlite": {
        "$SERIAL": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT",
        "$ID": "INTEGER",
        "$BLOB": "BLOB",
        "$WITHOUT_ROWID": "WITHOUT ROWID",
    },
    "postgresql": {"$SERIAL": "BIGSERIAL NOT NULL PRIMARY KEY", "$ID": "BIGINT", "$BLOB": "BYTEA", "$WITHOUT_ROWID": ""},
}
SEARCH = {
    "sqlite": (
        'CREATE VIRTUAL TABLE search USING fts5(terms, tokenize = "unicode61 remove_diacritics 0")',
        "INSERT INTO search(search, rank) VALUES('rank', 'bm25(1.0)')",
    ),
    "postgresql": (
        "CREATE TABLE search (item BIGINT PRIMARY KEY, terms TEXT NOT NULL, vector TSVECTOR GENERATED ALWAYS AS (to_tsvector('simple', terms)) STORED)",
        "CREATE INDEX search_vector ON search USING gin(vector)",
    ),
}


def upgrade() -> None:
    """Make all tables as they stood in the first version, the search index among them."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    script = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    for name, kind in KINDS[dialect].items():
        script = script.replace(name, kind)
    for statement in (*script.split(";"), *SEARCH[dialect]):
        if statement.strip():
            connection.exec_driver_sql(statement)
