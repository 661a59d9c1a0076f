"""What the refreshes of one transaction write at its end, all together: texts, signatures, search words, states.

Nothing in the transaction reads these as a rule (whoever does flushes first), and each statement costs more than a row in it. The keys
of six hundred items, entered in order, share pages of the index where those of thirty don't.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from aggregator.model import Source, SourceState
from aggregator.store import bulk, keys, partitions, search, sources

if TYPE_CHECKING:
    from aggregator.dedup import Draft

_DIGESTS = bulk.update("source", ("digests",), "id")


@dataclass
class Outbox:
    """Rows that wait for the end of the transaction."""

    bodies: list[tuple[int, int, str, str]] = field(default_factory=list)  # item, time seen in ms, text, html
    index: list[tuple[int, int, Draft]] = field(default_factory=list)  # item, time seen in ms, signature
    texts: list[tuple[int, str, tuple[str, str]]] = field(default_factory=list)  # item, headline, `search.terms`
    states: dict[str, tuple[Source, SourceState]] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)

    def flush(self, c: Connection) -> None:
        """Write what waits."""
        if self.bodies:
            partitions.put_bodies(c, self.bodies)
            keys.put(c, self.index)
            search.put(c, self.texts)
            bulk.touch(c)
        sources.record(c, list(self.states.values()))
        _DIGESTS.run(c, sorted((digests, source) for source, digests in self.digests.items()))
        for each in (self.bodies, self.index, self.texts, self.states, self.digests):
            each.clear()
