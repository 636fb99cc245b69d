"""Findings of a day: kept once, one unannounced check a site, hidden from the mine, decided by who looked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.duties.models import Duty
from shoutu.county.falsified import search, services, steps
from shoutu.county.falsified.models import Check, Finding, SearchDay, State
from shoutu.county.falsified.services import keeping
from shoutu.county.falsified.services.checking import CHECK, ENFORCE
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Entry
from shoutu.county.sites import asking, quality
from shoutu.county.sites.models import Point
from shoutu.county.warnings.models import Silence
from tests.county.base import ListTests
from tests.county.sites.test_lists import points

DAY_MS = 86_400_000


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)


def told(point: Point, kind: str = "cloned", beside: Point | None = None, bits: float = 40.0) -> dict[str, Any]:
    """As the pipeline tells one."""
    start = round(quality.bounds(yesterday())[0].timestamp() * 1000)
    where = {"beside": None, "beside_start": None, "beside_end": None}
    if beside is not None:
        where = {"beside": beside.pk, "beside_start": start, "beside_end": start + 9}
    return {
        "kind": kind, "point": point.pk, "start": start, "end": start + 9, "n": 180, "bits": bits, "bits_left": bits,
        "zh": "180 个读数逐个相同", "en": "180 readings one by one", "factor": 1.0, "offset": 0.0, **where,
    }  # fmt: skip


def run() -> None:
    while steps.search_readings():
        pass
    steps.send_checks()


def keep(site: Any, *found: dict[str, Any], day: date | None = None) -> None:
    """A search found these, and whatever gets a check by itself has it."""
    services.keep_site(day or yesterday(), site.pk, found)
    steps.send_checks()


class TestFalsifiedList(ListTests):
    path = "/api/v1/falsified"
    queries = 5
    sees = {
        "leader": True, "duty_officer": True, "inspector": True, "township": True,
        "auditor": True, "administrator": True,
    }  # fmt: skip
    forbidden = ("enterprise", "enterprise_b")

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        made = points(county, n)
        services.keep_site(yesterday(), county.site.pk, [told(one, "smooth") for one in made])
        return list(Finding.objects.order_by("id"))


@pytest.mark.django_db
def test_a_finding_opens_one_unannounced_check_with_a_clock(
    mines: SimpleNamespace, asked: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    first, second, third, _other = mines.points
    asked.items = [told(first, beside=second, bits=60), told(third, "smooth")]
    run()
    [check] = Check.objects.all()
    assert {one.state for one in check.findings.all()} == {State.CHECKING}
    assert check.findings.count() == 2
    [duty] = Duty.objects.filter(kind=CHECK)
    assert (duty.site_id, duty.about.id, duty.clocks.get().stage) == (mines.site.pk, check.pk, "verify")
    assert "180 个读数逐个相同" in duty.why
    assert "另有 1 条" in duty.why
    # Who is suspected reads neither duty, finding, nor entry.
    seen, hidden = login("inspector"), login("enterprise")
    assert seen.get(f"/api/v1/duties/{duty.pk}").json()["title"] == duty.title
    for view in ("mine", "called", "org"):
        assert hidden.get("/api/v1/duties", {"view": view}).json()["count"] == 0
    assert hidden.get(f"/api/v1/duties/{duty.pk}").status_code == 404
    assert hidden.get("/api/v1/falsified").status_code == 403
    verbs = {row["verb"] for row in hidden.get("/api/v1/ledger", {"limit": 200}).json()["items"]}
    assert not {verb for verb in verbs if verb.startswith("falsified.") and verb != "falsified.searched"}
    assert "falsified.found" in {row["verb"] for row in seen.get("/api/v1/ledger", {"limit": 200}).json()["items"]}


@pytest.mark.django_db
def test_the_same_found_again_calls_nobody_a_second_time(mines: SimpleNamespace, asked: SimpleNamespace) -> None:
    first, second = mines.points[:2]
    keep(mines.site, told(first, beside=second), day=yesterday() - timedelta(days=1))
    # Of two copies the search may suspect either.
    asked.items = [told(second, beside=first)]
    run()
    [one] = Finding.objects.all()
    assert (one.times, one.last_day, Duty.objects.filter(kind=CHECK).count()) == (2, yesterday(), 1)
    # Told twice of one day it is that day's still.
    services.keep_site(yesterday(), mines.site.pk, asked.items)
    assert Finding.objects.get().times == 2
    # A fault goes on while it is repaired; a month later it is asked about anew.
    services.decide(SYSTEM, one.pk, "fault", "采集器坏了")
    for later, count in ((20, 1), (45, 2)):
        # As that day's search would open one.
        Check.objects.update(day=yesterday() - timedelta(days=90))
        keep(mines.site, told(first, beside=second), day=yesterday() + timedelta(days=later))
        assert (Finding.objects.count(), Duty.objects.filter(kind=CHECK).count()) == (count, count)


@pytest.mark.django_db
def test_no_storm_of_findings_nor_of_checks(
    mines: SimpleNamespace, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_SITE", 2)
    monkeypatch.setattr(search, "MOST_DAY", 1)
    asked.items = [told(one, "pattern", bits=40 + at) for at, one in enumerate(mines.points)]
    run()
    # The most improbable two of one site; the other site, more improbable still, has the day's only check.
    assert Finding.objects.filter(site=mines.site).count() == 2
    assert [check.site for check in Check.objects.all()] == [mines.site_b]
    assert set(Finding.objects.filter(site=mines.site).values_list("state", flat=True)) == {State.LEAD}
    # Decided the same day, what else is found that day opens no second one.
    services.decide(SYSTEM, Finding.objects.get(site=mines.site_b).pk, "fault", "坏了")
    monkeypatch.setattr(search, "MOST_DAY", 9)
    keep(mines.site_b, told(mines.points[3], "copied"))
    assert Check.objects.filter(site=mines.site_b).count() == 1


@pytest.mark.django_db
def test_what_had_no_room_gets_its_check_on_a_later_day_the_oldest_first(
    mines: SimpleNamespace, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, other = mines.points
    monkeypatch.setattr(search, "MOST_DAY", 0)
    keep(mines.site, told(first, beside=second), told(third, "smooth", bits=90))
    keep(mines.site_b, told(other, "pattern", bits=80), day=yesterday() + timedelta(days=1))
    assert Check.objects.count() == 0
    monkeypatch.setattr(search, "MOST_DAY", 1)
    steps.send_checks()
    # Found a day before, though less improbable; what was found beside it comes along.
    [check] = Check.objects.all()
    assert (check.site, check.findings.count()) == (mines.site, 2)
    assert first.name in Duty.objects.get(kind=CHECK).why
    steps.send_checks()
    assert Check.objects.count() == 1
    Check.objects.update(day=yesterday())
    steps.send_checks()
    assert Check.objects.latest("pk").site == mines.site_b
    assert not Finding.objects.filter(state=State.LEAD).exists()
    # A lead left over joins whatever check is open at its site, room or none.
    monkeypatch.setattr(search, "MOST_DAY", 0)
    Finding.objects.filter(site=mines.site_b).update(state=State.LEAD, check_on_site=None)
    steps.send_checks()
    assert Finding.objects.get(site=mines.site_b).check_on_site == Check.objects.latest("pk")


@pytest.mark.django_db
def test_leads_of_a_day_wait_until_it_is_searched_whole(
    mines: SimpleNamespace, asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "CHUNK", 1)
    asked.items = [told(mines.points[0], "pattern"), told(mines.points[3], "pattern", bits=99)]
    assert steps.search_readings() is True
    steps.send_checks()
    assert Check.objects.count() == 0
    run()
    assert Check.objects.count() == 2
    # A day whose search stands still holds up its leads no longer than a day.
    Finding.objects.update(state=State.LEAD, check_on_site=None)
    Check.objects.all().delete()
    SearchDay.objects.update(finished_at=None)
    assert search.to_check(timezone.now()) == []
    assert search.to_check(timezone.now() + timedelta(days=1, minutes=5)) == [mines.site_b.pk, mines.site.pk]


@pytest.mark.django_db
def test_what_upsets_honest_series_is_a_lead_until_somebody_has_it_checked(
    mines: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    services.keep_site(yesterday(), mines.site.pk, [told(mines.points[0], "smooth"), told(mines.points[1], "liked")])
    assert Check.objects.count() == 0
    client, other = login("inspector"), login("auditor")
    smooth, liked = Finding.objects.order_by("id")
    assert other.post(f"/api/v1/falsified/{smooth.pk}/check").status_code == 403
    refused = client.post(
        f"/api/v1/falsified/{smooth.pk}/decide", {"outcome": "real", "note": "看了"}, content_type="application/json"
    )
    assert refused.status_code == 409
    assert client.post(f"/api/v1/falsified/{smooth.pk}/check").json()["state"] == "checking"
    client.post(f"/api/v1/falsified/{liked.pk}/check")
    assert (Check.objects.count(), Duty.objects.filter(kind=CHECK).count()) == (1, 1)
    assert client.post(f"/api/v1/falsified/{liked.pk}/check").status_code == 409


@pytest.mark.django_db
def test_decided_it_ends_the_check_and_real_goes_to_law_enforcement(
    mines: SimpleNamespace, asked: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    first, second, third, _other = mines.points
    asked.items = [told(first, beside=second), told(third, "copied", beside=third)]
    run()
    client = login("inspector")
    one, two = Finding.objects.order_by("id")
    detail = client.get(f"/api/v1/falsified/{one.pk}").json()
    assert (detail["may"], [row["id"] for row in detail["siblings"]]) == (["real", "fault", "normal"], [two.pk])
    assert (detail["beside"]["id"], [row["kind"] for row in detail["duties"]]) == (second.pk, [CHECK])
    for body in ({"outcome": "real", "note": " "}, {"outcome": "lead", "note": "x"}):
        assert (
            client.post(f"/api/v1/falsified/{one.pk}/decide", body, content_type="application/json").status_code == 422
        )
    decided = client.post(
        f"/api/v1/falsified/{one.pk}/decide", {"outcome": "real", "note": "接线并到一处"},
        content_type="application/json",
    ).json()  # fmt: skip
    assert (decided["state"], decided["may"], decided["note"]) == ("real", [], "接线并到一处")
    assert Check.objects.get().ended_at is None
    services.decide(SYSTEM, two.pk, "real", "同上")
    assert Check.objects.get().ended_at is not None
    assert Duty.objects.get(kind=CHECK).state == "done"
    # One case for all of one check.
    [case] = Duty.objects.filter(kind=ENFORCE)
    assert (case.about.id, "第九十九条" in case.policy["orders"][0]) == (one.pk, True)
    assert login("enterprise").get(f"/api/v1/duties/{case.pk}").status_code == 404
    entry = Entry.objects.filter(verb="falsified.decided").earliest("id")
    assert entry.body["payload"]["outcome"] == "real"


@pytest.mark.django_db
def test_declared_doubles_stops_and_calibrations_are_asked_to_be_left_out(
    mines: SimpleNamespace, asked: SimpleNamespace
) -> None:
    first, second = mines.points[:2]
    begin, end = quality.bounds(yesterday())
    at = {"site": mines.site, "reason": "x", "alone": False, "asked_label": "安监站长"}
    Silence.objects.create(kind="calibration", point=first, starts_at=begin, ends_at=end, **at)
    services.keep_site(yesterday() - timedelta(days=1), mines.site.pk, [told(first, beside=second)])
    services.decide(SYSTEM, Finding.objects.get().pk, "normal", "同一支传感器两路上传")
    asked.items = [told(second, beside=first), told(first, "smooth")]
    run()
    [body] = asked.bodies
    assert body["same"] == [[first.pk, second.pk]] or body["same"] == [(first.pk, second.pk)]
    spans = {one["id"]: one["away"] for one in body["points"]}
    assert spans[first.pk] == [(round(begin.timestamp() * 1000), round(end.timestamp() * 1000))]
    assert spans[second.pk] == []
    assert body["alpha"] == pytest.approx(0.01)
    # Should it be told all the same, what is declared is no finding; something else of the same point is.
    assert sorted(Finding.objects.values_list("kind", flat=True)) == ["cloned", "smooth"]
    # Half a year later it is asked about again.
    Finding.objects.filter(kind="cloned").update(decided_at=timezone.now() - timedelta(days=200))
    assert search.doubles(timezone.now()) == []


@pytest.mark.django_db
def test_the_two_series_stand_side_by_side(
    mines: SimpleNamespace, login: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = mines.points[:2]
    keep(mines.site, told(first, beside=second), told(mines.points[2], "smooth"))
    wanted: list[int] = []

    def readings(point: int, start: int, end: int, limit: int) -> tuple[list[list[Any]], int | None]:
        wanted.append(point)
        return [[start, 1.5, 0], [end - 1, None, 0]], None

    monkeypatch.setattr(asking, "readings", readings)
    one, alone = Finding.objects.order_by("id")
    client = login("inspector")
    told_ = client.get(f"/api/v1/falsified/{one.pk}/series").json()
    assert wanted == [first.pk, second.pk]
    assert told_["suspect"]["rows"][0] == [one.start - 30 * 60_000, 1.5]
    assert (told_["source"]["start"], told_["source"]["cut"]) == (one.beside_start, False)
    assert client.get(f"/api/v1/falsified/{alone.pk}/series").json()["source"] is None
    summary = client.get("/api/v1/falsified/summary").json()
    assert (summary["checking"], summary["leads"], summary["checks"], summary["may"]) == (2, 0, 1, True)
    assert client.get("/api/v1/falsified", {"state": "open", "point": second.pk}).json()["count"] == 1
    assert client.get("/api/v1/falsified", {"kind": "smooth", "site": mines.site.pk, "q": "甲"}).status_code == 200


@pytest.mark.django_db
def test_of_a_point_one_may_not_see_no_name_is_told(mines: SimpleNamespace, login: Callable[[str], Client]) -> None:
    first, other = mines.points[0], mines.points[3]
    services.keep_site(yesterday(), mines.site.pk, [told(first, beside=other)])
    one = Finding.objects.get()
    assert login("inspector").get(f"/api/v1/falsified/{one.pk}").json()["beside"]["id"] == other.pk
    client = login("township")
    for told_ in (client.get(f"/api/v1/falsified/{one.pk}").json(), client.get("/api/v1/falsified").json()["items"][0]):
        assert (told_["beside"], told_["beside_site"]) == (None, None)
    # Nor is it told to whoever asks for that point whether it is in one.
    counts = [client.get("/api/v1/falsified", {"point": each.pk}).json()["count"] for each in (first, other)]
    assert counts == [1, 0]
    assert login("inspector").get("/api/v1/falsified", {"point": other.pk}).json()["count"] == 1


@pytest.mark.django_db
def test_what_is_more_than_one_site_can_have_is_counted(mines: SimpleNamespace) -> None:
    first, second = mines.points[:2]
    kinds = ("cloned", "shifted", "copied", "rounded")
    many = [told(one, kind, beside=two) for kind in kinds for one, two in ((first, second), (first, first))]
    with patch.object(keeping, "MOST_SITE", 5):
        for _again in range(3):  # stopped before it was noted that the site is done
            services.keep_site(yesterday(), mines.site.pk, many)
            assert Finding.objects.count() == 5
        assert Entry.objects.get(verb="falsified.more").payload == {"day": f"{yesterday()}", "more": 3}
        services.keep_site(yesterday(), mines.site.pk, [*many, told(mines.points[2], "rounded")])
    assert [one.payload["more"] for one in Entry.objects.filter(verb="falsified.more").order_by("id")] == [3, 4]
    assert Finding.objects.order_by("pk")[0].more == 4
