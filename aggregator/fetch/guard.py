"""Decides which addresses may be connected to: globally routable ones only, unless ``fetch.allow_private`` opens the rest.

The check is on the numbers that will be connected to, never on the name, and it is made again on every hop: a name that leads
elsewhere a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

from aggregator.fetch.resolve import NoAddress, Resolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# not handed out for public use, or not to one host; beside what `is_global` knows, which differs between versions of Python
NEVER_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
            *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        ),
    )
)
# of IPv6 only what is handed out to hosts; NAT64 (64:ff9b::/96), mapped and compatible forms, loopback and private are outside it
PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
# inside it: protocol assignments with Teredo and ORCHID, documentation, 6to4: ways to an IPv4 address, or to nobody
NEVER_6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
ISATAP = (0x00005EFE, 0x02005EFE)  # the middle of an interface identifier that carries an IPv4 address
LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain", "corp", "home", "private")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\Z")


class Refused(Exception):
    """An address that may not be connected to; the text says why."""


def is_public(address: Address) -> bool:
    """Tell whether an address is globally routable, also by what it carries inside.

    `is_global` alone says True for NAT64, 6to4 and site-local addresses.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return False
        mapped = address.ipv4_mapped
        if mapped is not None:
            return is_public(mapped)
        if address not in PUBLIC_6 or any(address in net for net in NEVER_6):
            return False
        return (int(address) >> 32) & 0xFFFFFFFF not in ISATAP
    return not any(address in net for net in NEVER_4) and address.is_global


@lru_cache(4_096)
def literal(host: str) -> Address | None:
    """Give the address that a host part spells in any form that a system's resolver takes; None if it is a name.

    `127.1`, `0x7f000001`, `0177.0.0.1`, `2130706433` and `::ffff:127.0.0.1` are all this machine.
    Raises `Refused` for what looks like a number and is no valid one.
    """
    text = host.strip("[]")
    if ":" in text:
        try:
            return ipaddress.IPv6Address(text)
        except ValueError:
            raise Refused(f"{host} spells no valid address") from None
    parts = text.rstrip(".").split(".")
    if not _NUMBER.match(parts[-1]):
        return None
    # a name that ends in a number is an address or nothing (as in browsers): resolvers differ in what they make of it
    if len(parts) > 4 or not all(_NUMBER.match(part) for part in parts):
        raise Refused(f"{host} spells no valid address")
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        raise Refused(f"{host} spells no valid address") from None
    *head, last = numbers
    if any(number > 255 for number in head) or last >= 256 ** (4 - len(head)):
        raise Refused(f"{host} spells no valid address")
    return ipaddress.IPv4Address(last + sum(number << (8 * (3 - at)) for at, number in enumerate(head)))


def _number(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text[0] == "0" else int(text)


def is_local_name(host: str) -> bool:
    """Tell whether a name belongs to this machine or network by what it is."""
    name = host.lower().rstrip(".")
    return any(name == each or name.endswith(f".{each}") for each in LOCAL_NAMES)


@dataclass(frozen=True, slots=True)
class Guard:
    """Resolves a name and gives the addresses that may be connected to."""

    allow_private: bool
    resolver: Resolver

    async def addresses(self, host: str, port: int) -> list[str]:
        """Give the checked addresses of a host, in the resolver's order.

        Raises `Refused` if any of them is private (a name that mixes both is an attack), `NoAddress` if there is none.
        """
        spelt = literal(host)
        if spelt is not None:
            found: list[Address] = [spelt]
        else:
            if not self.allow_private and is_local_name(host):
                raise Refused(f"{host} is a name of this machine or network (fetch.allow_private opens private networks)")
            found = [_address(each) for each in await self.resolver(host, port)]
        if not found:
            raise NoAddress(f"{host} has no address")
        if not self.allow_private:
            for each in found:
                if not is_public(each):
                    raise Refused(f"{host} leads to {each}, which is not a public address (fetch.allow_private opens private networks)")
        return list(dict.fromkeys(str(_plain(each)) for each in found))


def _address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise NoAddress(f"the resolver answered {text[:60]!r}, which is no address") from None


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
