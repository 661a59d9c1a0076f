"""The tables. Times are milliseconds since 1970 in UTC, so that both databases sort and compare them alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

metadata = MetaData()
# SQLite gives rowids only to INTEGER, PostgreSQL needs BIGINT
Id = BigInteger().with_variant(Integer, "sqlite")


def to_ms(moment: datetime | None) -> int | None:
    """Give a time as stored: milliseconds since 1970."""
    return None if moment is None else round(moment.timestamp() * 1000)


def from_ms(value: int | None) -> datetime | None:
    """Give a stored time back, aware and in UTC."""
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

outlet = Table(
    "outlet",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("spec", Text, nullable=False),  # the whole outlet as JSON
)

source = Table(
    "source",
    metadata,
    Column("id", Text, primary_key=True),
    Column("outlet", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("origin", Text, nullable=False),
    Column("spec", Text, nullable=False),  # the whole source as JSON
    Column("status", Text, nullable=False),
    Column("next_fetch_at", BigInteger),
    Column("last_fetch_at", BigInteger),
    Column("lease_until", BigInteger),
    Column("leased_by", Text, nullable=False, server_default=""),  # machine and process, so that a dead one's leases are void
    Column("asked_at", BigInteger),  # when it was last taken; keeps the minimum interval after a crash
    Column("state", Text, nullable=False),  # SourceState as JSON
    Column("digests", LargeBinary, nullable=False),  # of the entries already stored, 8 bytes each
    Index("source_due", "status", "enabled", "next_fetch_at"),
    Index("source_lease", "lease_until"),
    Index("source_last", "last_fetch_at"),  # the clock was set back: one of four ways to be due, and all must have an index
)

hold = Table("hold", metadata, Column("host", Text, primary_key=True), Column("until", BigInteger, nullable=False))

story = Table(
    "story",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("shown_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("independent", Integer, nullable=False),
    Column("spread", Float, nullable=False),
    Index("story_shown", "shown_at", "id"),
    Index("story_spread", "spread", "id"),
    Index("story_updated", "updated_at"),
    sqlite_autoincrement=True,
)

item = Table(
    "item",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("story", Id, nullable=False),
    Column("source", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("guid", LargeBinary, nullable=False),  # 16-byte digest, unique within the source
    Column("guid_text", Text, nullable=False),
    Column("address", LargeBinary, nullable=False),  # 16-byte digest of outlet and canonical address; empty if shared
    Column("sameness", LargeBinary, nullable=False),  # 16-byte digest of source, headline, text and date
    Column("substance", LargeBinary, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("published", BigInteger),
    Column("updated", BigInteger),
    Column("seen_at", BigInteger, nullable=False),
    Column("shown_at", BigInteger, nullable=False),
    Column("image", Text, nullable=False),
    Column("image_credit", Text, nullable=False),
    Column("source_link", Text, nullable=False),
    Column("agency", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("categories", Text, nullable=False),  # JSON list
    Column("flags", Text, nullable=False),  # JSON list
    Column("score", Float),
    Column("why", Text, nullable=False),  # JSON list
    Column("matched", Id),
    Column("verbatim", Boolean, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("dedup_version", Integer, nullable=False),
    UniqueConstraint("source", "guid", name="item_guid"),
    Index("item_address", "address"),
    Index("item_sameness", "sameness"),
    Index("item_story", "story", "shown_at"),
    Index("item_shown", "shown_at", "id"),
    Index("item_seen", "seen_at"),
    Index("item_outlet", "outlet", "shown_at"),
    Index("item_image", "image"),
    Index("item_language", "language", "story"),
    Index("item_topic", "topic", "story"),
    sqlite_autoincrement=True,
)

body = Table(  # on PostgreSQL also `at`, by which it is parted (`aggregator.store.partitions`)
    "body",
    metadata,
    Column("item", Id, primary_key=True),
    Column("text", Text, nullable=False),
    Column("html", Text, nullable=False),
)


class _SameMonth(ColumnElement[bool]):
    """The condition on which PostgreSQL asks only the partition that holds an item's body."""

    type = Boolean()
    inherit_cache = True


@compiles(_SameMonth)
def _any_month(*_: Any, **__: Any) -> str:
    return "1 = 1"


@compiles(_SameMonth, "postgresql")
def _that_month(*_: Any, **__: Any) -> str:
    return "body.at = item.seen_at"


ITS_BODY = and_(body.c.item == item.c.id, _SameMonth())  # by which items are joined with their bodies

revision = Table(
    "revision",
    metadata,
    Column("item", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("revision_item", "item", "at"),
)

signature = Table(
    "signature",
    metadata,
    Column("item", Id, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("draft", LargeBinary, nullable=False),
)

key = Table(
    "dkey",
    metadata,
    Column("key", BigInteger, nullable=False),
    Column("item", Id, nullable=False),
    PrimaryKeyConstraint("key", "item"),
    Index("dkey_item", "item"),
    sqlite_with_rowid=False,
)

related = Table(
    "related",
    metadata,
    Column("story", Id, nullable=False),
    Column("other", Id, nullable=False),
    Column("score", Float, nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("story", "other"),
    Index("related_other", "other"),
)

tombstone = Table("tombstone", metadata, Column("digest", LargeBinary, primary_key=True), Column("at", BigInteger, nullable=False))

apart = Table(  # by hand: these two items are not one story, whatever the judge says
    "apart",
    metadata,
    Column("item", Id, nullable=False),
    Column("other", Id, nullable=False),
    PrimaryKeyConstraint("item", "other"),
)

together = Table("together", metadata, Column("item", Id, primary_key=True))  # by hand: this item stays where it was put

image_report = Table(
    "image_report",
    metadata,
    Column("image", Text, nullable=False),
    Column("reporter", Text, nullable=False),
    Column("item", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("image", "reporter"),
)

image_state = Table(
    "image_state",
    metadata,
    Column("image", Text, primary_key=True),
    Column("state", Text, nullable=False),  # hidden | blocked | kept
    Column("at", BigInteger, nullable=False),
)

merge_report = Table(
    "merge_report",
    metadata,
    Column("story", Id, nullable=False),
    Column("reporter", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("story", "reporter"),
)

token = Table(
    "token",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

vocabulary = Table(  # words of headlines, for did-you-mean
    "vocabulary",
    metadata,
    Column("word", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("shown", Text, nullable=False, server_default=""),  # as a headline wrote it; the folded form is never shown
)

# The table `search` (FTS5 or tsvector) is made by the migrations alone: it has no form common to both databases.
