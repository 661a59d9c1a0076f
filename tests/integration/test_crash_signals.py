"""SIGTERM at any moment: out within ten seconds, no traceback, nothing half done; a second one at once."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aggregator.demo.server import Newsroom, Server
from tests.integration.served import Command, command, newsroom, pieces, waited
from tests.integration.test_crash import stored

OUTLETS = 3
OUT = 10.0
RUN = ("run", "--no-web")


@pytest.fixture
def room() -> Iterator[Newsroom]:
    room = newsroom(OUTLETS)
    with Server(room):
        room.publish(pieces(OUTLETS, 0, 5))
        yield room


def told_to_end(process: subprocess.Popen[str], within: float = OUT) -> int:
    """Send SIGTERM and give the exit status."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        _, errors = process.communicate(timeout=within)
    finally:
        process.kill()
    assert time.monotonic() - began < within
    assert "Traceback" not in (errors or "")
    assert "an error that should not be" not in (errors or "")
    return process.returncode


def goes_on(mujaz: Command, items: int = OUTLETS * 5) -> None:
    """Fetch in peace: everything is there, once."""
    done = mujaz.run("fetch", "--all", "--force")
    assert done.returncode == 0, done.stderr
    urls = stored(mujaz)
    assert len(urls) == len(set(urls)) == items
    assert mujaz.run("db", "check").returncode == 0


def hanging(room: Newsroom) -> Callable[[], bool]:
    """Let the newsroom answer no more; gives whether it was asked."""
    asked = [False]
    answer = room.answer

    def silent(path: str) -> tuple[int, bytes, str]:
        asked[0] = True
        while room.answer is silent:
            time.sleep(0.05)
        return answer(path)

    room.answer = silent  # type: ignore[method-assign]
    return lambda: asked[0]


def test_at_the_start(tmp_path: Path, room: Newsroom) -> None:
    mujaz = command(tmp_path, room)
    for wait in (0.3, 0.7):
        process = mujaz.start(*RUN)
        time.sleep(wait)
        assert told_to_end(process) in (0, -signal.SIGTERM)
    goes_on(mujaz)


def test_in_a_fetch_and_a_second_one_at_once(tmp_path: Path, room: Newsroom) -> None:
    mujaz = command(tmp_path, room)
    answer = room.answer
    asked = hanging(room)
    try:
        process = mujaz.start(*RUN)
        assert waited(asked)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)  # it waits for what is under way
        assert process.poll() is None
        assert told_to_end(process, within=1.0) == 128 + signal.SIGTERM
    finally:
        room.answer = answer  # type: ignore[method-assign]
    goes_on(mujaz)


@pytest.mark.long
def test_in_a_fetch_that_no_server_ends(tmp_path: Path, room: Newsroom) -> None:
    mujaz = command(tmp_path, room)
    answer = room.answer
    asked = hanging(room)
    try:
        process = mujaz.start(*RUN)
        assert waited(asked)
        assert told_to_end(process) == 0
    finally:
        room.answer = answer  # type: ignore[method-assign]
    goes_on(mujaz)


@pytest.mark.long
def test_in_the_reading_of_a_document_that_never_ends(tmp_path: Path, room: Newsroom) -> None:
    mujaz = command(tmp_path, room)
    stuck = tmp_path / "stuck"
    process = mujaz.start(*RUN, fault=("stuck", str(stuck)))
    assert waited(stuck.exists)
    began = time.monotonic()
    assert told_to_end(process) == 0
    assert time.monotonic() - began > 1, "it was not in a reading"
    assert not survivors(tmp_path)
    goes_on(mujaz)


def survivors(folder: Path) -> list[str]:
    """Give the processes that still work for a data folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"MUJAZ_CATALOGUE__FOLDER={folder}/".encode() in each.read_bytes():
                found.append(each.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.long
@pytest.mark.parametrize("seconds", [2, 60])
def test_in_a_commit(tmp_path: Path, room: Newsroom, seconds: int) -> None:
    mujaz = command(tmp_path, room)
    assert mujaz.run("fetch", "o0").returncode == 0
    sign = tmp_path / "hold"
    answer = room.answer

    def marked(path: str) -> tuple[int, bytes, str]:
        sign.touch()  # from now on: what commits is what was fetched
        return answer(path)

    room.answer = marked  # type: ignore[method-assign]
    process = mujaz.start(*RUN, fault=("hold", str(sign), str(seconds)))
    assert waited((tmp_path / "hold.now").exists)
    assert told_to_end(process) in (0, 128 + signal.SIGTERM)
    room.answer = answer  # type: ignore[method-assign]
    sign.unlink()
    goes_on(mujaz)


@pytest.mark.long
def test_in_a_fetch_by_hand(tmp_path: Path, room: Newsroom) -> None:
    mujaz = command(tmp_path, room)
    answer = room.answer
    asked = hanging(room)
    process = mujaz.start("fetch", "--all")
    assert waited(asked)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    room.answer = answer  # type: ignore[method-assign]  # what is under way may end
    _, errors = process.communicate(timeout=OUT)
    assert process.returncode == 130
    assert "what was fetched is stored" in errors
    assert len(stored(mujaz)) == OUTLETS * 5
    goes_on(mujaz)


@pytest.mark.long
def test_in_the_midst_of_a_backup_no_half_a_file_has_its_name(tmp_path: Path, room: Newsroom) -> None:
    mujaz = command(tmp_path, room)
    assert mujaz.run("fetch", "--all").returncode == 0
    for wait in (0.3, 0.45, 0.6):
        process = mujaz.start("db", "backup")
        time.sleep(wait)
        told_to_end(process)
    for copy in (tmp_path / "backups").glob("*.db"):
        done = mujaz.run("db", "restore", str(copy))
        assert done.returncode == 0, done.stderr
    goes_on(mujaz)
