"""The pipeline forgets raw readings only when the county has all signals and said what is evidence; curves go on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoutu.sensing import retention
from shoutu.sensing.pipeline_local import Local
from shoutu.sensing.retention import Retention
from shoutu.sensing.store import Kept, Store
from tests.sensing.store.plain import NOON, Row, offer
from tests.sensing.store.test_retention import HOUR, filled

pytestmark = pytest.mark.anyio


class County:
    """Answers what is kept; notes what it was asked."""

    def __init__(self, answer: Any, status: int = 200) -> None:
        self.answer, self.status = answer, status
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/internal/v1/kept"
        self.asked.append(dict(request.url.params))
        return httpx.Response(self.status, json=self.answer)


def asking(store: Store, county: County, tick: int = NOON, delivered: int = 5) -> Retention:
    core: Any = SimpleNamespace(
        engine=SimpleNamespace(tick=tick), spool=SimpleNamespace(next_index=5, delivered=delivered)
    )
    client = httpx.AsyncClient(transport=httpx.MockTransport(county), base_url="http://county")
    return Retention(client, core, store)


async def test_what_the_county_names_stays_and_the_rest_is_counted(tmp_path: Path) -> None:
    store = filled(tmp_path)
    county = County({"points": [[2, NOON - 5 * HOUR, NOON - 5 * HOUR + 1]], "everything": []})
    told = asking(store, county)
    await told.once()
    assert county.asked == [{"start": str(NOON - 6 * HOUR), "end": str(NOON - 3 * HOUR)}]
    assert told.state() == {"hours": 1, "expired": 300, "held": 60, "waiting": 0}
    await told.once()
    assert len(county.asked) == 1, "nothing more is due"
    store.close()


async def test_days_not_searched_hold_back_and_say_so(tmp_path: Path) -> None:
    store = filled(tmp_path)
    told = asking(store, County({"points": [], "everything": [[NOON - 4 * HOUR, NOON - 3 * HOUR]]}))
    await told.once()
    assert told.state() == {"hours": 1, "expired": 0, "held": 0, "waiting": 1}
    store.close()


@pytest.mark.parametrize(
    ("county", "delivered"),
    [(County({}, 503), 5), (County({"points": "all"}), 5), (County({"points": [], "everything": []}), 4)],
    ids=["county down", "an answer that is none", "a signal not delivered"],
)
async def test_in_doubt_everything_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, county: County, delivered: int
) -> None:
    monkeypatch.setattr(retention, "DELIVERY_S", 0.05)
    monkeypatch.setattr(retention, "EVERY_S", 0.01)
    store = filled(tmp_path)
    told = asking(store, county, delivered=delivered)
    task = asyncio.create_task(told.run())
    async with asyncio.timeout(30):
        while told.failing is None:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (store.figures().expired, store.figures().rows) == (0, 720)
    store.close()


async def test_what_the_engine_has_not_judged_is_not_past_its_time(tmp_path: Path) -> None:
    store = filled(tmp_path)
    county = County({"points": [], "everything": []})
    await asking(store, county, tick=NOON - 3 * HOUR).once()
    assert (county.asked, store.figures().expired) == ([], 0)
    store.close()


def local(store: Store) -> Local:
    return Local(SimpleNamespace(), store, "token", lambda: True, dict)  # type: ignore[arg-type]


async def curve(store: Store, limit: int, fill: bool = True, start: int | None = None) -> list[list[Any]]:
    """All rows of point 2, page by page."""
    rows: list[list[Any]] = []
    at = NOON - 7 * HOUR if start is None else start
    while True:
        answer = await local(store).readings(2, at, NOON, limit, None, fill)
        assert len(answer["items"]) <= limit
        rows += answer["items"]
        if answer["next"] is None:
            return rows
        assert answer["next"] > at
        at = answer["next"]


async def test_a_curve_goes_on_from_figures_and_says_where(tmp_path: Path) -> None:
    store = filled(tmp_path)
    store.forget(NOON, Kept([(2, NOON - 5 * HOUR, NOON - 4 * HOUR)]))
    offer(store, 721, [Row(2, NOON - 6 * HOUR - 60_000, NOON, 5.0, 0), Row(2, NOON - 4 * HOUR + 1, NOON, 9.0, 0)])
    whole = await local(store).readings(2, NOON - 7 * HOUR, NOON, 10_000, None, True)
    assert json.loads(json.dumps(whole["coarse"])) == [[NOON - 6 * HOUR, NOON - 3 * HOUR, 60_000]]
    rows = whole["items"]
    assert [row[0] for row in rows] == sorted({row[0] for row in rows})
    minutes = {row[0] // 60_000 for row in rows}
    assert minutes == {NOON // 60_000 - i for i in range(1, 362)}, "no minute is missing"
    raw = [row[0] for row in rows if len(row) == 3]
    assert set(range(NOON - 5 * HOUR, NOON - 4 * HOUR, 60_000)) <= set(raw), "evidence is told as it was measured"
    assert NOON - 4 * HOUR + 1 in raw
    assert NOON - 4 * HOUR in {row[0] for row in rows if len(row) == 5}, "what came later hides no figure"
    assert all(row[4] == 1 for row in rows if len(row) == 5)
    for limit in (1, 7, 100):
        assert await curve(store, limit) == rows
    plain = await curve(store, 50, fill=False)
    assert plain == [row for row in rows if len(row) == 3], "who does not ask for figures gets none"
    steps = await local(store).readings(2, NOON - 6 * HOUR, NOON, 1000, 10_000)
    assert [list(one) for one in steps["coarse"]] == [[NOON - 6 * HOUR, NOON - 3 * HOUR, 60_000]]
    store.close()


@settings(max_examples=20, deadline=None)
@given(st.integers(-420, -1), st.integers(1, 90))
def test_a_curve_begins_anywhere(tmp_path_factory: pytest.TempPathFactory, first: int, limit: int) -> None:
    store = filled(tmp_path_factory.mktemp("curve"))
    store.forget(NOON, Kept([(2, NOON - 5 * HOUR, NOON - 4 * HOUR)]))
    start = NOON + first * 60_000
    rows = asyncio.run(curve(store, limit, start=start))
    assert [row[0] for row in rows] == [NOON + i * 60_000 for i in range(max(first, -360), 0)]
    store.close()
