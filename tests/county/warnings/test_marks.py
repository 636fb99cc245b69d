"""A point under calibration raises nothing new, red neither: it is counted; what stands at the end is raised."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Duty
from shoutu.county.kit.errors import Invalid
from shoutu.county.ledger.models import Entry
from shoutu.county.ledger.verbs import words
from shoutu.county.people import proposals
from shoutu.county.people.testing import actor
from shoutu.county.sites.models import Signal, SignalState
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Silence, Warning, Withheld
from shoutu.county.warnings.services import cleaning, marks
from tests.county.warnings.test_silencing import alone, calls, take, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def mark(watched):
    """Two persons mark JR-03 for two hours."""

    def ask(hours=2.0, kind="calibration"):
        asked = services.ask_silence(
            actor(watched.users["enterprise"]), kind=kind, reason="年度标校", starts_at=None,
            ends_at=timezone.now() + timedelta(hours=hours), point=watched.points[0].pk,
        )  # fmt: skip
        told = {one["what"] for one in asked.changes}
        assert "这个测点的新预警" in told
        proposals.agree(actor(watched.users["inspector"]), asked)
        return Silence.objects.latest("id")

    return ask


def test_nothing_new_is_raised_red_neither_and_each_is_counted_and_put_down(mark, signal, clock):
    silence = mark()
    take(signal(4), signal(0, 4), signal(2), signal(0, 2))
    assert not Warning.objects.exists()
    assert set(Signal.objects.values_list("state", flat=True)) == {SignalState.DONE}
    silence.refresh_from_db()
    assert (silence.mutes, silence.withheld, silence.signals.count()) == (True, 2, 4)
    assert Entry.objects.filter(verb="silence.withheld").count() == 4
    work(clock, hours=2)
    assert not Warning.objects.exists()
    assert "标校期间触发 2 次未告警" in Duty.objects.get(kind="silence.ended").title
    ended = Entry.objects.get(verb="silence.ended")
    assert ended.body["payload"]["withheld"] == 2
    assert words("silence.ended", ended.body["payload"]) == "静默到时结束，压下 0 起，标校期间触发 2 次未告警"


def test_other_points_of_the_site_and_what_began_before_go_on(mark, signal, clock):
    before = signal(3)
    clock.shift(timedelta(seconds=5))
    mark()
    take(before)
    assert Warning.objects.get().level == 3
    take(signal(4, point=1))
    assert calls(Warning.objects.latest("id")).exists()


def test_what_stands_is_kept_rises_on_and_falls_only_at_the_end(mark, signal, raise_to, clock):
    warning = raise_to(1)
    mark()
    clock.shift(timedelta(minutes=1))
    take(signal(0, 1))
    warning.refresh_from_db()
    assert (warning.current_level, warning.ended_at) == (1, None)
    take(signal(3, 0))
    warning.refresh_from_db()
    assert (warning.current_level, warning.level) == (3, 3)
    take(signal(0, 3))
    warning.refresh_from_db()
    assert warning.current_level == 3
    work(clock, hours=2)
    warning.refresh_from_db()
    assert (warning.current_level, Warning.objects.count()) == (0, 1)


@pytest.mark.parametrize("way", ["time", "revoked"])
def test_what_still_stands_at_the_end_is_raised_at_once(watched, mark, signal, clock, way):
    silence = mark()
    take(signal(1), signal(4, 1), signal(3, 4))
    assert not Warning.objects.exists()
    if way == "time":
        work(clock, hours=2)
    else:
        services.revoke_silence(actor(watched.users["inspector"]), silence.pk)
    warning = Warning.objects.get()
    assert (warning.level, warning.current_level) == (3, 3)
    assert calls(warning).exists()
    assert not Withheld.objects.filter(let_out_at__isnull=True).exists()
    # The rule goes on from there.
    take(signal(0, 3))
    warning.refresh_from_db()
    assert warning.current_level == 0
    clock.shift(timedelta(seconds=11))
    assert audit() == []


def test_a_late_exceedance_of_the_time_of_calibration_is_only_counted(mark, signal, clock):
    mark()
    clock.shift(timedelta(minutes=1))
    take(signal(3, type="late_exceedance"))
    work(clock, hours=2)
    assert not Warning.objects.exists()


def test_it_lasts_three_days_at_most_and_one_alone_marks_nothing(watched, mark, raise_to):
    with pytest.raises(Invalid):
        mark(hours=73)
    alone(watched, point=watched.points[0].pk)
    assert not Silence.objects.get().mutes
    assert raise_to(3).level == 3


def test_what_cannot_be_taken_in_at_the_end_goes_through_the_inbox_again(mark, signal, clock, monkeypatch):
    mark()
    take(signal(3))
    with monkeypatch.context() as broken:
        broken.setattr(marks, "apply", lambda row: 1 / 0)
        work(clock, hours=2)
    assert Signal.objects.get().state == SignalState.NEW
    services.take_in()
    assert Warning.objects.get().level == 3


def test_the_auditor_sees_a_mark_whose_end_nobody_saw_to_and_its_signals_stay(mark, signal, clock, monkeypatch):
    mark(hours=49)
    take(signal(3))
    monkeypatch.setattr(cleaning, "KEEP_IDS", 0)
    clock.shift(timedelta(days=2))
    assert marks.overdue(timezone.now()) == []
    clock.shift(timedelta(hours=2))
    assert [one["where"] for one in marks.overdue(timezone.now())] == ["甲矿尾矿库 JR-03 断面"]


def test_the_list_tells_of_one_point_how_often_it_would_have_been_raised(watched, mark, signal, login):
    mark()
    take(signal(3))
    client = login("inspector")
    [row] = client.get("/api/v1/silences", {"point": watched.points[0].pk, "state": "all"}).json()["items"]
    assert (row["mutes"], row["withheld"]) == (True, 1)
    assert client.get("/api/v1/silences", {"point": watched.points[1].pk, "state": "all"}).json()["count"] == 0


def test_lists_and_the_map_show_the_mark_until_it_ends(watched, mark, login, clock):
    client = login("leader")
    first, second = watched.points

    def shown():
        points = {row["id"]: row["care"] for row in client.get("/api/v1/points").json()["items"]}
        [place] = client.get("/api/v1/sites", {"q": watched.site.name}).json()["items"]
        drawn = client.get("/api/v1/screen/sites").json()
        [spot] = [one["care"] for one in drawn["items"] if one["id"] == watched.site.pk]
        assert client.get("/api/v1/sites", {"care": True}).json()["count"] == drawn["legend"]["care"]
        assert place["care"] == client.get(f"/api/v1/sites/{watched.site.pk}").json()["care"]
        return points, place["care"], spot

    assert shown() == ({first.pk: None, second.pk: None}, None, None)
    silence = mark()
    points, place, spot = shown()
    assert points[second.pk] is None
    assert (points[first.pk]["id"], points[first.pk]["kind"], points[first.pk]["mutes"]) == (
        silence.pk, "calibration", True,
    )  # fmt: skip
    assert client.get(f"/api/v1/points/{first.pk}").json()["care"] == points[first.pk]
    assert (place["points"], place["kind"], spot["points"]) == (1, "calibration", 1)
    under, others = (client.get("/api/v1/points", {"care": told}).json()["items"] for told in (True, False))
    assert [[row["id"] for row in rows] for rows in (under, others)] == [[first.pk], [second.pk]]
    # Of the whole site: each of its points is under it, and a mark of its own goes before.
    Silence.objects.create(
        kind="maintenance", site=watched.site, reason="检修", alone=False, asked_label="安监站长",
        starts_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=5),
    )  # fmt: skip
    points, place, _spot = shown()
    assert (points[first.pk]["kind"], points[second.pk]["kind"], points[second.pk]["mutes"]) == (
        "calibration", "maintenance", False,
    )  # fmt: skip
    assert (place["kind"], place["points"]) == ("maintenance", 0)
    clock.shift(timedelta(hours=5, seconds=1))
    assert shown() == ({first.pk: None, second.pk: None}, None, None)


def test_what_one_person_alone_silenced_is_no_mark(watched, login):
    alone(watched, point=watched.points[0].pk)
    rows = login("leader").get("/api/v1/points").json()["items"]
    assert [row["care"] for row in rows] == [None, None]


@pytest.mark.parametrize("when", ["taken in too late", "stands at the end", "after it"])
def test_a_warning_says_that_it_rose_within_a_mark(mark, signal, login, clock, when):
    silence = mark()
    clock.shift(timedelta(minutes=1))
    told = signal(4)
    if when == "stands at the end":
        take(told)
    work(clock, hours=2)
    take(signal(4) if when == "after it" else told)
    body = login("leader").get(f"/api/v1/warnings/{Warning.objects.get().pk}").json()
    if when == "after it":
        assert body["mark"] is None
    else:
        assert (body["mark"]["id"], body["mark"]["kind"], body["mark"]["reason"]) == (
            silence.pk, "calibration", "年度标校",
        )  # fmt: skip
