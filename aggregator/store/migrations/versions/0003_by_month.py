"""Bodies and revisions by month on PostgreSQL; indexes that the plans of hot queries use, on both."""

from datetime import UTC, datetime

from alembic import op

revision = "0003"
down_revision = "0002"

INDEXES = (
    "CREATE INDEX item_seen ON item (seen_at)",
    "CREATE INDEX source_lease ON source (lease_until)",
    "CREATE INDEX source_last ON source (last_fetch_at)",
    # with the story: SQLite went through all items of a topic for each story that it asked whether it has one of that topic
    "DROP INDEX item_language",
    "DROP INDEX item_topic",
    "CREATE INDEX item_language ON item (language, story)",
    "CREATE INDEX item_topic ON item (topic, story)",
)
# the key of a partitioned table must hold what it is parted by; items stay whole, so that an address stays unique
TABLES = {
    "body": "item BIGINT NOT NULL, at BIGINT NOT NULL, text TEXT NOT NULL, html TEXT NOT NULL, PRIMARY KEY (item, at)",
    "revision": "item BIGINT NOT NULL, at BIGINT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL",
}
ROWS = {
    "body": "SELECT b.item, i.seen_at AS at, b.text, b.html FROM body_whole AS b JOIN item AS i ON i.id = b.item",
    "revision": "SELECT item, at, title, body FROM revision_whole",
}
AHEAD = 2


def upgrade() -> None:
    """Add the indexes; on PostgreSQL make both tables anew by month and carry their rows over."""
    connection = op.get_bind()
    for statement in INDEXES:
        connection.exec_driver_sql(statement)
    if connection.dialect.name == "sqlite":
        return
    connection.exec_driver_sql("ALTER TABLE body RENAME CONSTRAINT body_pkey TO body_whole_pkey")
    connection.exec_driver_sql("ALTER INDEX revision_item RENAME TO revision_whole_item")
    this = datetime.now(UTC).year * 12 + datetime.now(UTC).month - 1
    for table, columns in TABLES.items():
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_whole")
        connection.exec_driver_sql(f"CREATE TABLE {table} ({columns}) PARTITION BY RANGE (at)")
        if table == "revision":
            connection.exec_driver_sql("CREATE INDEX revision_item ON revision (item, at)")
        months = connection.exec_driver_sql(
            "SELECT DISTINCT (extract(year FROM moment) * 12 + extract(month FROM moment) - 1)::int "  # noqa: S608  (fixed names)
            f"FROM (SELECT to_timestamp(at / 1000.0) AT TIME ZONE 'UTC' AS moment FROM ({ROWS[table]}) AS stored) AS times"
        )
        for number in sorted({row[0] for row in months} | set(range(this, this + AHEAD + 1))):
            first, last = (int(datetime(each // 12, each % 12 + 1, 1, tzinfo=UTC).timestamp() * 1000) for each in (number, number + 1))
            name = f"{table}_{number // 12:04}_{number % 12 + 1:02}"
            connection.exec_driver_sql(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ({first}) TO ({last})")
        connection.exec_driver_sql(f"INSERT INTO {table} {ROWS[table]}")
        connection.exec_driver_sql(f"DROP TABLE {table}_whole")
