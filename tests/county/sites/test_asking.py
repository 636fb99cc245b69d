"""What the county asks of the pipeline, and what it makes of a refusal: the pipeline's own door over a real store."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import numpy as np
import pytest
from django.conf import settings
from django.utils import translation

from shoutu.county.kit.errors import Invalid, Unavailable
from shoutu.county.sites import asking
from shoutu.engine import trial
from shoutu.sensing.catalog import Catalog, Delta
from shoutu.sensing.core import Core
from shoutu.sensing.core_latest import Latest
from shoutu.sensing.core_rules import Watch
from shoutu.sensing.http import serve_http
from shoutu.sensing.journal_records import Readings
from shoutu.sensing.pipeline_local import Local
from shoutu.sensing.store import Store
from shoutu.sensing.store.query import Readings as Rows
from shoutu.sensing.store.settings import StoreSettings
from tests.sensing.memory import MemoryAcceptor, config
from tests.stack import until

NOW = 1_790_000_000_000
POINT = {"id": 7, "source": 2, "site": 3, "interval_s": 10.0}
SILENCE = {"id": 5, "version": 1, "point": 7, "kind": "no_data", "params": {"intervals": 3.0}}


class Held(Store):
    """A store that answers once it is let go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, StoreSettings())
        self.go = threading.Event()
        self.go.set()

    def query(self, *arguments: Any) -> Rows:  # type: ignore[override]
        self.go.wait(60)
        return super().query(*arguments)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Held]:
    """A reading a minute for 200 minutes, of a point said to speak every ten seconds."""
    found = Held(tmp_path / "store")
    ts = NOW - 200 * 60_000 + np.arange(200, dtype=np.int64) * 60_000
    found.add(1, np.full(200, 7, np.int32), ts, ts + 300, np.ones(200), np.zeros(200, np.uint8))
    found.flush()
    yield found
    found.close()


@pytest.fixture
def pipeline(store: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The door at work on a thread of its own; only what a trial does not touch is left out."""
    opened: Future[tuple[int, Callable[[], None]]] = Future()

    async def serve() -> None:
        local = Local(cast("Core", None), store, settings.CONFIG.secret("wing.token"), lambda: True, dict)
        handle = await serve_http(MemoryAcceptor(), config(tmp_path), local)
        ending, loop = asyncio.Event(), asyncio.get_running_loop()
        opened.set_result((handle.port, lambda: loop.call_soon_threadsafe(ending.set) and None))
        await ending.wait()
        await handle.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    port, end = opened.result(30)
    monkeypatch.setattr(
        settings, "CONFIG", dataclasses.replace(settings.CONFIG, ingest_host="127.0.0.1", ingest_port=port)
    )
    yield
    store.go.set()
    end()
    thread.join(30)


def body(**more: Any) -> dict[str, Any]:
    return {"point": POINT, "runs": [[SILENCE]], "sums": {"rule": [5]}, "start": NOW - 10**8, "end": NOW, **more}


def test_a_trial_is_answered(pipeline: None) -> None:
    assert asking.trial(body())["n"] == 200


def test_of_a_point_that_is_watched_and_was_never_heard_no_reading_is_told(
    store: Held, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = ({"id": 7, "source": 2, "site": 3, "interval_s": 10.0}, {"id": 8, "source": 2, "site": 3})
    watch, latest = Watch(Catalog()), Latest()
    watch.switch(1, Delta(1, True, points=entries, rules=(SILENCE,)))
    latest.points(np.array([7, 8], np.int64))
    ts = np.array([NOW], np.int64)
    latest.update(Readings(2, np.array([7], np.int32), ts, ts, np.ones(1), np.zeros(1, np.uint8)))
    core = SimpleNamespace(engine=SimpleNamespace(lock=threading.Lock(), watch=watch, latest=latest))
    local = Local(cast("Core", core), store, "token", lambda: True, dict)
    told = asyncio.run(local.latest([7, 8]))
    assert told["items"]["8"]["ts"] is None
    answer = httpx.Response(200, json=told, request=httpx.Request("POST", "http://pipeline"))
    monkeypatch.setattr(asking, "_request", lambda *_, **__: answer)
    assert {point: one["ts"] for point, one in asking.latest([7, 8]).items()} == {7: NOW}


def test_a_trial_refused_says_why_in_the_words_of_the_pipeline(pipeline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match="这次试算做不了：point, start, end, runs: "):
        asking.trial(body(end=0))
    monkeypatch.setattr(trial, "MOST_TICKS", 150)
    with pytest.raises(Invalid, match=r"这次试算做不了：断续超过 150 次.*上报间隔"):
        asking.trial(body())
    with translation.override("en"), pytest.raises(Invalid, match=r"cannot be tried: more than 150 pauses.*interval"):
        asking.trial(body())


def test_a_trial_beside_two_others_is_to_be_asked_again(pipeline: None, store: Held) -> None:
    store.go.clear()
    with ThreadPoolExecutor(3) as askers:
        asked = [askers.submit(asking.trial, body()) for _ in range(3)]
        until(lambda: any(one.done() for one in asked), 20, "one is refused at once")
        store.go.set()
    (refused,) = [error for one in asked if (error := one.exception())]
    assert isinstance(refused, Unavailable)
    assert "这次没有开始" in refused.detail
    assert [one.result()["n"] for one in asked if not one.exception()] == [200] * 2


def test_what_a_days_reckoning_asks_is_what_the_pipeline_takes(pipeline: None) -> None:
    told = asking.quality(
        {
            "points": [{"id": 7, "interval_ms": 60_000, "low": None, "high": 5.0, "stuck_ms": 600_000, "away": []}],
            "start": NOW - 200 * 60_000,
            "end": NOW,
            "online": 3,
        }
    )[7]
    assert (told["covered"], told["expected"], told["online"], told["stuck"]) == (200, 200, 200 * 60_000, 199 * 60_000)
