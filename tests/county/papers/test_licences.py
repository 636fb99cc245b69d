"""Licences: entered, corrected, renewed, withdrawn; who sees them; what stands of a person's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from shoutu.county.ledger.models import Entry, Personal
from shoutu.county.papers import selectors, services
from shoutu.county.papers.models import Licence, State
from shoutu.county.papers.standing import filter_of, standing
from shoutu.county.papers.states import TABLE
from shoutu.county.people.testing import actor
from tests.county.base import ListTests, StateTests
from tests.county.papers.conftest import content

Make = Callable[..., Licence]


class TestList(ListTests):
    path = "/api/v1/licences"
    queries = 5
    sees = {"leader": True, "inspector": True, "township": True, "enterprise": True, "enterprise_b": False,
            "township_b": False, "auditor": True}  # fmt: skip

    def make(self, county: SimpleNamespace, n: int) -> list[Any]:
        start = Licence.objects.count()
        return [
            services.enter_licence(
                SYSTEM, county.mine.pk, "safety_permit", content(start + i, number=f"证{start + i}"), county.site.pk
            )
            for i in range(n)
        ]


class TestStates(StateTests):
    table = TABLE
    actor_name = "inspector"
    services = {
        "correct": lambda who, one: services.correct_licence(who, one.pk, content(410), "录错了"),
        "renew": lambda who, one: services.renew_licence(who, one.pk, content(900, number=f"新{one.pk}")),
        "withdraw": lambda who, one: services.withdraw_licence(who, one.pk, "cancelled", "企业申请"),
    }

    def thing(self, county: SimpleNamespace, state: str) -> Any:
        Licence.objects.filter(state=State.VALID).update(state=State.WITHDRAWN)
        row = services.enter_licence(SYSTEM, county.mine.pk, "safety_permit", content(), county.site.pk)
        # Withdrawn, only a revoked certificate of a person knows a further step.
        revoked = {"withdrawal": "revoked", "bearer": "王五"} if state == State.WITHDRAWN else {}
        Licence.objects.filter(pk=row.pk).update(state=state, **revoked)
        return row


@pytest.mark.parametrize(
    ("days", "kind", "expected"),
    [(None, "safety_permit", "valid"), (91, "safety_permit", "valid"), (90, "safety_permit", "expiring"),
     (0, "safety_permit", "expiring"), (-1, "safety_permit", "expired"), (180, "mining_right", "expiring"),
     (181, "mining_right", "valid")]
)  # fmt: skip
def test_standing_is_of_the_day_and_the_filter_agrees(
    licence: Make, days: int | None, kind: str, expected: str
) -> None:
    row = licence(days, kind=kind)
    today = timezone.localdate()
    assert standing(row, today) == expected
    for name in ("valid", "expiring", "expired", "renewed", "withdrawn"):
        assert Licence.objects.filter(filter_of(name, today), pk=row.pk).exists() is (name == expected), name


def test_a_kind_taken_from_the_list_still_lapses(licence: Make) -> None:
    row = licence(30)
    Licence.objects.filter(pk=row.pk).update(kind="gone")
    row.refresh_from_db()
    today = timezone.localdate()
    assert standing(row, today) == "expiring"
    assert Licence.objects.filter(filter_of("expiring", today), pk=row.pk).exists()


def test_a_kind_taken_from_the_list_is_still_corrected_renewed_and_withdrawn(licence: Make) -> None:
    row = licence(30)
    Licence.objects.filter(pk=row.pk).update(kind="gone")
    services.correct_licence(SYSTEM, row.pk, content(31), "看错")
    new = services.renew_licence(SYSTEM, row.pk, content(900, number="新"))
    assert services.withdraw_licence(SYSTEM, new.pk, "cancelled", "关闭").state == "withdrawn"


@pytest.mark.parametrize(
    ("told", "field"),
    [({"number": "  "}, "number"), ({"number": "x" * 61}, "number"), ({"issued_by": ""}, "issued_by"),
     ({"valid_until": timezone.localdate() - timedelta(days=800)}, "valid_until"), ({"capacity": 30.0}, "capacity"),
     ({"bearer": "某人"}, "bearer"), ({"note": "x\x00"}, "note")]
)  # fmt: skip
def test_what_is_wrong_is_named_by_field_and_nothing_is_kept(licence: Make, told: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        licence(**told)
    assert caught.value.field == field
    assert not Licence.objects.exists()


@pytest.mark.parametrize("capacity", [0.0, -1.0, float("nan"), float("inf"), 100_001.0])
def test_a_capacity_is_a_positive_number(licence: Make, capacity: float) -> None:
    with pytest.raises(Invalid) as caught:
        licence(kind="mining_right", capacity=capacity)
    assert caught.value.field == "capacity"


def test_another_enterprises_site_is_refused(county: SimpleNamespace, licence: Make) -> None:
    with pytest.raises(Invalid) as caught:
        licence(site=county.site_b.pk)
    assert caught.value.field == "site"


def test_the_same_number_twice_is_refused_while_one_stands(licence: Make) -> None:
    row = licence()
    whole = licence(site=None)
    with pytest.raises(Conflict):
        licence()
    with pytest.raises(Conflict):
        licence(site=None)
    services.withdraw_licence(SYSTEM, row.pk, "revoked", "违法")
    services.withdraw_licence(SYSTEM, whole.pk, "revoked", "违法")
    assert licence().pk != row.pk


def test_an_enterprise_and_a_leader_see_and_change_nothing(county: SimpleNamespace, licence: Make) -> None:
    row = licence()
    for name in ("enterprise", "principal", "leader", "auditor"):
        with pytest.raises(NotAllowed):
            services.renew_licence(actor(county.users[name]), row.pk, content(900, number="新"))
    with pytest.raises(NotFound):
        services.renew_licence(actor(county.users["enterprise_b"]), row.pk, content(900))


def test_a_correction_keeps_what_stood_there_and_why(county: SimpleNamespace, licence: Make) -> None:
    row = licence(400)
    before = row.valid_until
    services.correct_licence(actor(county.users["inspector"]), row.pk, content(410), "看错一位")
    entry = Entry.objects.filter(verb="licence.corrected").get()
    assert entry.payload["changed"] == ["valid_until"]
    assert entry.payload["before"] == {"valid_until": before and before.isoformat()}
    assert entry.payload["reason"] == "看错一位"
    count = Entry.objects.count()
    services.correct_licence(SYSTEM, row.pk, content(410), "没有改")
    assert Entry.objects.count() == count


def test_a_correction_needs_a_reason(licence: Make) -> None:
    row = licence()
    with pytest.raises(Invalid) as caught:
        services.correct_licence(SYSTEM, row.pk, content(410), " ")
    assert caught.value.field == "reason"


def test_a_renewal_is_a_new_row_and_the_old_one_stays_as_it_was(licence: Make) -> None:
    old = licence(10)
    new = services.renew_licence(SYSTEM, old.pk, content(900))
    old.refresh_from_db()
    assert (old.state, new.state, new.replaces_id) == ("renewed", "valid", old.pk)
    told = selectors.detail(SYSTEM, selectors.get_licence(SYSTEM, new.pk))
    assert [one["id"] for one in told["before"]] == [old.pk]
    assert selectors.detail(SYSTEM, selectors.get_licence(SYSTEM, old.pk))["replaced_by"] == new.pk


@pytest.mark.parametrize("days", [5, 10])
def test_a_renewal_lasts_longer_than_what_it_replaces(licence: Make, days: int) -> None:
    old = licence(10)
    with pytest.raises(Invalid) as caught:
        services.renew_licence(SYSTEM, old.pk, content(days, number="新"))
    assert caught.value.field == "valid_until"
    old.refresh_from_db()
    assert old.state == State.VALID


def test_a_persons_number_and_name_stand_in_no_entry_and_are_masked(county: SimpleNamespace, licence: Make) -> None:
    row = licence(kind="special_operation", number="T141027199001010011", bearer="张三丰")
    entry = Entry.objects.filter(verb="licence.entered").get()
    body = bytes(entry.canonical).decode()
    assert "T141027199001010011" not in body
    assert "张三丰" not in body
    assert set(Personal.objects.filter(entry=entry).values_list("field", flat=True)) == {"number", "bearer"}
    seen = selectors.row(actor(county.users["auditor"]), row)
    assert seen["bearer"] == "张**"
    assert "19900101" not in seen["number"]
    assert selectors.row(actor(county.users["leader"]), row)["bearer"] == "张三丰"


def test_of_a_persons_certificate_no_note_and_no_reason_is_in_clear(licence: Make) -> None:
    note = "身份证141027199001010011"
    row = licence(kind="special_operation", number="T141027199001010011", bearer="张三丰", note=note)
    told = content(number="T141027199001010022", bearer="张三丰", note="补办")
    services.correct_licence(SYSTEM, row.pk, told, "张三丰报错")
    services.withdraw_licence(SYSTEM, row.pk, "cancelled", "张三丰离职")
    for entry in Entry.objects.filter(subject_type="licence"):
        body = bytes(entry.canonical).decode()
        assert not any(words in body for words in ("张三丰", "141027", "补办")), entry.verb
    corrected = Personal.objects.filter(entry__verb="licence.corrected")
    kept = dict(corrected.values_list("field", "value"))
    assert kept["before_remark"] == note
    assert kept["before_number"] == "T141027199001010011"
    assert kept["note"] == "张三丰报错"
    assert Personal.objects.get(entry__verb="licence.withdrawn", field="note").value == "张三丰离职"
    texts = [one["text"] for one in selectors.timeline(SYSTEM, row)]
    assert texts[:2] == ["登记注销：张三丰离职", "更正证照：张三丰报错"]


def test_a_mask_is_not_undone_by_searching(county: SimpleNamespace, licence: Make) -> None:
    licence(kind="special_operation", number="T141027199001010011", bearer="张三丰")
    seen = actor(county.users["auditor"])
    assert not selectors.licences_for(seen, q="199001").exists()
    assert not selectors.licences_for(seen, q="张三").exists()
    assert selectors.licences_for(seen, q="特种作业").exists()


def test_of_a_site_are_its_own_and_its_enterprises(county: SimpleNamespace, licence: Make, login: Any) -> None:
    own, whole = licence(), licence(site=None, kind="business", days=None)
    client: Client = login("enterprise")
    body = client.get(f"/api/v1/sites/{county.site.pk}/licences").json()
    assert [one["id"] for one in body["items"]] == [own.pk, whole.pk]
    assert body["items"][1]["days_left"] is None
    assert client.get(f"/api/v1/sites/{county.site_b.pk}/licences").status_code == 404


def test_over_http_it_is_entered_corrected_renewed_and_withdrawn(county: SimpleNamespace, login: Any) -> None:
    client: Client = login("inspector")
    body = {"organisation": county.mine.pk, "site": county.site.pk, "kind": "mining_right", "number": "C1410",
            "issued_by": "省自然资源厅", "valid_from": "2020-01-01", "valid_until": "2099-01-01",
            "capacity": 30}  # fmt: skip
    told = client.post("/api/v1/licences", body, content_type="application/json")
    assert told.status_code == 201, told.content.decode()
    row = told.json()
    assert (row["standing"], row["capacity"], row["may"]) == ("valid", 30.0, True)
    wrong = client.post("/api/v1/licences", body | {"kind": "none"}, content_type="application/json")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "kind")
    at = f"/api/v1/licences/{row['id']}"
    fixed = client.post(f"{at}/correct", body | {"capacity": 25, "reason": "看错"}, content_type="application/json")
    assert fixed.json()["capacity"] == 25.0
    new = client.post(f"{at}/renew", body | {"valid_until": "2120-01-01"}, content_type="application/json")
    assert new.status_code == 201
    assert new.json()["before"][0]["id"] == row["id"]
    gone = client.post(
        f"/api/v1/licences/{new.json()['id']}/withdraw", {"how": "revoked", "reason": "超层越界"},
        content_type="application/json",
    )  # fmt: skip
    assert gone.json()["standing"] == "withdrawn"
    texts = [one["text"] for one in client.get(f"{at}/timeline").json()["items"]]
    assert any("换证" in text for text in texts)
    assert any("更正" in text for text in texts)
