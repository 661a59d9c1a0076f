"""Who took a source and when it was asked; words as they are written, for did-you-mean."""

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
)


def upgrade() -> None:
    """Add the columns and change the indexes."""
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
