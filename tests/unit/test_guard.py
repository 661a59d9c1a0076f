"""The guard: which numbers may be connected to, in whatever spelling, and what a name that mixes them is worth."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence

import pytest

from aggregator.fetch.guard import Guard, Refused, is_local_name, is_public, literal
from aggregator.fetch.resolve import NoAddress

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "41.248.0.1",
    "196.200.131.131",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "2a00:1450:4007::200e",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
]
PRIVATE = [
    *("127.0.0.1", "127.255.255.255", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "0.0.0.0", "0.1.2.3"),
    *(
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
    ),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *(
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1",
    ),
    *(
        "2002:7f00:1::",
        "2002:808:808::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2001:20::1",
        "3fff::1",
        "5f00::1",
        "100::1",
    ),
    *("fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "2a00:1450::1%eth0", "fec0::1", "ff02::1", "ff0e::1"),
    *("2a00:1450:4007:80e:0:5efe:10.0.0.1", "2a00:1450:4007:80e:200:5efe:8.8.8.8"),
]
MINE = ipaddress.ip_address("127.0.0.1")


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_may_be_connected_to(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", PRIVATE)
def test_others_may_not(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.01",
        "127.0.0.1.",
        "0x7f.0.0.0x1",
    ],
)
def test_every_spelling_of_a_number_is_read_as_the_system_reads_it(text: str) -> None:
    import socket

    assert literal(text) == MINE
    if not text.endswith("."):
        assert socket.inet_ntoa(socket.inet_aton(text)) == str(MINE)


@pytest.mark.parametrize(
    "text",
    ["256.1.1.1", "1.2.3.4.5", "127.0.0.256", "4294967296", "0x1ffffffff", "09.1.1.1", "::g", "1::2::3", "example.1", "a.0x7f"],
)
def test_what_looks_like_a_number_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        literal(text)


@pytest.mark.parametrize("text", ["hespress.com", "1and1.com", "0x.example", "127.0.0.1.example.com", "xn--mgbb9fbpob", "a.b"])
def test_names_are_names(text: str) -> None:
    assert literal(text) is None


def test_names_of_this_machine_and_network_are_known() -> None:
    assert all(map(is_local_name, ("localhost", "LOCALHOST.", "a.localhost", "printer.local", "metadata.google.internal", "nas.lan")))
    assert not any(map(is_local_name, ("localhost.com", "mylocalhost", "internal.example.com", "local.ma")))


def addresses(host: str, *answers: str, allow_private: bool = False) -> list[str]:
    async def resolver(name: str, port: int) -> Sequence[str]:
        return answers

    return asyncio.run(Guard(allow_private, resolver).addresses(host, 80))


def test_all_addresses_of_a_public_name_are_given_in_order_each_once() -> None:
    assert addresses("a.example", "2606:4700::1111", "8.8.8.8", "8.8.8.8", "::ffff:1.1.1.1") == ["2606:4700::1111", "8.8.8.8", "1.1.1.1"]


@pytest.mark.parametrize("answers", [["8.8.8.8", "127.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["2606:4700::1111", "::1"], ["fe80::1%eth0"]])
def test_a_name_with_one_private_address_among_others_is_refused(answers: list[str]) -> None:
    with pytest.raises(Refused, match="allow_private"):
        addresses("a.example", *answers)


def test_private_networks_are_open_only_where_they_were_opened() -> None:
    assert addresses("127.1", allow_private=True) == ["127.0.0.1"]
    assert addresses("nas.lan", "10.0.0.1", allow_private=True) == ["10.0.0.1"]
    with pytest.raises(Refused):
        addresses("nas.lan", "8.8.8.8")


def test_a_name_without_address_or_with_nonsense_has_none() -> None:
    for answers in ((), ("not an address",)):
        with pytest.raises(NoAddress):
            addresses("a.example", *answers)
