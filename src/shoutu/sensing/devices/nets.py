"""Whom the pipeline may call: a device's address must lie in a network that the operator of this machine opened.

Whoever administers the county registers devices; without this line the machine could be made to knock at any door.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from shoutu.sensing.devices.away import Away

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Nets:
    """The networks of ``SHOUTU_DEVICE_NETS``."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(one) for one in networks]
        # Its own: lookups that hang must not take the threads by which warnings are delivered.
        self._names = ThreadPoolExecutor(2, "names")

    def allow(self, text: str) -> bool:
        """Whether an IP address lies in one of them."""
        address = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in one for one in self._networks)

    async def find(self, host: str, port: int, seconds: float) -> str:
        """The first address of a host that may be called: it is connected to as such, so no name can turn afterwards.

        Raises Away, at the latest after so many seconds.
        """
        addresses = await self._addresses(host, port, seconds)
        for address in addresses:
            if self.allow(address):
                return address
        raise Away("not_allowed", f"SHOUTU_DEVICE_NETS: {', '.join(dict.fromkeys(addresses))}")

    async def _addresses(self, host: str, port: int, seconds: float) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host))]  # waits behind no name
        except ValueError:
            pass
        look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(seconds):
                found = await asyncio.get_running_loop().run_in_executor(self._names, look_up)
        except TimeoutError:
            raise Away("name", f"{host}: no answer in {seconds:g} s") from None
        except (OSError, UnicodeError) as error:
            raise Away("name", f"{host}: {error}") from None
        return [str(one[4][0]) for one in found]

    def close(self) -> None:
        """Look up nothing more; what is being looked up ends by itself."""
        self._names.shutdown(wait=False, cancel_futures=True)
