"""Sources and their states: the catalogue's and the user's, what is due, and hosts that asked to be left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from os import getpid, kill
from socket import gethostname
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from aggregator.model import Claim, Outlet, Source, SourceState, Status
from aggregator.store import bulk, codec
from aggregator.store import schema as t
from aggregator.store.query import askable
from aggregator.store.schema import from_ms, to_ms

# a source that brought nothing for this long, though it used to, is unwell
SILENCE = timedelta(days=7)
LONGEST_WAIT = 16 * 86_400_000  # ms; no schedule waits longer (a week of Retry-After or back-off, with jitter): the clock was set back
LONGEST_LEASE = 3_600_000  # ms, for the same reason
CLOCK_SLACK = 60_000  # ms; a fetch further in the future than this was written before the clock was set back
LEFT = ("next_fetch_at", "last_fetch_at", "host", "state")
# a source that was paused while its refresh was under way stays paused
FREED = "status = CASE WHEN status = 'paused' THEN status ELSE ? END, lease_until = NULL, leased_by = ''"
UPDATE = bulk.update("source", LEFT, "id", also=FREED)
# what a worker found that was stopped for so long that another took its source is older than what that one found
UPDATE_HELD = bulk.update("source", LEFT, "asked_at = ? AND id", also=FREED)


def host_of(source: Source, state: SourceState) -> str:
    """Give the host (with a port that is not the usual one) by which requests are spaced."""
    return _host(state.address or (source.addresses[0] if source.addresses else source.outlet.site))


@lru_cache(4_096)
def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower()
    except ValueError:  # an address that can't be read: its fetch will say so
        return ""


def put_outlet(c: Connection, outlet: Outlet) -> None:
    """Add an outlet or bring it up to date; one that opted out loses what is stored of it, at once and for good."""
    row = {"name": outlet.name, "country": outlet.country, "language": outlet.language, "spec": codec.dump_outlet(outlet)}
    if c.execute(update(t.outlet).where(t.outlet.c.id == outlet.id).values(row)).rowcount == 0:
        c.execute(insert(t.outlet).values(id=outlet.id, **row))
    if outlet.opted_out:
        c.execute(update(t.source).where(t.source.c.outlet == outlet.id).values(enabled=False))


def put_source(c: Connection, source: Source) -> bool:
    """Add a source or bring its declaration up to date, keeping its state; True if it is new."""
    spec = codec.dump_source(source)
    row = {"outlet": source.outlet.id, "topic": source.topic, "enabled": not source.outlet.opted_out, "origin": source.origin, "spec": spec}
    if c.execute(update(t.source).where(t.source.c.id == source.id).values(row)).rowcount:
        return False
    fresh = SourceState()
    c.execute(
        insert(t.source).values(
            id=source.id, host=host_of(source, fresh), status=str(fresh.status), state=codec.dump_state(fresh), digests=b"", **row
        )
    )
    return True


def sync(c: Connection, sources: Sequence[Source]) -> tuple[int, int]:
    """Make the catalogue's sources those given; the user's own stay. Gives (added, switched off)."""
    known = {row.id: row for row in c.execute(select(t.source.c.id, t.source.c.spec, t.source.c.enabled, t.source.c.origin))}
    outlets = {row.id: row.spec for row in c.execute(select(t.outlet.c.id, t.outlet.c.spec))}
    for outlet in {source.outlet.id: source.outlet for source in sources}.values():
        if outlets.get(outlet.id) != codec.dump_outlet(outlet):
            put_outlet(c, outlet)
    added = 0
    for source in sources:
        row = known.get(source.id)
        if row is None or row.spec != codec.dump_source(source) or row.enabled == source.outlet.opted_out:
            added += put_source(c, source)
    wanted = {source.id for source in sources}
    gone = [row.id for row in known.values() if row.origin == "catalogue" and row.enabled and row.id not in wanted]
    if gone:
        c.execute(update(t.source).where(t.source.c.id.in_(gone)).values(enabled=False))
    return added, len(gone)


def remove(c: Connection, source_id: str) -> bool:
    """Stop following a source for good; its items stay."""
    row = c.execute(select(t.source.c.origin).where(t.source.c.id == source_id)).first()
    if row is None:
        return False
    if row.origin == "catalogue":
        # the catalogue would bring it back: it stays, paused
        set_status(c, source_id, Status.PAUSED)
    else:
        c.execute(delete(t.source).where(t.source.c.id == source_id))
    return True


def _claim(row: Any, outlets: dict[str, Outlet]) -> Claim:
    return claim_of(row, outlets[row.outlet])


def claim_of(row: Any, outlet: Outlet) -> Claim:
    """Read a source's row."""
    state = codec.state(row.state)
    state = replace(state, status=Status(row.status), next_fetch_at=from_ms(row.next_fetch_at), last_fetch_at=from_ms(row.last_fetch_at))
    return Claim(codec.source(row.spec, outlet), state, from_ms(row.lease_until), from_ms(row.asked_at), row.digests)


def all_outlets(c: Connection) -> dict[str, Outlet]:
    """Give all outlets by id."""
    return {row.id: codec.outlet(row.spec) for row in c.execute(select(t.outlet.c.id, t.outlet.c.spec))}


def listed(c: Connection, *, outlet: str | None = None, status: Status | None = None) -> list[Claim]:
    """Give the sources in use, by id."""
    query = select(t.source).where(t.source.c.enabled).order_by(t.source.c.id)
    if outlet is not None:
        query = query.where(t.source.c.outlet == outlet)
    if status is not None:
        query = query.where(t.source.c.status == str(status))
    outlets = all_outlets(c)
    return [_claim(row, outlets) for row in c.execute(query)]


def is_unwell(state: SourceState, now: datetime | None) -> bool:
    """Tell whether a person should look at a source: failing, drifted, or silent beyond its rhythm."""
    if state.status is Status.GONE or state.failures >= 3 or state.drifted:
        return True
    return bool(now and state.last_new_at and state.status is Status.ACTIVE and now - state.last_new_at > silence_of(state))


def silence_of(state: SourceState) -> timedelta:
    """Give how long a source may bring nothing: a week, or ten times its usual gap where that is longer."""
    weekly = sum(state.rhythm)
    return max(SILENCE, timedelta(days=7) / weekly * 10) if weekly > 0 else SILENCE * 4


_WITH_OUTLET = select(t.source, t.outlet.c.spec.label("outlet_spec")).join(t.outlet, t.outlet.c.id == t.source.c.outlet)


def one(c: Connection, source_id: str) -> Claim | None:
    """Give one source, switched off or not."""
    return several(c, [source_id]).get(source_id)


def several(c: Connection, ids: Sequence[str]) -> dict[str, Claim]:
    """Give sources by id, switched off or not; those that are not there are missing."""
    rows = c.execute(_WITH_OUTLET.where(t.source.c.id.in_(askable(ids))))
    return {row.id: claim_of(row, codec.outlet(row.outlet_spec)) for row in rows}


def set_status(c: Connection, source_id: str, status: Status) -> bool:
    """Pause, resume or close a source; a resumed one is due at once."""
    row = c.execute(select(t.source.c.state).where(t.source.c.id == source_id)).first()
    if row is None:
        return False
    state = replace(codec.state(row.state), status=status)
    values: dict[str, Any] = {"status": str(status), "state": codec.dump_state(state)}
    if status is Status.ACTIVE:
        values["next_fetch_at"] = None
    c.execute(update(t.source).where(t.source.c.id == source_id).values(values))
    return True


def claim_due(
    c: Connection,
    now: datetime,
    limit: int,
    *,
    per_host: int,
    lease: timedelta,
    min_interval: timedelta,
    ids: Sequence[str] | None,
    force: bool,
) -> list[Claim]:
    """Take sources that are due, at most ``per_host`` of one host together with those taken before; hosts in turn, the longest overdue first.

    ``force`` disregards the schedule but never the minimum interval. A last fetch that lies in the future
    (the clock was set back) does not hold a source.
    """
    moment, least = to_ms(now) or 0, int(min_interval.total_seconds() * 1000)
    s = t.source.c
    held = select(t.hold.c.host).where(t.hold.c.until > moment, t.hold.c.until < moment + LONGEST_WAIT)
    dead = _dead_owners(c, moment)
    free = or_(s.lease_until.is_(None), s.lease_until <= moment, s.lease_until > moment + LONGEST_LEASE, s.leased_by.in_(dead))
    query = select(s.id, s.host, s.next_fetch_at).where(s.enabled, free, s.host.not_in(held))
    for asked in (s.last_fetch_at, s.asked_at):  # the second outlives a crash between the request and its commit
        query = query.where(or_(asked.is_(None), asked <= moment - least, asked > moment + CLOCK_SLACK))
    if ids is not None:
        query = query.where(s.id.in_(list(ids)), *([] if force else [or_(*_due(t.source, moment))]))
    else:
        query = query.where(s.status == str(Status.ACTIVE) if force else s.id.in_(_all_due(moment)))
    rank = func.row_number().over(partition_by=s.host, order_by=(func.coalesce(s.next_fetch_at, 0), s.id)).label("rank")
    ranked = query.add_columns(rank).subquery()
    # those that some worker has now count as well: a host that answers slowly must not fill all places, tick by tick
    busy = (
        select(s.host, func.count().label("n"))
        .where(s.lease_until > moment, s.lease_until <= moment + LONGEST_LEASE, s.leased_by.not_in(dead))
        .group_by(s.host)
        .subquery()
    )
    chosen = (
        select(t.source)
        .join(ranked, ranked.c.id == s.id)
        .join(busy, busy.c.host == ranked.c.host, isouter=True)
        .where(ranked.c.rank + func.coalesce(busy.c.n, 0) <= per_host)
        .order_by(ranked.c.rank, func.coalesce(ranked.c.next_fetch_at, 0), ranked.c.id)
    )
    if not force:  # those too soon by their own interval are left out below, and must not use the limit up
        chosen = chosen.limit(limit)
    outlets: dict[str, Outlet] = {}
    claims = []
    with closing(c.execute(chosen)) as rows:
        for row in rows:
            outlets = outlets or all_outlets(c)
            claim = replace(_claim(row, outlets), until=now + lease)
            if not (force and _too_soon(claim, now)):
                claims.append(claim)
            if len(claims) >= limit:
                break
    if claims:
        values = {"lease_until": to_ms(now + lease), "leased_by": owner(), "asked_at": moment}
        c.execute(update(t.source).where(s.id.in_([claim.source.id for claim in claims])).values(values))
    return claims


def _due(table: FromClause, moment: int) -> tuple[ColumnElement[bool], ...]:
    """Give the ways to be due; the last two are those of a clock that was set back."""
    asked, last = table.c.next_fetch_at, table.c.last_fetch_at
    return asked.is_(None), asked <= moment, asked > moment + LONGEST_WAIT, last > moment + CLOCK_SLACK


def _all_due(moment: int) -> CompoundSelect[tuple[str]]:
    """Give the active sources that are due, each way to be due by its own index: as one condition, SQLite goes through all sources."""
    d = t.source.alias("due")
    by_next = (d.c.status == str(Status.ACTIVE), d.c.enabled)
    by_last = (func.coalesce(d.c.status, "") == str(Status.ACTIVE), d.c.enabled)  # hides the status from the index that is not meant
    *ways, set_back = _due(d, moment)
    return union_all(*(select(d.c.id).where(*by_next, way) for way in ways), select(d.c.id).where(*by_last, set_back))


def _too_soon(claim: Claim, now: datetime) -> bool:
    """Tell whether a source's own least interval, longer than the general one, forbids even a forced fetch."""
    least, last = claim.source.min_interval, claim.state.last_fetch_at
    return bool(least and last and timedelta(0) <= now - last < least)


def owner() -> str:
    """Name this process, as the holder of leases."""
    return f"{gethostname()}:{getpid()}"


def _dead_owners(c: Connection, moment: int) -> list[str]:
    """Give the holders of running leases whose process on this machine has ended: a killed fetch must not block the next one."""
    here = gethostname() + ":"
    holders = c.execute(
        select(t.source.c.leased_by)
        .distinct()
        .where(t.source.c.lease_until > moment, t.source.c.leased_by.startswith(here, autoescape=True))
    )
    return [row[0] for row in holders if not _alive(int(row[0].removeprefix(here)))]


def _alive(process: int) -> bool:
    try:
        kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def release(c: Connection, ids: Sequence[str], *, unasked: bool = False) -> None:
    """Give claimed sources back; their least interval counts all the same, since a request may have gone out, unless ``unasked``."""
    values: dict[str, Any] = {"lease_until": None, "leased_by": ""} | ({"asked_at": None} if unasked else {})
    c.execute(update(t.source).where(t.source.c.id.in_(list(ids))).values(values))


def hasten(c: Connection, at: Mapping[str, datetime]) -> None:
    """Let sources be asked at these times, where they would be asked later."""
    s = t.source.c
    row = update(t.source).where(s.id == bindparam("b_id"), s.next_fetch_at > bindparam("b_at")).values(next_fetch_at=bindparam("b_at"))
    c.execute(row, [{"b_id": source, "b_at": to_ms(moment)} for source, moment in at.items()])


def shift(c: Connection, by: timedelta) -> None:
    """Move all that the schedule stands on, when the wall clock was set by so much."""
    ms = int(by.total_seconds() * 1000)
    s = t.source.c
    for column in (s.next_fetch_at, s.last_fetch_at, s.asked_at, s.lease_until):
        c.execute(update(t.source).where(column.is_not(None)).values({column: column + ms}))
    c.execute(update(t.hold).values(until=t.hold.c.until + ms))


def record(c: Connection, rows: Sequence[tuple[Source, SourceState]], held: Mapping[str, int] | None = None) -> None:
    """Write the states that refreshes left behind, many in one statement.

    ``held`` tells for which sources this only counts while they are as they were taken: when, in ms.
    """
    held = held or {}
    free, fenced = [], []
    for source, state in sorted(rows, key=lambda row: row[0].id):  # in one order, so that two workers never wait for each other
        values = (
            to_ms(state.next_fetch_at),
            to_ms(state.last_fetch_at),
            host_of(source, state),
            codec.dump_state(state),
            str(state.status),
        )
        asked = held.get(source.id)
        if asked is None:
            free.append((*values, source.id))
        else:
            fenced.append((*values, asked, source.id))
    UPDATE.run(c, free)
    UPDATE_HELD.run(c, fenced)


def next_due(c: Connection, now: datetime) -> datetime | None:
    """Give when the next active source is due."""
    s = t.source.c
    active = (s.enabled, s.status == str(Status.ACTIVE))
    if c.execute(select(s.id).where(*active, s.next_fetch_at.is_(None)).limit(1)).first():
        return now
    value = c.execute(select(func.min(s.next_fetch_at)).where(*active)).scalar()
    return None if value is None else max(now, from_ms(value) or now)


def hold_host(c: Connection, host: str, until: datetime) -> None:
    """Leave a host alone until a time; a longer hold stands."""
    moment = to_ms(until)
    row = c.execute(select(t.hold.c.until).where(t.hold.c.host == host)).first()
    if row is None:
        c.execute(insert(t.hold).values(host=host, until=moment))
    elif row.until < (moment or 0):
        c.execute(update(t.hold).where(t.hold.c.host == host).values(until=moment))


def holds(c: Connection, now: datetime) -> dict[str, datetime]:
    """Give the hosts that are to be left alone, and until when."""
    moment = to_ms(now) or 0
    rows = c.execute(select(t.hold).where(t.hold.c.until > moment, t.hold.c.until < moment + LONGEST_WAIT))
    return {row.host: from_ms(row.until) or now for row in rows}
