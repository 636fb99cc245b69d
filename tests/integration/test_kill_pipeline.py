"""SIGKILL at random instants under load through each door: nothing acknowledged is lost, nothing comes twice."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.integration.load import HttpSender, MqttSender, Sender
from tests.integration.rig import County, Pipeline, point, threshold, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]

SENDERS = 3
DOORS: dict[str, type[Sender]] = {"http": HttpSender, "mqtt": MqttSender}


def kill_and_check(tmp_path: Path, door: str, kills: int, seed: int) -> None:
    """Kill ``kills`` times, checking after each restart; the whole history is checked each time."""
    chance = random.Random(seed)
    points = [point(n) for n in range(1, 2 * SENDERS + 1)]
    county = County(points, [threshold(100 + n, n) for n in range(1, 2 * SENDERS + 1)])
    pipeline = Pipeline(tmp_path / "var", county).start()
    start = time.time_ns() // 1_000_000 - 3_600_000
    senders = [DOORS[door](i, start, chance) for i in range(SENDERS)]
    before = 0
    try:
        for round_ in range(kills):
            threads = [sender.run(pipeline) for sender in senders]
            # Some kills fall into the first commits, some long after, some beside a checkpoint.
            until(lambda seen=before: sum(s.acknowledged for s in senders) > seen, 30, "first acknowledgement")
            time.sleep(chance.choice([0.0, 0.02, 0.2, 0.5]) * chance.random())
            pipeline.kill()
            for sender, thread in zip(senders, threads, strict=True):
                sender.stop.set()
                thread.join(120)
                assert sender.broken is None, sender.broken
            pipeline.start()
            if round_ == kills - 1 or chance.random() < 0.5:
                check(pipeline, county, senders, f"kill {round_ + 1} of {kills}, seed {seed}")
            before = sum(s.acknowledged for s in senders)
        assert before >= kills, "the load never got through"
        assert pipeline.stop() == 0, pipeline.log[-3000:]
    finally:
        if pipeline.process is not None and pipeline.process.poll() is None:
            pipeline.kill()
        county.down()


def check(pipeline: Pipeline, county: County, senders: list[Sender], where: str) -> None:
    """Every acknowledged reading is stored once and evaluated once, every signal told once."""
    until(pipeline.settled, 60, "settled")
    told: dict[int, list[tuple[int, int]]] = {}
    for signal in county.in_order():
        assert signal["type"] == "level", signal
        told.setdefault(signal["point"], []).append((signal["event_ts"], signal["to"]))
    for sender in senders:
        swings = told.pop(sender.swing, [])
        wanted = [(ts, 0 if i % 2 else 3) for i, ts in enumerate(sender.swings())]
        # What was under way when it died may or may not have become durable; nothing else may differ.
        assert swings[: len(wanted)] == wanted, f"{where}: signals of point {sender.swing}"
        assert len(wanted) <= len(swings) <= sender.sent, where
        until(lambda s=sender: len(pipeline.stored(s.quiet)) >= len(s.quiets()), 30, "stored")
        for number, times in ((sender.swing, sender.swings()), (sender.quiet, sender.quiets())):
            stored = [row[0] for row in pipeline.stored(number)]
            assert stored == sorted(set(stored)), f"{where}: point {number} has readings twice"
            assert stored[: len(times)] == times, f"{where}: point {number} lost acknowledged readings"
    assert told == {}, f"{where}: signals nobody expected"


@pytest.mark.parametrize("door", DOORS)
def test_six_kills_lose_and_repeat_nothing(tmp_path: Path, door: str) -> None:
    kill_and_check(tmp_path, door, kills=6, seed=20261124)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("door", DOORS)
def test_two_hundred_kills_by_each_door_lose_and_repeat_nothing(tmp_path: Path, door: str, seed: int) -> None:
    kill_and_check(tmp_path, door, kills=20, seed=seed)
