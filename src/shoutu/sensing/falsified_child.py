"""The process that searches: told of one point after another on its standard input, findings on its standard output.

All readings compared with each other are held here and not by the pipeline: what they take is given back when it ends.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from shoutu.engine.falsified import Point, columns, find

LOWEST = 19
LENGTH = 8
"""Bytes before each message that say how long it is."""
DECIMALS, WRITTEN = 4, 0.99
"""A point tells as many digits after the point as this share of its values is written in, at most so many."""


class Head(msgspec.Struct):
    """What holds for the whole search: readings from ``start`` (UTC ms) on are searched, those before it teach."""

    start: int
    same: list[tuple[int, int]]
    alpha: float


class Told(msgspec.Struct):
    """One point and its good readings: times (int64, UTC ms) and values (float64) as bytes, spans not to search."""

    id: int
    kind: str
    interval_ms: int
    away: list[tuple[int, int]]
    ts: bytes
    value: bytes


def search(messages: Iterator[bytes]) -> bytes:
    """The findings of a head and the points that follow it, as JSON."""
    head = msgspec.msgpack.decode(next(messages), type=Head)
    points: dict[int, Point] = {}
    away: dict[int, list[tuple[int, int]]] = {}
    told: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for body in messages:
        one = msgspec.msgpack.decode(body, type=Told)
        ts, value = np.frombuffer(one.ts, np.int64), np.frombuffer(one.value, np.float64)
        points[one.id] = Point(one.kind, one.interval_ms, decimals(value))
        told.append((np.full(len(ts), one.id, np.int64), ts, value))
        if one.away:
            away[one.id] = one.away
    if not told:
        return b"[]"
    ids, ts, value = (np.concatenate(part) for part in zip(*told, strict=True))
    del told
    now, before = (
        columns(ids[within], ts[within], value[within], points, away) for within in (ts >= head.start, ts < head.start)
    )
    same = [(a, b) for a, b in head.same]
    return msgspec.json.encode(find(now, points, before if len(before.ts) else None, same, head.alpha))


def decimals(value: NDArray[np.float64]) -> int:
    """Digits after the point in which a point's values are written."""
    value = value[np.isfinite(value)]
    for places in range(DECIMALS):
        scaled = value * 10.0**places
        if (np.abs(np.rint(scaled) - scaled) < 1e-6 * np.maximum(1.0, np.abs(scaled))).mean() >= WRITTEN:
            return places
    return DECIMALS


def framed(message: msgspec.Struct) -> Iterable[bytes]:
    """A message as it goes to the child."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH, "little"), body


def messages(told: BinaryIO) -> Iterator[bytes]:
    """What came in, message by message. Raises EOFError where the last one is cut short."""
    while head := told.read(LENGTH):
        size = int.from_bytes(head, "little")
        body = told.read(size)
        if len(head) < LENGTH or len(body) < size:
            raise EOFError("the last message is cut short")
        yield body


if __name__ == "__main__":
    os.nice(LOWEST)
    sys.stdout.buffer.write(search(messages(sys.stdin.buffer)))
