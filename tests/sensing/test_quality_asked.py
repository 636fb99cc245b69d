"""The figures of many points from the store: bounded, one question at a time, resting between points."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shoutu.sensing import quality_asked
from shoutu.sensing.quality_asked import Asked, Quality, QualityAsked, QualityBusy
from shoutu.sensing.store import Store
from shoutu.sensing.store.settings import StoreSettings

DAY = 86_400_000
NOW = 1_790_000_000_000 // DAY * DAY
PACE = 60_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two points of a reading a minute: 7 the whole day and the hour before, 8 the first half of the day."""
    found = Store(tmp_path / "store", StoreSettings())
    whole = NOW - 60 * PACE + np.arange(1500, dtype=np.int64) * PACE
    half = NOW + np.arange(720, dtype=np.int64) * PACE
    seq = 1
    for point, ts in ((7, whole), (8, half)):
        n = len(ts)
        value = np.arange(n) % 5.0
        found.add(seq, np.full(n, point, np.int32), ts, ts + 900, value, np.zeros(n, np.uint8))
        seq += n
        found.mark(seq - 1)
    yield found
    found.close()


def asked(*points: int, start: int = NOW, end: int = NOW + DAY) -> QualityAsked:
    return QualityAsked([Asked(point, PACE) for point in points], start, end)


def test_each_point_has_its_figures_one_never_heard_as_well(store: Store) -> None:
    rests: list[float] = []
    told = Quality(store, rests.append).run(asked(7, 8, 9))["items"]
    assert (told["7"]["covered"], told["7"]["online"], told["7"]["readings"]) == (1440, DAY, 1440)
    assert (told["8"]["covered"], told["8"]["online"]) == (720, 719 * PACE + 3 * PACE)
    assert (told["9"]["expected"], told["9"]["covered"], told["9"]["online"]) == (1440, 0, 0)
    assert told["9"]["late_p50"] is None
    # As long a rest as each point took: half a core at the most.
    assert len(rests) == 3
    assert all(rest >= 0 for rest in rests)


def test_a_point_too_fast_for_one_answer_says_how_far_it_speaks(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality_asked, "MOST_READINGS", 500)
    told = Quality(store, lambda _: None).run(asked(8))["items"]["8"]
    assert told["end"] == NOW + 500 * PACE
    assert (told["covered"], told["expected"]) == (500, 500)


def test_too_much_is_refused(store: Store) -> None:
    quality = Quality(store, lambda _: None)
    for wrong in (asked(), asked(*range(1, 300)), asked(7, end=NOW), asked(7, end=NOW + 40 * DAY)):
        with pytest.raises(ValueError, match="points"):
            quality.run(wrong)


@pytest.mark.anyio
async def test_one_asks_one_waits_and_a_third_is_told_so(store: Store) -> None:
    begun, go = threading.Event(), threading.Event()

    def rest(_: float) -> None:
        begun.set()
        go.wait(20)

    quality = Quality(store, rest)
    first = asyncio.create_task(quality.ask(asked(7)))
    await asyncio.to_thread(begun.wait, 20)
    second = asyncio.create_task(quality.ask(asked(8)))
    await asyncio.sleep(0)
    with pytest.raises(QualityBusy):
        await quality.ask(asked(7))
    go.set()
    assert (await first)["items"]["7"]["covered"] == 1440
    assert (await second)["items"]["8"]["covered"] == 720
    assert (await quality.ask(asked(8)))["items"]["8"]["covered"] == 720
