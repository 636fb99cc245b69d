"""What every parser answers: readings as columns, and beside them what was refused and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from shoutu.sensing.model import Bytes8, Floats, Ints32, Ints64

ADDRESS_MAX = 200
"""Longest address of a point, in characters."""


class Refusal(NamedTuple):
    """One reading not taken: its place in the body, a reason code of ``reasons.REASONS`` and its words."""

    index: int  # type: ignore[assignment]
    code: str
    params: dict[str, Any]


class BadBody(Exception):
    """The whole body is not what it claims to be: nothing of it is taken (HTTP 422)."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


@dataclass(slots=True)
class Columns:
    """Parsed readings of one body, not yet resolved to points.

    ``addresses`` are one per row, or, where ``codes`` is given, the distinct ones that ``codes`` (i32 per row)
    points into. ``ts`` UTC ms, ``value`` f64, ``quality`` u8. ``index`` is each row's place in the body, None when
    row i is reading i. ``total`` counts the readings of the body, refused ones included.
    """

    addresses: list[str]
    ts: Ints64
    value: Floats
    quality: Bytes8
    total: int
    codes: Ints32 | None = None
    index: Ints64 | None = None
    refused: list[Refusal] = field(default_factory=list)

    def address(self, row: int) -> str:
        """The address of one row."""
        return self.addresses[row if self.codes is None else int(self.codes[row])]

    def place(self, row: int) -> int:
        """Where one row stood in the body."""
        return row if self.index is None else int(self.index[row])


class Rows:
    """Readings collected one by one, as the careful parsers find them.

    ``zone``: on whose clock times without a zone are; "": such a time is refused.
    """

    def __init__(self, zone: str = "") -> None:
        self.zone = zone
        self.index: list[int] = []
        self.address: list[str] = []
        self.ts: list[int] = []
        self.value: list[float] = []
        self.quality: list[int] = []
        self.refused: list[Refusal] = []

    def refuse(self, index: int, code: str, **params: Any) -> None:
        self.refused.append(Refusal(index, code, params))

    def add(self, index: int, address: str, ts: int, value: float, quality: int) -> None:
        self.index.append(index)
        self.address.append(address)
        self.ts.append(ts)
        self.value.append(value)
        self.quality.append(quality)

    def columns(self, total: int) -> Columns:
        return Columns(
            addresses=self.address,
            ts=np.array(self.ts, dtype=np.int64),
            value=np.array(self.value, dtype=np.float64),
            quality=np.array(self.quality, dtype=np.uint8),
            total=total,
            index=np.array(self.index, dtype=np.int64),
            refused=self.refused,
        )
