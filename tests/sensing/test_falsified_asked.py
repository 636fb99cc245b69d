"""The search over the store: a child of its own, one search at a time, bounded, what is away not searched."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from shoutu.sensing import falsified_asked
from shoutu.sensing.falsified_asked import Asked, Falsified, FalsifiedAsked, FalsifiedBusy, FalsifiedFailed
from shoutu.sensing.falsified_child import Head, Told, decimals, framed, messages, search
from shoutu.sensing.store import Store
from shoutu.sensing.store.settings import StoreSettings

DAY = 86_400_000
NOW = 1_790_000_000_000 // DAY * DAY
PACE = 60_000
N = 1440


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three points, two days, a reading a minute in hundredths; at noon of the second day 8 tells what 7 tells."""
    found = Store(tmp_path / "store", StoreSettings())
    rng = np.random.default_rng(1)
    ts = NOW - DAY + np.arange(2 * N, dtype=np.int64) * PACE
    rows = [np.rint(rng.standard_normal(2 * N) * 40) / 100 + 5 for _ in range(3)]
    rows[1][N + 720 : N + 900] = rows[0][N + 720 : N + 900]
    seq = 1
    for point, value in zip((7, 8, 9), rows, strict=True):
        n = len(ts)
        found.add(seq, np.full(n, point, np.int32), ts, ts + 900, value, np.zeros(n, np.uint8))
        seq += n
        found.mark(seq - 1)
    yield found
    found.close()


def asked(**more: object) -> FalsifiedAsked:
    points = [Asked(point, "co", PACE) for point in (7, 8, 9, 11)]
    return msgspec.structs.replace(FalsifiedAsked(points, NOW, NOW + DAY, back_ms=DAY), **more)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> list[Head | Told]:
    """The child's search in this process; what it was told."""
    told: list[Head | Told] = []

    class Here:
        def __init__(self) -> None:
            self.pipe = io.BytesIO()

        def tell(self, message: Head | Told) -> None:
            told.append(message)
            self.pipe.write(b"".join(framed(message)))

        def answer(self) -> object:
            self.pipe.seek(0)
            return msgspec.json.decode(search(messages(self.pipe)))

        def end(self) -> None:
            self.pipe.close()

    monkeypatch.setattr(falsified_asked, "Child", Here)
    return told


def test_a_clone_is_told_with_where_it_is_from(store: Store, here: list[Head | Told]) -> None:
    rests: list[float] = []
    told = Falsified(store, rests.append).run(asked())
    [one] = told["items"]
    assert (one["kind"], {one["point"], one["beside"]}, one["n"]) == ("cloned", {7, 8}, 180)
    assert (one["start"], one["beside_start"]) == (NOW + 720 * PACE, NOW + 720 * PACE)
    assert "逐个相同" in one["zh"]
    assert (told["points"], told["left"]) == (3, [])
    assert len(rests) == 4


@pytest.mark.full
def test_a_child_of_its_own_searches(store: Store) -> None:
    """A cold machine compiles for it first."""
    assert len(Falsified(store, lambda _: None).run(asked())["items"]) == 1


def test_doubles_and_what_was_told_during_a_stop_are_left_out(store: Store, here: list[Head | Told]) -> None:
    search = Falsified(store, lambda _: None)
    assert search.run(asked())["items"]
    assert search.run(asked(same=[(8, 7)]))["items"] == []
    stop = (NOW + 700 * PACE, NOW + 910 * PACE)
    assert search.run(asked(points=[Asked(7, "co", PACE), Asked(8, "co", PACE, [stop])]))["items"] == []
    assert [one.away for one in here[-2:] if isinstance(one, Told)] == [[], [stop]]


def test_what_there_is_no_room_for_is_told_as_left_out(
    store: Store, here: list[Head | Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(falsified_asked, "MOST_READINGS", 4 * N + 10)
    told = Falsified(store, lambda _: None).run(asked())
    assert (told["points"], told["left"]) == (2, [9])
    assert told["items"]


@pytest.mark.parametrize(
    "wrong", [{"end": NOW}, {"points": []}, {"back_ms": -1}, {"alpha": 0.0}, {"end": NOW + 9 * DAY}]
)
def test_too_much_is_refused(store: Store, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"points|back_ms"):
        Falsified(store, lambda _: None).run(asked(**wrong))


def test_nobody_heard_is_nothing_found(store: Store) -> None:
    told = Falsified(store, lambda _: None).run(asked(points=[Asked(99, "co", PACE)]))
    assert told == {"items": [], "points": 0, "left": [], "late": []}


def test_what_came_in_after_a_day_was_searched_is_counted(store: Store, here: list[Head | Told]) -> None:
    """All but some were received 0.9 s after their time."""
    ts = NOW - DAY + np.arange(40, dtype=np.int64) * PACE + 7
    n = store.stored_through + store.pending + 1
    for point, count in ((7, 40), (8, 15)):
        part = ts[:count]
        some = np.full(count, point, np.int32), part, np.full(count, NOW + 90_000, np.int64)
        store.add(n, *some, np.zeros(count), np.zeros(count, np.uint8))
        n += count
    search = Falsified(store, lambda _: None)
    days = [(NOW - DAY, NOW, NOW + 60_000)]
    assert search.run(asked(searched=days))["late"] == [(NOW - DAY, 7, NOW + 90_000)]
    assert search.run(asked(searched=[(NOW - DAY, NOW, NOW + 90_000)]))["late"] == []


def test_a_child_that_fails_says_why(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(falsified_asked, "CHILD", (falsified_asked.CHILD[0], "-c", "raise SystemExit('no room')"))
    with pytest.raises(FalsifiedFailed, match="no room"):
        Falsified(store, lambda _: None).run(asked())
    monkeypatch.setattr(falsified_asked, "CHILD", (falsified_asked.CHILD[0], "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(falsified_asked, "MOST_SECONDS", 0.05)
    with pytest.raises(FalsifiedFailed, match="was ended"):
        Falsified(store, lambda _: None).run(asked())


def test_a_message_cut_short_is_no_search() -> None:
    whole = b"".join(framed(Head(1, [], 0.01)))
    assert [len(one) for one in messages(io.BytesIO(whole))] == [len(whole) - 8]
    for cut in (whole[:5], whole[:-1]):
        with pytest.raises(EOFError):
            list(messages(io.BytesIO(cut)))


def test_the_pipeline_holds_one_point_at_a_time(store: Store, here: list[Head | Told]) -> None:
    """What the search takes is the child's, and goes with it."""
    assert Falsified(store, lambda _: None).run(asked())["points"] == 3
    assert [type(one) for one in here] == [Head, Told, Told, Told]
    assert [len(one.ts) for one in here if isinstance(one, Told)] == [2 * N * 8] * 3


@pytest.mark.anyio
async def test_one_at_a_time(store: Store, here: list[Head | Told]) -> None:
    gate, begun = threading.Event(), threading.Event()

    def rest(_seconds: float) -> None:
        begun.set()
        gate.wait(5)

    search = Falsified(store, rest)
    first = asyncio.ensure_future(search.ask(asked()))
    await asyncio.to_thread(begun.wait, 5)
    with pytest.raises(FalsifiedBusy):
        await search.ask(asked())
    gate.set()
    assert (await first)["points"] == 3
    assert (await search.ask(asked()))["points"] == 3


@pytest.mark.parametrize(
    ("values", "places"),
    [([1.0, 2.0], 0), ([0.1, 20.3], 1), ([74.25, 0.3], 2), ([1 / 3, 2 / 3], 4), ([float("nan"), 3.5], 1)],
)
def test_digits_are_those_a_value_is_written_in(values: list[float], places: int) -> None:
    assert decimals(np.array(values)) == places
