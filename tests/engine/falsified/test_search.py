"""Falsified series are found, said with their figures; honest ones are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.falsified import DAY, FAULTS, START, STEP_MS, TOLD, column, county, falsify
from shoutu.engine.falsified import Column, Finding, Point, columns, find

N = 1440


def noisy(rng: np.random.Generator, count: int, sd: float = 10.0, n: int = N) -> list[np.ndarray]:
    return [np.rint(rng.standard_normal(n) * sd + 1000).astype(np.int64) for _ in range(count)]


def points(count: int, kind: str = "co") -> dict[int, Point]:
    return {at + 1: Point(kind, STEP_MS, 1) for at in range(count)}


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_found_and_nothing_else(kind: str) -> None:
    rng = np.random.default_rng(4)
    rows = noisy(rng, 6)
    earlier = column(noisy(rng, 6), START - DAY)
    falsify(rng, kind, rows[2], rows[4], 360)
    found = find(column(rows), points(6), earlier)
    assert found
    for one in found:
        assert {one.point, one.beside} <= {3, 5, None}
        assert one.bits_left >= 9
        assert one.bits > one.bits_left
        assert "概率" in one.zh
        assert one.en.endswith(" of such searches.")
        assert one.kind in {"rounded", "liked"} or str(one.n) in one.zh
    assert TOLD.get(kind, kind) in {one.kind for one in found}


def test_a_copy_says_which_stretch_it_repeats() -> None:
    rows = noisy(np.random.default_rng(1), 1)
    rows[0][900:1000] = rows[0][300:400]
    (one,) = find(column(rows), points(1))
    assert (one.kind, one.point, one.beside) == ("copied", 1, 1)
    assert (one.start, one.end) == (START + 900 * STEP_MS, START + 999 * STEP_MS)
    assert (one.beside_start, one.beside_end) == (START + 300 * STEP_MS, START + 399 * STEP_MS)
    assert one.n == 100
    assert "100 个读数" in one.zh


def test_a_shifted_clone_has_its_lag_and_the_later_one_is_suspect() -> None:
    rows = noisy(np.random.default_rng(2), 2)
    rows[0][500:620] = rows[1][400:520]
    (one,) = find(column(rows), points(2))
    assert (one.kind, one.point, one.beside) == ("shifted", 1, 2)
    assert one.start - (one.beside_start or 0) == 100 * STEP_MS
    assert "100 分钟" in one.zh
    assert "100 min later" in one.en


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1.05, 8.0), offset=st.floats(-500, 500), seed=st.integers(0, 1000))
def test_a_scaled_clone_has_its_factor_and_offset(factor: float, offset: float, seed: int) -> None:
    rows = noisy(np.random.default_rng(seed), 2)
    rows[1] = np.rint(rows[0] * factor + offset).astype(np.int64)
    found = [one for one in find(column(rows), points(2)) if one.kind == "cloned"]
    one = found[0]
    told = one.factor if one.point == 2 else 1 / one.factor
    assert told == pytest.approx(factor, rel=0.02)
    assert one.n > 1000


def test_pairs_that_rightly_tell_the_same_are_left_out() -> None:
    rows = noisy(np.random.default_rng(3), 2)
    rows[1] = rows[0] + 5
    assert find(column(rows), points(2))
    assert not find(column(rows), points(2), same=[(2, 1)])


HONEST = {
    "a fan that runs": np.ones(N),
    "a level switch": (np.arange(N) // 37) % 2,
    "rain": np.where(np.arange(N) % 500 == 0, 2, 0),
    "saturated": np.minimum(1000, 1003 + np.arange(N) % 5),
    "a pump's cycle": np.abs(np.arange(N) % 46 - 23),
    "a reckoned curve": np.rint(4000 * np.sin(np.arange(N) / 100 * 2 * np.pi)),
    "a counter": np.arange(N) // 3,
    "nothing": np.zeros(0),
}


@pytest.mark.parametrize("name", HONEST)
def test_what_has_no_noise_is_never_flagged(name: str) -> None:
    row = HONEST[name].astype(np.int64)
    rows = [row.copy() for _ in range(30)]
    earlier = column([row.copy() for _ in range(30)], START - DAY)
    assert not find(column(rows), points(30), earlier)
    assert not find(column(rows), points(30))


@pytest.mark.parametrize("seed", [1, 2])
def test_an_honest_county_raises_nothing(seed: int) -> None:
    now, of, earlier = county(np.random.default_rng(seed), 370)
    assert not find(now, of, earlier)
    assert not find(now, of)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_sensor_that_sinks_to_the_end_of_its_range_is_no_finding(seed: int) -> None:
    """Cut off at nought, noise grows less and noughts are many: no sensor's fault, and nobody's."""
    rng = np.random.default_rng(seed)
    level = np.concatenate([np.full(N, 60.0), np.linspace(50, -15, N)])
    rows = [np.maximum(0, np.rint(level + 10 * rng.standard_normal(2 * N))).astype(np.int64) for _ in range(10)]
    there, back = column([row[N:] for row in rows]), column([row[:N] for row in rows], START - DAY)
    assert not find(there, points(10), back)
    # Nor when it leaves there again.
    assert not find(column([row[:N] for row in rows]), points(10), column([row[N:] for row in rows], START - DAY))


def test_what_is_told_during_a_stop_on_record_is_not_searched() -> None:
    rows = noisy(np.random.default_rng(6), 2)
    rows[0][600:900] = rows[1][600:900]
    flat = column(rows)
    point = np.repeat(flat.ids, np.diff(flat.bounds))
    begin, end = int(flat.ts[600]), int(flat.ts[900])
    found = find(columns(point, flat.ts, flat.value / 10.0, points(2)), points(2))
    assert [(one.kind, one.n) for one in found] == [("cloned", 300)]
    for away in ({1: [(begin, end)]}, {2: [(begin, begin + 1), (begin, end)]}):
        assert not find(columns(point, flat.ts, flat.value / 10.0, points(2), away), points(2))


def key(found: list[Finding]) -> list[tuple[object, ...]]:
    return [(one.kind, one.point, one.start, one.end, one.beside, one.beside_start) for one in found]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_of_readings_and_doubles_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = noisy(rng, 3)
    rows[0][600:700] = rows[0][100:200]
    rows[1][50:150] = rows[2][50:150]
    flat = column(rows)
    point = np.repeat(flat.ids, np.diff(flat.bounds))
    value = flat.value / 10.0
    order = rng.permutation(len(point))
    again = np.concatenate([order, order[:50]])
    made = columns(point[again], flat.ts[again], value[again], points(3))
    for mine, its in zip(made, flat, strict=True):
        assert (mine == its).all()
    assert {one[0] for one in key(find(made, points(3)))} == {"copied", "cloned"}


def test_what_is_no_number_or_of_no_known_point_is_left_out() -> None:
    point = np.array([1, 1, 1, 9])
    value = np.array([1.0, np.nan, np.inf, 2.0])
    made = columns(point, np.arange(4), value, points(1))
    assert made.ids.tolist() == [1]
    assert made.value.tolist() == [10]
    empty = Column(*(np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)))
    assert find(empty, points(1)) == []


def test_peers_serve_where_nothing_is_known_of_before() -> None:
    rng = np.random.default_rng(8)
    rows = noisy(rng, 40)
    rows[3] = rows[3] // 10 * 10
    rows[7][:] = np.rint(np.linspace(900, 1000, N) + rng.standard_normal(N) * 0.5)
    found = find(column(rows), points(40))
    assert {(one.kind, one.point) for one in found} == {("rounded", 4), ("smooth", 8)}
    assert all("同类测点" in one.zh and "peers" in one.en for one in found)


def test_a_pattern_the_point_always_had_is_no_finding() -> None:
    rng = np.random.default_rng(9)
    cycle = np.rint(rng.standard_normal(12) * 20).astype(np.int64)
    always = np.tile(cycle, 120)
    assert not [
        one for one in find(column([always]), points(1), column([always], START - DAY)) if one.kind == "pattern"
    ]
    rows = noisy(rng, 1)
    rows[0][200:320] = np.tile(cycle, 10)
    (one,) = find(column(rows), points(1))
    assert one.kind == "pattern"
    assert one.n >= 120
    assert "12 个数值" in one.zh
