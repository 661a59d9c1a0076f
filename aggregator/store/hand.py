"""What people decide: stories split, merged and removed by hand, pictures and merges reported, tokens. Never overruled."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from aggregator.errors import UsageError
from aggregator.model import Outlet
from aggregator.store import bulk, keys, partitions, search, story
from aggregator.store import schema as t
from aggregator.store.schema import from_ms, to_ms

FORGET = timedelta(days=90)  # reports are erased after this (docs/privacy.md)


@dataclass(frozen=True, slots=True)
class ReportedImage:
    """A picture that readers reported: ``state`` is reported, hidden, blocked or kept."""

    image: str
    item: int
    title: str
    reports: int
    state: str


def split(c: Connection, item_ids: Sequence[int], now: datetime) -> list[int]:
    """Take items out of their story, each into one of its own; they never come together again. Gives the new stories."""
    made = []
    for item_id in item_ids:
        row = c.execute(select(t.item.c.story, t.item.c.shown_at).where(t.item.c.id == item_id)).first()
        if row is None:
            raise UsageError(f"There is no item {item_id}.")
        others = [r[0] for r in c.execute(select(t.item.c.id).where(t.item.c.story == row.story, t.item.c.id != item_id))]
        if not others:
            raise UsageError(f"Item {item_id} already stands alone in its story.")
        target = story.open_story(c, row.shown_at, now)
        story.move(c, [item_id], target)
        for other in others:
            for a, b in ((item_id, other), (other, item_id)):
                if not c.execute(select(t.apart.c.item).where(t.apart.c.item == a, t.apart.c.other == b)).first():
                    c.execute(insert(t.apart).values(item=a, other=b))
        _pin(c, [item_id])
        story.refresh(c, [row.story, target], now)
        c.execute(delete(t.merge_report).where(t.merge_report.c.story == row.story))  # looked at, and dealt with
        made.append(target)
    return made


def merge(c: Connection, story_ids: Sequence[int], now: datetime) -> int:
    """Put stories together for good; the first one's id stays. Gives it."""
    target, *others = story_ids
    for each in story_ids:
        if not c.execute(select(t.story.c.id).where(t.story.c.id == each)).first():
            raise UsageError(f"There is no story {each}.")
    moved = [r[0] for r in c.execute(select(t.item.c.id).where(t.item.c.story.in_(others)))]
    if moved:
        values = {"story": target, "why": json.dumps(["hand"]), "score": 1.0}
        c.execute(update(t.item).where(t.item.c.id.in_(moved)).values(values))
    story.inherit_links(c, target, others)
    all_items = [r[0] for r in c.execute(select(t.item.c.id).where(t.item.c.story == target))]
    c.execute(delete(t.apart).where(t.apart.c.item.in_(all_items), t.apart.c.other.in_(all_items)))
    _pin(c, all_items)
    story.refresh(c, story_ids, now)
    return target


def _pin(c: Connection, items: Sequence[int]) -> None:
    known = {r[0] for r in c.execute(select(t.together.c.item).where(t.together.c.item.in_(list(items))))}
    new = [{"item": each} for each in items if each not in known]
    if new:
        c.execute(insert(t.together), new)


def remove_story(c: Connection, story_id: int, now: datetime) -> int:
    """Delete a story's items for good; tombstones keep them from coming back. Gives how many."""
    ids = [r[0] for r in c.execute(select(t.item.c.id).where(t.item.c.story == story_id))]
    bury(c, ids, now)
    story.refresh(c, [story_id], now)
    return len(ids)


def obey_opt_outs(c: Connection, outlets: Iterable[Outlet], now: datetime) -> int:
    """Delete for good what is stored of outlets that asked not to be; gives how many items."""
    out = {outlet.id for outlet in outlets if outlet.opted_out}
    if not out:
        return 0
    rows = c.execute(select(t.item.c.id, t.item.c.story).where(t.item.c.outlet.in_(out))).all()
    bury(c, [row.id for row in rows], now)
    story.refresh(c, {row.story for row in rows}, now)
    return len(rows)


def bury(c: Connection, ids: Sequence[int], now: datetime, *, spared: int | None = None) -> None:
    """Delete items and leave tombstones, so that an entry still in its feed does not come back as new.

    Texts from before ``spared`` (ms) are left where they lie by month: their partitions are about to go.
    """
    for start in range(0, len(ids), 900):
        part = list(ids[start : start + 900])
        i = t.item.c
        marks = {value for row in c.execute(select(i.guid, i.address, i.sameness).where(i.id.in_(part))) for value in row if value}
        known = {r[0] for r in c.execute(select(t.tombstone.c.digest).where(t.tombstone.c.digest.in_(list(marks))))}
        fresh = [{"digest": each, "at": to_ms(now)} for each in marks - known]
        if fresh:
            c.execute(insert(t.tombstone), fresh)
        keys.drop(c, part)
        search.drop(c, part)
        partitions.drop_texts(c, part, spared)
        for table, column in (
            (t.apart, "item"),
            (t.apart, "other"),
            (t.together, "item"),
            (t.image_report, "item"),
        ):
            c.execute(delete(table).where(table.c[column].in_(part)))
        c.execute(delete(t.item).where(i.id.in_(part)))


def forget(c: Connection, now: datetime) -> None:
    """Erase the reports that are older than readers are told they are kept."""
    for table in (t.image_report, t.merge_report):
        c.execute(delete(table).where(table.c.at < to_ms(now - FORGET)))


def report_image(c: Connection, item_id: int, reporter: str, now: datetime, threshold: int) -> bool:
    """Count a reader's report of an item's picture, once a person; True if the picture is hidden now."""
    image = c.execute(select(t.item.c.image).where(t.item.c.id == item_id)).scalar()
    if not image:
        return False
    r = t.image_report.c
    forget(c, now)
    if not c.execute(select(r.image).where(r.image == image, r.reporter == reporter)).first():
        c.execute(insert(t.image_report).values(image=image, reporter=reporter, item=item_id, at=to_ms(now)))
    state = c.execute(select(t.image_state.c.state).where(t.image_state.c.image == image)).scalar()
    count = c.execute(select(func.count()).where(r.image == image)).scalar_one()
    if state is None and count >= threshold:
        _set_image(c, image, "hidden", now)
        state = "hidden"
    return state in ("hidden", "blocked")


def set_image(c: Connection, item_id: int, state: str, now: datetime) -> bool:
    """Decide on an item's picture: ``kept`` (shown whatever is reported) or ``blocked``."""
    image = c.execute(select(t.item.c.image).where(t.item.c.id == item_id)).scalar()
    if not image:
        return False
    _set_image(c, image, state, now)
    if state == "kept":
        c.execute(delete(t.image_report).where(t.image_report.c.image == image))
    return True


def _set_image(c: Connection, image: str, state: str, now: datetime) -> None:
    s = t.image_state.c
    if c.execute(update(t.image_state).where(s.image == image).values(state=state, at=to_ms(now))).rowcount == 0:
        c.execute(insert(t.image_state).values(image=image, state=state, at=to_ms(now)))
    bulk.touch(c)
    touched = [r[0] for r in c.execute(select(t.item.c.story).where(t.item.c.image == image))]
    c.execute(update(t.story).where(t.story.c.id.in_(touched)).values(updated_at=to_ms(now)))


def images(c: Connection) -> list[ReportedImage]:
    """Give the pictures that were reported or decided on."""
    r = t.image_report.c
    counts = {
        row.image: (row.n, row.item)
        for row in c.execute(select(r.image, func.count().label("n"), func.min(r.item).label("item")).group_by(r.image))
    }
    states = {row.image: row.state for row in c.execute(select(t.image_state))}
    found = []
    for image in sorted(counts.keys() | states.keys()):
        n, item_id = counts.get(image, (0, 0))
        row: Any = c.execute(select(t.item.c.id, t.item.c.title).where(t.item.c.image == image).limit(1)).first()
        found.append(ReportedImage(image, row.id if row else item_id, row.title if row else "", n, states.get(image, "reported")))
    return found


def report_merge(c: Connection, story_id: int, reporter: str, now: datetime) -> None:
    """Count a reader's report of a wrong merge, once a person."""
    m = t.merge_report.c
    forget(c, now)
    if not c.execute(select(m.story).where(m.story == story_id, m.reporter == reporter)).first():
        c.execute(insert(t.merge_report).values(story=story_id, reporter=reporter, at=to_ms(now)))


def merge_reports(c: Connection) -> list[tuple[int, int, datetime]]:
    """Give (story, reports, latest) of the merges that readers reported."""
    m = t.merge_report.c
    rows = c.execute(select(m.story, func.count().label("n"), func.max(m.at).label("at")).group_by(m.story).order_by(func.count().desc()))
    return [(row.story, row.n, from_ms(row.at) or datetime.min) for row in rows]


def dismiss_merge(c: Connection, story_id: int) -> bool:
    """Put aside the reports against a story, which stays as it is; False if there are none. A later report is a new one."""
    return c.execute(delete(t.merge_report).where(t.merge_report.c.story == story_id)).rowcount > 0


def digest_of(secret: str) -> str:
    """Give what is stored of a token: its secret is 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def add_token(c: Connection, name: str, scopes: Sequence[str], now: datetime) -> str:
    """Make a token and give its secret, which is shown this once."""
    if c.execute(select(t.token.c.name).where(t.token.c.name == name)).first():
        raise UsageError(f"There is a token {name!r} already; revoke it first or choose another name.")
    secret = "mujaz_" + secrets.token_urlsafe(32)
    c.execute(insert(t.token).values(name=name, digest=digest_of(secret), scopes=" ".join(scopes), at=to_ms(now)))
    return secret


def check_token(c: Connection, secret: str) -> tuple[str, ...] | None:
    """Give what the holder of a secret may do; None if it is none of ours."""
    if not secret:
        return None
    scopes = c.execute(select(t.token.c.scopes).where(t.token.c.digest == digest_of(secret))).scalar()
    return tuple(scopes.split()) if scopes is not None else None


def tokens(c: Connection) -> list[tuple[str, tuple[str, ...], datetime]]:
    """Give (name, scopes, made) of each token."""
    return [
        (row.name, tuple(row.scopes.split()), from_ms(row.at) or datetime.min)
        for row in c.execute(select(t.token).order_by(t.token.c.name))
    ]


def revoke_token(c: Connection, name: str) -> bool:
    """Take a token back."""
    return c.execute(delete(t.token).where(t.token.c.name == name)).rowcount > 0
