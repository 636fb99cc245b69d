"""A day is searched whole: once, whatever fails set aside and told, and once more where readings came in late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.duties.models import Alarm
from shoutu.county.falsified import search, steps, unsearched
from shoutu.county.falsified.models import Finding, Owed, SearchDay
from shoutu.county.falsified.narrowing import Told, narrowed
from shoutu.county.falsified.services import owing
from shoutu.county.kit.errors import Unavailable
from shoutu.county.ledger.models import Entry
from shoutu.county.sites import asking, quality
from shoutu.county.sites.asking import NotSearched, SearchBusy
from shoutu.county.sites.models import Point
from tests.county.falsified.test_falsified import run, told, yesterday

HOUR = timedelta(hours=1)


def line(client: Client, key: str) -> dict[str, Any]:
    """A line of health."""
    found: dict[str, Any] = next(one for one in client.get("/api/v1/health").json()["lines"] if one["key"] == key)
    return found


@pytest.mark.django_db
def test_a_day_is_searched_once_in_whole_sites_and_goes_on_where_it_was_stopped(
    mines: SimpleNamespace, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "CHUNK", 2)
    assert steps.search_readings() is True
    asked.fails = 1
    with pytest.raises(Unavailable):
        steps.search_readings()
    run()
    assert [len(body["points"]) for body in asked.bodies] == [3, 1]
    assert [round(body["alpha"], 5) for body in asked.bodies] == [0.0075, 0.0025]
    [day] = SearchDay.objects.all()
    assert (day.day, day.points, day.finished_at is not None) == (yesterday(), 4, True)
    [entry] = Entry.objects.filter(verb="falsified.searched")
    assert entry.body["payload"] == {"day": f"{yesterday()}", "points": 4, "left": 0, "aside": 0}
    assert steps.search_readings() is False


@pytest.mark.django_db
def test_while_others_are_searched_it_waits_and_that_is_no_failure(
    mines: SimpleNamespace, asked: SimpleNamespace
) -> None:
    asked.busy = 1
    assert steps.search_readings() is False
    assert not SearchDay.objects.exists()
    run()
    assert SearchDay.objects.get().points == 4


@pytest.mark.django_db
def test_a_point_no_search_bears_holds_up_no_other(
    mines: SimpleNamespace, asked: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    first, bad, _third, other = mines.points
    asked.bad = {bad.pk}
    asked.items = [told(first, "copied", beside=first), told(other, "pattern")]
    run()
    assert set(Finding.objects.values_list("point", flat=True)) == {first.pk, other.pk}
    [day] = SearchDay.objects.all()
    assert (day.points, day.aside, day.finished_at is not None) == (3, 1, True)
    assert Entry.objects.get(verb="falsified.searched").payload["aside"] == 1
    [owed] = Owed.objects.all()
    assert (owed.site, owed.points, owed.why, owed.cause) == (mines.site, 1, "out of memory", "failed")
    shown = line(login("administrator"), "falsified.search")
    assert (shown["state"], shown["figure"]) == ("watch", 1)
    assert mines.site.name in shown["words"]
    assert "out of memory" in shown["words"]
    assert not Alarm.objects.filter(kind=unsearched.ALARM).exists()
    # Half a day later it is tried once more, and then it is searched.
    assert search.owed_points(timezone.now() + 11 * HOUR) is None
    asked.bad = set()
    Owed.objects.update(tried_at=timezone.now() - 13 * HOUR)
    asked.items = [told(bad, "pattern")]
    run()
    assert Finding.objects.filter(point=bad).count() == 1
    assert Owed.objects.get().settled_at is not None
    assert Entry.objects.get(verb="falsified.searched_again").payload == {
        "day": f"{yesterday()}", "points": 3, "left": 0, "aside": 0,
    }  # fmt: skip
    assert line(login("administrator"), "falsified.search")["state"] == "well"


@pytest.mark.django_db
def test_a_search_that_always_fails_is_no_day_searched_in_silence(
    mines: SimpleNamespace, asked: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    asked.bad = {one.pk for one in mines.points}
    run()
    [day] = SearchDay.objects.all()
    assert (day.points, day.aside) == (0, 4)
    [alarm] = Alarm.objects.filter(kind=unsearched.ALARM, cleared_at__isnull=True)
    assert (alarm.raw, f"{yesterday()}" in alarm.message) == ("out of memory", True)
    assert line(login("administrator"), "falsified.search")["state"] == "wrong"
    for _time in range(5):
        Owed.objects.update(tried_at=timezone.now() - 13 * HOUR)
        run()
    # So often in all, then it is left, and the alarm stays until a day is searched.
    assert set(Owed.objects.values_list("tries", flat=True)) == {search.MOST_TRIES}
    assert Alarm.objects.filter(kind=unsearched.ALARM, cleared_at__isnull=True).count() == 1
    SearchDay.objects.update(points=4, aside=0)
    steps.send_checks()
    assert not Alarm.objects.filter(kind=unsearched.ALARM, cleared_at__isnull=True).exists()


@pytest.mark.django_db
def test_a_search_that_stands_still_and_days_passed_over_are_told(
    mines: SimpleNamespace, asked: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    now = timezone.now()
    assert unsearched.fault(now) is None
    row = SearchDay.objects.create(day=yesterday() - timedelta(days=5), started_at=now - timedelta(days=2))
    assert unsearched.fault(now) is not None
    SearchDay.objects.update(finished_at=now)
    assert unsearched.fault(now).day == row.day  # type: ignore[union-attr]
    run()
    assert unsearched.fault(now) is None
    # Two days are made up for, the three before them are named.
    assert unsearched.missed(now) == [row.day + timedelta(days=n) for n in (1, 2, 3)]
    shown = line(login("administrator"), "falsified.search")
    assert (shown["state"], shown["figure"]) == ("watch", 3)


@pytest.mark.django_db
def test_a_day_of_which_readings_came_in_late_is_searched_anew(mines: SimpleNamespace, asked: SimpleNamespace) -> None:
    first, other = mines.points[0], mines.points[3]
    before = yesterday() - timedelta(days=1)
    began = timezone.now() - timedelta(days=1)
    SearchDay.objects.create(day=before, started_at=began, finished_at=began)
    SearchDay.objects.create(day=before - timedelta(days=3), started_at=began, finished_at=began)
    start, end = (round(at.timestamp() * 1000) for at in quality.bounds(before))
    received = timezone.now() - HOUR
    asked.late = [(start, first.pk, round(received.timestamp() * 1000))]
    asked.items = [told(first, "pattern"), told(other, "pattern")]
    run()
    assert asked.bodies[0]["searched"] == [(start, end, round(began.timestamp() * 1000))]
    # The day itself, then the sites of the day before that told more; these find the same again, no day later.
    assert [len(body["points"]) for body in asked.bodies] == [4, 3]
    assert asked.bodies[1]["start"] == start
    assert [one.times for one in Finding.objects.order_by("site")] == [1, 1]
    assert Owed.objects.get().cause == "late"
    # The next night tells of the same late readings: they are searched. Of newer ones they are not.
    SearchDay.objects.filter(day=yesterday()).delete()
    run()
    assert len(asked.bodies) == 3
    SearchDay.objects.filter(day=yesterday()).delete()
    asked.late = [(start, first.pk, round((timezone.now() + HOUR).timestamp() * 1000))]
    run()
    assert len(asked.bodies) == 5
    # No longer than noise is learnt from: three days.
    assert search.asked(mines.points, before + timedelta(days=3))["searched"][0][0] == start
    later = search.asked(mines.points, before + timedelta(days=4))["searched"]
    assert start not in [one[0] for one in later]


def test_what_was_given_up_is_tried_once_more_with_readings_that_came_in_since(mines: SimpleNamespace) -> None:
    site, day, tried = mines.points[0].site_id, yesterday(), timezone.now() - HOUR
    owed = Owed.objects.create(
        site_id=site, day=day, cause="failed", points=2, noted_at=tried, tries=search.MOST_TRIES, tried_at=tried
    )
    late = [(round(quality.bounds(day)[0].timestamp() * 1000), mines.points[0].pk)]
    for received, tries in ((tried - HOUR, search.MOST_TRIES), (timezone.now(), 0)):
        found = Told(late=[(start, point, round(received.timestamp() * 1000)) for start, point in late])
        owing.note_late(mines.points, found)
        owed.refresh_from_db()
        assert owed.tries == tries
    assert (owed.cause, owed.tried_at) == ("late", None)


def test_what_fails_is_narrowed_site_from_site_then_point_from_point() -> None:
    points = [Point(pk=10 * site + n, site_id=site) for site in (1, 2, 3, 4) for n in range(4)]
    asked: list[list[int]] = []

    def ask(part: Any) -> dict[str, Any]:
        ids = [one.pk for one in part]
        asked.append(ids)
        if 31 in ids:
            raise NotSearched("x")
        return {"items": [{"point": ids[0]}], "points": len(ids), "left": [], "late": [(0, ids[0], 5)]}

    found = narrowed(points, ask, 40)
    assert (found.searched, dict(found.aside), found.failures, found.why) == (15, {3: 1}, 5, {3: "x"})
    assert [len(ids) for ids in asked] == [16, 8, 8, 4, 2, 1, 1, 2, 4]
    assert sorted(found.of_site) == [1, 3, 4]
    # Without patience left the whole is set aside at once.
    spent = narrowed(points, ask, 1)
    assert (spent.searched, dict(spent.aside), spent.failures) == (0, {1: 4, 2: 4, 3: 4, 4: 4}, 1)
    with pytest.raises(Unavailable):
        narrowed(points, lambda _part: (_ for _ in ()).throw(Unavailable("down")), 40)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500, json={"detail": "no room"}), NotSearched),
        (httpx.Response(422, json={"detail": "points"}), NotSearched),
        (httpx.Response(413, text="much"), NotSearched),
        (httpx.Response(429, json={"detail": "busy"}), SearchBusy),
        (httpx.Response(503, text="down"), Unavailable),
        (httpx.ReadTimeout("slow"), NotSearched),
        (httpx.ConnectError("refused"), Unavailable),
    ],
)
@pytest.mark.django_db
def test_a_search_that_broke_is_told_from_a_pipeline_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, answer: Any, error: type[Exception]
) -> None:
    def request(method: str, url: str, **_: Any) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        answer.request = httpx.Request(method, url)
        return answer  # type: ignore[no-any-return]

    monkeypatch.setattr(httpx, "request", request)
    with pytest.raises(error):
        asking.falsified({})
