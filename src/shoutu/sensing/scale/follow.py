"""Following a journal that another process writes: its records in order, only such as are on disk for good."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from shoutu.sensing.journal_frames import HEAD_BYTES, Fault, Frame, next_frame_after, parse_head, read_frame
from shoutu.sensing.journal_records import TICK, Record, decode
from shoutu.sensing.journal_segments import SEGMENT_HEAD, Segment, list_segments, read_head

logger = logging.getLogger(__name__)

CHUNK = 4 << 20


class _Read(NamedTuple):
    """A frame read, and where it ends: offset in its segment."""

    key: tuple[int, int]
    end: int
    frame: Frame


class Follower:
    """The records of the journal in ``journal`` from number ``seq`` on. Raises FileNotFoundError when there is none.

    Its segments are linked into ``keep`` (same file system) as soon as they are seen, so that the pipeline may drop
    them while they are still needed here; ``let_go`` removes the links.

    What is on disk for good only the pipeline knows. It journals a tick each second, and the next one only when the
    last one is there: so a frame is given once two ticks stand at or after it.
    """

    def __init__(self, journal: Path, keep: Path, seq: int = 1) -> None:
        heads = map(read_head, sorted(journal.glob("*.log")))
        salt = next((head.salt for head in heads if head is not None), None)
        if salt is None:
            raise FileNotFoundError(f"{journal}: no segment there; expected the folder `sensing/journal` of a pipeline")
        self.journal, self.keep, self.salt = journal, keep, salt
        keep.mkdir(parents=True, exist_ok=True)
        self.seq = seq
        """The next number to be given."""
        self._segment: Segment | None = None
        self._offset = SEGMENT_HEAD
        self._waiting: list[_Read] = []

    def read(self, whole: bool = False) -> list[Record]:
        """What has come, about 4 MB at a time; [] when nothing has. Raises ValueError when another journal has begun.

        ``whole``: also what comes after the last ticks, of a journal that nobody writes any more.
        """
        self._link()
        segments = list_segments(self.keep)
        budget = CHUNK
        for read in self._new(segments):
            if read.frame.end_seq > self.seq:
                self._waiting.append(read)
                budget -= read.frame.size
            if budget < 0:
                break
        self._forget_given_up(segments)
        ticks = [at for at, read in enumerate(self._waiting) if read.frame.kind == TICK]
        ready = len(self._waiting) if whole else ticks[-2] + 1 if len(ticks) > 1 else 0
        found, self._waiting = self._waiting[:ready], self._waiting[ready:]
        if found:
            self.seq = found[-1].frame.end_seq
        return [record for record in (decode(read.frame) for read in found) if record is not None]

    def let_go(self, seq: int) -> None:
        """Segments whose every number is below ``seq`` are not needed again."""
        segments = list_segments(self.keep)
        for segment, following in pairwise(segments):
            if following.first <= seq and not (self.journal / segment.path.name).exists():
                segment.path.unlink()

    def _link(self) -> None:
        for path in sorted(self.journal.glob("*.log")):
            if (self.keep / path.name).exists():
                continue
            # One that is dropped meanwhile leaves a gap, which whoever counts numbers tells. One whose head is torn
            # is still being made, and so is what would come after it.
            with contextlib.suppress(FileNotFoundError):
                head = read_head(path)
                if head is None:
                    return
                if head.salt != self.salt:
                    raise ValueError(f"{path} is of another journal, begun anew since; begin anew here too")
                os.link(path, self.keep / path.name)

    def _new(self, segments: list[Segment]) -> Iterator[_Read]:
        """The frames after those read before, through as many segments as there are."""
        while True:
            at = self._at(segments)
            if at is None:
                return
            segment, last = segments[at], at == len(segments) - 1
            yield from self._frames(segment, last)
            if last:
                return
            self._segment, self._offset = segments[at + 1], SEGMENT_HEAD

    def _at(self, segments: list[Segment]) -> int | None:
        """Where in the list the segment is that is being read."""
        if self._segment is None:
            if not segments:
                return None
            known = [segment for segment in segments if segment.first <= self.seq]
            self._segment = known[-1] if known else segments[0]
        at = next((at for at, segment in enumerate(segments) if segment.key >= self._segment.key), None)
        if at is not None and segments[at].key != self._segment.key:
            self._segment, self._offset = segments[at], SEGMENT_HEAD  # let go of after its last frame
        return at

    def _frames(self, segment: Segment, last: bool) -> Iterator[_Read]:
        with segment.path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            limit = size if segment.end is None else min(segment.end, size)
            while self._offset < limit:
                raw = os.pread(file.fileno(), HEAD_BYTES, self._offset)
                parsed = parse_head(raw, 0, self.salt)
                frame: Frame | Fault = Fault.BAD
                if not isinstance(parsed, Fault) and self._offset + HEAD_BYTES + parsed[3] <= limit:
                    raw += os.pread(file.fileno(), parsed[3], self._offset + HEAD_BYTES)
                    frame = read_frame(raw, 0, self.salt)
                if isinstance(frame, Frame):
                    self._offset += frame.size
                    yield _Read(segment.key, self._offset, frame)
                elif last:
                    return  # still being written
                else:
                    self._pass_damage(segment, os.pread(file.fileno(), limit - self._offset, self._offset))

    def _pass_damage(self, segment: Segment, raw: bytes) -> None:
        after = next_frame_after(raw, 0, self.salt)
        length = len(raw) if after is None else after
        logger.error("%s: %d bytes at %d hold no valid record", segment.path, length, self._offset)
        self._offset += length

    def _forget_given_up(self, segments: list[Segment]) -> None:
        """Frames beyond the end that a segment's successor tells were never acknowledged: their sync failed."""
        ends = {segment.key: segment.end for segment in segments if segment.end is not None}
        self._waiting = [read for read in self._waiting if read.end <= ends.get(read.key, read.end)]
