"""What the commands that fetch have in common: logging on, the catalogue's sources in the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.cli.context import Context

if TYPE_CHECKING:
    from aggregator.model import Source
    from aggregator.store import Store


def logging_on(context: Context) -> None:
    """Set logging up as the settings and options say."""
    from aggregator.log import set_up

    log = context.settings.log
    # a person who watches a progress bar wants warnings in it only
    set_up("debug" if context.debug else log.level, log.format, debug=context.debug, quiet=context.quiet)


def catalogue(context: Context) -> tuple[Source, ...]:
    """Load the configured catalogue (raises `ConfigurationError`); none where its folder is set to nothing."""
    from aggregator.catalogue import load

    settings = context.settings.catalogue
    if settings.folder == "":
        return ()
    folder = Path(settings.folder) if settings.folder else None
    if folder is None and context.config_path is not None:
        beside = context.config_path.parent / "sources"
        folder = beside if beside.is_dir() else None
    sources = load(folder)
    wanted = {code.upper() for code in settings.countries}
    return tuple(source for source in sources if not wanted or (source.outlet.country or "XX") in wanted)


def opened_patiently(context: Context) -> Store:
    """Open the store; a database server that does not answer (yet) is waited for, so that no order of starting is needed."""
    import time

    from aggregator.errors import DatabaseError

    pause = 0.5
    while True:
        try:
            return context.open_store()
        except DatabaseError as error:
            if not error.passing or context.database_url.startswith("sqlite"):
                raise
            if pause == 0.5:
                context.say(f"mujaz: waiting for the database. {error}")
        time.sleep(pause)
        pause = min(pause * 2, 10.0)


def followed(context: Context, store: Store) -> None:
    """Bring the store's sources in line with the catalogue, and say what opening the database did."""
    if store.opened and store.opened != "made the database":
        context.say(f"mujaz: {store.opened}.")
    store.sync_catalogue(catalogue(context))
