"""Whom a round asks: all that answer, and after them what was silent, each unit once and ever more rarely.

On a serial line behind a gateway every unit that is dead holds up all others for a whole time limit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from shoutu.sensing.devices.modbus.values import Block

LONGEST = 60.0
"""Seconds, or one round where that is longer: what is silent is asked again that late at the latest."""
SHOWN = 3


@dataclass(slots=True)
class Quiet:
    """So often in a row it was silent; when it is asked again (the loop's time)."""

    times: int
    again: float


class Turns:
    """What is known of each block of a device. It outlives a connection: a gateway may hang up on a dead unit."""

    def __init__(self, blocks: Sequence[Block], every_s: float) -> None:
        self.blocks = blocks
        self._every = every_s
        self._quiet: dict[int, Quiet] = {}
        self._refused: dict[int, str] = {}

    def living(self) -> list[Block]:
        """What answered the last time, or was never asked."""
        return [one for one in self.blocks if id(one) not in self._quiet]

    def due(self, now: float, besides: Collection[int]) -> Block | None:
        """Of what is silent that which waited longest, unless its unit is one of ``besides``; None: all were asked."""
        waiting = [one for one in self.blocks if id(one) in self._quiet and one.unit not in besides]
        first = min(waiting, key=lambda one: self._quiet[id(one)].again, default=None)
        return first if first is not None and self._quiet[id(first)].again <= now else None

    def answered(self, block: Block, words: str = "") -> None:
        """``words``: those by which it refused. Where a unit comes back its other blocks are asked at once."""
        back = self._quiet.pop(id(block), None) is not None
        self._refused.pop(id(block), None)
        if words:
            self._refused[id(block)] = words
        for one in self.blocks:
            if back and one.unit == block.unit and id(one) in self._quiet:
                self._quiet[id(one)].again = 0.0

    def silent(self, block: Block, now: float) -> None:
        times = self._quiet[id(block)].times + 1 if id(block) in self._quiet else 1
        pause = min(self._every * 2 ** min(times - 1, 20), max(LONGEST, self._every))
        self._quiet[id(block)] = Quiet(times, now + pause)
        self._refused.pop(id(block), None)

    @property
    def none_left(self) -> bool:
        return len(self._quiet) == len(self.blocks)

    def forget(self) -> None:
        """The device itself is away: asked for all when it is back."""
        self._quiet.clear()

    def wrong(self) -> tuple[str, str]:
        """What is wrong though the device is there: a word of the face, and more of it."""
        quiet = [str(one) for one in self.blocks if id(one) in self._quiet]
        if quiet:
            return "silent", f"{len(quiet)}/{len(self.blocks)} {'; '.join(quiet[:SHOWN])}"
        for one in self.blocks:
            if id(one) in self._refused:
                return "exception", f"{one}: {self._refused[id(one)]}"
        return "", ""
