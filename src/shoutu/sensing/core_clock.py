"""The pipeline's clock: follows the machine's, but never goes back and shows every jump."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from . import metrics

JUMP_MS = 2_000
"""A wall clock that moved this much more or less than the time that passed has been set by somebody."""


def _wall() -> int:
    return time.time_ns() // 1_000_000


def _elapsed() -> int:
    # Counts suspended time too, so that a laptop lid or a paused machine is not taken for a jump.
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class SteadyClock:
    """UTC ms that never decrease.

    When the wall clock is set back, this clock goes on at half speed until the wall has caught up; meanwhile
    ``offset`` says by how many ms it is ahead, and times of receipt are moved by it, so that the engine sees
    ticks and receipts on one clock.
    """

    def __init__(self, floor: int = 0, wall: Callable[[], int] = _wall, elapsed: Callable[[], int] = _elapsed) -> None:
        self._wall, self._elapsed = wall, elapsed
        self._lock = threading.Lock()
        self._seen_wall, self._seen_elapsed = wall(), elapsed()
        self._now = max(floor, self._seen_wall)
        self._half = 0
        self.jumps_back = 0
        self.jumps_ahead = 0
        self.last_jump_ms = 0
        if floor > self._seen_wall + JUMP_MS:
            self._jump(self._seen_wall - floor)

    def _jump(self, by: int) -> None:
        self.last_jump_ms = by
        if by < 0:
            self.jumps_back += 1
        else:
            self.jumps_ahead += 1
        metrics.CLOCK_JUMPS.labels("back" if by < 0 else "ahead").inc()

    def read(self) -> tuple[int, int]:
        """(now, offset): the steady time and how far it is ahead of the wall clock, both in ms."""
        with self._lock:
            wall, elapsed = self._wall(), self._elapsed()
            passed = max(0, elapsed - self._seen_elapsed)
            by = (wall - self._seen_wall) - passed
            if abs(by) >= JUMP_MS:
                self._jump(by)
            self._seen_wall, self._seen_elapsed = wall, elapsed
            # Half speed, whatever the pace of asking: what is left over from halving is kept.
            self._half += passed
            slow = self._now + self._half // 2
            self._half %= 2
            self._now = max(wall, slow)
            return self._now, self._now - wall

    def now(self) -> int:
        return self.read()[0]

    def state(self) -> dict[str, int]:
        """For the beat: what the clock has been through."""
        _, offset = self.read()
        return {
            "ahead_of_wall_ms": offset,
            "jumps_back": self.jumps_back,
            "jumps_ahead": self.jumps_ahead,
            "last_jump_ms": self.last_jump_ms,
        }
