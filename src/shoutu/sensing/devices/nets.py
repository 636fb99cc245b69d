"""Whom the pipeline may call: a device's address must lie in a network that the operator of this machine opened.

Whoever administers the county registers devices; without this line the machine could be made to knock at any door.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

from shoutu.sensing.devices.away import Away

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Nets:
    """The networks of ``SHOUTU_DEVICE_NETS``."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(one) for one in networks]

    def allow(self, text: str) -> bool:
        """Whether an IP address lies in one of them."""
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in one for one in self._networks)

    async def find(self, host: str, port: int) -> str:
        """The first address of a host that may be called: it is connected to as such, so no name can turn afterwards.

        Raises Away.
        """
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Away("name", f"{host}: {error}") from None
        addresses = [str(one[4][0]) for one in found]
        for address in addresses:
            if self.allow(address):
                return address
        raise Away("not_allowed", f"SHOUTU_DEVICE_NETS: {', '.join(dict.fromkeys(addresses))}")
