"""The worker: alone, undisturbed by a failing step, seen, and gone when told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shoutu.county.kit import holders, steps, worker
from shoutu.county.kit.models import Beat, Lease, StepState
from shoutu.county.kit.watch import watching
from shoutu.county.kit.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_ours(monkeypatch) -> None:
    monkeypatch.setattr(steps, "_steps", {})
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.1)


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


class Running:
    """A worker in a thread."""

    def __init__(self, lease_seconds: float = 5) -> None:
        self.worker = Worker(lease_seconds=lease_seconds)
        self.thread = threading.Thread(target=self.worker.run)

    def __enter__(self) -> Worker:
        self.thread.start()
        return self.worker

    def __exit__(self, *_exc) -> None:
        self.worker.stop.set()
        self.thread.join(timeout=15)
        assert not self.thread.is_alive()


def test_steps_run_and_a_failing_one_is_counted_apart() -> None:
    good: list[int] = []

    @steps.step("good", every=0.02, beat="auditor")
    def run_good() -> None:
        good.append(1)

    @steps.step("bad", every=0.02)
    def run_bad() -> None:
        raise ValueError("as the test wants")

    with Running():
        until(lambda: len(good) > 5)
        until(lambda: StepState.objects.filter(name="bad", failures__gte=1, failing__gte=1).exists())
    state = StepState.objects.get(name="bad")
    assert (state.runs, state.last_error) == (0, "ValueError: as the test wants")
    assert StepState.objects.get(name="good").runs == len(good)
    parts = {part.name: part.ok for part in watching().parts}
    assert parts == {"pipeline": False, "worker": True, "auditor": True}
    assert Beat.objects.get(name="worker").detail["holder"]


def test_a_failing_step_backs_off() -> None:
    tries: list[float] = []

    @steps.step("bad", every=0.1)
    def run_bad() -> None:
        tries.append(time.monotonic())
        raise ValueError("as the test wants")

    with Running():
        until(lambda: len(tries) >= 3)
    assert tries[2] - tries[1] > 1.5 * (tries[1] - tries[0])


def test_a_slow_step_does_not_hold_up_another_lane() -> None:
    release = threading.Event()
    quick: list[int] = []

    @steps.step("slow", every=1, lane="slow")
    def run_slow() -> None:
        release.wait(10)

    @steps.step("quick", every=0.01, lane="quick")
    def run_quick() -> None:
        quick.append(1)

    with Running():
        until(lambda: len(quick) > 20)
        release.set()


def test_two_workers_never_both_run_and_the_second_takes_over() -> None:
    active: set[str] = set()
    overlaps: list[str] = []
    who: list[int] = []

    @steps.step("alone", every=0.01)
    def run_alone() -> None:
        name = threading.current_thread().name + str(threading.get_ident())
        active.add(name)
        if len(active) > 1:
            overlaps.append(name)
        who.append(threading.get_ident())
        time.sleep(0.005)
        active.discard(name)

    with Running() as first:
        until(lambda: len(who) > 10)
        with Running():
            until(lambda: len(who) > 30)
            assert len(set(who)) == 1
            first.stop.set()
            until(lambda: len(set(who)) == 2)
    assert not overlaps
    assert Lease.objects.get(name="worker").fence == 2


def test_a_holder_that_lost_its_lease_cannot_commit() -> None:
    fence = steps.acquire("worker", "old", seconds=0.0)
    assert fence == 1
    assert steps.acquire("worker", "new", seconds=60) == 2
    steps.hold("worker", fence)

    def late() -> None:
        with transaction.atomic():
            Beat.objects.create(name="written too late", at=timezone.now())
            steps.fence()

    try:
        with pytest.raises(steps.LeaseLost):
            late()
    finally:
        steps.hold(None)
    assert not Beat.objects.filter(name="written too late").exists()
    assert steps.acquire("worker", "old", seconds=60) is None


def test_more_work_runs_at_once() -> None:
    left = [5]

    @steps.step("drain", every=60)
    def drain() -> bool:
        left[0] -= 1
        return left[0] > 0

    with Running():
        until(lambda: left[0] == 0, 5)


def test_a_step_with_ever_more_to_do_lets_the_others_of_its_lane_run() -> None:
    turns: list[str] = []

    @steps.step("endless", every=60, lane="x")
    def endless() -> bool:
        turns.append("endless")
        time.sleep(0.02)
        return True

    @steps.step("beside", every=0.01, lane="x")
    def beside() -> None:
        turns.append("beside")

    with Running():
        until(lambda: turns.count("beside") >= 5)
    assert "endless endless" not in " ".join(turns)


def test_worker_stopped_while_the_database_is_locked_comes_back(tmp_path) -> None:
    """A long write by somebody else delays the beat; the worker goes on after it."""
    runs: list[int] = []

    @steps.step("count", every=0.02)
    def count() -> None:
        runs.append(1)

    with Running():
        until(lambda: len(runs) > 2)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE kit_beat SET at = at")
            seen = len(runs)
            until(lambda: len(runs) > seen + 3)
        before = Beat.objects.get(name="worker").at
        until(lambda: Beat.objects.get(name="worker").at > before)


def test_two_lanes_hold_the_fence_at_once_and_a_taker_waits_for_both() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time; runs on PostgreSQL")
    fence = steps.acquire("worker", "old", seconds=0)
    inside = threading.Barrier(3, timeout=10)
    go = threading.Event()
    ended: list[float] = []

    def lane() -> None:
        steps.hold("worker", fence)
        try:
            with transaction.atomic():
                steps.fence()
                inside.wait()
                go.wait(10)
                ended.append(time.monotonic())
        finally:
            connection.close()

    lanes = [threading.Thread(target=lane) for _ in range(2)]
    for thread in lanes:
        thread.start()
    inside.wait()  # both are inside at the same time
    threading.Timer(0.3, go.set).start()
    assert steps.acquire("worker", "new", seconds=60) == fence + 1
    taken = time.monotonic()
    for thread in lanes:
        thread.join(10)
    assert len(ended) == 2
    assert taken >= max(ended)


TAKE = "import sys; from shoutu.county.kit import holders; print(holders.holder(), flush=True); sys.stdin.read()"


@pytest.fixture
def other():
    """Another process of this machine and the name it would hold the lease under."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with subprocess.Popen(
        [sys.executable, "-c", TAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_after_a_kill_the_next_worker_takes_over_at_once_dead_or_unburied(other) -> None:
    process, name = other
    assert steps.acquire("worker", name, seconds=3600) == 1
    assert steps.acquire("worker", holders.holder(), seconds=60) is None
    process.kill()
    until(lambda: holders.gone(name))  # not waited for yet: a zombie
    process.wait()
    assert holders.gone(name)
    ran: list[int] = []

    @steps.step("count", every=0.02)
    def count() -> None:
        ran.append(1)

    started = time.monotonic()
    with Running():
        until(lambda: ran, 5)
    assert time.monotonic() - started < 5
    assert Lease.objects.get(name="worker").fence == 2


def test_a_holder_that_cannot_be_seen_from_here_keeps_its_lease(other) -> None:
    process, name = other
    process.kill()
    process.wait()
    host, boot, space, pid, start, number = name.split(":")
    assert holders.gone(name)
    unseen = [
        ":".join((host, "0" * 32, space, pid, start, number)),  # another boot: perhaps another machine of this name
        ":".join((host, boot, "1", pid, start, number)),  # another container on this machine
        ":".join((host, "-", "-", pid, "-", number)),  # a system that tells nothing
        f"{host}:{pid}:123",  # a name from before
    ]
    assert not any(holders.gone(one) for one in unseen)
    assert steps.acquire("worker", unseen[0], seconds=60) == 1
    assert steps.acquire("worker", holders.holder(), seconds=60) is None


def test_a_process_id_given_to_another_process_is_not_the_holder() -> None:
    host, boot, space, pid, start, number = holders.holder().split(":")
    assert not holders.gone(":".join((host, boot, space, pid, start, number)))
    assert holders.gone(":".join((host, boot, space, pid, str(int(start) - 1), number)))


def test_the_name_of_a_holder_fits_its_column() -> None:
    assert max(len(holders.holder()) for _ in range(3)) <= 120
