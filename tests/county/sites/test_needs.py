"""What standards require at a site against what is installed and reports: met by what was heard, a duty until then."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.db.models import Q
from django.test import Client
from django.utils import timezone

from shoutu.county.duties.models import Duty, Finding
from shoutu.county.duties.services import findings as worker
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Unavailable
from shoutu.county.places.services import create_site
from shoutu.county.sites import asking, hooks, services, steps
from shoutu.county.sites import hearing as selecting
from shoutu.county.sites.models import Point
from shoutu.county.sites.services import hearing
from tests.county.base import ListTests
from tests.county.sites.test_gaps import look, point
from tests.county.sites.test_lists import EVERYONE, NUMBERS

pytestmark = pytest.mark.django_db
PACK = "underground-mine"
CO = f"need:monitoring@{PACK}"


@pytest.fixture
def mine(county: SimpleNamespace) -> SimpleNamespace:
    """An underground mine with a gateway and no points yet."""
    county.mine = create_site(SYSTEM, "甲铁矿地采", "underground_mine", county.site.organisation, county.site.territory)
    county.source = services.create_source(SYSTEM, "甲矿地采网关", county.mine)
    return county


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The points the pipeline has a reading of; of the others it tells that it watches them, as the real one does."""
    told: set[int] = set()

    def answer(*_: Any, json: dict[str, list[int]]) -> httpx.Response:
        rows = {f"{one}": {"ts": 1 if one in told else None, "state": "unknown"} for one in json["points"]}
        return httpx.Response(200, json={"items": rows}, request=httpx.Request("POST", "http://pipeline"))

    monkeypatch.setattr(asking, "_request", answer)
    return told


def open_gap(key: str = CO) -> Finding | None:
    return Finding.objects.filter(key=key, cleared_at__isnull=True).first()


def days_later(n: int) -> None:
    """As if all points were registered, and last asked about, so long ago."""
    for one in Point.objects.all():
        since = one.unheard_since and one.unheard_since - timedelta(days=n)
        Point.objects.filter(pk=one.pk).update(added_at=one.added_at - timedelta(days=n), unheard_since=since)


def needs(client: Client, site: int) -> dict[str, dict[str, Any]]:
    [row] = [one for one in client.get("/api/v1/requirements").json()["items"] if one["id"] == site]
    return {one["id"]: one for one in row["needs"]}


class TestRequirementList(ListTests):
    path = "/api/v1/requirements"
    queries = 12
    sees = {**EVERYONE, "enterprise": True, "enterprise_b": False}

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        rows = [
            create_site(SYSTEM, f"{next(NUMBERS)} 号井", "underground_mine", county.site.organisation) for _ in range(n)
        ]
        for row in rows:
            services.bind(SYSTEM, row, PACK)
        return rows


def test_a_gap_is_closed_by_the_first_reading_not_by_a_name_in_a_list(mine, heard, login) -> None:
    services.bind(SYSTEM, mine.mine, PACK)
    duty = Duty.objects.get(kind="site.gap", site=mine.mine)
    made = point(mine, "CO-01", "co")
    look()
    gap = open_gap()
    assert gap is not None
    assert (
        "装了没有报过数（要 1 处，报过数的 0 处），《金属非金属地下矿山监测监控系统建设规范》AQ 2031-2011 要求"
        in gap.message
    )
    client = login("inspector")
    told = needs(client, mine.mine.pk)["monitoring"]
    assert (told["there"], told["reporting"], told["state"]) == (1, 0, "unheard")
    # Nothing of it was heard yet: it stays.
    steps.first_readings()
    look()
    assert open_gap() is not None
    heard.add(made.pk)
    assert steps.first_readings() is False
    look()
    assert open_gap() is None
    told = needs(client, mine.mine.pk)["monitoring"]
    assert (told["there"], told["reporting"], told["state"]) == (1, 1, "met")
    duty.refresh_from_db()
    assert duty.state == "called"  # the other systems are still lacking


def test_a_new_point_has_a_day_to_speak_then_it_is_lacking(mine, heard) -> None:
    made = point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, PACK)
    assert open_gap() is None
    days_later(2)
    worker.sweep()
    look()
    assert open_gap() is None, "nobody has asked whether it was ever heard"
    steps.first_readings()
    worker.sweep()
    look()
    assert open_gap() is None, "asked for the first time just now"
    days_later(2)
    worker.sweep()
    look()
    assert open_gap() is not None
    heard.add(made.pk)
    steps.first_readings()
    look()
    assert open_gap() is None


def test_while_the_pipeline_cannot_be_asked_nothing_is_taken_for_silent(mine, monkeypatch) -> None:
    def away(_ids: Any) -> Any:
        raise Unavailable("down")

    made = point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, PACK)
    monkeypatch.setattr(asking, "latest", away)
    with pytest.raises(Unavailable):
        steps.first_readings()
    days_later(9)
    worker.sweep()
    look()
    made.refresh_from_db()
    assert (open_gap(), made.heard_at, made.unheard_since) == (None, None, None)


def test_more_first_readings_than_one_transaction_holds_are_put_down_in_turn(mine, heard, monkeypatch) -> None:
    monkeypatch.setattr(hearing, "CHUNK", 2)
    heard |= {point(mine, f"CO-{n}", "co").pk for n in range(5)}
    times = 1
    while steps.first_readings():
        times += 1
    assert (times, Point.objects.filter(heard_at__isnull=True).count()) == (3, 0)


def test_of_very_many_that_never_spoke_each_has_its_turn(mine, heard, monkeypatch) -> None:
    monkeypatch.setattr(selecting, "NEWEST", 2)
    monkeypatch.setattr(selecting, "IN_TURN", 2)
    monkeypatch.setattr(steps, "TURN", selecting.Turn())
    points = [point(mine, f"CO-{n}", "co").pk for n in range(7)]
    heard.add(points[0])
    for _ in range(3):
        steps.first_readings()
    assert Point.objects.get(heard_at__isnull=False).pk == points[0]
    assert not Point.objects.filter(heard_at__isnull=True, unheard_since__isnull=True).exists()
    asked = [one.pk for one in selecting.waiting(steps.TURN)]
    assert asked[:2] == points[:4:-1]


def test_a_sensor_that_fell_silent_is_a_fault_and_no_gap(mine, heard, login, monkeypatch) -> None:
    made = point(mine, "CO-01", "co")
    services.bind(SYSTEM, mine.mine, PACK)
    heard.add(made.pk)
    steps.first_readings()
    monkeypatch.setattr(hooks, "_blind", [lambda: Q(pk=made.pk)])
    told = needs(login("leader"), mine.mine.pk)["monitoring"]
    assert (told["there"], told["reporting"], told["state"]) == (1, 0, "silent")
    look()
    assert open_gap() is None


def test_the_list_has_lacking_first_with_the_standard_the_duty_and_its_limit(
    mine,
    login: Callable[[str], Client],
    county: SimpleNamespace,
) -> None:
    services.bind(SYSTEM, mine.mine, PACK)
    client = login("leader")
    rows = client.get("/api/v1/requirements", {"kind": "underground_mine"}).json()["items"]
    assert [row["id"] for row in rows] == [mine.mine.pk]
    duty = Duty.objects.get(kind="site.gap", site=mine.mine)
    assert (rows[0]["duty"]["id"], rows[0]["duty"]["clock"]["kind"], rows[0]["bound"]) == (duty.pk, "dispose", True)
    left = duty.clocks.get(stage="dispose").due_at - timezone.now()
    assert timedelta(days=6) < left <= timedelta(days=7)
    assert {one["cite"].rpartition("》")[2] for one in rows[0]["needs"]} == {f"AQ {n}-2011" for n in range(2031, 2037)}
    # The pond no pack was taken up for: told by the one made for its kind, and nobody is asked.
    [pond] = [one for one in client.get("/api/v1/requirements").json()["items"] if one["id"] == county.site.pk]
    assert (pond["bound"], pond["duty"]) == (False, None)
    assert {one["state"] for one in pond["needs"]} <= {"missing", "unknown"}
    assert client.get("/api/v1/requirements", {"lacking": False}).json()["count"] == 0


def test_it_goes_out_a_row_for_each_thing_required(mine, login: Callable[[str], Client]) -> None:
    services.bind(SYSTEM, mine.mine, PACK)
    answer = login("leader").get("/api/v1/tables/requirements/export", {"kind": "underground_mine", "format": "csv"})
    content = b"".join(answer) if answer.streaming else answer.content
    _mark, head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    told = [dict(zip(head, row, strict=True)) for row in rows]
    assert len(told) == 8
    assert {(row["应装"], row["已装"], row["情况"]) for row in told} == {("1", "0", "缺")}
    assert all(row["由谁补"] and row["补装时限"] for row in told)
