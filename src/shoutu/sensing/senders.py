"""Who sends: per source, door and device whether it is connected now, and when it was heard last.

One table for the process, as the counters are. Bounded; loop thread only. ``dump`` and ``restore`` carry what was
heard over a restart; connections are not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from .journal_segments import write_atomically

logger = logging.getLogger(__name__)

PER_SOURCE = 200
"""Devices kept of a source; of more, the longest unheard is forgotten."""


@dataclass(slots=True)
class Sender:
    """One device at one door. Times UTC ms; ``since``: when the oldest connection still open began."""

    door: str
    device: str
    peer: str = ""
    connections: int = 0
    since: int | None = None
    heard: int | None = None
    accepted: int = 0
    refused: int = 0
    # Why it is not connected, or what is wrong though it is: a word of the face, and more of it.
    reason: str = ""
    detail: str = ""


class Senders:
    """Kept by source id, then (door, device)."""

    def __init__(self) -> None:
        self._kept: dict[int, dict[tuple[str, str], Sender]] = {}

    def _of(self, source: int, door: str, device: str) -> Sender:
        kept = self._kept.setdefault(source, {})
        found = kept.get((door, device))
        if found is None:
            if len(kept) >= PER_SOURCE:
                idle = [one for one in kept.values() if not one.connections] or list(kept.values())
                gone = min(idle, key=lambda one: one.heard or 0)
                del kept[gone.door, gone.device]
            found = kept[door, device] = Sender(door, device)
        return found

    def opened(self, source: int, door: str, device: str, peer: str) -> None:
        one = self._of(source, door, device)
        one.connections += 1
        one.peer = peer
        one.since = one.since or _now()
        one.reason = one.detail = ""

    def closed(self, source: int, door: str, device: str) -> None:
        one = self._kept.get(source, {}).get((door, device))
        if one is None or not one.connections:
            return
        one.connections -= 1
        if not one.connections:
            one.since = None

    def heard(self, source: int, door: str, device: str, accepted: int = 0, refused: int = 0, new: bool = True) -> None:
        """Something came in (unless not ``new``: nothing came, which is counted); what became of its readings."""
        one = self._of(source, door, device)
        if new:
            one.heard = _now()
        one.accepted += accepted
        one.refused += refused

    def trouble(self, source: int, door: str, device: str, reason: str, detail: str = "") -> None:
        """Why a device that we call is away, or what is wrong though it is there; "": nothing."""
        one = self._of(source, door, device)
        one.reason, one.detail = reason, detail[:200]

    def forget(self, source: int, door: str, device: str) -> None:
        """A device that we call is registered no more."""
        self._kept.get(source, {}).pop((door, device), None)

    def of(self, sources: Iterable[int]) -> dict[str, list[dict[str, Any]]]:
        """Of each of these sources, the connected first, then the last heard."""
        found = {}
        for source in sources:
            rows = sorted(self._kept.get(source, {}).values(), key=lambda one: (not one.connections, -(one.heard or 0)))
            if rows:
                found[str(source)] = [asdict(one) for one in rows]
        return found

    def dump(self) -> bytes:
        rows = {str(source): [asdict(one) for one in kept.values()] for source, kept in self._kept.items()}
        return msgspec.json.encode(rows)

    def restore(self, raw: bytes) -> None:
        """What was heard before a restart. Raises msgspec.MsgspecError."""
        for source, rows in msgspec.json.decode(raw, type=dict[int, list[Sender]]).items():
            for one in rows:
                one.connections, one.since, one.reason, one.detail = 0, None, "", ""
                self._kept.setdefault(source, {}).setdefault((one.door, one.device), one)

    def clear(self) -> None:
        self._kept.clear()


def _now() -> int:
    return time.time_ns() // 1_000_000


SENDERS = Senders()


def keep_senders(path: Path, content: bytes) -> None:
    """Write the table; without it only what was heard before a restart is not known."""
    try:
        write_atomically(path, content)
    except OSError as error:
        logger.warning("%s: not written: %s", path, error)


def restore_senders(path: Path) -> None:
    """Take up what was heard before a restart, as far as it can be read."""
    try:
        SENDERS.restore(path.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, msgspec.MsgspecError) as error:
        logger.warning("%s: not read: %s", path, error)
