"""Decides which addresses may be connected to: globally routable ones only, unless ``fetch.allow_private`` opens the rest.

The check is on the numbers that will be connected to, never on the name, and it is made again on every hop.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
# prefixes that carry an IPv4 address inside; the carried one must be public too, and none of them is a way to an outlet
TUNNELS = tuple(map(ipaddress.ip_network, ("2002::/16", "2001::/32", "::/96", "fec0::/10", "100::/64", "5f00::/16", "3fff::/20", "2001:db8::/32")))
NEVER = tuple(map(ipaddress.ip_network, ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4")))
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|0[0-7]*|[0-9]+)\Z")
RESOLVE_SECONDS = 10


class Refused(Exception):  # noqa: N818  (a decision, not a fault)
    """An address that may not be connected to; the text says why."""


class NoAddress(Exception):  # noqa: N818
    """A name that has no address."""


def is_public(address: Address) -> bool:
    """Tell whether an address is globally routable, also by what it carries inside.

    ``is_global`` alone says True for NAT64 (64:ff9b::/96), 6to4 and site-local addresses.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id or address.ipv4_mapped is not None:
            return address.ipv4_mapped is not None and not address.scope_id and is_public(address.ipv4_mapped)
        if any(address in net for net in (*NAT64, *TUNNELS)):
            return False
    elif any(address in net for net in NEVER):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def literal(host: str) -> Address | None:
    """Give the address that a host part spells in any form that a resolver would take: 127.1, 0x7f000001, 0177.0.0.1, [::1].

    None if it is a name.
    """
    text = host.strip("[]")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    parts = text.rstrip(".").split(".")
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.match(part) for part in parts):
        return None
    try:
        numbers = [int(p, 16) if p[:2].lower() == "0x" and len(p) > 2 else 0 if p.lower() == "0x" else int(p, 8) if p[0] == "0" and len(p) > 1 else int(p) for p in parts]
    except ValueError:
        return None
    *head, last = numbers
    if any(number > 255 for number in head) or last >= 256 ** (4 - len(head)):
        raise Refused(f"{host} spells no valid address")
    value = last + sum(number << (8 * (3 - at)) for at, number in enumerate(head))
    return ipaddress.IPv4Address(value)


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
            found = [spelt]
        else:
            if not self.allow_private and _is_local_name(host):
                raise Refused(f"{host} is a name of this machine or network")
            found = [ipaddress.ip_address(each.partition("%")[0]) for each in await self.resolver(host, port)]
        if not found:
            raise NoAddress(f"{host} has no address")
        if not self.allow_private:
            for each in found:
                if not is_public(each):
                    raise Refused(f"{host} leads to {each}, which is not a public address (fetch.allow_private opens private networks)")
        return list(dict.fromkeys(str(_plain(each)) for each in found))


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_local_name(host: str) -> bool:
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith((".localhost", ".local", ".internal", ".home.arpa", ".lan"))


async def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system for a name's addresses in a daemon thread, so that a hanging look-up holds neither the loop nor the exit."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(result: list[str] | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result or [])

    def ask() -> None:
        result, problem = None, None
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result = [str(row[4][0]) for row in rows]
        except (OSError, UnicodeError) as error:
            problem = NoAddress(f"{host} can't be resolved: {getattr(error, 'strerror', None) or error}")
        try:
            loop.call_soon_threadsafe(settle, result, problem)
        except RuntimeError:
            pass  # the loop has ended meanwhile

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    async with asyncio.timeout(RESOLVE_SECONDS):
        return await answer
