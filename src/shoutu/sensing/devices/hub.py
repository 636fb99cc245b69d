"""Keeps one runner for each device of the catalog: begins, ends and changes them as the catalog does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from asyncio import sleep
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any

from shoutu.config import Config
from shoutu.sensing import metrics
from shoutu.sensing.decode import say
from shoutu.sensing.decode.model import Rows
from shoutu.sensing.devices.away import Away
from shoutu.sensing.devices.keys import Keys
from shoutu.sensing.devices.kinds import KINDS
from shoutu.sensing.devices.nets import Nets
from shoutu.sensing.doors import insist, settle
from shoutu.sensing.model import Acceptor, Device
from shoutu.sensing.senders import SENDERS

log = logging.getLogger("shoutu.sensing.devices")
CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds: between looks at the catalog; the first and the longest before a device that is away is tried again."""

    look: float = 0.5
    first: float = 1.0
    longest: float = 60.0


@dataclass(slots=True)
class Counts:
    accepted: int = 0
    refused: int = 0
    missed: int = 0
    lost: int = 0


@dataclass(slots=True)
class Runner:
    """One device: connects, lets its kind work, and after each end tries again, later and later.

    Set by its kind: ``worked`` when all was asked for once; ``pace``, the seconds between such rounds; ``kept``,
    what it remembers from one connection to the next.
    """

    device: Device
    acceptor: Acceptor
    nets: Nets
    pauses: Pauses
    counts: Counts
    keys: Keys | None = None
    pace: float = inf
    kept: Any = field(default=None, repr=False)
    worked: bool = False
    began: bool = False
    leaving: bool = False
    storing: bool = False
    here: bool = False
    said: str = ""
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def run(self) -> None:
        pause = self.pauses.first
        while not self.leaving:
            try:
                await KINDS[self.device.kind](self)
            except Away as away:
                self._gone(away.reason, away.detail)
            except Exception as error:
                log.exception("%s %s", self.device.kind, self.device.name)
                self._gone("internal", type(error).__name__)
            if self.leaving:
                return
            if self.worked:
                pause = self.pauses.first
            elif self.began:
                # It answers and then breaks off: not asked more often than later and later, nor rarer than at its pace.
                pause = min(pause, max(self.pauses.first, self.pace))
            self.worked = self.began = False
            # Not all at once after a network came back.
            await sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, self.pauses.longest)

    # what a kind tells
    def connected(self, peer: str) -> None:
        self.here, self.said = True, ""
        SENDERS.opened(*self._key, peer)
        metrics.DOOR_CONNECTIONS.labels(self.device.kind).inc()

    def trouble(self, reason: str, detail: str = "") -> None:
        """What is wrong though the device is there; "": nothing."""
        SENDERS.trouble(*self._key, reason, detail)
        self._say(f"{reason} {detail}" if reason else "")

    def missed(self, rounds: int) -> None:
        """Rounds left out because the one before took too long."""
        self.counts.missed += rounds
        self.count("missed", rounds)

    def count(self, outcome: str, times: int = 1) -> None:
        metrics.DOOR_REQUESTS.labels(self.device.kind, outcome).inc(times)

    async def store(self, rows: Rows, total: int, heard: bool = True) -> None:
        """Make readings durable. While that cannot be they are held, and the device is not asked for more.

        ``heard``: the device itself said something.
        """
        kind, source = self.device.kind, self.device.source
        columns = rows.columns(total)
        settled = settle(self.acceptor.directory, source, columns, kind, time.time_ns() // 1_000_000)
        self.storing = True
        accepted, refused = len(settled.batch.ts), len(settled.refused)
        try:
            error = await insist(self.acceptor, settled, inf, lambda: self.leaving)
        except asyncio.CancelledError:
            self._lost(accepted, "no time left")
            raise
        finally:
            self.storing = False
        if error is not None:
            self._lost(accepted, error)
            return
        self.began = self.began or heard
        self.counts.accepted += accepted
        self.counts.refused += refused
        SENDERS.heard(*self._key, accepted, refused, new=heard)
        if refused:
            first = settled.refused[0]
            self._say(f"{refused} readings refused: {say(first.code, first.params, english=True)}")

    def _lost(self, readings: int, why: object) -> None:
        if readings:
            self.counts.lost += readings
            self.count("lost", readings)
            kind, name = self.device.kind, self.device.name
            log.error("%s %s: %d readings could not be made durable: %s", kind, name, readings, why)

    # ends
    async def end(self) -> None:
        """Ask for nothing more; what is on its way to the disk, or was answered, has some seconds to get there."""
        self.leaving = True
        assert self.task is not None
        if not self.storing:
            self.task.cancel()
        await asyncio.wait({self.task}, timeout=CLOSE_SECONDS)
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        self._closed()

    def _gone(self, reason: str, detail: str) -> None:
        self._closed()
        SENDERS.trouble(*self._key, reason, detail)
        self.count("away")
        self._say(f"away: {reason} {detail}")

    def _closed(self) -> None:
        if self.here:
            self.here = False
            SENDERS.closed(*self._key)
            metrics.DOOR_CONNECTIONS.labels(self.device.kind).dec()

    def _say(self, words: str) -> None:
        """Into the log, when it is something new."""
        if words and words != self.said:
            log.warning("source %d: %s %s: %s", self.device.source.id, self.device.kind, self.device.name, words)
        self.said = words or self.said

    @property
    def _key(self) -> tuple[int, str, str]:
        return self.device.source.id, self.device.kind, self.device.name


class DevicesHandle:
    """The open doors."""

    port = 0

    def __init__(self, acceptor: Acceptor, nets: Nets, pauses: Pauses, keys: Keys) -> None:
        self._acceptor, self._nets, self._pauses, self._keys = acceptor, nets, pauses, keys
        self._counts = Counts()
        self.runners: dict[int, Runner] = {}
        self._seen = -1
        self._task = asyncio.create_task(self._watch(), name="devices")

    async def _watch(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("devices of the catalog")
                self._seen = -1
            await asyncio.sleep(self._pauses.look)

    async def _look(self) -> None:
        """Let those go that are registered no more, or otherwise; begin with those that are new."""
        directory = self._acceptor.directory
        if directory.version == self._seen:
            return
        self._seen = directory.version
        wanted = {one.id: one for one in directory.devices() if one.kind in KINDS}
        over = [id for id, runner in self.runners.items() if wanted.get(id) != runner.device]
        ended = [self.runners.pop(id) for id in over]
        await asyncio.gather(*(runner.end() for runner in ended))
        for runner in ended:
            if not any(runner._key == (one.source.id, one.kind, one.name) for one in wanted.values()):
                SENDERS.forget(*runner._key)
        for id, device in wanted.items():
            if id not in self.runners:
                runner = Runner(device, self._acceptor, self._nets, self._pauses, self._counts, self._keys)
                runner.task = asyncio.create_task(runner.run(), name=f"{device.kind} {id}")
                self.runners[id] = runner

    def stats(self) -> dict[str, Any]:
        """Figures for the beat."""
        here = sum(1 for one in self.runners.values() if one.here)
        counts = self._counts
        return {
            "devices": len(self.runners),
            "connections": here,
            "accepted": counts.accepted,
            "refused": counts.refused,
            "missed": counts.missed,
            "lost": counts.lost,
        }

    async def close(self) -> None:
        """Ask for nothing more, make durable what was answered (5 s at most)."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await asyncio.gather(*(runner.end() for runner in self.runners.values()))
        self._nets.close()


async def serve_devices(acceptor: Acceptor, config: Config, pauses: Pauses | None = None) -> DevicesHandle:
    """Call the devices of the catalog, those in ``config.device_nets``; others are shown as away, with the reason."""
    keys = Keys(config.secrets, partial(config.secret, "django.key"))
    return DevicesHandle(acceptor, Nets(config.device_nets), pauses or Pauses(), keys)
