"""What the commands that list stories have in common: which outlet, country and language, and a hint where a name is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.store import Store

C = TypeVar("C", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The outlets, countries and languages that are asked for, as a filter has them."""

    outlets: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]

    @classmethod
    def of(cls, outlet: tuple[str, ...], country: tuple[str, ...], lang: tuple[str, ...]) -> Narrowed:
        """Give what the options ask for."""
        return cls(outlet, tuple(code.upper() for code in country), tuple(code.lower() for code in lang))

    def check(self, store: Store) -> None:
        """Refuse what can't be meant: an outlet that nobody knows would give an empty file without a word (raises `UsageError`)."""
        from aggregator.arabic.fold import fold

        wrong = [code for code in self.countries if len(code) != 2 or not code.isascii() or not code.isalpha()]
        if wrong:
            raise UsageError(f"{wrong[0]!r} is no country's code; give the two letters of ISO 3166, such as MA (XX: pan-Arab).")
        if not self.outlets:
            return
        outlets = [*(outlet for outlet, _ in store.outlets()), *(claim.source.outlet for claim in store.sources())]
        known = {each: outlet.id for outlet in outlets for each in names(outlet)}
        for name in self.outlets:
            if fold(name) not in known:
                from rapidfuzz.process import extractOne

                near = extractOne(fold(name), list(known), score_cutoff=75)
                raise UsageError(
                    f"There is no outlet {name!r}" + (f"; is {known[near[0]]} meant?" if near else "; `mujaz sources list` shows them.")
                )


def names(outlet: Any) -> set[str]:
    """Give all that an outlet is called, folded."""
    from aggregator.arabic.fold import fold

    return {fold(each) for each in (outlet.id, outlet.name, outlet.name_latin, *outlet.aliases) if each}


OPTIONS = (
    click.option("--outlet", multiple=True, help="Only this outlet, by its id or name (may be repeated)."),
    click.option("--country", multiple=True, help="Only this country (ISO code; XX: pan-Arab)."),
    click.option("--lang", multiple=True, help="Only this language (ar, fr …)."),
)


def narrowing(command: C) -> C:
    """Add the options ``--outlet``, ``--country`` and ``--lang``."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
