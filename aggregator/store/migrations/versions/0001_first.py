"""The first tables."""

from alembic import op

from aggregator.store.schema import SEARCH_POSTGRES, SEARCH_SQLITE, metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables as they stood in the first version, the search index among them."""
    connection = op.get_bind()
    metadata.create_all(connection)
    for statement in SEARCH_SQLITE if connection.dialect.name == "sqlite" else SEARCH_POSTGRES:
        connection.exec_driver_sql(statement)
