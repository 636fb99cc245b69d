"""The measure itself: a server that told nobody, or everybody everything, must not look fast."""

from __future__ import annotations

import asyncio
import time

import pytest

from bench import live


def test_the_bench_notices_who_is_not_told_and_who_is_told_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    class Door:
        def __init__(self, told: list[live.Line]) -> None:
            self.told = told

        def send(self, points: list[str], value: float) -> float:
            for line in self.told:
                line.told[7] = (2.0, 1.0)
            return time.time()

    county, mine, other = live.Line("a", None, None), live.Line("b", None, 0), live.Line("c", None, 1)
    lines = [county, mine, other]
    monkeypatch.setattr(live, "PATIENCE_S", 0.1)
    monkeypatch.setattr(live, "AFTERWARDS_S", 0)
    with pytest.raises(RuntimeError, match="1 of 3 lines were not told"):
        asyncio.run(live.fire(Door([county]), lines, [0], ["P"]))  # type: ignore[arg-type]
    county.told.clear()
    with pytest.raises(RuntimeError, match="may not see"):
        asyncio.run(live.fire(Door(lines), lines, [0], ["P"]))  # type: ignore[arg-type]
    for line in lines:
        line.told.clear()
    found = asyncio.run(live.fire(Door([county, mine]), lines, [0], ["P"]))  # type: ignore[arg-type]
    assert found["commit"] == [1000.0, 1000.0]
