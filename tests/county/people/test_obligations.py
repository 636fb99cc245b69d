"""责任清单 and 责任书: dates come again, each opens one duty, signing finishes it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import ClassVar

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.duties.models import Call, Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.ledger.models import Entry
from shoutu.county.people import services
from shoutu.county.people.dates import MONTHS, due_dates
from shoutu.county.people.findings import findings
from shoutu.county.people.models import Holding, Obligation, ObligationDue
from shoutu.county.people.states import DUE_STATES
from shoutu.county.people.testing import actor
from tests.county.base import ListTests, StateTests

JSON = "application/json"


def pledge(county: SimpleNamespace, days: int = 10, every: str = "year", post: str = "township") -> Obligation:
    return services.create_obligation(
        SYSTEM, county.posts[post], "pledge", "安全生产责任书", "县安委会文件", every,
        timezone.localdate() + timedelta(days=days), party="县人民政府", lead_days=15,
    )  # fmt: skip


def opened(county: SimpleNamespace, **more: object) -> ObligationDue:
    row = pledge(county, **more)
    services.open_due()
    return ObligationDue.objects.get(obligation=row)


class TestObligationList(ListTests):
    path = "/api/v1/obligations"
    queries = 5
    sees = {"leader": True, "township": True, "enterprise": False, "enterprise_b": False}

    def make(self, county, n):
        return [pledge(county) for _ in range(n)]


class TestDueList(ListTests):
    path = "/api/v1/obligations/dues"
    queries = 5
    sees = {"leader": True, "township": False, "enterprise": False, "township_b": True, "enterprise_b": True}

    def make(self, county, n):
        rows = [pledge(county, post="enterprise_b") for _ in range(n)]
        services.open_due()
        return list(ObligationDue.objects.filter(obligation__in=rows))


class TestDueStates(StateTests):
    table = DUE_STATES
    powerless = "auditor"
    services: ClassVar = {
        "do": lambda a, due: services.do_obligation(a, due),
        "cancel": lambda a, due: services.cancel_due(SYSTEM if a.role == "duty_officer" else a, due, "岗位已撤"),
    }

    def thing(self, county, state):
        due = opened(county, post="duty_officer")
        if state == "done":
            due = services.do_obligation(actor(county.users["duty_officer"]), due)
        elif state == "cancelled":
            due = services.cancel_due(SYSTEM, due, "岗位已撤")
        return due


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from([*MONTHS, "once"]), st.integers(0, 2000))
def test_dates_come_at_their_intervals_and_never_drift(first: date, every: str, days: int) -> None:
    until = first + timedelta(days=days)
    found = list(due_dates(first, every, until))
    assert found[0] == first
    assert found == sorted(set(found))
    assert all(day <= until for day in found)
    months = [day.year * 12 + day.month for day in found]
    assert all(b - a == MONTHS[every] for a, b in pairwise(months))
    assert all(day.day == first.day or (day.day < first.day and (day + timedelta(days=1)).day == 1) for day in found)
    assert every != "once" or found == [first]


def test_a_date_in_its_lead_time_opens_one_duty_for_the_post(county: SimpleNamespace) -> None:
    row = pledge(county, days=20)
    services.open_due()
    assert not ObligationDue.objects.exists(), "five days too early"
    services.open_due(timezone.localdate() + timedelta(days=5))
    services.open_due(timezone.localdate() + timedelta(days=6))
    due = ObligationDue.objects.get()
    assert due.due_on == row.first_due
    duty = Duty.objects.get(about_type="obligation_due", about_id=due.pk)
    assert (duty.title, duty.kind, duty.state) == ("安全生产责任书", "obligation", "called")
    call = Call.objects.get(duty=duty)
    assert (call.post, call.person) == (county.posts["township"], county.persons["township"])
    clock = duty.clocks.get()
    assert timezone.localtime(clock.due_at - timedelta(seconds=1)).date() == due.due_on


def test_every_year_opens_the_next_one_too(county: SimpleNamespace) -> None:
    row = pledge(county)
    services.open_due()
    services.open_due(row.first_due + timedelta(days=360))
    assert ObligationDue.objects.filter(obligation=row).count() == 2
    assert Duty.objects.count() == 2
    services.end_obligation(SYSTEM, row, "换届")
    services.open_due(row.first_due + timedelta(days=800))
    assert ObligationDue.objects.filter(obligation=row).count() == 2


def test_signing_finishes_the_duty(county: SimpleNamespace, login) -> None:
    due = opened(county)
    client = login("township")
    shown = client.get(f"/api/v1/obligations/dues/{due.pk}").json()
    assert shown["why_not"] is None
    assert "本人或代理人" in login("leader").get(f"/api/v1/obligations/dues/{due.pk}").json()["why_not"]
    done = client.post(f"/api/v1/obligations/dues/{due.pk}/do", {"note": "已当面签订"}, content_type=JSON)
    assert (done.json()["state"], done.json()["done_by"]) == ("done", "东乡安监站township")
    duty = Duty.objects.get(about_type="obligation_due")
    assert duty.state == "done"
    assert duty.post == county.posts["township"]
    assert Call.objects.get(duty=duty).state == "answered"
    entry = Entry.objects.get(verb="obligation.done")
    assert entry.payload["late"] is False
    assert "当面" not in str(entry.payload)
    assert client.post(f"/api/v1/obligations/dues/{due.pk}/do", {}, content_type=JSON).status_code == 409


def test_the_deputy_may_sign_and_is_the_one_called(county: SimpleNamespace) -> None:
    deputy = county.persons["inspector"]
    services.start_leave(SYSTEM, county.persons["township"], "trip", timezone.now() + timedelta(days=9), deputy=deputy)
    due = opened(county)
    assert Call.objects.get().person == deputy
    assert services.do_obligation(actor(county.users["inspector"]), due).done_by == deputy


def test_another_may_not_sign(county: SimpleNamespace) -> None:
    due = opened(county)
    with pytest.raises(Conflict):
        services.do_obligation(actor(county.users["leader"]), due)
    assert Duty.objects.get().state == "called"


def test_cancelling_ends_the_duty(county: SimpleNamespace, login) -> None:
    due = opened(county)
    admin = login("administrator")
    assert admin.post(f"/api/v1/obligations/dues/{due.pk}/cancel", {}, content_type=JSON).status_code == 422
    body = {"reason": "机构改革"}
    assert admin.post(f"/api/v1/obligations/dues/{due.pk}/cancel", body, content_type=JSON).status_code == 200
    assert Duty.objects.get().state == "cancelled"


def test_late_is_a_finding_and_an_empty_post_is_called_nobody(county: SimpleNamespace) -> None:
    services.leave_post(SYSTEM, Holding.objects.get(post=county.posts["township"]))
    due = opened(county, days=-3)
    assert Call.objects.filter(duty__about_id=due.pk, state="nobody").exists()
    late = [one for one in findings(actor(county.users["leader"])) if one.kind == "obligation.overdue"]
    assert [one.fix for one in late] == [{"due": due.pk}]


@pytest.mark.parametrize(("change", "field"), [
    ({"title": " "}, "title"), ({"source": " "}, "source"), ({"kind": "oath"}, "kind"), ({"every": "week"}, "every"),
    ({"first_due": date(2001, 1, 1)}, "first_due"), ({"lead_days": 181}, "lead_days"),
])  # fmt: skip
def test_bad_obligation_names_the_field(county: SimpleNamespace, change, field) -> None:
    arguments = {
        "kind": "list", "title": "每月检查", "source": "责任清单第 3 条", "every": "month",
        "first_due": timezone.localdate(), **change,
    }  # fmt: skip
    with pytest.raises(Invalid) as caught:
        services.create_obligation(SYSTEM, county.posts["township"], **arguments)
    assert caught.value.field == field
    assert not Obligation.objects.exists()


def test_over_http_from_entering_to_ending(county: SimpleNamespace, login) -> None:
    admin = login("administrator")
    body = {
        "post": county.posts["leader"].pk, "kind": "list", "title": "每季度带队检查", "source": "责任清单第 2 条",
        "every": "quarter", "first_due": (timezone.localdate() + timedelta(days=40)).isoformat(),
    }  # fmt: skip
    made = admin.post("/api/v1/obligations", body, content_type=JSON)
    assert (made.status_code, made.json()["organisation"]["name"]) == (201, "县应急管理局")
    ended = admin.post(f"/api/v1/obligations/{made.json()['id']}/end", {"reason": "修订"}, content_type=JSON)
    assert ended.json()["ended_at"]
    again = admin.post(f"/api/v1/obligations/{made.json()['id']}/end", {"reason": "修订"}, content_type=JSON)
    assert again.status_code == 409
    assert login("leader").post("/api/v1/obligations", body, content_type=JSON).status_code == 403
