"""What every command shares: settings, folders, the logger, the opened store and the way output is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aggregator.settings import Settings
    from aggregator.store import Store

DEFAULT_CONFIG = Path("config/mujaz.toml")


@dataclass
class Context:
    """The options before the command, and what they lead to; each part is made when first asked for."""

    config: str | None = None
    data: str | None = None
    debug: bool = False
    quiet: bool = False
    default_data: str = "data"

    @cached_property
    def config_path(self) -> Path | None:
        """Give the configuration file, or None where none was named and the default one is missing."""
        if self.config:
            return Path(self.config)
        return DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None

    @cached_property
    def settings(self) -> Settings:
        """Load the settings (raises `ConfigurationError`)."""
        from aggregator.settings import load

        return load(self.config_path)

    @property
    def folder(self) -> Path:
        """Give the data folder; it is made when the store is opened."""
        return Path(self.data or self.default_data)

    @property
    def database_url(self) -> str:
        """Give the database's SQLAlchemy address: the configured one, else SQLite in the data folder."""
        return self.settings.database.url or f"sqlite:///{(self.folder / 'mujaz.db').resolve()}"

    def open_store(self, *, create: bool = True) -> Store:
        """Open (and with ``create`` make or upgrade) the store; the caller closes it."""
        from aggregator.store import Store

        return Store.open(self.database_url, folder=self.folder, settings=self.settings.database, create=create)

    @property
    def on_terminal(self) -> bool:
        """Tell whether a person looks at standard error."""
        return sys.stderr.isatty() and not self.quiet

    def say(self, text: str) -> None:
        """Tell a person something beside the output (standard error; silent with ``--quiet``)."""
        if not self.quiet:
            click.echo(text, err=True)


def emit_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON document a line to standard output."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def counted(n: int, what: str) -> str:
    """Give a count: ``1 report``, ``2 stories``."""
    return f"{n} {what if n == 1 else what[:-1] + 'ies' if what.endswith('y') else what + 's'}"
