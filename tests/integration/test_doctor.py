"""`mujaz doctor` from outside: each line says what to do."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from aggregator.demo.server import Server
from tests.integration.served import command, newsroom


def test_a_taken_port_and_a_missing_database_are_notes_and_no_errors(tmp_path: Path) -> None:
    room = newsroom(1)
    with Server(room), socket.create_server(("127.0.0.1", 0)) as taken:
        mujaz = command(tmp_path, room)
        done = mujaz.run("doctor", "--json", MUJAZ_WEB__PORT=str(taken.getsockname()[1]))
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stderr
        port = next(each for each in found if "address" in each["what"])
        assert port["level"] == "note"
        assert "web.port" in port["remedy"]
        assert any("There is no database" in each["what"] for each in found)


def test_a_wrong_catalogue_is_wrong_and_named(tmp_path: Path) -> None:
    room = newsroom(1)
    with Server(room):
        mujaz = command(tmp_path, room)
        (mujaz.catalogue / "all.toml").write_text(
            '[[outlets]]\nid = "a"\nname = "b"\nlanguage = "ar"\ntimezone = "Mars/Olympus"\n', encoding="utf-8"
        )
        done = mujaz.run("doctor")
        assert done.returncode == 1
        assert "Mars/Olympus" in done.stdout
        assert "Traceback" not in done.stderr


def test_an_unwell_source_is_named_with_what_can_be_done(tmp_path: Path) -> None:
    room = newsroom(1)
    with Server(room):
        mujaz = command(tmp_path, room)
        room.answer = lambda path: (404, b"", "text/plain")  # type: ignore[method-assign]
        for _ in range(3):
            assert mujaz.run("fetch", "--all", "--force").returncode == 1
        done = mujaz.run("doctor")
        assert "o0: not_found" in done.stdout
        assert "discover" in done.stdout
