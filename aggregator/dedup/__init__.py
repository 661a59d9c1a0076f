"""Near-duplicates: whether two reports are the same piece of news. Pure: no database, clock or network.

`draft` makes a report's signature, `judge` decides on it among candidates that share a key; `index.MemoryIndex`
does both for a stream. docs/neardup.md has the method and its evidence.
"""

from aggregator.dedup.draft import VERSION, Draft, draft
from aggregator.dedup.judge import judge
from aggregator.dedup.reason import Reason
from aggregator.dedup.report import Report
from aggregator.dedup.story import adds_nothing
from aggregator.dedup.verdict import Candidate, Link, New, Revises, SameAs, Verdict

__all__ = [
    "VERSION",
    "Candidate",
    "Draft",
    "Link",
    "New",
    "Reason",
    "Report",
    "Revises",
    "SameAs",
    "Verdict",
    "adds_nothing",
    "draft",
    "judge",
]
