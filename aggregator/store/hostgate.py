"""The places at other people's hosts, shared by all workers: in the database, so that manners hold however many machines ask.

PostgreSQL only. A place is a lease: one whose worker was killed comes free by itself. The starts of requests to a host are spaced by
reservation: who gets a place is told how long to wait with it. All times are the database server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from aggregator.store.connect import Database
from aggregator.store.schema import from_ms
from aggregator.store.shared import Single

# made by `aggregator.store.cluster`; one row a host, so that entering is one lock and one write
TABLES = """
CREATE TABLE host_gate (
    host TEXT PRIMARY KEY,
    holders TEXT[] NOT NULL DEFAULT '{}',
    until TIMESTAMPTZ[] NOT NULL DEFAULT '{}',
    next_start TIMESTAMPTZ NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);

CREATE FUNCTION mujaz_gate_enter(_host TEXT, _holder TEXT, _places INT, _gap FLOAT8, _lease FLOAT8, OUT wait FLOAT8, OUT held BIGINT)
LANGUAGE plpgsql AS $$
DECLARE
    gate host_gate;
    moment TIMESTAMPTZ;
    beginning TIMESTAMPTZ;
BEGIN
    INSERT INTO host_gate (host) VALUES (_host) ON CONFLICT DO NOTHING;
    SELECT * INTO gate FROM host_gate WHERE host = _host FOR UPDATE;
    moment := clock_timestamp();
    SELECT h.until INTO held FROM hold h
        WHERE h.host = _host AND h.until > extract(epoch FROM moment) * 1000 AND h.until < extract(epoch FROM moment) * 1000 + 1382400000;
    IF held IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT COALESCE(array_agg(one.holder), '{}'), COALESCE(array_agg(one.until), '{}') INTO gate.holders, gate.until
        FROM unnest(gate.holders, gate.until) AS one (holder, until) WHERE one.until > moment;
    IF cardinality(gate.holders) >= _places THEN
        RETURN;
    END IF;
    beginning := GREATEST(moment, gate.next_start);
    UPDATE host_gate SET
        holders = gate.holders || _holder,
        until = gate.until || (beginning + make_interval(secs => _lease)),
        next_start = beginning + make_interval(secs => _gap)
        WHERE host = _host;
    wait := extract(epoch FROM beginning - moment);
END $$;

CREATE FUNCTION mujaz_gate_leave(_host TEXT, _holder TEXT) RETURNS VOID LANGUAGE sql AS $$
    UPDATE host_gate SET (holders, until) = (
        SELECT COALESCE(array_agg(one.holder), '{}'), COALESCE(array_agg(one.until), '{}')
        FROM unnest(holders, host_gate.until) AS one (holder, until) WHERE one.holder <> _holder
    ) WHERE host = _host
$$
"""
_ENTER = text("SELECT wait, held FROM mujaz_gate_enter(:host, :holder, :places, :gap, :lease)")
_LEAVE = text("SELECT mujaz_gate_leave(:host, :holder)")
_TIDY = text("DELETE FROM host_gate WHERE next_start < now() - interval '1 day' AND holders = '{}'")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says: begin in ``wait`` seconds; None: all places are taken, or the host is to be left alone until ``held``."""

    wait: float | None
    held: datetime | None = None


class HostGate:
    """Asks the database for places; may be called from any thread."""

    def __init__(self, database: Database, connections: int) -> None:
        # a place that a crash of the server forgets costs nothing: no wait for the disk
        self._single = Single(database, connections, "-c synchronous_commit=off")

    def enter(self, host: str, holder: str, places: int, gap: float, lease: float) -> Answer:
        """Ask for one of ``places`` at a host, ``gap`` seconds after the start before, for ``lease`` seconds at most."""
        row, _ = self._single.run(_ENTER, {"host": host, "holder": holder, "places": places, "gap": gap, "lease": lease})
        assert row is not None
        return Answer(row.wait, from_ms(row.held))

    def leave(self, host: str, holder: str) -> None:
        """Give a place back."""
        self._single.run(_LEAVE, {"host": host, "holder": holder})

    def tidy(self) -> None:
        """Forget hosts that nobody asked for a day."""
        self._single.run(_TIDY, {})

    def close(self) -> None:
        """Close all connections."""
        self._single.close()
