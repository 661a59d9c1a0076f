"""What outlets' servers see of Mujaz: conditional requests, validators byte for byte, nothing too soon."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from aggregator.demo.server import Server
from tests.conftest import new_database
from tests.integration.served import command, newsroom, pieces


@pytest.fixture(autouse=True, params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.long])])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands work on either database."""
    if request.param == "postgresql":
        template = request.getfixturevalue("postgres_template")
        monkeypatch.setenv("MUJAZ_DATABASE__URL", new_database(request.getfixturevalue("postgres"), f"t{uuid.uuid4().hex[:12]}", template))


def test_only_the_first_request_is_unconditional(tmp_path: Path) -> None:
    room = newsroom(2)
    with Server(room):
        room.publish(pieces(2, 0, 5))
        mujaz = command(tmp_path, room)
        for _ in range(4):
            assert mujaz.run("fetch", "--all", "--force").returncode == 0
        for name in room.styles:
            asked = [line for line in room.log if line.path == f"/{name}/feed"]
            assert [line.conditional for line in asked] == [False, True, True, True]
            assert [line.status for line in asked] == [200, 304, 304, 304]


def test_force_never_goes_below_the_minimum_interval(tmp_path: Path) -> None:
    room = newsroom(2)
    with Server(room):
        room.publish(pieces(2, 0, 5))
        mujaz = command(tmp_path, room)
        for _ in range(3):
            assert mujaz.run("fetch", "--all", "--force", MUJAZ_FETCH__MIN_INTERVAL="900").returncode == 0
        assert len(room.log) == 2


def test_a_sources_own_minimum_interval_holds_against_force(tmp_path: Path) -> None:
    room = newsroom(2)
    with Server(room):
        room.publish(pieces(2, 0, 5))
        mujaz = command(tmp_path, room, min_interval="3600")
        for _ in range(3):
            assert mujaz.run("fetch", "--all", "--force").returncode == 0
        assert len(room.log) == 2


def test_adding_a_feed_asks_for_it_once_and_adding_it_again_changes_nothing(tmp_path: Path) -> None:
    room = newsroom(1)
    with Server(room):
        room.publish(pieces(1, 0, 5))
        mujaz = command(tmp_path, room)
        (mujaz.catalogue / "all.toml").unlink()
        first = mujaz.run("sources", "add", f"{room.base}/o0/feed")
        assert first.returncode == 0, first.stderr
        assert "5 items stored" in first.stderr
        again = mujaz.run("sources", "add", f"{room.base}/o0/feed")
        assert again.stdout == first.stdout
        assert "already" in again.stderr
        assert [line.path for line in room.log] == ["/o0/feed"]
        due = mujaz.run("fetch", first.stdout.strip())
        assert due.returncode == 0
        assert [line.status for line in room.log] == [200, 304]


def test_a_down_source_comes_back_without_a_human(tmp_path: Path) -> None:
    room = newsroom(1)
    with Server(room):
        room.publish(pieces(1, 0, 5))
        mujaz = command(tmp_path, room)
        whole = room.answer
        room.answer = lambda path: (500, b"down", "text/plain")  # type: ignore[method-assign]
        for _ in range(3):
            assert mujaz.run("fetch", "--all", "--force").returncode == 1
        shown = mujaz.run("sources", "list", "--unwell", "--json")
        assert '"http_5xx"' in shown.stdout
        room.answer = whole  # type: ignore[method-assign]
        assert mujaz.run("fetch", "--all", "--force").returncode == 0
        assert mujaz.run("sources", "list", "--unwell", "--json").stdout == ""
