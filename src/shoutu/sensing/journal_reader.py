"""Reading a frame log in order, past damage, up to what is durable at the moment of asking."""

from __future__ import annotations

import os

from .journal_frames import HEAD_BYTES, Damage, Fault, Frame, next_frame_after, parse_head, read_frame
from .journal_log import FrameLog
from .journal_segments import SEGMENT_HEAD, Segment

CHUNK = 4 << 20


class Reader:
    """A position in a log. ``seq`` is the next number it will give; one thread uses it."""

    def __init__(self, log: FrameLog, seq: int) -> None:
        self.log = log
        self.seq = max(seq, 1)
        self._segment: Segment | None = None
        self._descriptor = -1
        self._offset = 0

    def read(self, budget: int = CHUNK) -> list[Frame]:
        """Frames from ``seq`` on, about ``budget`` bytes of them; [] when nothing more is durable.

        The first may begin before ``seq``: a batch is one frame. Damage and gaps are reported and passed.
        """
        out: list[Frame] = []
        while budget > 0:
            segment, limit, next_seq, last = self._where()
            if segment is None:
                self._pass_gap(next_seq)
                return out
            if self._offset < limit:
                for frame in self._chunk(segment, limit):
                    out.append(frame)
                    budget -= frame.size
            elif last:
                self._pass_gap(next_seq)
                return out
            else:
                self._enter(self._following(segment))
        return out

    def _where(self) -> tuple[Segment | None, int, int, bool]:
        """(segment now read, its durable end, next number of the log, whether it is the last one)."""
        if self._segment is None:
            self._enter(self._containing())
        active, end, next_seq = self.log.committed()
        segment = self._segment
        if segment is None:
            return None, 0, next_seq, True
        if segment is active:
            return segment, end, next_seq, True
        limit = segment.end if segment.end is not None else os.fstat(self._descriptor).st_size
        return segment, limit, next_seq, False

    def _containing(self) -> Segment | None:
        before = [segment for segment in list(self.log.segments) if segment.first <= self.seq]
        if before:
            return before[-1]
        return next(iter(list(self.log.segments)), None)

    def _following(self, segment: Segment) -> Segment | None:
        return next((other for other in list(self.log.segments) if other.key > segment.key), None)

    def _enter(self, segment: Segment | None) -> None:
        if segment is None:
            return
        self.close()
        self._descriptor = os.open(segment.path, os.O_RDONLY)
        self._segment, self._offset = segment, SEGMENT_HEAD

    def _chunk(self, segment: Segment, limit: int) -> list[Frame]:
        """The frames of one read at the present offset that are not wholly before ``seq``."""
        want = min(limit - self._offset, CHUNK)
        raw = os.pread(self._descriptor, want, self._offset)
        if not raw:
            # Shorter than its successor says it was: the rest of the file is gone.
            self.log.note_damage(segment, Damage(self._offset, limit - self._offset, True), raw)
            self._offset = limit
            return []
        parsed = parse_head(raw, 0, self.log.salt)
        if not isinstance(parsed, Fault):
            whole = min(HEAD_BYTES + parsed[3], limit - self._offset)
            if whole > len(raw):
                raw = os.pread(self._descriptor, whole, self._offset)
        frames, at = [], 0
        while at < len(raw):
            frame = read_frame(raw, at, self.log.salt)
            if isinstance(frame, Fault):
                if frame is Fault.SHORT and at > 0 and self._offset + len(raw) < limit:
                    break
                at += self._damage(segment, self._offset + at, limit)
                break
            at += frame.size
            if frame.end_seq > self.seq:
                self._pass_gap(frame.seq)
                frames.append(frame)
                self.seq = frame.end_seq
        self._offset += at
        return frames

    def _damage(self, segment: Segment, offset: int, limit: int) -> int:
        """Report what lies at ``offset``; the bytes to pass over."""
        raw = os.pread(self._descriptor, limit - offset, offset)
        after = next_frame_after(raw, 0, self.log.salt)
        length = limit - offset if after is None else after
        self.log.note_damage(segment, Damage(offset, length, after is None), raw[:length])
        return length

    def _pass_gap(self, seq: int) -> None:
        if seq > self.seq:
            self.log.note_gap(self.seq, seq)
            self.seq = seq

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._segment = -1, None
