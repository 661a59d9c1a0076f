"""A newsroom served on loopback and the command that fetches from it, for tests from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.demo.newsroom import Piece, Style
from aggregator.demo.server import Newsroom, Server
from aggregator.model import Outlet
from tests.integration.ready import READY, Forked

COMMAND = [sys.executable, "-c", "import sys; from aggregator.cli import main; sys.exit(main())"]
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def newsroom(outlets: int) -> Newsroom:
    """Give an empty newsroom of plain RSS outlets o0, o1 …"""
    styles = {f"o{n}": Style(Outlet(f"o{n}", f"منبر {n}")) for n in range(outlets)}
    room = Newsroom(styles)
    room.now = START
    return room


def pieces(outlets: int, start: int, count: int) -> list[Piece]:
    """Give ``count`` different articles of each outlet, numbered from ``start``."""
    found = []
    for n in range(outlets):
        for k in range(start, start + count):
            number = n * 100_000 + k
            title = f"عنوان رقم {number} يتحدث عن حدث {number * 7919 % 9973} في حي {number * 104729 % 7907}"
            body = f"نص المقال {number} وفيه جملة أولى عن الحدث {number * 31}.\nوجملة ثانية عن الحي {number * 17} وساكنته."
            found.append(Piece(number, f"o{n}", f"http://o{n}.example/{k}", title, body, START + timedelta(minutes=k)))
    return found


@dataclass(frozen=True)
class Command:
    """Runs mujaz on one data folder with one catalogue."""

    folder: Path
    catalogue: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MUJAZ_FETCH__ALLOW_PRIVATE": "true",
            "MUJAZ_FETCH__MIN_INTERVAL": "0",
            "MUJAZ_FETCH__HOST_SPACING": "0",
            "MUJAZ_FETCH__PER_HOST": "16",
            "MUJAZ_FETCH__RESPECT_ROBOTS": "false",
            "MUJAZ_CATALOGUE__FOLDER": str(self.catalogue),
        }

    def start(
        self, *arguments: str, fault: Sequence[str] = (), before: Sequence[str] = (), out: str = "", err: str = "", **extra: str
    ) -> subprocess.Popen[str] | Forked:
        """Start the command.

        ``fault`` is one of `tests.integration.hooked`'s with its values, ``before`` a program that runs it (from a cold start), ``out``
        and ``err`` are files for its streams instead of pipes.
        """
        with ExitStack() as files:
            streams = [files.enter_context(open(name, "w")) if name else None for name in (out, err)]
            environment = {**self.environment, **extra}
            given = ["--data", str(self.folder), *arguments]
            if not before:
                program = "tests.integration.hooked" if fault else "aggregator.cli"
                given = [*fault, "--", *given] if fault else given
                return READY.start(program, given, env=environment, cwd=self.folder, stdout=streams[0], stderr=streams[1])
            pipes = [subprocess.PIPE if stream is None else stream for stream in streams]
            return subprocess.Popen(
                [*before, *COMMAND, *given], stdout=pipes[0], stderr=pipes[1], text=True, env=environment, cwd=self.folder
            )

    def run(
        self, *arguments: str, timeout: float = 60, fault: Sequence[str] = (), before: Sequence[str] = (), **extra: str
    ) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, fault=fault, before=before, **extra)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def run(folder: Path, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the command on a data folder, with nothing else said."""
    process = READY.start("aggregator.cli", ["--data", str(folder), *arguments], env=os.environ, cwd=folder, stdout=None, stderr=None)
    out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def waited(condition: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def command(folder: Path, room: Newsroom, **keys: str) -> Command:
    """Write a catalogue for a newsroom's outlets; ``keys`` go into each block."""
    catalogue = folder / "sources"
    catalogue.mkdir(parents=True)
    more = "".join(f"{key} = {value}\n" for key, value in keys.items())
    blocks = [
        f'[[outlets]]\nid = "{name}"\nname = "{style.outlet.name}"\nlanguage = "ar"\ntimezone = "UTC"\nfeeds = ["{room.base}/{name}/feed"]\n{more}'
        for name, style in room.styles.items()
    ]
    (catalogue / "all.toml").write_text("\n".join(blocks), encoding="utf-8")
    return Command(folder, catalogue)


@dataclass
class Growing:
    """A newsroom that publishes more and more, and the command that fetches from it."""

    room: Newsroom
    mujaz: Command
    outlets: int
    published: list[Piece] = field(default_factory=list)
    _each: int = 0  # articles of each outlet

    def more(self, count: int) -> None:
        """Publish so many new articles of each outlet."""
        fresh = pieces(self.outlets, self._each, count)
        self._each += count
        self.published += fresh
        self.room.publish(fresh)

    @property
    def urls(self) -> set[str]:
        return {piece.url for piece in self.published}


@contextmanager
def growing(folder: Path, outlets: int, items: int) -> Iterator[Growing]:
    """Serve a newsroom whose first articles are fetched."""
    room = newsroom(outlets)
    with Server(room):
        grown = Growing(room, command(folder, room), outlets)
        grown.more(items)
        done = grown.mujaz.run("fetch", "--all", "--force")
        assert done.returncode == 0, done.stderr
        yield grown
