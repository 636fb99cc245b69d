"""Merging runs: a block-wise k-way merge in bounded memory, the lowest sequence range winning a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shoutu.sensing.model import Ints64
from shoutu.sensing.store.columns import Columns, Judged, concat, first_wins, upto
from shoutu.sensing.store.manifest import Run
from shoutu.sensing.store.parts import read_groups

Pick = Callable[[Ints64], NDArray[np.bool_]]


class _Cursor:
    """One input: the rows not yet merged, refilled a row group at a time."""

    def __init__(self, path: Path, pick: Pick | None) -> None:
        self._groups = read_groups(path)
        self._pick = pick
        self.rows: Columns | None = None
        self.more = True
        self.refill()

    def refill(self) -> None:
        """Bring in the next row group that holds rows we want."""
        while self.more and (self.rows is None or not self.rows.rows):
            group = next(self._groups, None)
            if group is None:
                self.more = False
                return
            self.rows = group if self._pick is None else group.take(self._pick(group.ts))

    def take(self, point: int, ts: int) -> Iterator[Columns]:
        """Remove and return all rows up to and including a key, which may go on in further row groups."""
        while self.rows is not None and self.rows.rows and (count := upto(self.rows, point, ts)):
            yield self.rows.take(slice(0, count))
            self.rows = self.rows.take(slice(count, None))
            self.refill()


def merge(folder: Path, runs: Sequence[Run], pick: Pick | None = None) -> Iterator[Judged]:
    """Blocks of the merged runs in order of (point, ts), each key judged once.

    ``runs`` in order of their sequence ranges, oldest first, each followed by its conflicts, which are judged
    again among all; ``pick`` chooses rows by event time.
    Raises OSError or pyarrow.ArrowException when a file cannot be read.
    """
    cursors = [_Cursor(folder / file, pick) for run in runs for file in (run.file, run.aside) if file]
    while True:
        live = [c for c in cursors if c.rows is not None and c.rows.rows]
        if not live:
            return
        # Every input has shown all its rows up to its last buffered key; the least of these is safe to emit.
        point, ts = min((int(c.rows.point[-1]), int(c.rows.ts[-1])) for c in live if c.rows is not None)
        yield first_wins(concat([piece for c in live for piece in c.take(point, ts)]))
