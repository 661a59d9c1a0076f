"""The client against real sockets on loopback; public names and addresses are played by a resolver and a dialler of the test's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from aggregator.fetch.address import Unusable, follow, target_of
from aggregator.fetch.client import Client
from aggregator.fetch.gate import Gate
from aggregator.fetch.wire import OneShot, Wire
from aggregator.model import Failed, FailureKind, Fetched, FetchOutcome, NotModified
from aggregator.settings import FetchSettings
from tests.hostile.say import answer, bare, feed, paths, redirect, turns
from tests.hostile.server import Hostile, Script, Stall, Talk

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PLAIN = answer(feed("plain"))


class Dialler(OneShot):
    """Connects to loopback instead of a public address, and notes what it was to connect to."""

    def __init__(self, ports: dict[str, int], verify: ssl.SSLContext | bool = True) -> None:
        super().__init__(verify)
        self.ports = ports
        self.dialled: list[str] = []

    async def _dial(self, url: httpx.URL, address: str, port: int, allowance: int) -> Wire:
        self.dialled.append(address)
        if address not in self.ports:
            raise ConnectionRefusedError(111, "Connection refused")
        return await super()._dial(url, "127.0.0.1", self.ports[address], allowance)


def settings(**keys: Any) -> FetchSettings:
    return FetchSettings(**{"allow_private": True, "host_spacing": 0, "timeout": 5, "page_timeout": 5, **keys})


def ask(
    script: Script | bytes, play: Callable[[Client, Stall], Awaitable[Any]], *, options: dict[str, Any] | None = None, **keys: Any
) -> tuple[Any, Stall]:
    """Open a server and a client, and let the test play with both."""
    with Hostile({"it": script}) as hostile:
        stall = hostile.stalls["it"]

        async def scene() -> Any:
            async with Client(settings(**keys), clock=lambda: NOW, **(options or {})) as client:
                return await play(client, stall)

        return asyncio.run(scene()), stall


def get(
    script: Script | bytes, *, path: str = "/feed", options: dict[str, Any] | None = None, keys: dict[str, Any] | None = None, **asked: Any
) -> tuple[FetchOutcome, Stall]:
    async def play(client: Client, stall: Stall) -> FetchOutcome:
        return await client.get(stall.base + path, **asked)

    return ask(script, play, options=options, **(keys or {}))


def public(
    script: Script | bytes, names: dict[str, Sequence[str]], address: str, *, reachable: Sequence[str] = ("8.8.8.8",), **asked: Any
) -> tuple[FetchOutcome, Stall, Dialler]:
    """Ask with private networks closed; ``names`` are what the resolver says, ``reachable`` the addresses that lead to the server."""

    async def resolver(host: str, port: int) -> Sequence[str]:
        return names[host]

    made: list[Dialler] = []

    async def play(client: Client, stall: Stall) -> FetchOutcome:
        made.append(Dialler(dict.fromkeys(reachable, stall.port)))
        client._transport = made[0]
        return await client.get(address.replace("{port}", str(stall.port)), **asked)

    outcome, stall = ask(script, play, options={"resolver": resolver}, allow_private=False)
    return outcome, stall, made[0]


# -- what is sent --


def test_a_request_says_who_asks_and_nothing_that_it_need_not() -> None:
    outcome, stall = get(PLAIN, keys={"contact": "mail@example.org"})
    assert isinstance(outcome, Fetched)
    (visit,) = stall.visits
    lines = [line.split(b":")[0] for line in visit.head.split(b"\r\n")[1:]]
    assert lines == [b"Host", b"User-Agent", b"Accept", b"Accept-Encoding", b"Connection"]
    assert visit.header("Host") == f"127.0.0.1:{stall.port}".encode()
    assert visit.header("User-Agent").startswith(b"Mujaz/")  # type: ignore[union-attr]
    assert b"+mail@example.org" in visit.header("User-Agent")  # type: ignore[operator]
    assert b"rss" in visit.header("Accept")  # type: ignore[operator]


def test_a_contact_can_not_break_the_header() -> None:
    outcome, stall = get(PLAIN, keys={"contact": "a\r\nX-Evil: 1 (موجز)"})
    assert isinstance(outcome, Fetched)
    assert stall.visits[0].header("X-Evil") is None


@pytest.mark.parametrize(("accept", "word"), [("page", b"text/html"), ("image", b"image/webp"), ("any", b"*/*")])
def test_what_is_wanted_is_said(accept: str, word: bytes) -> None:
    _, stall = get(PLAIN, accept=accept)
    assert word in stall.visits[0].header("Accept")  # type: ignore[operator]


def test_the_environments_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Hostile({"proxy": PLAIN}) as canary:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, canary.stalls["proxy"].base)
        outcome, _ = get(PLAIN)
        assert isinstance(outcome, Fetched)
        assert canary.stalls["proxy"].visits == []


def test_validators_go_to_the_hop_that_gave_them_alone() -> None:
    script = paths(feed=redirect("/there"), there=answer(feed("x")))

    async def play(client: Client, stall: Stall) -> None:
        there = f"{stall.base}/there"
        await client.get(f"{stall.base}/feed", etag='"x"', last_modified="y", validated=there)
        await client.get(f"{stall.base}/feed", etag='"x"', validated=f"{stall.base}/feed")

    _, stall = ask(script, play)
    assert [(visit.path, visit.conditional) for visit in stall.visits] == [
        ("/feed", False),
        ("/there", True),
        ("/feed", True),
        ("/there", False),
    ]


# -- what comes back --


def test_an_answer_is_told_with_where_it_came_from_and_its_validators() -> None:
    outcome, stall = get(
        paths(feed=redirect("/b#x", "301 Moved Permanently"), b=answer("<rss/>", 'ETag: W/"1"', "Last-Modified: yesterday"))
    )
    assert isinstance(outcome, Fetched)
    assert outcome.address == f"{stall.base}/feed"
    assert outcome.final_address == outcome.moved_to == f"{stall.base}/b"
    assert (outcome.etag, outcome.last_modified, outcome.body, outcome.fetched_at) == ('W/"1"', "yesterday", b"<rss/>", NOW)


@pytest.mark.parametrize(
    ("first", "second", "permanent"),
    [("301 x", "308 x", True), ("301 x", "302 x", False), ("307 x", "301 x", False), ("303 x", "303 x", False)],
)
def test_a_move_is_for_good_only_if_every_hop_says_so(first: str, second: str, permanent: bool) -> None:
    outcome, stall = get(paths(feed=redirect("/b", first), b=redirect("/c", second), c=PLAIN))
    assert isinstance(outcome, Fetched)
    assert outcome.moved_to == (f"{stall.base}/c" if permanent else None)


def test_not_modified_brings_the_new_validators() -> None:
    outcome, _ = get(bare("HTTP/1.1 304 Not Modified", 'ETag: "new"'), etag='"old"')
    assert isinstance(outcome, NotModified)
    assert (outcome.etag, outcome.last_modified) == ('"new"', None)


def test_more_than_the_length_said_is_taken_without_its_validators() -> None:
    outcome, _ = get(answer("<rss/><half", 'ETag: "x"', length=6))
    assert isinstance(outcome, Fetched)
    assert (outcome.body, outcome.etag) == (b"<rss/>", None)
    outcome, _ = get(answer("<rss/>\r\n", 'ETag: "x"', length=6))
    assert isinstance(outcome, Fetched)
    assert outcome.etag == '"x"', "a line end too many is no half document"


def test_a_body_over_the_limit_fails_or_is_cut_where_that_is_asked() -> None:
    outcome, _ = get(answer("x" * 1000), max_bytes=999)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TOO_LARGE
    assert "fetch.max_feed_bytes" in outcome.detail
    outcome, _ = get(answer("x" * 1000), max_bytes=999, cut=True, accept="page")
    assert isinstance(outcome, Fetched)
    assert len(outcome.body) == 999


def test_words_from_outside_are_one_line_without_control_characters() -> None:
    outcome, _ = get(redirect("gopher://a\x1b[31m\x07b/\u202e"))
    assert isinstance(outcome, Failed)
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= 500


# -- private networks --


def test_a_public_name_is_asked_at_the_number_that_was_checked() -> None:
    outcome, stall, dialler = public(PLAIN, {"a.example": ["8.8.8.8"]}, "http://a.example/feed")
    assert isinstance(outcome, Fetched)
    assert dialler.dialled == ["8.8.8.8"]
    assert stall.visits[0].header("Host") == b"a.example"


@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1:{port}/",
        "http://127.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://inside.example/",
        "http://10.0.0.1/",
        "//169.254.169.254/latest",
    ],
)
def test_a_redirect_into_a_private_network_is_not_followed(where: str) -> None:
    async def script(talk: Talk) -> None:
        await talk.say(redirect(where.replace("{port}", str(talk.stall.port))))

    outcome, stall, dialler = public(script, {"a.example": ["8.8.8.8"], "inside.example": ["192.168.1.5"]}, "http://a.example/feed")
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED_ADDRESS
    assert dialler.dialled == ["8.8.8.8"]
    assert len(stall.visits) == 1


def test_a_name_that_leads_inside_the_second_time_is_refused_the_second_time() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])

    class Rebinding(dict[str, Sequence[str]]):
        def __missing__(self, host: str) -> Sequence[str]:
            return next(answers)

    outcome, _, dialler = public(redirect("/again"), Rebinding(), "http://a.example/feed")
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED_ADDRESS
    assert dialler.dialled == ["8.8.8.8"]


def test_other_ports_need_to_be_named_by_the_source() -> None:
    names = {"a.example": ["8.8.8.8"]}
    outcome, _, dialler = public(PLAIN, names, "http://a.example:8080/feed")
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.REFUSED_ADDRESS
    assert dialler.dialled == []
    outcome, _, _ = public(PLAIN, names, "http://a.example:8080/feed", ports=frozenset({8080}))
    assert isinstance(outcome, Fetched)
    outcome, _, dialler = public(redirect("http://a.example:22/"), names, "http://a.example:8080/feed", ports=frozenset({8080}))
    assert isinstance(outcome, Failed)
    assert dialler.dialled == ["8.8.8.8"]


def test_all_checked_addresses_of_a_name_are_tried() -> None:
    outcome, _, dialler = public(PLAIN, {"a.example": ["1.1.1.1", "9.9.9.9", "8.8.8.8"]}, "http://a.example/feed")
    assert isinstance(outcome, Fetched)
    assert dialler.dialled == ["1.1.1.1", "9.9.9.9", "8.8.8.8"]
    outcome, _, dialler = public(PLAIN, {"a.example": ["1.1.1.1", "9.9.9.9"]}, "http://a.example/feed")
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.CONNECT


def test_a_silent_address_leaves_time_for_the_next() -> None:
    class Silent(Dialler):
        async def _dial(self, url: httpx.URL, address: str, port: int, allowance: int) -> Wire:
            if address == "1.1.1.1":
                await asyncio.sleep(60)
            return await super()._dial(url, address, port, allowance)

    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["1.1.1.1", "8.8.8.8"]

    async def play(client: Client, stall: Stall) -> FetchOutcome:
        client._transport = Silent({"8.8.8.8": stall.port})
        return await client.get("http://a.example/feed", deadline=1)

    outcome, _ = ask(PLAIN, play, options={"resolver": resolver}, allow_private=False)
    assert isinstance(outcome, Fetched)


# -- manners --


def test_a_host_that_wants_to_be_left_alone_is_reported_and_then_left_alone() -> None:
    holds: dict[str, datetime] = {}

    async def hold(host: str, until: datetime) -> None:
        holds[host] = until

    async def play(client: Client, stall: Stall) -> list[FetchOutcome]:
        return [await client.get(f"{stall.base}/{n}") for n in range(3)]

    script = turns(answer("x", "Retry-After: 600", status="429 Too Many Requests"))
    outcomes, stall = ask(script, play, options={"hold": hold, "held": holds.get})
    assert holds == {f"127.0.0.1:{stall.port}": NOW + timedelta(seconds=600)}
    assert len(stall.visits) == 1
    for outcome in outcomes:
        assert isinstance(outcome, Failed)
        assert outcome.kind is FailureKind.RATE_LIMITED
        assert outcome.retry_after == timedelta(seconds=600)


def test_a_held_host_is_not_reached_by_a_redirect_either() -> None:
    with Hostile({"held": PLAIN}) as other:
        there = other.stalls["held"]

        def held(host: str) -> datetime | None:
            return NOW + timedelta(hours=1) if host.endswith(str(there.port)) else None

        outcome, _ = get(redirect(f"{there.base}/feed"), options={"held": held})
        assert isinstance(outcome, Failed)
        assert outcome.kind is FailureKind.RATE_LIMITED
        assert there.visits == []


def test_waiting_at_the_gate_does_not_eat_into_the_deadline() -> None:
    async def play(client: Client, stall: Stall) -> list[FetchOutcome]:
        return list(await asyncio.gather(*(client.get(f"{stall.base}/{n}", deadline=0.5) for n in range(4))))

    outcomes, stall = ask(PLAIN, play, options={"gate": Gate(1, 0.3)})
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    gaps = [later.at - sooner.at for sooner, later in zip(stall.visits, stall.visits[1:], strict=False)]
    assert min(gaps) > 0.25


def test_two_hosts_that_redirect_to_each_other_do_not_lock_each_other_out() -> None:
    async def to_the_other(talk: Talk) -> None:
        other = talk.stall.near("b" if talk.stall.name == "a" else "a")
        await asyncio.sleep(0.05)
        await talk.say(redirect(f"{other.base}/there") if talk.path == "/feed" else PLAIN)

    async def scene(a: Stall, b: Stall) -> list[FetchOutcome]:
        async with Client(settings(per_host=1), clock=lambda: NOW) as client:
            return list(await asyncio.gather(*(client.get(f"{stall.base}/feed", deadline=3) for stall in (a, b))))

    with Hostile({"a": to_the_other, "b": to_the_other}) as hostile:
        outcomes = asyncio.run(scene(hostile.stalls["a"], hostile.stalls["b"]))
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)


def test_no_connection_stays_open_whatever_happened() -> None:
    async def silent(talk: Talk) -> None:
        await talk.wait()

    async def play(client: Client, stall: Stall) -> int:
        before = len(os.listdir("/proc/self/fd"))
        await asyncio.gather(*(client.get(f"{stall.base}/{n}", deadline=0.3) for n in range(20)))
        cancelled = [asyncio.create_task(client.get(f"{stall.base}/{n}")) for n in range(5)]
        await asyncio.sleep(0.1)
        for task in cancelled:
            task.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        await asyncio.sleep(0.1)
        return len(os.listdir("/proc/self/fd")) - before

    left, _ = ask(silent, play, per_host=16)
    # the server's ends are in this process as well, and close a moment later
    assert left <= 5


def test_a_server_that_floods_does_not_hold_the_others_up() -> None:
    async def flood(talk: Talk) -> None:
        await talk.say(bare("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"))
        while True:
            await talk.say(b"1\r\nx\r\n" * 10_000)

    async def play(client: Client, stall: Stall) -> float:
        flooded = asyncio.create_task(client.get(stall.base, deadline=2))
        longest = 0.0
        while not flooded.done():
            began = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - began)
        return longest

    longest, _ = ask(flood, play)
    assert longest < 0.5


# -- certificates --


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for a.example that signs itself."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=a.example -addext subjectAltName=DNS:a.example -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(
    ("host", "trusted", "kind"), [("a.example", True, None), ("a.example", False, FailureKind.TLS), ("b.example", True, FailureKind.TLS)]
)
def test_certificates_are_checked_against_the_name(certificate: Path, host: str, trusted: bool, kind: FailureKind | None) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(PLAIN)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    async def resolver(name: str, port: int) -> Sequence[str]:
        return ["8.8.8.8"]

    async def scene() -> FetchOutcome:
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ours)
        theirs = ssl.create_default_context(cafile=str(certificate / "cert.pem")) if trusted else True
        async with server, Client(settings(allow_private=False), clock=lambda: NOW, resolver=resolver) as client:
            client._transport = Dialler({"8.8.8.8": server.sockets[0].getsockname()[1]}, theirs)
            return await client.get(f"https://{host}/feed")

    outcome = asyncio.run(scene())
    if kind is None:
        assert isinstance(outcome, Fetched)
    else:
        assert isinstance(outcome, Failed)
        assert outcome.kind is kind
        assert "certificate" in outcome.detail


def test_checking_certificates_can_not_be_turned_off() -> None:
    with pytest.raises(ValueError, match="always checked"):
        _ = OneShot(verify=False).context


# -- addresses --


@pytest.mark.parametrize(
    ("address", "clean", "host", "port"),
    [
        ("HTTP://A.Example", "http://a.example/", "a.example", 80),
        ("https://a.example:443/x?y=1#z", "https://a.example/x?y=1", "a.example", 443),
        ("http://a.example:8080/%D8%A3/b c?d=é", "http://a.example:8080/%D8%A3/b%20c?d=%C3%A9", "a.example", 8080),
        ("http://أخبار.المغرب/عاجل", "http://xn--igbicxr.xn--mgbc0a9azcg/%D8%B9%D8%A7%D8%AC%D9%84", "xn--igbicxr.xn--mgbc0a9azcg", 80),
        ("http://[2606:4700::1111]:8080/", "http://[2606:4700::1111]:8080/", "2606:4700::1111", 8080),
        ("http://user:p%40ss@a.example/", "http://a.example/", "a.example", 80),
        (" http://a.example/\n", "http://a.example/", "a.example", 80),
    ],
)
def test_addresses_are_read(address: str, clean: str, host: str, port: int) -> None:
    target = target_of(address)
    assert (target.address, target.host, target.port) == (clean, host, port)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "feed",
        "ftp://a.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http:///x",
        "http://a b/",
        "http://[::1",
        "http://a.example:99999/",
        "http://a.example:0/",
        "http://" + "a" * 300 + ".example/",
        "http://a.example/" + "x" * 9000,
    ],
)
def test_what_is_no_address_is_refused_in_words(address: str) -> None:
    with pytest.raises(Unusable) as caught:
        target_of(address)
    assert caught.value.failure.detail


def test_credentials_follow_to_their_own_origin_alone() -> None:
    home = target_of("http://user:secret@a.example/feed")
    assert home.authorization == "Basic dXNlcjpzZWNyZXQ="
    assert follow(home, "/other").authorization == home.authorization
    for elsewhere in ("https://a.example/", "http://b.example/", "http://a.example:8080/", "//www.a.example/", "http://eve:pw@b.example/"):
        assert follow(home, elsewhere).authorization == ""
