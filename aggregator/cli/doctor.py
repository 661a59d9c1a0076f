"""``mujaz doctor``: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from aggregator.cli.context import Context, emit_json
from aggregator.errors import MujazError

GOOD_SQLITE = (3, 51, 3)
LEAST_FREE = 500 * 2**20
LIVING_EXPAT = (2, 6, 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: ``ok``, ``note`` (worth knowing) or ``wrong``, and what to do."""

    level: str
    what: str
    remedy: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document a line.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what is wrong with this installation, and what to do about it. Exit status 1 if something is.

    Looks at versions, the SQLite build, time zone data, settings, catalogue, disk, database and sources;
    on PostgreSQL at the server, the workers and their queue as well.

    \b
    Examples:
      mujaz doctor
      mujaz doctor --json
    """
    context: Context = ctx.obj
    found = list(examined(context))
    if as_json:
        emit_json({"level": each.level, "what": each.what, "remedy": each.remedy} for each in found)
    else:
        for each in found:
            click.echo(f"{each.level:<6} {each.what}" + (f" — {each.remedy}" if each.remedy else ""))
    ctx.exit(1 if any(each.level == "wrong" for each in found) else 0)


def examined(context: Context) -> Iterator[Finding]:
    """Look at everything; a part that can't be looked at is a finding, not an end."""
    yield from _versions()
    yield from _zones()
    try:
        settings = context.settings
        yield Finding("ok", f"settings from {context.config_path or 'the defaults'}")
        if not settings.fetch.contact:
            yield Finding("note", "fetch.contact is empty", "set it to a mail address or page, so that a server's owner can reach you")
    except MujazError as error:
        yield Finding("wrong", str(error), "correct it; nothing works before")
        return
    yield from _catalogue(context)
    yield from _disk(context.folder)
    yield _port(settings.web.host, settings.web.port)
    yield from _store(context)


def _versions() -> Iterator[Finding]:
    import pyexpat

    from lxml import etree

    from aggregator import __version__
    from aggregator.store.connect import sqlite_module

    yield Finding("ok", f"mujaz {__version__}, Python {sys.version.split()[0]}")
    module = sqlite_module()
    version = str(module.sqlite_version)
    if tuple(int(part) for part in version.split(".")) >= GOOD_SQLITE:
        yield Finding("ok", f"SQLite {version} ({module.__name__.split('.')[0]})")
    else:
        yield Finding(
            "note",
            f"SQLite {version} may damage a database when several processes write (WAL reset, mended in 3.51.3)",
            "Mujaz writes under a lock, which avoids it; a newer build comes with `pip install 'pysqlite3>=0.6.1'` where it has a wheel",
        )
    expat = pyexpat.version_info
    level = "ok" if expat >= LIVING_EXPAT else "note"
    yield Finding(
        level,
        f"expat {'.'.join(map(str, expat))}, libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))}",
        ""
        if level == "ok"
        else "expat before 2.6 is slow on hostile documents; workers are killed in time, a newer Python brings a newer one",
    )


def _zones() -> Iterator[Finding]:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from aggregator.arabic.zones import zone

    moment = datetime(2026, 12, 1, 12, tzinfo=UTC)
    ours = moment.astimezone(zone("Africa/Casablanca")).utcoffset()
    try:
        system = moment.astimezone(ZoneInfo("Africa/Casablanca")).utcoffset()
    except ZoneInfoNotFoundError:
        system = None
    if ours != timedelta(0):
        yield Finding("wrong", "the zone data is older than Morocco's change of September 2026", "pip install -U tzdata")
    elif system is not None and system != ours:
        yield Finding(
            "note",
            "the system's zone data is older than Mujaz's own (Morocco's change of September 2026)",
            "Mujaz uses its own; update the system's tzdata for other programs",
        )
    else:
        yield Finding("ok", "zone data knows Morocco's change of September 2026")
    if not datetime(2026, 1, 1, tzinfo=UTC) < datetime.now(UTC) < datetime(2060, 1, 1, tzinfo=UTC):
        yield Finding("wrong", f"the clock says {datetime.now(UTC):%Y-%m-%d}", "set the clock; dates and schedules depend on it")


def _catalogue(context: Context) -> Iterator[Finding]:
    from aggregator.catalogue import duplicates
    from aggregator.cli.setup import catalogue

    try:
        sources = catalogue(context)
    except MujazError as error:
        yield Finding("wrong", str(error), "correct it; nothing of the catalogue is loaded before")
        return
    yield Finding("ok", f"catalogue: {len(sources)} sources")
    twice = duplicates(sources)
    if twice:
        yield Finding("note", f"{len(twice)} addresses stand in the catalogue twice, e.g. {twice[0]}", "take one away")


def _disk(folder: Path) -> Iterator[Finding]:
    base = folder
    while not base.exists():
        base = base.parent.absolute()
    free = shutil.disk_usage(base).free
    if free < LEAST_FREE:
        yield Finding("wrong", f"{free / 2**20:.0f} MB free where the data lies ({base})", "free some space")
    else:
        yield Finding("ok", f"{free / 2**30:.0f} GB free where the data lies ({base})")
    try:
        probe = base / ".mujaz-probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        yield Finding("wrong", f"{base} can't be written: {error.strerror}", "give yourself the right to write there, or use --data")


def _port(host: str, port: int) -> Finding:
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            why = error.strerror or str(error)
            return Finding(
                "note",
                f"the page's address {host}:{port} is taken ({why})",
                "by a running mujaz, or choose another with web.port or --port",
            )
    return Finding("ok", f"the page's address {host}:{port} is free")


def _store(context: Context) -> Iterator[Finding]:
    from aggregator.store import utc_now

    try:
        store = context.open_store(create=False)
    except MujazError as error:
        missing = "There is no database" in str(error)
        yield Finding("note" if missing else "wrong", str(error))
        if not context.database_url.startswith("sqlite"):
            from aggregator.store.cluster import needs_extra

            if wanted := needs_extra():
                yield Finding("wrong", "`mujaz run` and `mujaz worker` can't work on this machine", wanted)
        return
    with store:
        problems: list[Any] = store.check()
        yield from (Finding("wrong", each.what, each.remedy) for each in problems)
        counts = store.counts()
        if not store.database.is_sqlite:
            from aggregator.cli.cluster_findings import cluster_findings

            yield from cluster_findings(store)
        if not problems:
            yield Finding("ok", f"database: {counts.items} items in {counts.stories} stories")
        from aggregator.cli.sources import remedy

        unwell = store.sources(unwell=True, now=utc_now())
        for claim in unwell[:20]:
            failure = claim.state.failure
            what = f"{failure.kind}: {failure.detail}" if failure else claim.state.drifted or "silent beyond its rhythm"
            yield Finding("note", f"source {claim.source.id}: {what}", remedy(str(failure.kind)) if failure else "look at its site")
        if len(unwell) > 20:
            yield Finding("note", f"{len(unwell) - 20} more sources are unwell", "mujaz sources list --unwell")
