"""The access log over HTTP: who looked at whose number, for those who check that nobody looks without need."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone

from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.ledger.models import Access
from shoutu.county.ledger.services.access import close_hours, note_access
from shoutu.county.people.testing import actor
from tests.county.base import ListTests

PATH = "/api/v1/ledger/looks"


class TestLooks(ListTests):
    path = PATH
    queries = 6
    role = "auditor"
    sees = {"auditor": True, "administrator": True}
    forbidden = ("leader", "duty_officer", "inspector", "township", "principal", "enterprise")

    def make(self, county, n):
        for one in range(n):
            note_access(actor(county.users["duty_officer"]), SubjectRef("person", 1), ["phone"], f"第 {one} 次")
        return list(Access.objects.order_by("-id")[:n])


def test_a_look_at_a_number_is_read_by_the_auditor_with_who_whose_what_and_why(county: SimpleNamespace, login) -> None:
    person = county.persons["principal"]
    login("duty_officer").get(f"/api/v1/persons/{person.pk}/phone", {"purpose": "叫不到，打电话"})
    row = login("auditor").get(PATH).json()["items"][0]
    assert (row["fields"], row["purpose"], row["entry"]) == ("电话", "叫不到，打电话", None)
    assert row["subject"]["type"] == "person"
    assert person.name not in str(row), "the log itself shows nobody's name to who may not read it"
    assert row["actor"] == actor(county.users["duty_officer"]).label


def test_looks_are_found_by_who_why_and_day_and_say_whether_they_are_sealed(county: SimpleNamespace, login) -> None:
    officer, admin = actor(county.users["duty_officer"]), actor(county.users["administrator"])
    note_access(officer, SubjectRef("person", 1), ["phone", "email"], "叫应")
    note_access(admin, SubjectRef("licence", 1), ["number", "bearer"], "导出证照表")
    old = timezone.now() - timedelta(days=3)
    Access.objects.filter(purpose="叫应").update(at=old)
    client = login("auditor")

    def found(**query: str) -> list[str]:
        return [one["purpose"] for one in client.get(PATH, query).json()["items"]]

    assert found() == ["导出证照表", "叫应"]
    assert found(q="导出") == ["导出证照表"]
    assert found(q=officer.label) == ["叫应"]
    assert found(since=f"{timezone.localdate():%Y-%m-%d}") == ["导出证照表"]
    assert found(until=f"{timezone.localdate() - timedelta(days=1):%Y-%m-%d}") == ["叫应"]
    assert close_hours() == 1
    assert [one["entry"] is not None for one in client.get(PATH).json()["items"]] == [False, True]
    assert {one["fields"] for one in client.get(PATH).json()["items"]} == {"持证人、证号", "邮箱、电话"}
