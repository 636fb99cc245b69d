"""Who a token speaks for and which point an address is, out of one catalog; replaced as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from .catalog import Catalog
from .model import FOREIGN_POINT, UNKNOWN_POINT, Device, Ints32, Source

MAX_ID = 2**31 - 1


class CatalogDirectory:
    """Token → source → address → point, by dictionaries; safe to read from any thread."""

    def __init__(self, catalog: Catalog) -> None:
        self.version = catalog.version
        self._sources: dict[str, Source] = {}
        self._stations: dict[str, Source] = {}
        self._named: dict[str, Source] = {}
        self._devices: list[Device] = []
        self._own: dict[int, dict[str, int]] = {}
        self._elsewhere: dict[str, int] = {}
        self._ids = frozenset(catalog.points)
        for key, entry in catalog.sources.items():
            name, trusted = str(entry.get("name", key)), entry.get("trusted") is True
            zone, seconds = str(entry.get("zone") or ""), entry.get("seconds") is True
            source = Source(key, name, trusted, bool(entry.get("disabled")), zone, seconds)
            if not source.disabled:
                self._named[source.name] = source
                for digest in entry.get("token_hashes") or ():
                    self._sources[str(digest).lower()] = source
                for digest in entry.get("station_hashes") or ():
                    self._stations[str(digest).lower()] = source
                self._devices += _devices(source, entry.get("devices"))
        for key, entry in catalog.points.items():
            address = entry.get("address")
            if isinstance(address, str) and type(entry.get("source")) is int:
                self._own.setdefault(entry["source"], {})[address] = key
                self._elsewhere[address] = FOREIGN_POINT

    def authenticate(self, token: str) -> Source | None:
        """The source of a token, or None when unknown, revoked or disabled."""
        return self._sources.get(hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest())

    def station(self, mn: str, password: str) -> Source | None:
        """The source of a data logger, by MN and password together."""
        return self._stations.get(station_hash(mn, password))

    def named(self, name: str) -> Source | None:
        """The source of this name, unless disabled."""
        return self._named.get(name)

    def devices(self) -> Sequence[Device]:
        """Those that we call, of sources that are not disabled."""
        return self._devices

    def resolve(self, source: Source, addresses: Sequence[str]) -> Ints32:
        """Point id per address: 0 unknown, −1 another source's. A trusted source gives ids in decimal."""
        own = self._own.get(source.id, {})
        get = own.get
        found = [get(address, 0) for address in addresses]
        if 0 in found:
            for i, point in enumerate(found):
                if point == UNKNOWN_POINT:
                    found[i] = self._other(source, addresses[i])
        return np.array(found, dtype=np.int32)

    def _other(self, source: Source, address: str) -> int:
        if source.trusted:
            if address.isascii() and address.isdigit() and len(address) <= 10 and int(address) in self._ids:
                return int(address)
            return UNKNOWN_POINT
        return self._elsewhere.get(address, UNKNOWN_POINT)


def _devices(source: Source, told: object) -> Iterator[Device]:
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict) and type(one.get("id")) is int:
            yield Device(source, one["id"], str(one.get("name", one["id"])), str(one.get("kind")), one)


def station_hash(mn: str, password: str) -> str:
    """How the catalog names a data logger: no token of another door can have this form, for the password is short."""
    return hashlib.sha256(f"hj212\0{mn}\0{password}".encode("utf-8", "surrogatepass")).hexdigest()
