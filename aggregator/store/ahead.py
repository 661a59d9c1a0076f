"""What the refreshes of one transaction ask of the database first, asked for all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from aggregator.model import Claim
from aggregator.store import known, sources
from aggregator.store.identity import Identity, identities
from aggregator.store.known import Stored
from aggregator.store.refresh import Refresh


class Ahead:
    """The sources of refreshes, and the stored items that their entries may be; what is not known ahead is asked then."""

    def __init__(self, c: Connection, refreshes: Sequence[Refresh]) -> None:
        self._c = c
        self._claims = sources.several(c, [refresh.source_id for refresh in refreshes])
        self._marks = {
            id(refresh): identities(refresh.source_id, self._claims[refresh.source_id].source.outlet.id, refresh.items)
            for refresh in refreshes
            if refresh.items and refresh.source_id in self._claims
        }
        every = [mark for marks in self._marks.values() for mark in marks]
        self._found = known.anywhere(c, every)
        self._buried = known.buried(c, every)

    def claim(self, source_id: str) -> Claim | None:
        """Give a source; None if it was removed."""
        return self._claims.pop(source_id, None) or sources.one(self._c, source_id)

    def met(self, refresh: Refresh, outlet_id: str) -> tuple[list[Identity], dict[bytes, Stored], set[bytes]]:
        """Give the marks of a refresh's entries, the stored items known by them, and the marks that removed items left behind."""
        marks = self._marks.pop(id(refresh), None)
        if marks is None:
            marks = identities(refresh.source_id, outlet_id, refresh.items)
            found, buried = known.anywhere(self._c, marks), known.buried(self._c, marks)
        else:
            values = (value for mark in marks for value in (mark.sameness, mark.address))
            found, buried = {value: self._found[value] for value in values if value in self._found}, self._buried
        return marks, found | known.numbered(self._c, refresh.source_id, marks), buried

    def note(self, item: Stored) -> None:
        """Note an item that was just entered: the next refresh may bring it, too."""
        for mark in filter(None, (item.sameness, item.address)):
            self._found[mark] = item

    def clear(self) -> None:
        """Forget what was asked, since a stored item was changed."""
        self._marks.clear()
