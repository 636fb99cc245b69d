"""The sealer at work: soon, alone, and right about what commits late."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from shoutu.county.kit import outbox, steps, worker
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.events import emit
from shoutu.county.kit.subjects import COUNTY, SubjectRef
from shoutu.county.kit.worker import Worker
from shoutu.county.ledger.models import Entry, Leaf, TreeHead
from shoutu.county.ledger.selectors.verify import verify
from shoutu.county.ledger.services import record
from shoutu.county.ledger.services.seal import seal, seal_all

pytestmark = pytest.mark.django_db(transaction=True)


def until(condition, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_the_worker_seals_what_is_recorded_within_seconds(monkeypatch) -> None:
    registered = {name: step for name, step in steps._steps.items() if name in {"ledger.seal", "outbox.number"}}
    assert set(registered) == {"ledger.seal", "outbox.number"}
    monkeypatch.setattr(steps, "_steps", registered)
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.2)
    running = Worker()
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        for n in range(5):
            with transaction.atomic():
                record(SYSTEM, "x.done", SubjectRef("duty", n + 1), {"n": n})
                emit("duty.changed", SubjectRef("duty", n + 1))
            until(lambda n=n: Leaf.objects.count() == n + 1)
        until(lambda: outbox.newest() == 5)
    finally:
        running.stop.set()
        thread.join(15)
    lags = [
        TreeHead.objects.filter(size__gt=leaf.index).order_by("size")[0].at - leaf.entry.at
        for leaf in Leaf.objects.select_related("entry")
    ]
    assert max(lag.total_seconds() for lag in lags) < 5
    assert verify().ok


def test_a_sealer_that_lost_the_lease_seals_nothing() -> None:
    with transaction.atomic():
        record(SYSTEM, "x.done", COUNTY)
    fence = steps.acquire("worker", "old", seconds=0)
    steps.acquire("worker", "new", seconds=60)
    steps.hold("worker", fence)
    try:
        with pytest.raises(steps.LeaseLost):
            seal()
    finally:
        steps.hold(None)
    assert not Leaf.objects.exists()
    assert seal() == 1


def test_two_sealers_at_once_seal_each_entry_once() -> None:
    with transaction.atomic():
        for n in range(200):
            record(SYSTEM, "x.done", SubjectRef("duty", n + 1), {"n": n})
    errors: list[Exception] = []

    def work() -> None:
        try:
            while seal(limit=7):
                pass
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    seal_all()
    assert list(Leaf.objects.order_by("index").values_list("index", flat=True)) == list(range(200))
    assert verify().ok


def test_what_commits_late_gets_its_place_late() -> None:
    """Ids commit out of order where several may write at once, so the order of ids is not the order."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time; runs on PostgreSQL")
    early_recorded, go = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record(SYSTEM, "early.id", COUNTY)
                emit("early.id", COUNTY)
                early_recorded.set()
                go.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert early_recorded.wait(10)
    with transaction.atomic():
        record(SYSTEM, "late.id", COUNTY)
        emit("late.id", COUNTY)
    seal_all()
    outbox.number()
    assert list(Leaf.objects.values_list("entry__verb", flat=True)) == ["late.id"]
    go.set()
    thread.join(20)
    seal_all()
    outbox.number()
    assert list(Leaf.objects.order_by("index").values_list("entry__verb", flat=True)) == ["late.id", "early.id"]
    assert [event.topic for event in outbox.after(0)] == ["late.id", "early.id"]
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == ["early.id", "late.id"]
    assert verify().ok
