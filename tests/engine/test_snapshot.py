"""A frozen engine: what it was when it was frozen, as bytes any msgpack reader understands."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shoutu.engine import Engine
from shoutu.engine.snapshot import BEFORE, HEAD, MAGIC, _bin
from tests.engine.test_core import LIMIT, T, Watch


def test_readings_after_the_copy_are_not_in_it() -> None:
    watch = Watch(("threshold", LIMIT), ("rate", {"levels": {"3": 5}, "window_s": 600, "interval_s": 60}))
    watch.read(0, 60)
    before = watch.engine.snapshot()
    frozen = watch.engine.freeze()
    watch.read(20, 10)
    watch.engine.switch(9, Watch(("threshold", {"levels": {"1": 3}})).ruleset)
    watch.engine.tick(10, T + 10**7)
    assert b"".join(frozen.parts()) == before
    again = Engine.restore(before)
    assert again.levels([12]).tolist() == [4]
    assert again.snapshot() == before != watch.engine.snapshot()


def test_a_copy_in_the_memory_of_an_older_one_is_the_same() -> None:
    watch = Watch(("threshold", LIMIT), ("rate", {"levels": {"3": 5}, "window_s": 600, "interval_s": 60}))
    watch.read(0, 60)
    old = watch.engine.freeze()
    watch.read(20, 10)
    again = watch.engine.freeze(old)
    assert all(a is b for a, b in zip(again.arrays, old.arrays, strict=True))
    assert b"".join(again.parts()) == watch.engine.snapshot()
    watch.engine.switch(9, Watch(("threshold", {"levels": {"1": 3}}), ("stuck", {"window_s": 60})).ruleset)
    fitting = watch.engine.freeze(again)
    assert b"".join(fitting.parts()) == watch.engine.snapshot()
    watch.read(40, 10)
    assert b"".join(fitting.parts()) != watch.engine.snapshot()


def test_the_body_is_msgpack() -> None:
    engine = Watch(("threshold", LIMIT)).engine
    frozen = engine.freeze()
    ruleset, arrays, composites = msgspec.msgpack.decode(engine.snapshot()[HEAD:])
    assert ruleset == frozen.ruleset.encode()
    assert arrays == [array.tobytes() for array in frozen.arrays]
    assert composites == list(frozen.composites) == []


@given(st.one_of(st.integers(0, 300), st.integers(65_000, 66_000)))
def test_heads_of_byte_strings_are_those_of_msgpack(length: int) -> None:
    assert _bin(length) + bytes(length) == msgspec.msgpack.encode(bytes(length))


def stored(version: int) -> Engine:
    blob = (Path(__file__).parent / "data" / f"snapshot-{version}.bin").read_bytes()
    assert blob[: len(MAGIC)] in BEFORE
    return Engine.restore(blob)


def test_a_checkpoint_from_before_sums_and_forecasts_goes_on() -> None:
    """Taken by the code before sums and forecasts: holds, samples, flat lines and silence stand as they did."""
    engine, base = stored(2), 1_793_500_000_000
    assert engine.counters["evaluated"] == 10
    # The threshold has been held 40 s of 60.
    assert len(engine.readings(20, [1], [base + 50_000], base + 50_000, [6.0], [0])) == 0
    assert engine.readings(21, [1], [base + 60_000], base + 60_000, [6.0], [0])["level_to"].tolist() == [1]
    assert engine.readings(22, [2], [base + 100_000], base + 100_000, [3.0], [0])["level_to"].tolist() == [1]
    assert Engine.restore(engine.snapshot()).snapshot() == engine.snapshot()


def test_a_checkpoint_from_before_anomalies_goes_on() -> None:
    """Sums, samples and holds stand as they did, and a rule of the new kind can be switched on beside them."""
    engine, base = stored(3), 1_793_500_000_000

    def level(point: int, after: int, value: float) -> list[tuple[int, int]]:
        at = base + after
        found = engine.readings(20, [point], [at], at, [value], [0])
        return [(int(s["rule"]), int(s["level_to"])) for s in found]

    assert level(1, 60_000, 6.0) == [(1, 1)]  # held 40 s of 60 before
    assert level(2, 60_000, 16.0) == [(3, 2)]  # 80 before
    assert level(2, 70_000, 16.0) == [(2, 3)]
    assert level(3, 660_000, 1.1) == [(4, 2)]  # eleven of twelve samples before
    assert len(engine._state.arrays.detectors) == 0
    assert Engine.restore(engine.snapshot()).snapshot() == engine.snapshot()
