"""An honest acceptor in memory for the tests of the doors: what it returned from, it holds."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shoutu.config import Config
from shoutu.sensing.falsified_asked import FalsifiedFailed
from shoutu.sensing.model import Batch, Device, Ints32, NotDurable, Overloaded, Rejected, Source


class MemoryDirectory:
    """Two enterprises and the county's own source; tokens ``mine-a``, ``mine-b``, ``county``."""

    def __init__(self, points: dict[tuple[int, str], int]) -> None:
        self.version = 1
        self.points = points
        self.owners = {address: source for source, address in points}
        self.tokens = {
            hashlib.sha256(token.encode()).hexdigest(): Source(id, token, id == 9, False)
            for token, id in (("mine-a", 1), ("mine-b", 2), ("county", 9))
        }

        self.called: list[Device] = []
        self.stations: dict[tuple[str, str], Source] = {}

    def authenticate(self, token: str) -> Source | None:
        return self.tokens.get(hashlib.sha256(token.encode()).hexdigest())

    def station(self, mn: str, password: str) -> Source | None:
        return self.stations.get((mn, password))

    def named(self, name: str) -> Source | None:
        return next((source for source in self.tokens.values() if source.name == name), None)

    def devices(self) -> list[Device]:
        return self.called

    def call(self, *devices: Device) -> None:
        """From now on these devices are registered, and no others."""
        self.called = list(devices)
        self.version += 1

    def revoke(self, token: str) -> None:
        del self.tokens[hashlib.sha256(token.encode()).hexdigest()]
        self.version += 1

    def resolve(self, source: Source, addresses: Sequence[str]) -> Ints32:
        if source.trusted:
            known = {str(id) for id in self.points.values()}
            return np.array([int(a) if a in known else 0 for a in addresses], dtype=np.int32)
        found = [self.points.get((source.id, a), -1 if a in self.owners else 0) for a in addresses]
        return np.array(found, dtype=np.int32)


class MemoryAcceptor:
    """Keeps every reading accepted; can be told to be full, broken or slow."""

    def __init__(self, points: int = 50) -> None:
        known = {(1, f"A-{i}"): i for i in range(1, points + 1)}
        known.update({(2, f"B-{i}"): 1_000 + i for i in range(1, points + 1)})
        self.directory = MemoryDirectory(known)
        self.batches: list[Batch] = []
        self.rejected: list[Rejected] = []
        self.full = 0
        self.broken = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = 0

    async def accept(self, batch: Batch) -> None:
        self.waiting += 1
        await self.gate.wait()
        self.waiting -= 1
        if self.full:
            self.full -= 1
            raise Overloaded("queue full")
        if self.broken:
            self.broken -= 1
            raise NotDurable("disk full")
        self.batches.append(batch)

    def reject(self, readings: Sequence[Rejected]) -> None:
        self.rejected.extend(readings)

    def rows(self) -> list[tuple[int, int, float, int]]:
        """(point, ts, value, quality) of every reading held, in order."""
        return [
            row
            for b in self.batches
            for row in zip(b.point.tolist(), b.ts.tolist(), b.value.tolist(), b.quality.tolist(), strict=True)
        ]


class MemoryLocal:
    """History over what the acceptor holds; the wing token is ``wing``."""

    def __init__(self, acceptor: MemoryAcceptor) -> None:
        self.acceptor = acceptor
        self.well = True
        self.search_seconds = 0.0

    def is_wing(self, token: str) -> bool:
        return token == "wing"

    async def readings(
        self, point: int, start: int | None, end: int | None, limit: int, step: int | None, fill: bool = False
    ) -> dict[str, Any]:
        if step is not None and step <= 0:
            raise ValueError(f"step={step}: expected ms above 0")
        low, high = start or 0, end or 1 << 62
        items = [[t, v, q] for p, t, v, q in self.acceptor.rows() if p == point and low <= t < high]
        return {"items": items[:limit], "next": None}

    async def latest(self, points: Sequence[int]) -> dict[str, Any]:
        last = {p: {"ts": t, "value": v} for p, t, v, _ in self.acceptor.rows() if p in points}
        return {"items": {str(p): last[p] for p in last}}

    def senders(self, sources: Sequence[int]) -> dict[str, Any]:
        return {"items": {str(source): [] for source in sources}}

    async def backtest(self, asked: Any) -> dict[str, Any]:
        if asked.start >= asked.end:
            raise ValueError("start before end")
        return {"n": len(asked.variants)}

    async def trial(self, asked: Any) -> dict[str, Any]:
        if asked.start >= asked.end:
            raise ValueError("start before end")
        return {"n": len(await self.rows_of(asked))}

    async def quality(self, asked: Any) -> dict[str, Any]:
        if asked.start >= asked.end:
            raise ValueError("start before end")
        return {"items": {str(one.id): {"expected": 0} for one in asked.points}}

    async def falsified(self, asked: Any) -> dict[str, Any]:
        if asked.start >= asked.end:
            raise ValueError("start before end")
        if not asked.points:
            raise FalsifiedFailed("no room")
        await asyncio.sleep(self.search_seconds)
        return {"items": [], "points": len(asked.points), "left": []}

    async def rows_of(self, asked: Any) -> list[Any]:
        found = await self.readings(asked.point["id"], asked.start, asked.end, 1_000_000, None)
        return list(found["items"])

    def ready(self) -> tuple[bool, dict[str, Any]]:
        return self.well, {"journal_seq": len(self.acceptor.rows())}


def config(folder: Path, **changes: Any) -> Config:
    """Settings on free ports under a folder of the test."""
    values: dict[str, Any] = {
        "data": folder,
        "host": "127.0.0.1",
        "port": 0,
        "ingest_host": "127.0.0.1",
        "ingest_port": 0,
        "mqtt_host": "127.0.0.1",
        "mqtt_port": 0,
        "mqtts_port": 0,
        "database_url": "",
        "county_url": "http://127.0.0.1:9",
        "heartbeat_url": "",
        "public_url": "http://127.0.0.1:9",
        "demo": False,
        "debug": False,
        "packs": folder,
    }
    return Config(**{**values, **changes})
