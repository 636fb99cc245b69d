"""With how many decimals figures are written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shoutu.engine.packs import explain
from shoutu.engine.packs.figures import MOST, figure, places

sane = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, MOST))


def test_a_limit_is_written_with_all_its_decimals() -> None:
    assert [places(x) for x in (6.0, 2.5, 6.6 * 12 / 11, 100 / 3, 0.0005, 0.0)] == [0, 1, 1, 1, 4, 0]
    assert figure(2.6, 0, 2.5) == "2.6"
    assert figure(2.5, 0, 2.5) == "2.5"


def test_a_value_beyond_a_limit_never_reads_as_the_limit() -> None:
    assert figure(5.9961, 2, 6.0) == "5.996"
    assert figure(24.2, 0, 24) == "24.2"
    assert figure(26.4, 0, 24) == "26"


def test_what_is_not_nothing_is_not_written_as_nothing() -> None:
    assert figure(0.004, 2) == "0.004"
    assert figure(0.0, 2) == "0.00"


@given(sane, sane, st.integers(0, 3))
def test_value_and_limit_keep_their_order_as_written(value: float, limit: float, least: int) -> None:
    told, allowed = float(figure(value, least, limit)), float(figure(limit, least, limit))
    assert (told > allowed) - (told < allowed) == (value > limit) - (value < limit)


def test_a_sentence_keeps_the_decimals_of_the_limit() -> None:
    signal = {"kind": "threshold", "from": 0, "to": 3, "value": 2.6, "threshold": 2.5}
    named = {"title": "一氧化碳", "unit": "ppm", "decimals": 0}
    assert explain(named, signal) == "一氧化碳 2.6 ppm，高于控制值 2.5 ppm。"
