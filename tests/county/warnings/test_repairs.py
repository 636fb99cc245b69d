"""A failed device is the enterprise's to mend by a limit that stays until it works; shown beside the data's quality."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Duty, StageClock
from shoutu.county.people.testing import actor
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import EnterpriseQuality, PointQuality, QualityDay
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Warning
from tests.county.sites.test_quality import RATES

pytestmark = pytest.mark.django_db


@pytest.fixture
def fault(watched: SimpleNamespace, signal: Callable[..., dict[str, Any]]) -> Callable[..., Warning]:
    """The device of a point falls silent (1) or is heard again (0)."""

    def make(to: int, point: int = 0) -> Warning:
        told = signal(
            to, 1 - to, point=point, rule=watched.silences[point].pk, kind="no_data", category="fault", value=None,
            threshold=60.0,
        )  # fmt: skip
        sites.receive([told])
        services.take_in()
        return Warning.objects.filter(category="fault").latest("id")

    return make


@pytest.fixture
def reckoned(watched: SimpleNamespace) -> SimpleNamespace:
    """Yesterday: the first point poor, the second well."""
    day = timezone.localdate() - timedelta(days=1)
    QualityDay.objects.create(day=day, started_at=timezone.now(), finished_at=timezone.now())
    more = {"site": watched.site, "day": day, "stopped_s": 0, "readings": 9, "expected": 9, "covered": 4}
    for point, online in zip(watched.points, (0.5, 1.0), strict=True):
        PointQuality.objects.create(point=point, **more, **{**RATES, "online": online})
    EnterpriseQuality.objects.create(
        organisation=watched.site.organisation, day=day, online=0.75, complete=0.5, rank=1, ranked=1, points=2,
        judged=2, poor=1, counted_s=9, online_s=7, away_s=0, stuck_s=0, implausible=0,
    )  # fmt: skip
    return watched


def clocks(warning: Warning) -> dict[str, StageClock]:
    """The limits of the enterprise's duty that still run."""
    rows = StageClock.objects.filter(duty__kind="warning.dispose", duty__about_id=warning.pk, done_at__isnull=True)
    return {one.stage: one for one in rows}


def fed_back(watched: SimpleNamespace, warning: Warning) -> None:
    """Somebody of the mine answers, goes there, and tells what is wrong."""
    mine = actor(watched.users["enterprise"])
    [duty] = Duty.objects.filter(about_type="warning", about_id=warning.pk, kind="warning.dispose")
    duties.answer(mine, duty.pk)
    services.dispose(mine, warning.pk, "人工观测")
    services.feedback(mine, warning.pk, "传感器坏了，已订货")


def test_telling_what_is_wrong_does_not_end_the_repair(clock, watched, fault) -> None:
    warning = fault(1)
    start = timezone.now()
    assert {stage: one.due_at - start for stage, one in clocks(warning).items()} == {
        "feedback": timedelta(hours=4), "repair": timedelta(hours=72),
    }  # fmt: skip
    fed_back(watched, warning)
    [duty] = Duty.objects.filter(about_type="warning", about_id=warning.pk, kind="warning.dispose")
    assert (duty.state, set(clocks(warning))) == ("answered", {"repair"})
    # It is told upward like any stage that has passed.
    clock.shift(timedelta(hours=73))
    duties.overdue_due()
    assert StageClock.objects.get(duty=duty, stage="repair").overdue_at is not None


def test_a_device_that_works_again_stops_the_clock_and_one_that_fails_again_starts_it(clock, watched, fault) -> None:
    warning = fault(1)
    limit = clocks(warning)["repair"].due_at
    fed_back(watched, warning)
    clock.shift(timedelta(hours=5))
    fault(0)
    assert clocks(warning) == {}
    clock.shift(timedelta(minutes=2))
    fault(1)
    assert clocks(warning)["repair"].due_at == limit
    fault(0)
    officer = actor(watched.users["duty_officer"])
    services.verify(officer, warning.pk, "device_fault")
    services.close(officer, warning.pk)
    [duty] = Duty.objects.filter(about_type="warning", about_id=warning.pk, kind="warning.dispose")
    assert duty.state == "verified"


def test_a_device_mended_before_it_was_told_of_is_done_with_the_telling(clock, watched, fault) -> None:
    warning = fault(1)
    fault(0)
    fed_back(watched, warning)
    [duty] = Duty.objects.filter(about_type="warning", about_id=warning.pk, kind="warning.dispose")
    assert duty.state == "done"


def test_the_list_says_who_mends_it_and_until_when_the_late_first(
    clock, reckoned: SimpleNamespace, fault, login: Callable[[str], Client]
) -> None:
    client = login("leader")
    calm = client.get("/api/v1/quality/points", {"mend": True}).json()
    assert [(row["point"]["id"], row["repair"]) for row in calm["items"]] == [(reckoned.points[0].pk, None)]
    warning = fault(1, point=1)
    told = client.get("/api/v1/quality/points", {"mend": True}).json()
    assert [row["point"]["id"] for row in told["items"]] == [one.pk for one in reckoned.points]
    repair = told["items"][1]["repair"]
    [duty] = Duty.objects.filter(about_type="warning", about_id=warning.pk, kind="warning.dispose")
    assert (repair["warning"], repair["duty"], repair["state"], repair["overdue"]) == (
        warning.pk, duty.pk, "called", False,
    )  # fmt: skip
    assert repair["who"] == "甲矿值班员"
    assert repair["clock"]["kind"] == "feedback"
    assert (client.get("/api/v1/quality").json()["faulty"], client.get("/api/v1/quality").json()["late"]) == (1, 0)

    clock.shift(timedelta(hours=5))
    told = client.get("/api/v1/quality/points", {"mend": True}).json()
    assert [row["point"]["id"] for row in told["items"]] == [one.pk for one in reversed(reckoned.points)]
    assert told["items"][0]["repair"]["overdue"] is True
    assert client.get("/api/v1/quality").json()["late"] == 1
    [mine] = client.get("/api/v1/quality/enterprises").json()["items"]
    assert (mine["repairs"], mine["late"], mine["repair"]["duty"]) == (1, 1, duty.pk)
    # Another enterprise sees nothing of it.
    assert login("enterprise_b").get("/api/v1/quality").json()["faulty"] == 0

    fed_back(reckoned, warning)
    [row] = [one for one in client.get("/api/v1/quality/points").json()["items"] if one["repair"]]
    assert (row["repair"]["state"], row["repair"]["clock"]["kind"], row["repair"]["overdue"]) == (
        "answered", "repair", False,
    )  # fmt: skip


def test_a_silent_source_is_each_of_its_points_repair(clock, reckoned, signal, login) -> None:
    told = signal(1, rule=None, rule_version=None, point=0, kind="source_silence", category="fault", value=None)
    sites.receive([{**told, "point": None}])
    services.take_in()
    rows = login("leader").get("/api/v1/quality/points", {"mend": True}).json()["items"]
    assert len({row["repair"]["warning"] for row in rows}) == 1
    assert len(rows) == 2


def test_it_stands_in_the_table_that_goes_out(clock, reckoned, fault, login) -> None:
    fault(1, point=1)
    clock.shift(timedelta(hours=5))
    answer = login("leader").get("/api/v1/tables/quality-points/export", {"mend": True, "format": "csv"})
    text = (b"".join(answer) if answer.streaming else answer.content).decode("utf-8-sig")
    _mark, head, first, *_rest = csv.reader(io.StringIO(text))
    row = dict(zip(head, first, strict=True))
    assert (row["由谁修"], row["还剩"]) == ("甲矿值班员", "超 1 时 0 分")
