"""Yesterday reckoned once, in chunks that resume; 在线率 ranked; maintenance and rest left out and said so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Unavailable
from shoutu.county.ledger.models import Entry
from shoutu.county.sites import asking, quality, services, steps
from shoutu.county.sites.models import EnterpriseQuality, OperatingState, Point, PointQuality, QualityDay
from shoutu.county.warnings.models import Silence
from tests.county.base import ListTests
from tests.county.sites.test_lists import EVERYONE, points

DAY_S = 86_400
FIGURES = {
    "counted": DAY_S * 1000, "away": 0, "online": DAY_S * 1000, "readings": 4320, "expected": 4320, "covered": 4320,
    "late_p50": 800, "late_p95": 1500, "skew": -500, "stuck": None, "implausible": 0,
}  # fmt: skip
RATES = {"online": 0.5, "complete": 0.5, "counted_s": DAY_S, "online_s": 43_200, "away_s": 0, "implausible": 0}


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


class TestPointQualityList(ListTests):
    path = "/api/v1/quality/points"
    queries = 7
    sees = {**EVERYONE, "enterprise": True, "enterprise_b": False}

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        QualityDay.objects.get_or_create(
            day=yesterday(), defaults={"started_at": timezone.now(), "finished_at": timezone.now()}
        )
        return PointQuality.objects.bulk_create(
            PointQuality(
                point=point, site=county.site, day=yesterday(), stopped_s=0, readings=9, expected=9, covered=4, **RATES
            )
            for point in points(county, n)
        )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The pipeline as it answers; `figures` by point, `bodies` what it was asked, `fails` how often not."""
    told = SimpleNamespace(figures={}, bodies=[], fails=0)

    def answer(body: dict[str, Any]) -> dict[int, dict[str, Any]]:
        if told.fails:
            told.fails -= 1
            raise Unavailable("down")
        told.bodies.append(body)
        return {one["id"]: {**FIGURES, **told.figures.get(one["id"], {})} for one in body["points"]}

    monkeypatch.setattr(asking, "quality", answer)
    # As if it were late enough for what was under way at midnight.
    monkeypatch.setattr(quality, "SETTLE", timedelta(0))
    return told


@pytest.fixture
def mines(county: SimpleNamespace) -> SimpleNamespace:
    """Three points of one mine, one of another, all there since last week."""
    county.points = points(county, 3)
    other = services.create_source(SYSTEM, "乙网关", county.site_b)
    county.points.append(services.create_point(SYSTEM, county.site_b, other, "Q-1", item="pond_level", unit="m"))
    Point.objects.update(added_at=timezone.now() - timedelta(days=7))
    return county


def run() -> int:
    """The worker's step until there is no more; how often."""
    times = 1
    while steps.data_quality():
        times += 1
    return times


@pytest.mark.django_db
def test_a_day_is_reckoned_once_ranked_and_told_once(mines: SimpleNamespace, asked: SimpleNamespace) -> None:
    first, second, third, other = mines.points
    asked.figures = {first.pk: {"online": 0, "covered": 0, "readings": 0}, second.pk: {"stuck": 60_000}}
    run()
    assert {one.point_id: one.online for one in PointQuality.objects.all()} == {
        first.pk: 0.0, second.pk: 1.0, third.pk: 1.0, other.pk: 1.0,
    }  # fmt: skip
    a, b = EnterpriseQuality.objects.order_by("-rank")
    assert (a.organisation, round(a.online, 3), a.rank, a.points, a.poor) == (mines.site.organisation, 0.667, 2, 3, 1)
    assert (b.organisation, b.online, b.rank, b.ranked) == (mines.site_b.organisation, 1.0, 1, 2)
    assert a.stuck_s == 60
    [entry] = Entry.objects.filter(verb="quality.reckoned")
    assert entry.body["payload"] == {
        "day": f"{yesterday()}", "points": 4, "enterprises": 2, "poor": 1, "floor": 0.9,
    }  # fmt: skip
    before = len(asked.bodies)
    assert run() == 1
    assert (len(asked.bodies), Entry.objects.filter(verb="quality.reckoned").count()) == (before, 1)


@pytest.mark.django_db
def test_it_goes_on_where_it_was_stopped(
    mines: SimpleNamespace, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "CHUNK", 2)
    assert steps.data_quality() is True
    asked.fails = 1
    with pytest.raises(Unavailable):
        steps.data_quality()
    assert PointQuality.objects.count() == 2
    assert quality.last_day() is None
    run()
    assert [[one["id"] for one in body["points"]] for body in asked.bodies] == [
        [point.pk for point in mines.points[:2]],
        [point.pk for point in mines.points[2:]],
    ]
    assert quality.last_day().points == 4
    # Told again of points it has, it keeps what it has.
    services.keep_points(yesterday(), mines.points[:1], {mines.points[0].pk: FIGURES}, {})
    assert PointQuality.objects.count() == 4


@pytest.mark.django_db
def test_maintenance_calibration_and_rest_are_left_out(mines: SimpleNamespace, asked: SimpleNamespace) -> None:
    begin, end = quality.bounds(yesterday())
    first, second, _third, other = mines.points
    at = {"site": mines.site, "reason": "x", "alone": False, "asked_label": "安监站长"}
    hour = timedelta(hours=1)
    Silence.objects.create(kind="calibration", point=first, starts_at=begin, ends_at=begin + hour, **at)
    # Ended before its time: as far as it went.
    Silence.objects.create(
        kind="maintenance", starts_at=begin - hour, ends_at=begin + 9 * hour, ended_at=begin + 2 * hour, **at
    )
    # A mere silence says nothing of the device.
    Silence.objects.create(kind="silence", point=second, starts_at=begin, ends_at=end, **at)
    stopped = {"site": mines.site_b, "reason": "x", "set_by": "y", "recorded_at": begin}
    OperatingState.objects.create(state="stopped", from_at=begin + 6 * hour, **stopped)
    OperatingState.objects.create(state="producing", from_at=begin + 12 * hour, **stopped)
    OperatingState.objects.create(state="sealed", from_at=begin + 18 * hour, **stopped)
    body, still = quality.asked(mines.points, yesterday())

    def spans(point: Point) -> list[tuple[float, float]]:
        [one] = [one for one in body["points"] if one["id"] == point.pk]
        return [tuple((t / 1000 - begin.timestamp()) / 3600 for t in span) for span in one["away"]]

    assert sorted(spans(first)) == [(-1, 2), (0, 1)]
    assert spans(second) == [(-1, 2)]
    assert sorted(spans(other)) == [(6, 12), (18, 24)]
    assert still == {first.pk: 0, second.pk: 0, mines.points[2].pk: 0, other.pk: 12 * 3600}


@pytest.mark.django_db
def test_a_point_at_rest_all_day_is_not_judged_and_shown_as_none(
    mines: SimpleNamespace, asked: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    rest = {"counted": 0, "away": DAY_S * 1000, "online": 0, "expected": 0, "covered": 0, "readings": 0}
    asked.figures = {mines.points[3].pk: rest}
    run()
    client = login("leader")
    rows = client.get("/api/v1/quality/points").json()["items"]
    assert (rows[-1]["point"]["id"], rows[-1]["online"], rows[-1]["away_s"]) == (mines.points[3].pk, None, DAY_S)
    told = client.get("/api/v1/quality").json()
    assert (told["points"], told["judged"]) == (4, 3)
    [last] = [row for row in client.get("/api/v1/quality/enterprises").json()["items"] if row["judged"] == 0]
    assert (last["online"], last["rank"], last["ranked"]) == (None, None, 1)


@pytest.mark.django_db
def test_a_point_made_today_was_not_missing_yesterday(mines: SimpleNamespace, asked: SimpleNamespace) -> None:
    Point.objects.filter(pk=mines.points[0].pk).update(added_at=timezone.now())
    Point.objects.filter(pk=mines.points[1].pk).update(added_at=timezone.now())
    asked.figures = {mines.points[0].pk: {"readings": 0, "online": 0}}
    run()
    assert {one.point_id for one in PointQuality.objects.all()} == {point.pk for point in mines.points[1:]}


@pytest.mark.django_db
def test_a_point_registered_in_the_evening_was_not_missing_all_day(
    mines: SimpleNamespace, asked: SimpleNamespace
) -> None:
    begin, end = quality.bounds(yesterday())
    Point.objects.filter(pk=mines.points[0].pk).update(added_at=end - timedelta(hours=6))
    body, still = quality.asked(quality.next_points(yesterday()), yesterday())
    [away] = [one["away"] for one in body["points"] if one["id"] == mines.points[0].pk]
    assert away == [(round(begin.timestamp() * 1000), round((end - timedelta(hours=6)).timestamp() * 1000))]
    assert {tuple(one["away"]) for one in body["points"][1:]} == {()}
    assert still[mines.points[0].pk] == 0


@pytest.mark.django_db
def test_days_missed_are_made_up_for_and_old_ones_go(mines: SimpleNamespace, asked: SimpleNamespace) -> None:
    now, past = timezone.now(), yesterday() - timedelta(days=60)
    QualityDay.objects.create(day=yesterday() - timedelta(days=3), started_at=now, finished_at=now)
    point = mines.points[0]
    old = {"point": point, "site": mines.site, "stopped_s": 0, "readings": 0, "expected": 9, "covered": 4, **RATES}
    PointQuality.objects.create(day=past, **old)
    run()
    days = PointQuality.objects.values_list("day", flat=True).distinct().order_by("day")
    assert list(days) == [yesterday() - timedelta(days=n) for n in (2, 1, 0)]
    assert Entry.objects.filter(verb="quality.reckoned").count() == 3


@pytest.mark.django_db
def test_what_is_due_waits_for_what_was_under_way_at_midnight() -> None:
    midnight = quality.bounds(date(2026, 8, 2))[0]
    assert quality.due(midnight + timedelta(minutes=19)) == date(2026, 7, 31)
    assert quality.due(midnight + timedelta(minutes=21)) == date(2026, 8, 1)
    QualityDay.objects.create(day=date(2026, 8, 1), started_at=midnight, finished_at=midnight)
    assert quality.due(midnight + timedelta(minutes=21)) is None
    # A long way behind: a week is made up for.
    assert quality.due(midnight + timedelta(days=30, minutes=21)) == date(2026, 8, 25)


@pytest.mark.django_db
def test_the_page_says_first_what_is_to_be_repaired_and_of_whom(
    mines: SimpleNamespace, asked: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    asked.figures = {point.pk: {"online": DAY_S * 100} for point in (mines.points[0], mines.points[3])}
    client = login("leader")
    assert client.get("/api/v1/quality").json()["day"] is None
    run()
    told = client.get("/api/v1/quality").json()
    assert (told["day"], told["points"], told["poor"], told["poor_enterprises"]) == (f"{yesterday()}", 4, 2, 2)
    assert (told["intervals"], told["late_minutes"], told["floor"], told["verified"]) == (3, 15, 0.9, False)
    assert {(body["online"], body["late_ms"]) for body in asked.bodies} == {(3, 900_000)}
    # Each figure opens its records; another enterprise's are neither counted nor shown.
    worst = client.get("/api/v1/quality/points", {"below": told["floor"]}).json()
    assert [row["online"] for row in worst["items"]] == [0.1, 0.1]
    mine = login("enterprise")
    assert (mine.get("/api/v1/quality").json()["points"], mine.get("/api/v1/quality").json()["poor"]) == (3, 1)
    [row] = mine.get("/api/v1/quality/enterprises").json()["items"]
    assert (row["organisation"]["id"], row["rank"], row["ranked"]) == (mines.site.organisation_id, 1, 2)
    days = client.get("/api/v1/quality/points", {"point": mines.points[0].pk}).json()
    assert [row["day"] for row in days["items"]] == [f"{yesterday()}"]
    some = client.get("/api/v1/quality/points", {"organisation": mines.site.organisation_id, "sort": "complete"})
    assert some.json()["count"] == 3


@pytest.mark.django_db
def test_same_rate_same_rank() -> None:
    rows = [EnterpriseQuality(online=rate, judged=judged) for rate, judged in ((0.5, 1), (0.9, 2), (0.9, 1), (2.0, 0))]
    assert [one.rank for one in quality.ranked(rows)] == [3, 1, 1, None]
    assert {one.ranked for one in rows} == {3}
