"""Hands due sources to the workers of a cluster: queued by one process, taken by another, given back when a worker is lost.

PostgreSQL only. A source is leased to the queue in the transaction that defers its job, and leased to the job once a worker has
begun it; that second step checks again all that allows a request, so that a job which comes late, twice or after a crash asks nobody
too soon. Times are those of the database's own clock, as its clients keep it (`Dispatch.clock`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from aggregator.model import Claim
from aggregator.store import codec, sources
from aggregator.store.connect import Database
from aggregator.store.schema import to_ms
from aggregator.store.shared import Single, shared
from aggregator.store.sources import CLOCK_SLACK, LONGEST_LEASE, LONGEST_WAIT

QUEUED = "queue"  # holder of the lease of a source whose job no worker has begun
QUEUE_LEASE = timedelta(milliseconds=LONGEST_LEASE)
TICK = 0x6D756A62  # one process queues at a time
BACKLOG = 2_000  # jobs waiting at most: a queue of 5,000 was served at a third of the speed of a short one

# what allows a request: the source's own state, its least interval (its own, where that is longer), and no wish of its host
_DUE = f"""
    s.enabled AND s.status = 'active'
    AND (s.next_fetch_at IS NULL OR s.next_fetch_at <= :now OR s.next_fetch_at > :now + {LONGEST_WAIT} OR s.last_fetch_at > :now + {CLOCK_SLACK})
    AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.host = s.host AND h.until > :now AND h.until < :now + {LONGEST_WAIT})
    AND COALESCE(GREATEST(
        CASE WHEN s.last_fetch_at <= :now + {CLOCK_SLACK} THEN s.last_fetch_at END,
        CASE WHEN s.asked_at <= :now + {CLOCK_SLACK} THEN s.asked_at END
    ), 0) <= :now - GREATEST(:least, COALESCE((s.spec::jsonb ->> 'min_interval')::float8 * 1000, 0))
"""  # noqa: S608  (fixed numbers)
_FREE = f"(s.lease_until IS NULL OR s.lease_until <= :now OR s.lease_until > :now + {LONGEST_LEASE})"

_CHOOSE = text(f"""
    WITH due AS (
        SELECT s.id, s.host, COALESCE(s.next_fetch_at, 0) AS at,
               row_number() OVER (PARTITION BY s.host ORDER BY COALESCE(s.next_fetch_at, 0), s.id) AS rank
        FROM source s
        WHERE {_DUE} AND {_FREE}
          AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.status = 'todo' AND j.queueing_lock = 'source/' || s.id)
    ), busy AS (
        SELECT host, count(*) AS n FROM source s
        WHERE s.lease_until IS NOT NULL AND s.lease_until > :now AND s.lease_until <= :now + {LONGEST_LEASE}
        GROUP BY host
    ), chosen AS (
        SELECT due.id, due.rank, due.at FROM due LEFT JOIN busy USING (host)
        WHERE due.rank + COALESCE(busy.n, 0) <= :per_host
        ORDER BY due.rank, due.at, due.id
        LIMIT :limit
    ), leased AS (
        UPDATE source s SET lease_until = :until, leased_by = '{QUEUED}'
        FROM chosen WHERE s.id = chosen.id AND {_FREE}
        RETURNING s.id, s.spec, chosen.rank, chosen.at
    )
    SELECT id, COALESCE((spec::jsonb ->> 'full_page')::boolean, false) AS heavy FROM leased ORDER BY rank, at, id
""")  # noqa: S608  (fixed text)
_TAKE = text(f"""
    UPDATE source s SET lease_until = :until, leased_by = :holder, asked_at = :asked
    FROM outlet o
    WHERE s.id = :id AND o.id = s.outlet AND {_DUE} AND (s.leased_by = '{QUEUED}' OR {_FREE})
    RETURNING s.*, o.spec AS outlet_spec
""")  # noqa: S608  (fixed text)
# by this job itself: it was taken over a connection that was lost before it answered, and may not be asked any more
_UNWANTED = text(f"UPDATE source SET lease_until = NULL, leased_by = '' WHERE id = :id AND leased_by IN ('{QUEUED}', :holder)")  # noqa: S608
_CLOCK = text("SELECT clock_timestamp()")
_CONFIRM = text("UPDATE source SET asked_at = :asked, lease_until = :until WHERE id = :id AND leased_by = :holder")
_GIVE_BACK = text("UPDATE source SET lease_until = NULL, leased_by = '' WHERE leased_by = ANY(:holders)")
# a source that is leased to the queue while the queue has no job of it, or to a job that is no longer under way: the job was lost with a
# worker, or removed by hand, or ended without a word. What is still in hand somewhere counts only while nobody else asked
_ORPHANS = text(f"""
    UPDATE source s SET lease_until = NULL, leased_by = ''
    WHERE s.lease_until IS NOT NULL AND (
        s.leased_by = '{QUEUED}'
        AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j WHERE j.status IN ('todo', 'doing') AND j.queueing_lock = 'source/' || s.id)
        OR s.leased_by LIKE 'job/%' AND NOT EXISTS (
            SELECT 1 FROM procrastinate_jobs j WHERE j.status = 'doing' AND j.id = substring(s.leased_by FROM 5)::bigint
        )
    )
""")  # noqa: S608  (fixed text)


@dataclass(frozen=True, slots=True)
class Due:
    """A source that was just queued; ``heavy`` if its refresh fetches articles' pages too."""

    id: str
    heavy: bool


class Dispatch:
    """The queueing side of a PostgreSQL store."""

    def __init__(self, database: Database, connections: int = 2) -> None:
        self._database = database
        self._single = Single(database, connections)

    def close(self) -> None:
        """Close the connections for single statements."""
        self._single.close()

    def clock(self) -> datetime:
        """Give the database server's time."""
        row, _ = self._single.run(_CLOCK, {})
        assert row is not None
        moment: datetime = row[0]
        return moment

    def queue(
        self, now: datetime, least: timedelta, per_host: int, defer: Callable[[Any, Sequence[Due]], None], backlog: int = BACKLOG
    ) -> int:
        """Lease due sources to the queue and defer their jobs, in one transaction; gives how many.

        At most ``per_host`` of one host stand in the queue or are under way, hosts in turn, the longest overdue first. ``defer`` gets
        the driver's connection. Nothing is done where another process is at it.
        """
        with shared(self._database) as c:
            if not c.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": TICK}).scalar():
                return 0
            waiting = c.execute(text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")).scalar_one()
            if waiting >= backlog:
                return 0
            values = {
                "now": to_ms(now),
                "least": int(least.total_seconds() * 1000),
                "until": to_ms(now + QUEUE_LEASE),
                "per_host": per_host,
                "limit": backlog - waiting,
            }
            due = [Due(row.id, row.heavy) for row in c.execute(_CHOOSE, values)]
            if due:
                defer(c.connection.driver_connection, due)
            return len(due)

    def take(
        self, source_id: str, holder: str, now: datetime, lease: timedelta, least: timedelta, within: timedelta = timedelta(0)
    ) -> Claim | None:
        """Take a queued source for a request that begins ``within`` a moment; None where it is not to be asked (any more).

        That moment's end is noted as the time of asking, so that a killed worker's successor never counts from too early.
        """
        values = {
            "id": source_id,
            "holder": holder,
            "now": to_ms(now),
            "asked": to_ms(now + within),
            "until": to_ms(now + lease),
            "least": int(least.total_seconds() * 1000),
        }
        row, _ = self._single.run(_TAKE, values)
        if row is None:
            self._single.run(_UNWANTED, {"id": source_id, "holder": holder})
            return None
        return sources.claim_of(row, codec.outlet(row.outlet_spec))

    def confirm(self, source_id: str, holder: str, asked: datetime, lease: timedelta) -> bool:
        """Note another time of asking for a source that is still held, since the request comes later; False if it was lost."""
        values = {"id": source_id, "holder": holder, "asked": to_ms(asked), "until": to_ms(asked + lease)}
        return bool(self._single.run(_CONFIRM, values)[1])

    def give_back(self, holders: Sequence[str]) -> None:
        """Free the sources that these jobs hold; that they may have been asked counts all the same."""
        if holders:
            self._single.run(_GIVE_BACK, {"holders": list(holders)})

    def free_orphans(self) -> int:
        """Free the sources that are leased to a job that no longer is; gives how many."""
        return self._single.run(_ORPHANS, {})[1]
