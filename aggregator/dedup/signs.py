"""The word lists of ``signs.tsv``, read once: what dates a headline, and what makes two headlines contradict one another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aggregator.arabic.fold import fold
from aggregator.arabic.tables import lines
from aggregator.arabic.tokens import stem

_TABLE = Path(__file__).with_name("signs.tsv")


@dataclass(frozen=True, slots=True)
class Signs:
    """Folded words and stems by what they signal; groups have a number each."""

    weekdays: dict[str, int]
    months: dict[str, int]
    uncertain_months: frozenset[str]
    context: frozenset[str]
    opposites: tuple[tuple[frozenset[str], frozenset[str]], ...]
    exclusive: dict[str, tuple[tuple[int, int], ...]]
    roles: frozenset[str]
    stages: frozenset[str]
    no_stages: frozenset[str]
    reactions: frozenset[str]
    explainers: frozenset[str]
    templates: frozenset[str]
    background: frozenset[str]
    negations: frozenset[str]
    denials: frozenset[str]
    senders: frozenset[str]
    titles: frozenset[str]
    epithets: frozenset[str]
    failures: frozenset[str]
    slots: dict[str, int]
    offices: frozenset[int]
    matches: frozenset[str]
    clubs: frozenset[str]
    formers: frozenset[str]
    future: frozenset[str]
    nearing: frozenset[str]
    near: frozenset[str]
    commentators: frozenset[str]
    delays: frozenset[str]
    spans: frozenset[str]
    nexts: frozenset[str]
    weather: frozenset[str]
    markets: frozenset[str]
    equivalents: dict[str, str]


def _stems(forms: str) -> frozenset[str]:
    return frozenset(stem(fold(form)) for form in forms.split())


def _acts(forms: str) -> str:
    """Add to verbs in the third person their feminine: يواجه, تواجه."""
    return forms + "".join(f" ت{form[1:]}" for form in forms.split() if form[0] == "ي")


def _folded(forms: str) -> frozenset[str]:
    return frozenset(fold(form) for form in forms.split())


@cache
def signs() -> Signs:
    """Read the tables."""
    groups: dict[str, list[list[str]]] = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, forms = line.split("\t")
            groups.setdefault(kind, []).append(forms.split(" | "))
    exclusive: dict[str, list[tuple[int, int]]] = {}
    for group, members in enumerate(groups["exclusive"]):
        for place, member in enumerate(members):
            # «بن_سلمان»: two words that follow one another, as they stand
            for each in (
                *_stems(" ".join(form for form in member.split() if "_" not in form)),
                *(fold(form) for form in member.split() if "_" in form),
            ):
                exclusive.setdefault(each, []).append((group, place))
    equivalents: dict[str, str] = {}
    for line in lines("equivalents.txt"):
        first, *rest = (stem(fold(form)) for form in line.split())
        for form in (first, *rest):
            equivalents.setdefault(form, first)

    def stems(kind: str) -> frozenset[str]:
        return frozenset().union(*(_stems(member) for members in groups[kind] for member in members))

    def canonical(kind: str) -> frozenset[str]:
        every = " ".join(form for members in groups[kind] for member in members for form in member.split())
        phrases = frozenset(fold(form) for form in every.split() if "_" in form)
        return phrases | {equivalents.get(each, each) for each in _stems(" ".join(form for form in every.split() if "_" not in form))}

    def folded(kind: str) -> frozenset[str]:
        return frozenset().union(*(_folded(member) for members in groups[kind] for member in members))

    return Signs(
        weekdays={form: day for day, member in enumerate(groups["weekday"][0]) for form in _folded(member)},
        months={form: month for month, member in enumerate(groups["month"][0], 1) for form in _folded(member)},
        uncertain_months=folded("uncertain_month"),
        context=frozenset(fold(form) for line in lines("context.txt") for form in line.split()),
        opposites=tuple((_stems(_acts(one)), _stems(_acts(other))) for one, other in groups["opposite"]),
        exclusive={word: tuple(places) for word, places in exclusive.items()},
        roles=folded("role"),
        stages=canonical("stage"),
        no_stages=folded("no_stage"),
        reactions=stems("reaction"),
        explainers=stems("explainer"),
        templates=stems("template"),
        background=folded("background"),
        negations=folded("negation"),
        denials=stems("denial"),
        senders=stems("sender"),
        titles=canonical("title"),
        epithets=canonical("epithet"),
        failures=folded("failure"),
        slots={form: slot for slot, members in enumerate(groups["office"] + groups["slot"]) for form in _folded(members[0])},
        offices=frozenset(range(len(groups["office"]))),
        matches=stems("match"),
        clubs=folded("club"),
        formers=folded("former"),
        future=folded("future"),
        nearing=folded("nearing"),
        near=folded("near"),
        commentators=folded("commentator"),
        delays=stems("delay"),
        spans=folded("span"),
        nexts=folded("next"),
        weather=stems("weather"),
        markets=stems("market"),
        equivalents=equivalents,
    )
