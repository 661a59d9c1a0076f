"""Sources, outlets and states as JSON text in a row, and back."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import Failed, FailureKind, FeedHints, Kind, Outlet, Recipe, Rights, Selectors, Source, SourceState, Status
from aggregator.store.schema import from_ms, to_ms


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return to_ms(value)
        case timedelta():
            return value.total_seconds()
        case bytes():
            return base64.b64encode(value).decode()
        case frozenset():
            return sorted(value)
    raise TypeError(type(value))


def dump(value: Any) -> str:
    """Write a frozen dataclass as JSON without its empty fields."""
    row = {name: each for name, each in asdict(value).items() if each not in (None, "", (), 0)}
    return json.dumps(row, ensure_ascii=False, default=_plain, separators=(",", ":"))


def outlet(text: str) -> Outlet:
    """Read an outlet back."""
    row = json.loads(text)
    row["aliases"] = tuple(row.get("aliases", ()))
    if "rights" in row:
        row["rights"] = Rights(row["rights"])
    return Outlet(**{"name": "", **row})


def source(text: str, publisher: Outlet) -> Source:
    """Read a source back."""
    row = json.loads(text)
    row.pop("outlet", None)
    recipe, selectors, least = row.pop("recipe", None), row.pop("selectors", None), row.pop("min_interval", None)
    if selectors:
        selectors["remove"] = tuple(selectors.get("remove", ()))
    return Source(
        **{
            **row,
            "outlet": publisher,
            "kind": Kind(row.get("kind", "feed")),
            "addresses": tuple(row.get("addresses", ())),
            "recipe": Recipe(**recipe) if recipe else None,
            "selectors": Selectors(**selectors) if selectors else None,
            "min_interval": timedelta(seconds=least) if least else None,
        }
    )


def dump_source(value: Source) -> str:
    """Write a source without its outlet, which has a row of its own."""
    row = {name: each for name, each in asdict(value).items() if each not in (None, "", (), 0, False) and name != "outlet"}
    return json.dumps(row, ensure_ascii=False, default=_plain, separators=(",", ":"))


TIMES = ("next_fetch_at", "last_fetch_at", "last_success_at", "last_new_at", "probed_at")


def state(text: str) -> SourceState:
    """Read what polling taught back."""
    row = json.loads(text)
    for name in TIMES:
        row[name] = from_ms(row.get(name))
    if "status" in row:
        row["status"] = Status(row["status"])
    if "body_digest" in row:
        row["body_digest"] = base64.b64decode(row["body_digest"])
    row["rhythm"] = tuple(row.get("rhythm", ()))
    if failure := row.get("failure"):
        after = failure.get("retry_after")
        row["failure"] = Failed(
            FailureKind(failure["kind"]),
            failure["detail"],
            failure.get("status"),
            timedelta(seconds=after) if after else None,
            from_ms(failure.get("at")),
        )
    if hints := row.get("hints"):
        interval = hints.get("interval")
        row["hints"] = FeedHints(
            timedelta(seconds=interval) if interval else None, frozenset(hints.get("skip_hours", ())), frozenset(hints.get("skip_days", ()))
        )
    return SourceState(**row)
