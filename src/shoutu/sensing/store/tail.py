"""The newest readings, still in memory: append-only blocks that readers see without a copy."""

from __future__ import annotations

import numpy as np

from shoutu.sensing.model import Bytes8, Floats, Ints32, Ints64
from shoutu.sensing.store.columns import Columns, empty

BLOCK = 65_536


class Tail:
    """Readings in the order they were added. One writer; ``views`` may be called from any thread.

    Rows below ``rows`` never change once counted, so a reader that has seen the count reads whole rows.
    """

    def __init__(self) -> None:
        self._blocks: list[Columns] = []
        self.rows = 0

    def append(self, point: Ints32, ts: Ints64, received: Ints64 | int, value: Floats, quality: Bytes8) -> None:
        done, total = 0, len(point)
        while done < total:
            at = self.rows % BLOCK
            if at == 0 and len(self._blocks) * BLOCK == self.rows:
                self._blocks.append(empty(BLOCK))
            block = self._blocks[-1]
            count = min(total - done, BLOCK - at)
            here, there = slice(at, at + count), slice(done, done + count)
            block.point[here] = point[there]
            block.ts[here] = ts[there]
            block.received[here] = received[there] if isinstance(received, np.ndarray) else received
            block.value[here] = value[there]
            block.quality[here] = quality[there]
            self.rows += count
            done += count

    def views(self) -> list[Columns]:
        rows, views = self.rows, []
        for number, block in enumerate(list(self._blocks)):
            fill = min(BLOCK, rows - number * BLOCK)
            if fill > 0:
                views.append(block if fill == BLOCK else block.take(slice(0, fill)))
        return views
