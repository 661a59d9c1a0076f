"""Private addresses: this machine in every spelling; nothing may knock at the canary's door."""

from __future__ import annotations

from tests.hostile.case import Case, Group, Seen, fails
from tests.hostile.say import answer, feed

SPELLINGS = {
    "plain": "127.0.0.1",
    "second": "127.8.9.10",
    "short": "127.1",
    "shorter": "127.0.1",
    "decimal": "2130706433",
    "hex": "0x7f000001",
    "hex-dotted": "0x7f.0x0.0x0.0x1",
    "octal": "0177.0.0.1",
    "octal-whole": "017700000001",
    "mixed": "0x7f.1",
    "zeros": "127.0.0.01",
    "trailing-dot": "127.0.0.1.",
    "nothing": "0.0.0.0",
    "zero": "0",
    "name": "localhost",
    "name-with-dot": "localhost.",
    "name-in-capitals": "LocalHost",
    "name-below": "canary.localhost",
    "v6": "[::1]",
    "v6-long": "[0:0:0:0:0:0:0:1]",
    "v6-nothing": "[::]",
    "v6-mapped": "[::ffff:127.0.0.1]",
    "v6-mapped-hex": "[::ffff:7f00:1]",
    "v6-translated": "[::ffff:0:127.0.0.1]",
    "v6-compatible": "[::127.0.0.1]",
    "v6-nat64": "[64:ff9b::7f00:1]",
    "v6-nat64-local": "[64:ff9b:1::7f00:1]",
    "v6-6to4": "[2002:7f00:1::]",
    "v6-teredo": "[2001:0:7f00:1::]",
    "v6-link-local": "[fe80::1]",
    "v6-link-local-scope": "[fe80::1%25lo]",
    "v6-unique-local": "[fd00::1]",
    "v6-site-local": "[fec0::1]",
    "v6-multicast": "[ff02::1]",
    "v6-documentation": "[2001:db8::1]",
    "wide-digits": "１２７.０.０.１",
    "circled-digits": "①②⑦.⓪.⓪.①",
    "ideographic-dots": "127。0。0。1",
    "private-10": "10.0.0.1",
    "private-172": "172.16.0.1",
    "private-192": "192.168.1.1",
    "link-local": "169.254.169.254",
    "link-local-decimal": "2852039166",
    "shared": "100.64.0.1",
    "benchmark": "198.18.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.1",
    "metadata": "metadata.google.internal",
    "too-many-parts": "127.0.0.0.1",
    "too-large": "127.0.0.999",
    "userinfo": "example.com@127.0.0.1",
}


def canary_is_silent(seen: Seen) -> None:
    assert seen.stall.visits == []


CASES: tuple[Case, ...] = (
    *tuple(
        fails(
            f"private-{name}", answer(feed(name)), "refused_address", "dns", check=canary_is_silent, address=f"http://{host}:{{port}}/feed"
        )
        for name, host in SPELLINGS.items()
    ),
    fails("private-on-port-80", answer(feed("80")), "refused_address", address="http://127.0.0.1/feed"),
    fails("private-over-tls", answer(feed("tls")), "refused_address", address="https://127.0.0.1:{port}/feed", check=canary_is_silent),
)
GROUP = Group("private", CASES, private=False)
