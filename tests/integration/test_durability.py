"""Full disk, damaged journal and checkpoints: refuse honestly, recover alone, report what is gone."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.rig import County, Pipeline, point, threshold, until

pytestmark = pytest.mark.integration


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def county() -> Iterator[County]:
    county = County([point(1), point(2)], [threshold(11, 1), threshold(12, 2)])
    yield county
    county.down()


@pytest.fixture
def pipeline(tmp_path: Path, county: County) -> Iterator[Pipeline]:
    pipeline = Pipeline(tmp_path / "var", county)
    yield pipeline
    if pipeline.process is not None and pipeline.process.poll() is None:
        pipeline.kill()


def journal(pipeline: Pipeline) -> list[Path]:
    return sorted((pipeline.data / "sensing" / "journal").glob("*.log"))


def test_full_disk_refuses_and_recovers_by_itself(pipeline: Pipeline, county: County) -> None:
    """The kernel refuses to let the journal grow (a file size limit set on the running process), then allows it."""
    pipeline.start()
    assert pipeline.process is not None
    t = now() - 100_000
    accepted: list[int] = []

    def send(i: int) -> int:
        rows = [{"point": "P2", "ts": t + i * 1000 + k, "value": 1.0} for k in range(500)]
        answer = pipeline.send([{"point": "P1", "ts": t + i * 1000, "value": 1 if i % 2 else 9}, *rows])
        if answer.status_code == 202:
            accepted.append(i)
        return answer.status_code

    for i in range(4):
        assert send(i) == 202
    # Room for many ticks, for no batch.
    full = journal(pipeline)[-1].stat().st_size + 8_000
    resource.prlimit(pipeline.process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
    assert [send(i) for i in range(4, 8)] == [503] * 4
    refused = pipeline.state()
    assert "File too large" in refused["failing"]["journal"]

    def ticked() -> bool:
        state = pipeline.state()
        assert not state["checks"]["journal"], "a tick that fits is no proof that readings do"
        assert state["status"] == "unready"
        return state["journal_seq"] >= refused["journal_seq"] + 3

    until(ticked, what="three ticks written")
    assert [send(i) for i in range(4, 8)] == [503] * 4
    resource.prlimit(pipeline.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    until(pipeline.ready, what="ready again though nobody sends")
    for i in range(4, 8):
        assert send(i) == 202
    pipeline.kill()
    pipeline.start()
    until(pipeline.settled)
    assert accepted == list(range(8))
    until(lambda: len(pipeline.stored(2)) == 8 * 500)
    assert [row[0] for row in pipeline.stored(1)] == [t + i * 1000 for i in accepted]
    told = [(s["event_ts"], s["to"]) for s in county.in_order()]
    assert told == [(t + i * 1000, 0 if i % 2 else 3) for i in accepted]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a file system needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_disk_full_for_everything_loses_nothing_acknowledged(small_disk: Path, county: County) -> None:
    """Journal, spool, checkpoints, store and catalog copy are all without room, and the process is killed so."""
    pipeline = Pipeline(small_disk / "var", county).start()
    ballast = small_disk / "ballast"
    t = now() - 100_000
    taken: list[int] = []

    def send(i: int) -> bool:
        rows = [{"point": "P2", "ts": t + i * 100 + k, "value": 1.0} for k in range(99)]
        answer = pipeline.send([{"point": "P1", "ts": t + i * 100, "value": 1 if i % 2 else 9}, *rows])
        assert answer.status_code in (202, 503), answer.text
        if answer.status_code == 202:
            taken.append(i)
        return answer.status_code == 202

    try:
        assert all(send(i) for i in range(5))
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        i = 5
        while send(i):
            i += 1
        assert not pipeline.state()["checks"]["journal"]
        pipeline.kill()
        # Started on the full disk it takes nothing and does not say that it could.
        pipeline.start(ready=False)
        assert not pipeline.state()["checks"]["journal"]
        assert not send(i)
        pipeline.kill()
        ballast.unlink()
        pipeline.start()
        assert send(i)
        until(pipeline.settled)
        until(lambda: len(pipeline.stored(2)) == 99 * len(taken))
        assert [row[0] for row in pipeline.stored(1)] == [t + k * 100 for k in taken]
        told = [(s["event_ts"], s["to"]) for s in county.in_order()]
        assert told == [(t + k * 100, 0 if k % 2 else 3) for k in taken]
    finally:
        pipeline.kill()


def test_torn_tail_is_cut_and_the_rest_goes_on(pipeline: Pipeline, county: County) -> None:
    pipeline.start()
    t = now() - 100_000
    pipeline.send([{"point": "P1", "ts": t, "value": 9}])
    until(lambda: len(county.order) == 1)
    pipeline.kill()
    with journal(pipeline)[-1].open("ab") as file:
        file.write(b"\xf5SJ\x1a half a frame that no power was left to finish")
    pipeline.start()
    assert pipeline.state()["damage"]["quarantined"] == 1
    assert pipeline.state()["damage"]["missing"] == 0
    assert "torn tail" in pipeline.log
    pipeline.send([{"point": "P1", "ts": t + 1000, "value": 1}])
    until(lambda: [s["to"] for s in county.in_order()] == [3, 0])
    until(lambda: [row[0] for row in pipeline.stored(1)] == [t, t + 1000])
    pipeline.kill()
    pipeline.start()
    assert pipeline.state()["damage"]["quarantined"] == 0
    assert [row[0] for row in pipeline.stored(1)] == [t, t + 1000]


def test_damaged_middle_is_set_aside_and_reported(pipeline: Pipeline, county: County) -> None:
    pipeline.start()
    t = now() - 100_000
    sizes = []
    for i in range(5):
        pipeline.send([{"point": "P1", "ts": t + i * 1000 + k, "value": 1} for k in range(20)])
        sizes.append(journal(pipeline)[-1].stat().st_size)
    pipeline.kill()
    raw = bytearray(journal(pipeline)[-1].read_bytes())
    raw[sizes[2] - 30] ^= 0x10
    journal(pipeline)[-1].write_bytes(raw)
    pipeline.start()
    damage = until(lambda: (d := pipeline.state()["damage"])["missing"] and d)
    assert damage["missing"] == 20
    until(lambda: len(pipeline.stored(1)) == 80)
    assert {row[0] for row in pipeline.stored(1)} == {t + i * 1000 + k for i in (0, 1, 3, 4) for k in range(20)}
    assert list((pipeline.data / "sensing" / "journal" / "quarantine").iterdir())
    pipeline.send([{"point": "P1", "ts": t + 9000, "value": 9}])
    until(lambda: [s["to"] for s in county.in_order()] == [3])


@pytest.mark.parametrize("both", [False, True])
def test_damaged_checkpoint_costs_nothing_while_the_journal_is_whole(
    pipeline: Pipeline, county: County, both: bool
) -> None:
    pipeline.start()
    t = now() - 100_000
    pipeline.send([{"point": "P1", "ts": t, "value": 9}])
    pipeline.stop()
    pipeline.start()
    pipeline.send([{"point": "P1", "ts": t + 1000, "value": 1}, {"point": "P2", "ts": t, "value": 9}])
    pipeline.stop()
    until(lambda: len(county.order) in (2, 3))
    kept = sorted((pipeline.data / "sensing" / "checkpoint").glob("*.ckpt"))
    assert len(kept) == 2
    for path in kept if both else kept[1:]:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    pipeline.start()
    assert "damaged; going back" in pipeline.log
    pipeline.send([{"point": "P1", "ts": t + 2000, "value": 9}, {"point": "P2", "ts": t + 2000, "value": 1}])
    until(lambda: len(county.order) >= 5)
    until(pipeline.settled)
    told = sorted((s["point"], s["event_ts"], s["from"], s["to"]) for s in county.in_order())
    assert told == [(1, t, 0, 3), (1, t + 1000, 3, 0), (1, t + 2000, 0, 3), (2, t, 0, 3), (2, t + 2000, 3, 0)]
