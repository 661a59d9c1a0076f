"""Who took a source and when it was asked; words as they are written; headline and text apart in the search index."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    "ALTER TABLE source ADD COLUMN asked_at BIGINT",
    "ALTER TABLE source ADD COLUMN leased_by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE vocabulary ADD COLUMN shown TEXT NOT NULL DEFAULT ''",
    "UPDATE vocabulary SET shown = word",
    # keys leave the window in the order of their items (`aggregator.store.keys.expire`), no longer by time
    "DROP INDEX signature_at",
    "CREATE INDEX related_other ON related (other)",
    "CREATE INDEX item_image ON item (image)",
    "CREATE INDEX item_language ON item (language)",
    "CREATE INDEX item_topic ON item (topic)",
    "ALTER TABLE search RENAME TO search_old",
)
# the old words are kept as text, so that everything is found at once; `mujaz db reindex` sets headlines apart
SEARCH = {
    "sqlite": (
        'CREATE VIRTUAL TABLE search USING fts5(title, body, tokenize = "unicode61 remove_diacritics 0")',
        "INSERT INTO search(rowid, title, body) SELECT rowid, '', terms FROM search_old",
    ),
    "postgresql": (
        "CREATE TABLE search (item BIGINT PRIMARY KEY, vector TSVECTOR NOT NULL)",
        "INSERT INTO search(item, vector) SELECT item, vector FROM search_old",
        "DROP INDEX search_vector",
        "CREATE INDEX search_vector ON search USING gin(vector)",
    ),
}


def upgrade() -> None:
    """Add the columns, change the indexes, and make the search table anew."""
    connection = op.get_bind()
    for statement in (*STATEMENTS, *SEARCH[connection.dialect.name], "DROP TABLE search_old"):
        connection.exec_driver_sql(statement)
