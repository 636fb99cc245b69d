"""The table of figures tells what was measured, and nothing that was not."""

from __future__ import annotations

import pytest

from bench.report import AIMS, Aim, number, row

FAST = Aim("engine", "sorted_per_s", "Engine", "readings/s", 20e6)
SOON = Aim("latency", "deep.p99_ms", "Signal", "ms", 50, False)


def results(bench: str, **figures: object) -> dict[str, object]:
    return {bench: {"figures": figures}}


def test_better_than_the_aim() -> None:
    told = row(results("engine", sorted_per_s=61_234_567), FAST)
    assert told == "| Engine | 61,200,000 | ≥ 20,000,000 | 3.06 × | readings/s |"


def test_smaller_is_better_where_the_aim_says_so() -> None:
    assert "| 25.0 | ≤ 50.0 | 2.00 × |" in row(results("latency", deep={"p99_ms": 25}), SOON)
    assert "| 100 | ≤ 50.0 | 0.50 × **missed** |" in row(results("latency", deep={"p99_ms": 100}), SOON)


def test_nothing_is_told_that_was_not_measured() -> None:
    assert "| not measured | ≥ 20,000,000 |  |" in row({}, FAST)
    assert "| not measured |" in row(results("engine", other=5), FAST)
    assert "| failed |" in row({"engine": {"failed": "ended with code 1"}}, FAST)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.4567, "0.46"),
        (12.34, "12.3"),
        (123.4, "123"),
        (999.6, "1000"),
        (12_345.0, "12,300"),
        (5_001_999.0, "5,000,000"),
    ],
)
def test_three_digits_that_matter(value: float, told: str) -> None:
    assert number(value) == told


def test_every_aim_names_a_bench_once() -> None:
    keys = [(aim.bench, aim.path) for aim in AIMS]
    assert len(keys) == len(set(keys))
