"""What is shipped for bringing Mujaz up is real: its commands, its settings, its files; and docs/scaling.md names them all."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from aggregator.cli import cli
from aggregator.settings import Settings, load

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
DAEMONS = [unit for unit in UNITS if unit.suffix == ".service" and "nightly" not in unit.name]
SCALING = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "mujaz"]
VARIABLES = {"MUJAZ_CONFIG", "MUJAZ_DATA"} | {
    f"MUJAZ_{name}__{key}".upper() for name, section in Settings.model_fields.items() for key in type(section.default).model_fields
}


def parsed(words: list[str]) -> click.Context:
    """Read a command line as `mujaz` would, down to the last option; raises where it is none."""
    context = cli.make_context("mujaz", list(words))
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command = found
        context = command.make_context(name, list(rest), parent=context)
    return context


def settings_of(path: Path) -> list[tuple[str, str]]:
    """Give the variables of an environment file, those that are commented out among them."""
    return re.findall(r"^(?:# )?(MUJAZ_\w+)=(.*)$", path.read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("name", OURS)
def test_each_service_runs_a_real_command(name: str) -> None:
    assert parsed(COMPOSE["services"][name]["command"]).command.name in ("run", "worker", "serve")


def test_the_compose_file_has_all_roles_on_one_configuration() -> None:
    services = COMPOSE["services"]
    assert set(services) == {"postgres", "scheduler", "worker", "web"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert {services[name]["env_file"] for name in OURS} == {"mujaz.env"}
    assert {tuple(services[name]["environment"].items()) for name in OURS} == {tuple(services["web"]["environment"].items())}
    assert all(services[name]["read_only"] and services[name]["cap_drop"] == ["ALL"] for name in OURS)
    named = {each.partition(":")[0] for service in services.values() for each in service["volumes"]}
    assert named == set(COMPOSE["volumes"])
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
    assert services["web"]["ports"] == ["127.0.0.1:8090:8090"], "published on loopback only"


@pytest.mark.parametrize("name", OURS)
def test_health_is_asked_where_it_is_answered(name: str) -> None:
    service = COMPOSE["services"][name]
    if "healthcheck" not in service:
        return
    code = service["healthcheck"]["test"][3]
    compile(code, "healthcheck", "exec")
    port, path = re.search(r"127\.0\.0\.1:(\d+)(/\w+)", code).groups()  # type: ignore[union-attr]
    assert path == "/readyz"
    assert port == (service["command"][-1] if name == "worker" else str(Settings().web.port))


@pytest.mark.parametrize("unit", DAEMONS, ids=lambda each: each.name)
def test_each_unit_runs_a_real_command_and_tells_systemd_how_it_does(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    program, *words = shlex.split(re.search(r"^ExecStart=(.*)$", text, re.M)[1])  # type: ignore[index]
    assert program == "/opt/mujaz/bin/mujaz"
    assert parsed(words).command.name in ("run", "worker")
    assert "Type=notify\n" in text
    from aggregator.daemon import OUT_SECONDS, WATCH_SECONDS

    assert int(re.search(r"^WatchdogSec=(\d+)$", text, re.M)[1]) > 3 * WATCH_SECONDS  # type: ignore[index]
    assert int(re.search(r"^TimeoutStopSec=(\d+)$", text, re.M)[1]) > OUT_SECONDS  # type: ignore[index]
    for line in (
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "ProtectHome=yes",
        "EnvironmentFile=-/etc/mujaz/mujaz.env",
    ):
        assert line in text.splitlines()
    assert "MemoryMax=" in text


def test_the_night_backs_up_before_it_prunes(tmp_path: Path) -> None:
    lines = re.findall(r"^ExecStart=(.*)$", (DEPLOY / "systemd" / "mujaz-nightly.service").read_text(encoding="utf-8"), re.M)
    ours = [shlex.split(line.removeprefix("/opt/mujaz/bin/mujaz ")) for line in lines if line.startswith("/opt/mujaz")]
    assert [parsed(words).command.name for words in ours] == ["backup", "prune"]
    from aggregator.store.migrate import backup_path

    name = re.search(r"-name (\S+)", lines[-1])[1]  # type: ignore[index]
    assert backup_path(tmp_path, "backup").match(name), "the backups that go are those that are made"
    assert not backup_path(tmp_path, "before-0003").match(name)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze: apt install systemd")
@pytest.mark.parametrize("unit", UNITS, ids=lambda each: each.name)
def test_systemd_finds_nothing_wrong_with_a_unit(unit: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("mujaz")
    for each in UNITS:
        text = each.read_text(encoding="utf-8").replace("/opt/mujaz/bin/mujaz", str(program))
        (tmp_path / each.name.replace("@.", "@1.")).write_text(text, encoding="utf-8")
    copy = tmp_path / unit.name.replace("@.", "@1.")
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def variables() -> Iterator[tuple[str, str]]:
    for path in [*DEPLOY.rglob("*"), ROOT / "docs" / "scaling.md", ROOT / "docs" / "storage.md"]:
        if path.is_file():
            yield from ((path.name, name) for name in re.findall(r"\bMUJAZ_[A-Z_]+[A-Z]\b(?!…)", path.read_text(encoding="utf-8")))


def test_each_variable_is_a_real_setting() -> None:
    sections = {f"MUJAZ_{name.upper()}" for name in Settings.model_fields}
    wrong = {(where, name) for where, name in variables() if name not in VARIABLES | sections}
    assert not wrong


def test_the_shipped_configuration_is_read_and_its_suggestions_too(monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings_of(DEPLOY / "mujaz.env")
    assert len(given) > 5
    for name, value in given:
        monkeypatch.setenv(name, value)
    settings = load(None)
    assert settings.database.url.startswith("postgresql://")
    assert settings.catalogue.countries == ("MA", "DZ")
    assert settings.log.format == "json"


def test_the_manual_says_what_each_variable_is() -> None:
    done = subprocess.run([sys.executable, "-m", "scripts.environment", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, "docs/scaling.md is out of date: run `python -m scripts.environment`" + done.stderr
    named = set(re.findall(r"^\| `(\w+)` \|", SCALING, re.M))
    assert named >= VARIABLES | {"POSTGRES_PASSWORD"}


def test_each_command_of_the_manual_is_real() -> None:
    shown = re.findall(
        r"(?m)^ *(?:sudo systemd-run .* |podman compose exec scheduler )?(?:/opt/mujaz/bin/)?mujaz (.*?)(?:\s{3,}.*)?$", _blocks()
    )
    assert len(shown) > 8
    for line in shown:
        parsed(shlex.split(line))


def _blocks() -> str:
    return "\n".join(re.findall(r"```\n(.*?)```", SCALING, re.S))


def test_each_file_of_the_manual_and_of_the_image_is_there() -> None:
    for name in re.findall(
        r"\b((?:deploy|requirements|scripts)/[\w./@-]+\w)", SCALING + (DEPLOY / "mujaz.env").read_text(encoding="utf-8")
    ):
        assert (ROOT / name).exists() or name == "deploy/.env", name
    recipe = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", recipe, re.M):
        for name in line.split():
            assert (ROOT / name).exists(), name
    assert parsed(json.loads(re.search(r"^CMD (.*)$", recipe, re.M)[1])).command.name == "run"  # type: ignore[index]
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", recipe, re.M):
        assert all(f"!{name}" in ignored for name in line.split()), f"left out of the image's context: {line}"


def test_what_a_cluster_installs_is_pinned_like_what_is_tested() -> None:
    pinned = {
        name: dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8"), re.M))
        for name in ("cluster", "test")
    }
    assert {"psycopg", "psycopg-binary", "psycopg-pool", "procrastinate", "hatchling"} <= set(pinned["cluster"])
    assert {name: version for name, version in pinned["cluster"].items() if pinned["test"].get(name) != version} == {}
