"""A window of reports in memory: the streaming form behind ``mujaz dedup`` and the benchmarks."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from aggregator.dedup.draft import Draft, draft
from aggregator.dedup.judge import judge
from aggregator.dedup.report import Report
from aggregator.dedup.verdict import Candidate, Revises, SameAs, Verdict

_CROWDED = 300  # items under one key, the newest of which are kept
_CANDIDATES = 12  # that share most keys


class MemoryIndex:
    """Judges reports one after the other, each on those before it, within ``window_hours`` of its own time.

    Items and stories are numbered from 0 in the order of arrival; a story has the number of its first item.
    """

    def __init__(self, *, window_hours: float = 72, same: float = 0.75, related: float = 0.4) -> None:
        self.window = window_hours * 3600
        self.same = same
        self.related = related
        self._by_key: dict[int, int | list[int]] = {}  # most keys have one item: a list each would cost half the memory
        self._drafts: dict[int, Draft] = {}
        self._story: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._firsts: dict[int, Draft] = {}  # of stories whose first report has left the window: a story isn't renewed for ever
        self._names: dict[Hashable, int] = {}
        self._order: deque[int] = deque()
        self._next = 0
        self._now = float("-inf")

    def __len__(self) -> int:
        """Give the number of items in the window."""
        return len(self._drafts)

    def add(self, report: Report) -> tuple[int, Verdict]:
        """Judge a report and keep it; gives its number and the verdict."""
        number = self._next
        known = self._known(report)
        made = draft(report)
        if known is not None:
            self._replace(known, made)
            self._name(report, known)
            return known, Revises(known, self._story[known])
        self._next += 1
        self._expire(made.at)
        verdict = judge(made, self.candidates(made), same=self.same, related=self.related)
        self.keep(number, made, verdict.story if isinstance(verdict, SameAs) else number)
        self._name(report, number)
        return number, verdict

    def keep(self, number: int, made: Draft, story: int) -> None:
        """Put a judged draft into the window."""
        self._drafts[number] = made
        self._story[number] = story
        self._members.setdefault(story, []).append(number)
        self._order.append(number)
        self._next = max(self._next, number + 1)
        self._enter(number, made)

    def story_of(self, number: int) -> int:
        """Give the story of an item; it outlives the window."""
        return self._story[number]

    def candidates(self, made: Draft) -> list[Candidate]:
        """Give the items that share most keys with a draft."""
        by_key = self._by_key
        counts: dict[int, int] = {}
        for key in made.keys:
            items = by_key.get(key)
            if items is None:
                continue
            for number in (items,) if isinstance(items, int) else items:
                counts[number] = counts.get(number, 0) + 1
        found = []
        for number in sorted(counts, key=counts.__getitem__, reverse=True)[:_CANDIDATES]:
            other = self._drafts.get(number)
            if other is None or (made.at is not None and other.at is not None and abs(made.at - other.at) > self.window):
                continue
            found.append(self._candidate(number, other))
        return found

    def _candidate(self, number: int, other: Draft) -> Candidate:
        story = self._story[number]
        members = self._members[story]
        if len(members) == 1:
            return Candidate(number, story, other, other)
        first = self._firsts.get(story)
        members = [each for each in members if each in self._drafts]
        middle = (members[len(members) // 3], members[2 * len(members) // 3]) if len(members) > 4 else ()
        guards = tuple(self._drafts[each] for each in middle)
        return Candidate(number, story, other, first or self._drafts[members[0]], guards, len(members))

    def _known(self, report: Report) -> int | None:
        for name in _identities(report):
            number = self._names.get(name)
            if number is not None and number in self._drafts:
                return number
        return None

    def _name(self, report: Report, number: int) -> None:
        for name in _identities(report):
            self._names[name] = number

    def _replace(self, number: int, made: Draft) -> None:
        self._leave(number, self._drafts[number])
        self._drafts[number] = made
        self._enter(number, made)

    def _enter(self, number: int, made: Draft) -> None:
        by_key = self._by_key
        for key in made.keys:
            items = by_key.get(key)
            if items is None:
                by_key[key] = number
            elif isinstance(items, int):
                by_key[key] = [items, number]
            else:
                items.append(number)
                if len(items) > _CROWDED:
                    del items[0]

    def _leave(self, number: int, made: Draft) -> None:
        by_key = self._by_key
        for key in made.keys:
            items = by_key.get(key)
            if items == number:
                del by_key[key]
            elif isinstance(items, list) and number in items:
                items.remove(number)
                if not items:
                    del by_key[key]

    def _expire(self, at: float | None) -> None:
        if at is None:
            return
        self._now = max(self._now, at)
        while self._order:
            oldest = self._order[0]
            moment = self._drafts[oldest].at
            if moment is None or moment >= self._now - self.window:
                return
            self._order.popleft()
            draft = self._drafts.pop(oldest)
            self._leave(oldest, draft)
            story = self._story[oldest]
            members = self._members[story]
            if members[-1] <= oldest:
                self._firsts.pop(story, None)
            else:
                self._firsts.setdefault(story, draft)


def _identities(report: Report) -> list[Hashable]:
    names: list[Hashable] = []
    if report.id:
        names.append(("id", report.id))
    if report.url:
        names.append(("url", report.url.split("#")[0]))
    return names
