"""Every setting of Mujaz, with its default and its limits.

Settings come from a TOML file (``--config``), are overridden by ``MUJAZ_SECTION__KEY`` in the
environment, and are passed to whoever needs them; nothing reads them from a global.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from aggregator.errors import ConfigurationError


class Section(BaseModel):
    """One table of the configuration file; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FetchSettings(Section):
    """How Mujaz asks other people's servers."""

    contact: str = Field("", description="address (mail or page) that the user-agent names, so that a server's owner can reach you")
    min_interval: float = Field(900, ge=0, description="seconds between two fetches of one source, at least; --force does not go below it")
    max_interval: float = Field(86_400, gt=0, description="seconds between two fetches of one source, at most (failures back off further)")
    pace: float = Field(1, gt=0, le=20, description="how often sources are asked by their rhythm; 2: twice as often, and news sooner")
    concurrency: int = Field(50, ge=1, le=1000, description="requests under way at once")
    per_host: int = Field(2, ge=1, le=16, description="requests under way at once to one host")
    host_spacing: float = Field(1.0, ge=0, description="seconds between the starts of two requests to one host")
    timeout: float = Field(30, gt=0, description="seconds for one feed: name, connection, redirects and body together")
    page_timeout: float = Field(30, gt=0, description="the same for an article page, a picture or robots.txt")
    max_feed_bytes: int = Field(15 * 2**20, gt=0, description="largest feed, on the wire and decoded")
    max_page_bytes: int = Field(5 * 2**20, gt=0, description="largest page, on the wire and decoded")
    max_redirects: int = Field(10, ge=0, le=20, description="redirects followed for one request")
    max_items: int = Field(2_000, gt=0, description="items taken from one document")
    allow_private: bool = Field(False, description="let requests reach loopback and private networks (tests, intranets)")
    respect_robots: bool = Field(True, description="honour robots.txt for pages (feeds are made to be polled)")
    probe_interval: float = Field(
        86_400, ge=3600, description="seconds between two unconditional probes of a source that always answers 304"
    )
    robots_ttl: float = Field(86_400, ge=60, description="seconds for which a robots.txt is kept")


class ParseSettings(Section):
    """Limits of the worker processes that read what servers send."""

    workers: int = Field(0, ge=0, le=64, description="worker processes; 0: one a core, two at most")
    timeout: float = Field(10, gt=0, description="seconds for one document, after which its worker is killed")
    memory: int = Field(160 * 2**20, gt=0, description="bytes of memory that a worker may take beyond its start")
    inline_bytes: int = Field(0, ge=0, description="documents up to this size are parsed without a worker (0: none)")


class DedupSettings(Section):
    """When two reports are one story."""

    enabled: bool = Field(True, description="false stores each item as a story of its own")
    same: float = Field(0.75, gt=0, le=1, description="score from which two reports are one story")
    related: float = Field(0.4, gt=0, le=1, description="score from which two stories are linked as related")
    window_hours: float = Field(72, gt=0, description="how far back a new item is compared")


class StorageSettings(Section):
    """Where the data lies and for how long."""

    url: str = Field("", description="database address, e.g. postgresql://user@host/mujaz; empty: mujaz.db in the data folder")
    keep_days: int = Field(365, ge=1, description="`db prune` removes items older than this (tombstones stay)")
    max_megabytes: int = Field(0, ge=0, description="`db prune` removes the oldest items until the database is smaller; 0: no limit")
    busy_timeout: float = Field(30, gt=0, description="seconds to wait for another process's write")


class WebSettings(Section):
    """The page, the served feeds and the API."""

    host: str = Field("127.0.0.1", description="address to listen on; anything but loopback shows excerpts only (DESIGN 9)")
    port: int = Field(8090, ge=0, le=65535, description="port to listen on; 0: any free one")
    base_url: str = Field("", description="public address of the page, e.g. https://news.example.org")
    allowed_hosts: tuple[str, ...] = Field((), description="further host names that the page answers to")
    trusted_proxies: tuple[str, ...] = Field((), description="addresses whose X-Forwarded-For is believed")
    title: str = Field("موجز", description="name of the page and of the served feeds")
    language: str = Field("ar", pattern="^(ar|fr|en)$", description="interface language: ar, fr or en")
    timezone: str = Field("Africa/Casablanca", description="time zone of the dates on the page")
    image_proxy: bool = Field(True, description="serve pictures through Mujaz; false links them at their outlets")
    image_bytes: int = Field(5 * 2**20, gt=0, description="largest picture that the proxy serves")
    image_reports: int = Field(3, ge=1, description="reports by different people that hide a picture")
    public_api: bool = Field(True, description="let the API be read without a token")
    index: bool = Field(False, description="let search engines index the page")


class LogSettings(Section):
    """What is written to standard error."""

    level: str = Field("info", pattern="^(debug|info|warning|error)$", description="debug, info, warning or error")
    format: str = Field("auto", pattern="^(auto|text|json)$", description="text, json, or auto: text on a terminal")


class CatalogueSettings(Section):
    """Which sources are followed."""

    folder: str | None = Field(
        None, description="folder of source files; unset: config/sources beside the configuration, else the built-in one; empty: none"
    )
    countries: tuple[str, ...] = Field((), description="only outlets of these countries (ISO codes; XX: pan-Arab); empty: all")


class Settings(BaseSettings):
    """All sections; build one with `load`."""

    model_config = SettingsConfigDict(env_prefix="MUJAZ_", env_nested_delimiter="__", extra="ignore", frozen=True)

    fetch: FetchSettings = FetchSettings()
    parse: ParseSettings = ParseSettings()
    dedup: DedupSettings = DedupSettings()
    database: StorageSettings = StorageSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    catalogue: CatalogueSettings = CatalogueSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file."""
        return (env_settings, init_settings)


SECTIONS = tuple(Settings.model_fields)


def load(path: Path | None) -> Settings:
    """Read the settings from ``path`` (None: defaults) and the environment.

    Raises `ConfigurationError` naming the file, the line where it is known, the key and what is allowed.
    """
    table = _read(path) if path is not None else {}
    unknown = [key for key in table if key not in SECTIONS]
    if unknown:
        where = _line(path, unknown[0])
        raise ConfigurationError(f"{where}unknown section [{unknown[0]}]; allowed: {', '.join(SECTIONS)}.")
    try:
        return Settings(**table)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error, path)) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"There is no configuration file {path}; name another with --config.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}.") from None


def _sentence(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    keys = [str(part) for part in first["loc"]]
    name = ".".join(keys)
    variable = "MUJAZ_" + "__".join(keys[:2]).upper()
    where = f"{variable}: " if variable in os.environ else _line(path, keys[1] if len(keys) > 1 else keys[0])
    if first["type"] == "extra_forbidden" and keys[0] in SECTIONS:
        fields = Settings.model_fields[keys[0]].default.__class__.model_fields
        return f"{where}unknown setting {name}; allowed in [{keys[0]}]: {', '.join(fields)}."
    return f"{where}{name} can't be {first['input']!r}: {first['msg'].lower()}."


def _line(path: Path | None, key: str) -> str:
    if path is None:
        return ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip().lstrip("[").startswith(key):
            return f"{path}:{number}: "
    return f"{path}: "
