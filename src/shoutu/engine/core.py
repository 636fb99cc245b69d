"""The engine: readings, ticks and switches in, signals out. A pure function of the journal."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import kernel, kernel_tick
from . import layout as lay
from .composite import Composites
from .ruleset import RuleSet
from .signals import Evidence, Signals, empty_signals
from .snapshot import BEFORE, HEAD, MAGIC, Frozen, brought_up, copied
from .state import Arrays, build, make_once
from .switch import switched

POINT_STATE_DTYPE = np.dtype(
    [("watched", "?"), ("level", "u1"), ("fault", "u1"), ("silent", "?"), ("ts", "i8"), ("heard", "i8")]
)
"""Per point: is it watched; its highest risk level; its highest device-fault level; is it silent; event time of the
last reading judged in order; received time of the last usable reading (both UTC ms, −2⁶³ when there is none)."""


class SnapshotError(ValueError):
    """A checkpoint cannot be read: damaged, or of another version. Replay the journal from its start instead."""


class Engine:
    """Judges readings by rules. One instance per shard, one thread at a time.

    Every reading and tick has its own number (seq) in the journal's total order; signals carry the number of what
    caused them, so nothing depends on how the journal is cut into batches.
    """

    def __init__(self) -> None:
        self._state = build(RuleSet())
        self._composites = Composites()
        self.evidence: Evidence = {}
        """Of the composites' signals of the last tick, for ``signal_to_dict``."""
        self._size()

    @property
    def ruleset(self) -> RuleSet:
        """What is being watched."""
        return self._state.ruleset

    @property
    def counters(self) -> dict[str, int]:
        """Readings counted since the beginning of the journal: evaluated, repeats, unknown, late, ahead, …"""
        return dict(zip(lay.COUNTERS, self._state.arrays.counters.tolist(), strict=True))

    def switch(self, seq: int, ruleset: RuleSet) -> None:
        """Watch by another rule set from here on. Whatever did not change keeps its state; see ``switched``."""
        del seq  # a switch raises no signal, so that its number is nobody's
        before, self._state = self._state.ruleset, switched(self._state, ruleset)
        self._composites.switch(before, self._state)
        self._size()

    def make_once(self) -> None:
        """Make once what several rules of a point look at: sweeps of a trial, never what runs live. See ``state``."""
        make_once(self._state)

    def readings(
        self,
        seq0: int | NDArray[np.int64],
        point: ArrayLike,
        ts: ArrayLike,
        received: ArrayLike,
        value: ArrayLike,
        quality: ArrayLike,
    ) -> Signals:
        """Judge readings in the order given, numbered from ``seq0``, or by it where it is a column: the readings of
        some sites out of a journal keep their numbers.

        Columns of one length n: point id i32, event time i64 (UTC ms), received i64 (UTC ms; one number serves all),
        value f64, quality u8 (0 good, 1 suspect, 2 calibrating, 3 invalid). Points that are not watched are counted
        as unknown. Returns signals in order of (seq, rule, site, ordinal). Raises ValueError when lengths differ.
        """
        ids = np.ascontiguousarray(point, np.int32)
        n = len(ids)
        columns: list[NDArray[Any]] = [np.ascontiguousarray(np.broadcast_to(np.asarray(received, np.int64), n))]
        numbers = seq0 if isinstance(seq0, np.ndarray) else None
        first = 0 if isinstance(seq0, np.ndarray) else seq0
        if numbers is not None and numbers.shape != (n,):
            raise ValueError(f"seq0 has shape {numbers.shape}, expected ({n},), the length of point")
        for name, column, kind in (("ts", ts, np.int64), ("value", value, np.float64), ("quality", quality, np.uint8)):
            array = np.ascontiguousarray(column, kind)
            if array.shape != (n,):
                raise ValueError(f"{name} has shape {array.shape}, expected ({n},), the length of point")
            columns.append(array)
        for at, column in enumerate(columns):
            # The kernel is compiled for one sort of column, whoever made them: those read from the journal cannot be
            # written, and a second compilation would hold up the first batch that has them.
            columns[at] = column.view()
            columns[at].flags.writeable = False
        index, at = self._state.index(ids), 0
        found: list[Signals] = []
        cursor = np.zeros(1, np.int64)
        while at < n:
            cursor[0] = 0
            at = kernel.walk(
                self._state.arrays, index, first, columns[1], columns[0], columns[2], columns[3], at,
                self._out, cursor, self._work, self._room,
            )  # fmt: skip
            if cursor[0]:
                found.append(self._out[: cursor[0]].copy())
                if numbers is not None:
                    found[-1]["seq"] = numbers[found[-1]["seq"]]
        signals = _ordered(found)
        self._composites.hear(signals)
        return signals

    def tick(self, seq: int, now_ms: int) -> Signals:
        """The clock as data: judge silence at ``now_ms`` of received time, then composites. Expected about once a
        second."""
        arrays, cursor = self._state.arrays, np.zeros(1, np.int64)
        out = np.empty(len(arrays.watched) + len(arrays.links) + 2 * len(arrays.sites), lay.SIGNAL_DTYPE)
        kernel_tick.tick(arrays, seq, now_ms, out, cursor)
        composed, self.evidence = self._composites.tick(seq, now_ms, self._state)
        return _ordered([part for part in (out[: cursor[0]], composed) if len(part)])

    def levels(self, ids: ArrayLike) -> NDArray[np.uint8]:
        """The highest risk level of each point now, 0…4; 0 too for a point that is not watched."""
        return np.asarray(self.state(ids)["level"])

    def state(self, ids: ArrayLike) -> NDArray[Any]:
        """What is known of each point now, as ``POINT_STATE_DTYPE``."""
        index = self._state.index(np.ascontiguousarray(ids, np.int32))
        arrays = self._state.arrays
        levels = np.zeros((len(arrays.points), 2), np.uint8)
        for column, kinds in enumerate((lay.RISKS, (lay.STUCK, lay.IMPLAUSIBLE, lay.NO_DATA))):
            mine = arrays.rules[np.isin(arrays.rules["kind"], kinds) & (arrays.rules["level"] > 0)]
            np.maximum.at(levels[:, column], mine["point"], mine["level"])
        result = np.zeros(len(index), POINT_STATE_DTYPE)
        result["ts"] = result["heard"] = lay.NEVER
        known = index >= 0
        rows = arrays.points[index[known]]
        result["watched"] = known
        result["level"][known], result["fault"][known] = levels[index[known], 0], levels[index[known], 1]
        result["silent"][known] = rows["silent"] > 0
        result["ts"][known], result["heard"][known] = rows["wm"], rows["heard"]
        return result

    def freeze(self, spare: Frozen | None = None) -> Frozen:
        """Everything the engine knows now, as a copy that any thread may turn into bytes. A copy of memory, no more.

        ``spare``: an earlier copy nobody needs any more, whose memory is used again where it fits.
        """
        mine: tuple[NDArray[Any], ...] = tuple(self._state.arrays)
        return Frozen(self._state.ruleset, copied(mine, spare.arrays if spare else ()), self._composites.memories())

    def snapshot(self) -> bytes:
        """Everything the engine knows, rule set included, as bytes. Equal states give equal bytes."""
        return b"".join(self.freeze().parts())

    @classmethod
    def restore(cls, blob: bytes | memoryview) -> Engine:
        """The engine as it was at ``snapshot``. Raises SnapshotError when the bytes are not such a snapshot."""
        magic, body = bytes(blob[: len(MAGIC)]), memoryview(blob)[HEAD:]
        if magic != MAGIC and magic not in BEFORE:
            raise SnapshotError("not an engine checkpoint of this version; replay the journal from its start")
        if hashlib.sha256(body).digest() != blob[len(MAGIC) : HEAD]:
            raise SnapshotError("the engine checkpoint is damaged; use an older one or replay the journal")
        ruleset, columns, memories = msgspec.msgpack.decode(body)
        engine = cls()
        state = build(RuleSet.decode(ruleset))
        targets: tuple[NDArray[Any], ...] = tuple(state.arrays)
        extra = state.arrays.cold["extra"].copy()
        for array, data in zip(targets, brought_up(magic, columns), strict=True):
            if len(data) != array.nbytes:
                raise SnapshotError("the engine checkpoint does not fit this version; replay the journal")
            array[...] = np.frombuffer(data, array.dtype).reshape(array.shape)
        state.arrays.cold["extra"] = extra
        engine._state = state
        engine._composites = Composites.restored(state.ruleset, memories)
        engine._size()
        return engine

    def _size(self) -> None:
        """Working memory: room for the signals of any one reading, and for the slopes of any one window."""
        arrays: Arrays = self._state.arrays
        rules = int((arrays.points["end"] - arrays.points["first"]).max(initial=0))
        most = int(arrays.cold["cap"].max(initial=0))
        self._room = rules + 4
        self._out = np.empty(max(4096, 8 * self._room), lay.SIGNAL_DTYPE)
        self._work = np.empty((3, max(most * (most - 1) // 2, most, 1)), np.float64)


def _ordered(parts: list[Signals]) -> Signals:
    """One array in order of (seq, rule, site), with ordinals in the order raised.

    What no rule raises (rule 0) is counted site by site, so that sharding by site changes no ordinal.
    """
    if not parts:
        return empty_signals()
    signals = np.concatenate(parts)
    signals = signals[np.lexsort((np.arange(len(signals)), signals["site"], signals["rule"], signals["seq"]))]
    same = np.zeros(len(signals), bool)
    same[1:] = np.logical_and.reduce([signals[name][1:] == signals[name][:-1] for name in ("seq", "rule", "site")])
    starts = np.maximum.accumulate(np.where(same, 0, np.arange(len(signals))))
    signals["ordinal"] = np.arange(len(signals)) - starts
    return signals


def warm_up() -> None:
    """Load or compile the kernel, so that the first real batch does not wait for it. Idempotent; seconds when cold."""
    engine = Engine()
    engine.switch(0, RuleSet.from_catalog(
        [], [{"id": 1, "source": 1, "site": 1}],
        [{"id": 1, "version": 1, "point": 1, "kind": "no_data", "params": {"after_s": 60}}],
    ))  # fmt: skip
    engine.readings(1, [1], [0], 0, [0.0], [0])
    engine.tick(2, 0)
