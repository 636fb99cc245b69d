"""Who a token speaks for and which point an address is, out of one catalog; replaced as a whole."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from .catalog import Catalog
from .model import FOREIGN_POINT, UNKNOWN_POINT, Device, Ints32, Ints64, Source

MAX_ID = 2**31 - 1


class CatalogDirectory:
    """Token → source → address → point; safe to read from any thread."""

    def __init__(self, catalog: Catalog) -> None:
        self.version = catalog.version
        self._sources: dict[str, Source] = {}
        self._stations: dict[str, Source] = {}
        self._named: dict[str, Source] = {}
        self._devices: list[Device] = []
        self._own: dict[int, dict[str, int]] = {}
        self._ids = catalog.points.ids
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
        hashes = array("q")
        for key, entry in catalog.points.items():
            address = entry.get("address")
            if isinstance(address, str) and type(entry.get("source")) is int and 0 < key <= MAX_ID:
                self._own.setdefault(entry["source"], {})[address] = key
                hashes.append(hash(address))
        # Only whether somebody has an address is asked of it: its hash says so, in 8 bytes a point.
        self._addresses = np.unique(np.array(hashes, np.int64))

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
        get = self._own.get(source.id, {}).get
        found = [get(address, UNKNOWN_POINT) for address in addresses]
        if UNKNOWN_POINT in found:
            places = [i for i, point in enumerate(found) if point == UNKNOWN_POINT]
            others = [addresses[i] for i in places]
            points = self._numbered(others) if source.trusted else self._foreign(others)
            for i, point in zip(places, points, strict=True):
                found[i] = point
        return np.array(found, dtype=np.int32)

    def _numbered(self, addresses: Sequence[str]) -> list[int]:
        """Points by their ids in decimal."""
        plain = (a.isascii() and a.isdigit() and len(a) <= 10 for a in addresses)
        asked = np.array([int(a) if ok else -1 for a, ok in zip(addresses, plain, strict=True)], np.int64)
        known = _among(self._ids, asked) & (asked > 0) & (asked <= MAX_ID)
        found: list[int] = np.where(known, asked, UNKNOWN_POINT).tolist()
        return found

    def _foreign(self, addresses: Sequence[str]) -> list[int]:
        """Whether they are another's, or nobody's."""
        known = _among(self._addresses, np.fromiter(map(hash, addresses), np.int64, len(addresses)))
        found: list[int] = np.where(known, FOREIGN_POINT, UNKNOWN_POINT).tolist()
        return found


def _among(known: Ints64, asked: Ints64) -> NDArray[np.bool_]:
    """Which of the numbers are among the known ones, which rise."""
    if not len(known):
        return np.zeros(len(asked), np.bool_)
    return np.asarray(known[np.minimum(np.searchsorted(known, asked), len(known) - 1)] == asked)


def _devices(source: Source, told: object) -> Iterator[Device]:
    for one in told if isinstance(told, list) else ():
        if isinstance(one, dict) and type(one.get("id")) is int:
            yield Device(source, one["id"], str(one.get("name", one["id"])), str(one.get("kind")), one)


def station_hash(mn: str, password: str) -> str:
    """How the catalog names a data logger: no token of another door can have this form, for the password is short."""
    return hashlib.sha256(f"hj212\0{mn}\0{password}".encode("utf-8", "surrogatepass")).hexdigest()
