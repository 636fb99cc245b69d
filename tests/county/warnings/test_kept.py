"""What of raw readings must stay by age: the pipeline asks, and removes the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from shoutu.county.falsified.models import Finding, Owed, SearchDay, State
from shoutu.county.kit.kept import kept
from shoutu.county.sites import quality
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import QualityDay
from shoutu.county.warnings.models import Warning
from shoutu.county.warnings.selectors.kept import of_evacuations

HOUR = 3_600_000
pytestmark = pytest.mark.django_db


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


@pytest.fixture
def searched(watched: SimpleNamespace) -> SimpleNamespace:
    """Both rooms are through with all days that are over."""
    day, now = timezone.localdate() - timedelta(days=1), timezone.now()
    for walked in (QualityDay, SearchDay):
        walked.objects.create(day=day, started_at=now, finished_at=now)
    return watched


def held(start: int, end: int) -> dict[int, list[tuple[int, int]]]:
    told: dict[int, list[tuple[int, int]]] = {}
    for point, low, high in kept(start, end)["points"]:
        told.setdefault(point, []).append((low, high))
    return told


def test_readings_around_a_warning_stay(searched: SimpleNamespace, raise_to: Callable[..., Warning]) -> None:
    raise_to(2)
    now = ms(timezone.now())
    mine, other = (point.pk for point in searched.points)
    around = held(now - 30 * HOUR, now + 20 * HOUR)
    assert min(low for low, _ in around[other]) == now - 24 * HOUR
    assert max(high for _, high in around[other]) == now + HOUR
    Warning.objects.update(closed_at=timezone.now() + timedelta(hours=9))
    later = held(now + 2 * HOUR, now + 20 * HOUR)
    assert later == {mine: [(now + 2 * HOUR, now + 10 * HOUR)]}, "afterwards those that take part"
    assert held(now - 30 * HOUR, now - 25 * HOUR) == {}


def test_a_signal_that_waits_or_was_set_aside_holds_its_point(
    searched: SimpleNamespace, signal: Callable[..., dict[str, Any]]
) -> None:
    sites.receive([signal(3)])
    now = ms(timezone.now())
    assert set(held(now - 2 * HOUR, now)) >= {searched.points[0].pk}
    assert held(now + 2 * HOUR, now + 3 * HOUR) == {}


def test_days_not_searched_hold_everything(watched: SimpleNamespace) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    start, end = (ms(at) for at in quality.bounds(yesterday))
    now = ms(timezone.now())
    assert min(low for low, _ in kept(start - 2 * HOUR, now)["everything"]) == start - HOUR
    stamp = timezone.now()
    QualityDay.objects.create(day=yesterday, started_at=stamp, finished_at=stamp)
    assert min(low for low, _ in kept(start - 2 * HOUR, now)["everything"]) == start, "the search still needs it"
    SearchDay.objects.create(day=yesterday, started_at=stamp, finished_at=stamp)
    told = kept(start - 2 * HOUR, now)
    assert min(low for low, _ in told["everything"]) == end - HOUR, "today is not over"
    assert kept(start, end - HOUR) == {"points": [], "everything": []}
    Owed.objects.create(site=watched.site, day=yesterday, cause=Owed.Cause.FAILED, noted_at=stamp)
    assert held(start, end - HOUR) == {point.pk: [(start, end - HOUR)] for point in watched.points}


@pytest.mark.parametrize(("state", "stays"), [(State.LEAD, True), (State.REAL, True), (State.NORMAL, False)])
def test_what_is_under_suspicion_stays_until_it_is_none(searched: SimpleNamespace, state: str, stays: bool) -> None:
    at = ms(timezone.now()) - 100 * HOUR
    first, second = searched.points
    Finding.objects.create(
        site=searched.site, point=first, kind="cloned", state=state, day=timezone.localdate(),
        last_day=timezone.localdate(), start=at, end=at + HOUR, readings=60, beside=second,
        beside_start=at - 10 * HOUR, beside_end=at - 9 * HOUR, bits=60.0, found_at=timezone.now(),
    )  # fmt: skip
    told = held(at - 20 * HOUR, at + 20 * HOUR)
    wanted = {first.pk: [(at - HOUR, at + 2 * HOUR + 1)], second.pk: [(at - 11 * HOUR, at - 8 * HOUR + 1)]}
    assert told == (wanted if stays else {})


def test_only_the_pipeline_may_ask(searched: SimpleNamespace) -> None:
    now = ms(timezone.now())
    query = {"start": now - HOUR, "end": now}
    assert Client().get("/internal/v1/kept", query).status_code == 401
    headers = {"authorization": f"Bearer {settings.CONFIG.secret('wing.token')}"}
    told = Client().get("/internal/v1/kept", query, headers=headers).json()
    assert told["everything"] == [[now - HOUR, now]]
    assert list(of_evacuations(now - HOUR, now)) == []
