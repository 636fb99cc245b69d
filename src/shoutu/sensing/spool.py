"""Signals on disk before anybody hears of them; numbered, delivered in order, forgotten once taken.

The spool is a frame log of its own. A frame holds the signals of one step of the engine, so that after a
kill either all signals of a journal record are here or none: replay appends what is missing, never a
second copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from . import metrics
from .journal_log import FrameLog, NewFrame
from .journal_reader import Reader
from .journal_segments import write_atomically

SIGNALS = 4

Signal = dict[str, Any]
"""A signal as the county reads it (docs/architecture.md, *Up*); ``seq`` is its journal record."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(list[dict[str, Any]])


class Spool:
    """Appended to by the engine thread, read by the deliverer."""

    def __init__(self, directory: Path, segment_bytes: int = 8 << 20) -> None:
        self._place = directory / "delivered"
        directory.mkdir(parents=True, exist_ok=True)
        delivered = self._read_place()
        self.log = FrameLog(directory, segment_bytes, floor=delivered)
        self.delivered = min(delivered, self.log.next_seq)
        """Signals numbered below this were taken by the county."""
        self.high_seq = self._last_seq()
        """Journal number of the last signal here; 0 when there is none."""
        self._reader = Reader(self.log, self.delivered)
        self._read: list[tuple[int, Signal]] = []
        self._gauge()

    def _read_place(self) -> int:
        try:
            delivered, high = self._place.read_text().split()
            self._high_before = int(high)
            return int(delivered)
        except (OSError, ValueError):
            self._high_before = 0
            return 1

    def _last_seq(self) -> int:
        """From the frames still kept; where all were dropped, from the file of the place."""
        last = self._high_before
        reader = Reader(self.log, self.log.segments[0].first if self.log.segments else 1)
        while frames := reader.read():
            for frame in frames:
                for signal in _decoder.decode(frame.payload):
                    last = max(last, int(signal["seq"]))
        reader.close()
        return last

    @property
    def next_index(self) -> int:
        """Number the next signal will get: how many were ever spooled, plus one."""
        return self.log.next_seq

    @property
    def pending(self) -> int:
        return self.log.next_seq - self.delivered

    def append(self, signals: Sequence[Signal]) -> None:
        """Make signals durable. Raises NotDurable."""
        if not signals:
            return
        self.log.append([NewFrame(SIGNALS, len(signals), [_encoder.encode(signals)])])
        self.high_seq = max(self.high_seq, *(int(signal["seq"]) for signal in signals))
        self._gauge()

    def peek(self, limit: int = 500) -> tuple[list[Signal], int]:
        """The oldest undelivered signals and the index after the last of them.

        Where damage took signals, the index runs past them (counted by the reader).
        """
        while len(self._read) < limit:
            frames = self._reader.read(64 << 10)
            if not frames:
                break
            for frame in frames:
                signals = _decoder.decode(frame.payload)
                self._read += [
                    (frame.seq + i, signal) for i, signal in enumerate(signals) if frame.seq + i >= self.delivered
                ]
        taken = self._read[:limit]
        return [signal for _, signal in taken], taken[-1][0] + 1 if taken else max(self.delivered, self._reader.seq)

    def taken(self, index: int) -> None:
        """The county has every signal numbered below ``index``; kept over a kill."""
        write_atomically(self._place, f"{index} {self.high_seq}\n".encode())
        metrics.DELIVERED.inc(max(0, index - self.delivered))
        self.delivered = index
        self._read = [entry for entry in self._read if entry[0] >= index]
        self.log.drop_below(index)
        self._gauge()

    def _gauge(self) -> None:
        metrics.SPOOL_PENDING.set(self.pending)

    def close(self) -> None:
        self.log.close()
