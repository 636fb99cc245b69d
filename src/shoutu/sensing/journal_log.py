"""An append-only log of CRC-checked frames in segment files: the ground under the journal and the spool.

``append`` returns once its frames are on disk. One thread appends; readers run in other threads and see
only what is durable.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shoutu.files import sync_folder

from . import metrics
from .journal_frames import Buffer, Damage, head, scan
from .journal_segments import (
    NO_LIMIT,
    SEGMENT_HEAD,
    Segment,
    SegmentHead,
    list_segments,
    log_salt,
    segment_name,
)
from .model import NotDurable

logger = logging.getLogger(__name__)

IOV_MAX = 1000


@dataclass(frozen=True, slots=True)
class NewFrame:
    """A frame to append: its kind, how many numbers it takes, its payload in parts."""

    kind: int
    count: int
    parts: Sequence[Buffer]


class FrameLog:
    """The log in one directory. ``floor``: numbering goes on from here at least (numbers are never reused)."""

    def __init__(
        self,
        directory: Path,
        segment_bytes: int = 64 << 20,
        floor: int = 1,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.segment_bytes = segment_bytes
        self.damaged: dict[tuple[str, int], Damage] = {}
        self._gaps: dict[int, int] = {}
        self._sync = sync
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self.salt = log_salt(directory)
        self.segments = list_segments(directory)
        self.next_seq = 1
        self._end = SEGMENT_HEAD
        self._open_last()
        if floor > self.next_seq:
            self._close_active()
            self.next_seq = floor

    def _open_last(self) -> None:
        """Find where the log ends; cut a torn tail from the last segment, keeping its bytes aside."""
        while self.segments:
            last = self.segments[-1]
            raw = last.path.read_bytes()
            end = SEGMENT_HEAD
            for item in scan(raw[SEGMENT_HEAD:], self.salt):
                if isinstance(item, Damage):
                    shifted = Damage(item.offset + SEGMENT_HEAD, item.length, item.tail)
                    self.note_damage(last, shifted, raw[shifted.offset : shifted.offset + shifted.length])
                    continue
                offset, frame = item
                end = SEGMENT_HEAD + offset + frame.size
                self.next_seq = max(self.next_seq, frame.end_seq)
            self.next_seq = max(self.next_seq, last.first)
            if len(raw) < SEGMENT_HEAD:
                # Its creation was torn: no frame can be in it.
                last.path.unlink()
                self.segments.pop()
                continue
            if end < len(raw):
                os.truncate(last.path, end)
                metrics.JOURNAL_CUT.inc(len(raw) - end)
            self._descriptor = os.open(last.path, os.O_RDWR)
            self._end = end
            return

    def note_damage(self, segment: Segment, damage: Damage, bad: bytes) -> None:
        """Report damage once and keep its bytes aside; called by readers too."""
        with self._lock:
            if (segment.path.name, damage.offset) in self.damaged:
                return
            self.damaged[segment.path.name, damage.offset] = damage
        metrics.JOURNAL_QUARANTINED.inc(damage.length)
        aside = self.directory / "quarantine"
        logger.error(
            "%s: %d bytes at %d hold no valid record (%s); kept in %s",
            segment.path,
            damage.length,
            damage.offset,
            "torn tail" if damage.tail else "damaged middle",
            aside,
        )
        try:
            aside.mkdir(exist_ok=True)
            (aside / f"{segment.path.stem}-{damage.offset}.bad").write_bytes(bad)
        except OSError as error:
            logger.error("%s: damaged bytes could not be kept aside: %s", aside, error)

    def note_gap(self, start: int, end: int) -> None:
        """Numbers ``start`` … ``end − 1`` are gone: counted and told."""
        with self._lock:
            if start in self._gaps:
                return
            self._gaps[start] = end
        metrics.JOURNAL_GAPS.inc(end - start)
        logger.error("%s: records %d to %d are missing", self.directory, start, end - 1)

    @property
    def missing(self) -> int:
        """How many numbers readers have found gone."""
        with self._lock:
            return sum(end - start for start, end in self._gaps.items())

    def committed(self) -> tuple[Segment | None, int, int]:
        """(active segment, offset of its durable end, next number) at this moment."""
        with self._lock:
            last = self.segments[-1] if self.segments else None
            return last, self._end, self.next_seq

    def append(self, frames: Sequence[NewFrame]) -> int:
        """Write and sync; the first number given. Raises NotDurable, having left no trace."""
        start = seq = self.next_seq
        buffers: list[Buffer] = []
        for frame in frames:
            buffers.append(head(frame.kind, seq, frame.count, frame.parts, self.salt))
            buffers.extend(frame.parts)
            seq += frame.count
        descriptor = self._active()
        try:
            size = _write(descriptor, buffers, self._end)
        except OSError as error:
            self._cut_back(descriptor)
            metrics.JOURNAL_FAILURES.labels("write").inc()
            raise NotDurable(f"{self.directory}: cannot be written ({error.strerror})") from error
        try:
            self._sync(descriptor)
        except OSError as error:
            # What a failed sync left on disk is unknown, and a second sync would lie: give the segment up.
            self._close_active(give_up=True)
            metrics.JOURNAL_FAILURES.labels("sync").inc()
            raise NotDurable(f"{self.directory}: cannot be synced ({error.strerror})") from error
        with self._lock:
            self._end += size
            self.next_seq = seq
        metrics.JOURNAL_BYTES.inc(size)
        return start

    def room(self, size: int) -> None:
        """Prove that ``size`` more bytes would fit now, and give them back. Raises NotDurable when they would not.

        Asked of the segment itself: only there do quotas and limits on a file's size show.
        """
        descriptor = self._active()
        try:
            os.posix_fallocate(descriptor, self._end, size)
        except OSError as error:
            raise NotDurable(f"{self.directory}: no room for {size} bytes ({error.strerror})") from error
        finally:
            self._cut_back(descriptor)

    def _active(self) -> int:
        if self._descriptor is not None and self._end >= self.segment_bytes:
            self._close_active()
        if self._descriptor is None:
            try:
                self._start_segment()
            except OSError as error:
                metrics.JOURNAL_FAILURES.labels("segment").inc()
                raise NotDurable(f"{self.directory}: no new segment ({error.strerror})") from error
        assert self._descriptor is not None
        return self._descriptor

    def _start_segment(self) -> None:
        previous = self.segments[-1] if self.segments else None
        generation = previous.generation + 1 if previous and previous.first == self.next_seq else 0
        path = self.directory / segment_name(self.next_seq, generation)
        previous_end = previous.end if previous and previous.end is not None else NO_LIMIT
        content = SegmentHead(self.next_seq, generation, self.salt, previous.key if previous else (0, 0), previous_end)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write(descriptor, [content.pack()], 0)
            self._sync(descriptor)
            sync_folder(self.directory)
        except OSError:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        with self._lock:
            self._descriptor, self._end = descriptor, SEGMENT_HEAD
            self.segments.append(Segment(path, self.next_seq, generation))

    def _cut_back(self, descriptor: int) -> None:
        try:
            os.ftruncate(descriptor, self._end)
        except OSError:
            self._close_active(give_up=True)

    def _close_active(self, give_up: bool = False) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with self._lock:
            self.segments[-1].end = self._end
        if give_up:
            logger.error("%s: given up at %d after a failed write", self.segments[-1].path, self._end)
        os.close(descriptor)

    def drop_below(self, seq: int) -> int:
        """Remove segments whose every number is below ``seq``; how many went."""
        dropped = []
        with self._lock:
            while len(self.segments) > 1 and self.segments[1].first <= seq:
                dropped.append(self.segments.pop(0))
        for segment in dropped:
            segment.path.unlink(missing_ok=True)
        return len(dropped)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _write(descriptor: int, buffers: Sequence[Buffer], offset: int) -> int:
    """Write all buffers at ``offset``, however short the single writes come out; the bytes written."""
    start = offset
    pending = [memoryview(buffer).cast("B") for buffer in buffers if len(buffer)]
    at = 0
    while at < len(pending):
        written = os.pwritev(descriptor, pending[at : at + IOV_MAX], offset)
        offset += written
        while at < len(pending) and written >= len(pending[at]):
            written -= len(pending[at])
            at += 1
        if written:
            pending[at] = pending[at][written:]
    return offset - start
