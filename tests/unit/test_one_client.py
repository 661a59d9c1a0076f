"""Nothing in the package reaches the network but through the guarded client."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "aggregator"
# what opens connections, or hands a URL to something that does
CLIENTS = {
    *("httpx", "httpx2", "httpcore", "httpcore2", "h11", "h2", "requests", "urllib3", "aiohttp", "http.client", "urllib.request", "ftplib"),
    *("smtplib", "imaplib", "poplib", "telnetlib", "xmlrpc.client", "socket", "ssl", "socketserver", "http.server", "pycurl", "websockets"),
    *("anyio", "trio", "curl_cffi", "tornado", "twisted", "dns", "aiodns"),
}
CALLS = {
    "open_connection",
    "create_connection",
    "sock_connect",
    "open_unix_connection",
    "fetch_url",
    "fetch_response",
    "urlopen",
    "urlretrieve",
}
# file -> modules it may import, and why
ALLOWED = {
    "fetch/client.py": {"httpx2", "ssl"},
    "fetch/answer.py": {"httpx2", "ssl"},  # their errors in words
    "fetch/wire.py": {"httpx2", "httpcore2", "ssl"},  # the transport
    "fetch/resolve.py": {"socket"},  # getaddrinfo
    "daemon.py": {"socket"},  # systemd's notification socket
    "web/serve.py": {"socket"},  # listens
    "cli/doctor.py": {"socket"},  # tries whether the page could listen at its address
    "engine/health.py": {"socket"},  # a worker answers whether it is well
    "web/alone.py": {"socket"},
    "demo/server.py": {"http.server"},  # the newsroom listens on loopback
    "store/sources.py": {"socket"},  # the machine's name on a lease
}
FILES = sorted(PACKAGE.rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("import_module", "__import__"):
            yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def clients_in(source: str) -> set[str]:
    found = set()
    for name in imported(ast.parse(source)):
        parts = name.split(".")
        found |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)} & CLIENTS
    return found


def calls_in(source: str) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {getattr(node.func, "attr", getattr(node.func, "id", "")) for node in calls} & CALLS


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def test_only_the_guarded_client_reaches_the_network(path: Path) -> None:
    name = str(path.relative_to(PACKAGE))
    source = path.read_text(encoding="utf-8")
    assert clients_in(source) <= ALLOWED.get(name, set())
    if name != "fetch/wire.py":
        assert not calls_in(source)


@pytest.mark.parametrize(
    "source",
    [
        "import requests",
        "import urllib.request as u",
        "from urllib import request",
        "from http import client",
        "from http.client import HTTPConnection",
        "def f():\n    import httpx2 as httpx",
        "from importlib import import_module\nimport_module('aiohttp.client')",
        "import socket, os",
    ],
)
def test_the_look_out_sees_every_way_of_importing_a_client(source: str) -> None:
    assert clients_in(source)


def test_harmless_neighbours_are_left_alone() -> None:
    assert not clients_in("from urllib.parse import urlsplit\nfrom http import HTTPStatus\nimport asyncio")


def test_every_exception_is_still_needed() -> None:
    for name, modules in ALLOWED.items():
        path = PACKAGE / name
        assert path.exists(), name
        assert clients_in(path.read_text(encoding="utf-8")) == modules, name
