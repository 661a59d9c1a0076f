"""The only room that speaks SQL: sources, items, stories, the near-duplicate index, search. SQLite or PostgreSQL.

All methods are synchronous and may be called from any thread; writes are one at a time. Reading methods give values
that do not depend on an open connection.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from aggregator.model import Claim, Item, Outlet, Page, Revision, Source, SourceState, Status, Story, StoryFilter
from aggregator.store import backup, hand, keys, maintenance, migrate, partitions, retention, search, sources, stories
from aggregator.store import commit as _commit
from aggregator.store import schema as t
from aggregator.store.ahead import Ahead
from aggregator.store.connect import DaemonLock, Database, daemon_lock, make_folder
from aggregator.store.hand import ReportedImage
from aggregator.store.keys import CandidateSet
from aggregator.store.maintenance import Counts, Problem
from aggregator.store.outbox import Outbox
from aggregator.store.query import Query
from aggregator.store.refresh import Committed, Judged, Merge, Refresh
from aggregator.store.shared import shared

if TYPE_CHECKING:
    from aggregator.dedup import Candidate, Draft, Verdict
    from aggregator.settings import StorageSettings

__all__ = [
    "CandidateSet",
    "Committed",
    "Counts",
    "DaemonLock",
    "Judged",
    "Merge",
    "Problem",
    "Refresh",
    "ReportedImage",
    "Store",
    "daemon_lock",
]

LEASE = timedelta(minutes=10)


class Store:
    """An opened database."""

    def __init__(self, database: Database, settings: StorageSettings, done: str | None = None) -> None:
        self.database = database
        self.settings = settings
        self.opened = done  # what opening did, in words: made, or upgraded after a backup
        # in a cluster: when this process took the sources that it has (ms); what it writes of them counts while nobody else took them
        self.held: dict[str, int] = {}
        self._drafts = keys.Drafts()
        self._salt: bytes | None = None

    @classmethod
    def open(cls, url: str, *, folder: Path, settings: StorageSettings, create: bool = True) -> Store:
        """Open a database, making or upgrading its tables (a SQLite one after a backup).

        Raises `DatabaseError` in one sentence where it is missing (``create`` False), foreign, damaged, newer or locked.
        """
        if create:
            make_folder(folder)
        database = Database(url, folder, settings.busy_timeout)
        path = database.engine.url.database
        if database.is_sqlite and not create and path and not Path(path).exists():
            raise _missing(path)
        try:
            return cls(database, settings, migrate.ensure(database, create=create))
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- sources ----------------------------------------------------------------------------

    def sync_catalogue(self, wanted: Sequence[Source]) -> tuple[int, int]:
        """Make the catalogue's sources those given; the user's own stay. Gives (added, switched off)."""
        with self.database.write() as c:
            done = sources.sync(c, wanted)
            hand.obey_opt_outs(c, [source.outlet for source in wanted], utc_now())
            return done

    def add_source(self, source: Source) -> bool:
        """Follow a source; False if it was followed already (its declaration is brought up to date)."""
        with self.database.write() as c:
            sources.put_outlet(c, source.outlet)
            hand.obey_opt_outs(c, [source.outlet], utc_now())
            return sources.put_source(c, source)

    def remove_source(self, source_id: str) -> bool:
        """Stop following a source; its items stay. False if there is none."""
        with self.database.write() as c:
            return sources.remove(c, source_id)

    def sources(
        self, *, outlet: str | None = None, status: Status | None = None, unwell: bool = False, now: datetime | None = None
    ) -> list[Claim]:
        """Give the sources with their states; ``unwell`` those that a person should look at."""
        with self.database.read() as c:
            found = sources.listed(c, outlet=outlet, status=status)
        return [claim for claim in found if sources.is_unwell(claim.state, now)] if unwell else found

    def source(self, source_id: str) -> Claim | None:
        """Give one source."""
        with self.database.read() as c:
            return sources.one(c, source_id)

    def set_status(self, source_id: str, status: Status) -> bool:
        """Pause, resume or close a source; False if there is none."""
        with self.database.write() as c:
            return sources.set_status(c, source_id, status)

    def claim_due(
        self,
        now: datetime,
        limit: int,
        *,
        per_host: int = 2,
        lease: timedelta = LEASE,
        ids: Sequence[str] | None = None,
        force: bool = False,
        min_interval: timedelta = timedelta(0),
    ) -> list[Claim]:
        """Take due sources for ``lease``; see `aggregator.store.sources.claim_due`."""
        with self.database.write() as c:
            return sources.claim_due(c, now, limit, per_host=per_host, lease=lease, ids=ids, force=force, min_interval=min_interval)

    def release(self, ids: Sequence[str], *, unasked: bool = False) -> None:
        """Give claimed sources back unfetched; ``unasked`` if surely no request went out."""
        with self.database.write() as c:
            sources.release(c, ids, unasked=unasked)

    def hasten(self, at: Mapping[str, datetime]) -> None:
        """Let sources be asked at these times, where they would be asked later."""
        with self.database.write() as c:
            sources.hasten(c, at)

    def shift_clock(self, by: timedelta) -> None:
        """Move the whole schedule by so much, because the wall clock was set."""
        with self.database.write() as c:
            sources.shift(c, by)

    def next_due(self, now: datetime) -> datetime | None:
        """Give when the next source is due; None without sources."""
        with self.database.read() as c:
            return sources.next_due(c, now)

    def hold_host(self, host: str, until: datetime) -> None:
        """Leave a host alone until a time, for all its sources and across restarts."""
        with self.database.write() as c:
            sources.hold_host(c, host, until)

    def host_holds(self, now: datetime) -> dict[str, datetime]:
        """Give the hosts to be left alone and until when."""
        with self.database.read() as c:
            return sources.holds(c, now)

    # -- what a refresh writes --------------------------------------------------------------

    def candidates(self, drafts: Sequence[Draft], now: datetime) -> CandidateSet:
        """Give each draft's candidates among the stored items, and the newest item seen."""
        with self.database.read() as c:
            seen = keys.newest(c)
            return CandidateSet(keys.candidates(c, drafts, self._drafts), seen)

    def commit(self, refresh: Refresh, judge: Callable[[Draft, Sequence[Candidate]], Verdict]) -> Committed:
        """Write all of one refresh in one transaction, judging again what came since `candidates`."""
        return self.commit_many([refresh], judge)[0]

    def commit_many(self, refreshes: Sequence[Refresh], judge: Callable[[Draft, Sequence[Candidate]], Verdict]) -> list[Committed]:
        """Write several refreshes in one transaction; each stays whole with its validators."""
        from aggregator.dedup import VERSION

        try:
            with self.database.write() as c:
                partitions.ensure(c, {t.to_ms(refresh.now) or 0 for refresh in refreshes})
                desk = _commit.Desk(judge, self._drafts, keys.Recent(c), Ahead(c, refreshes), Outbox(), VERSION)
                done = [_commit.commit(c, refresh, desk, self.held.get(refresh.source_id)) for refresh in refreshes]
                desk.outbox.flush(c)
                return done
        except BaseException:
            self._drafts.clear()  # what was rolled back may come again under another id
            raise

    def record(self, source: Source, state: SourceState) -> None:
        """Write the state that a refresh without items left behind."""
        self.record_many([(source, state)])

    def record_many(self, rows: Sequence[tuple[Source, SourceState]]) -> None:
        """Write many states in one transaction."""
        if not rows:
            return
        # in a cluster each source is one worker's, and those that judge and store are not to be waited for
        with shared(self.database) if self.held else self.database.write() as c:
            sources.record(c, rows, self.held)

    def expire_keys(self, now: datetime, window: timedelta) -> int:
        """Take items older than the window out of the near-duplicate index, and make coming months' partitions; gives how many keys went."""
        with self.database.write() as c:
            partitions.ahead(c, now)
            hand.forget(c, now)  # readers' reports are kept for ninety days, whether or not new ones come
            return keys.expire(c, t.to_ms(now - window) or 0)

    # -- reading ----------------------------------------------------------------------------

    def stories(self, wish: StoryFilter, *, limit: int = 50, cursor: str | None = None) -> Page[Story]:
        """Give one page of stories; the page's ``next`` is the cursor of the page after it."""
        with self.database.read() as c:
            return stories.page(c, wish, limit, cursor)

    def story(self, story_id: int) -> Story | None:
        """Give a story."""
        with self.database.read() as c:
            return stories.one(c, story_id)

    def iter_stories(self, wish: StoryFilter) -> Iterator[Story]:
        """Give all stories of a filter, a chunk in memory at a time."""
        with self.database.read() as c:
            yield from stories.iterate(c, wish)

    def items(self, wish: StoryFilter, *, limit: int = 50, cursor: str | None = None) -> Page[Item]:
        """Give one page of items, newest first."""
        with self.database.read() as c:
            return stories.items(c, wish, limit, cursor)

    def iter_items(self, wish: StoryFilter) -> Iterator[Item]:
        """Give all items of a filter, a chunk in memory at a time."""
        with self.database.read() as c:
            yield from stories.iterate_items(c, wish)

    def item(self, item_id: int) -> Item | None:
        """Give an item."""
        with self.database.read() as c:
            return stories.item(c, item_id)

    def revisions(self, item_id: int) -> list[Revision]:
        """Give an item's former headlines and bodies, oldest first."""
        with self.database.read() as c:
            return stories.revisions(c, item_id)

    def outlets(self) -> list[tuple[Outlet, int]]:
        """Give the outlets that have items, with how many."""
        with self.database.read() as c:
            return stories.outlets(c)

    def confidence(self, since: datetime) -> float | None:
        """Give the mean confidence of the extraction of items since a time; None if there are none."""
        with self.database.read() as c:
            return stories.confidence(c, since)

    def topics(self) -> list[str]:
        """Give the topics that sources have."""
        with self.database.read() as c:
            return stories.topics(c)

    def suggest(self, query: str) -> str | None:
        """Give a better spelt query, or None."""
        with self.database.read() as c:
            return search.suggest(c, Query.of(query))

    def counts(self) -> Counts:
        """Count what is stored."""
        with self.database.read() as c:
            return maintenance.counts(c)

    def generation(self) -> int:
        """Give a number that changes whenever stories do."""
        with self.database.read() as c:
            return int(c.execute(select(t.meta.c.value).where(t.meta.c.key == "generation")).scalar() or 0)

    # -- by hand ----------------------------------------------------------------------------

    def split(self, item_ids: Sequence[int]) -> list[int]:
        """Take items out of their story for good; gives their new stories."""
        with self.database.write() as c:
            return hand.split(c, item_ids, utc_now())

    def merge(self, story_ids: Sequence[int]) -> int:
        """Put stories together for good; gives the one that stays."""
        with self.database.write() as c:
            return hand.merge(c, story_ids, utc_now())

    def remove_story(self, story_id: int) -> int:
        """Delete a story's items for good; gives how many."""
        with self.database.write() as c:
            return hand.remove_story(c, story_id, utc_now())

    def report_image(self, item_id: int, reporter: str, now: datetime, threshold: int) -> bool:
        """Count a report of an item's picture, once a person; True if it is hidden now."""
        with self.database.write() as c:
            return hand.report_image(c, item_id, reporter, now, threshold)

    def images(self) -> list[ReportedImage]:
        """Give the pictures that were reported or decided on."""
        with self.database.read() as c:
            return hand.images(c)

    def restore_image(self, item_id: int) -> bool:
        """Show an item's picture again, whatever is reported; False if it has none."""
        with self.database.write() as c:
            return hand.set_image(c, item_id, "kept", utc_now())

    def block_image(self, item_id: int) -> bool:
        """Hide an item's picture for good; False if it has none."""
        with self.database.write() as c:
            return hand.set_image(c, item_id, "blocked", utc_now())

    def report_merge(self, story_id: int, reporter: str, now: datetime) -> None:
        """Count a report of a wrong merge, once a person."""
        with self.database.write() as c:
            hand.report_merge(c, story_id, reporter, now)

    def merge_reports(self) -> list[tuple[int, int, datetime]]:
        """Give (story, reports, latest) of the merges that readers reported."""
        with self.database.read() as c:
            return hand.merge_reports(c)

    def dismiss_merge(self, story_id: int) -> bool:
        """Put aside the reports against a story; False if there are none."""
        with self.database.write() as c:
            return hand.dismiss_merge(c, story_id)

    def add_token(self, name: str, scopes: Sequence[str]) -> str:
        """Make a token; gives its secret, shown this once."""
        with self.database.write() as c:
            return hand.add_token(c, name, scopes, utc_now())

    def check_token(self, secret: str) -> tuple[str, ...] | None:
        """Give what a secret's holder may do; None if it is none of ours."""
        if not secret:
            return None
        with self.database.read() as c:
            return hand.check_token(c, secret)

    def tokens(self) -> list[tuple[str, tuple[str, ...], datetime]]:
        """Give (name, scopes, made) of each token."""
        with self.database.read() as c:
            return hand.tokens(c)

    def revoke_token(self, name: str) -> bool:
        """Take a token back; False if there is none."""
        with self.database.write() as c:
            return hand.revoke_token(c, name)

    def salt(self) -> bytes:
        """Give this database's own random salt, made when first asked for."""
        if self._salt is None:
            with self.database.write() as c:
                found = c.execute(select(t.meta.c.value).where(t.meta.c.key == "salt")).scalar()
                if found is None:
                    found = secrets.token_hex(32)
                    maintenance.set_meta(c, "salt", found)
                self._salt = bytes.fromhex(found)
        return self._salt

    # -- maintenance ------------------------------------------------------------------------

    def check(self) -> list[Problem]:
        """Look for damage; an empty list is good."""
        return maintenance.check(self.database)

    def backup(self, path: Path | None = None, progress: Callable[[str, int, int], None] = lambda *_: None) -> Path:
        """Write all that is stored into a SQLite file while others write; gives its path."""
        return backup.backup(self.database, path, progress)

    def prune(self, now: datetime, keep: timedelta, max_bytes: int = 0, *, dry_run: bool = False) -> int:
        """Remove items older than ``keep``, then the oldest until ``max_bytes`` is met (0: no limit); gives how many."""
        if dry_run:
            with self.database.read() as c:
                return retention.older(c, t.to_ms(now - keep) or 0)
        removed = retention.prune(self.database, now, keep)
        if max_bytes:
            removed += retention.prune_to(self.database, now, max_bytes)
        self._drafts = keys.Drafts()
        return removed

    def reindex(self, progress: Callable[[int], None] = lambda _: None) -> int:
        """Make keys, signatures and search words anew; resumable. Gives how many items."""
        from aggregator.dedup import VERSION

        return maintenance.reindex(self.database, VERSION, self._drafts, utc_now(), progress)


def utc_now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


def _missing(path: str) -> Exception:
    from aggregator.errors import DatabaseError

    return DatabaseError(
        f"There is no database {path} yet: run `mujaz fetch` or `mujaz sources add URL` first, or name its folder with --data."
    )
