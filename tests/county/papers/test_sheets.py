"""Licences from a table: new ones, corrections and renewals, and what is wrong row by row; out and in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from shoutu.county.duties.models import Duty
from shoutu.county.ledger.models import Entry, Personal
from shoutu.county.papers import importing, services
from shoutu.county.papers.models import Licence
from shoutu.county.papers.services.lapsing import RENEW
from shoutu.county.places.models import Site
from tests.county.exchange.conftest import bring, told, workbook, worked  # noqa: F401  (a fixture)

HEAD = ["单位", "场所", "证照种类", "证号", "持证人", "发证机关", "有效期起", "有效期止", "生产能力（万 t/a）"]
PERMIT = ["甲矿", "甲矿尾矿库", "安全生产许可证", "A1", None, "省应急管理厅", "2024-01-01", "2090-01-01", None]


def test_new_ones_come_in(bring: Any) -> None:  # noqa: F811
    whole = ["甲矿", None, "营业执照", "B1", None, "县行政审批局", "2020-05-06", "长期", None]
    mining = ["甲矿", None, "采矿许可证", "C1", None, "省自然资源厅", "2020-05-06", "2091-05-06", 30]
    found = bring("licences", workbook(HEAD, PERMIT, whole, mining))
    assert found.job["wrong"] == 0, [told(row) for row in found.rows]
    found.confirm()
    rows = {row.number: row for row in Licence.objects.all()}
    assert rows["A1"].site is not None
    assert (rows["B1"].site, rows["B1"].valid_until, rows["C1"].capacity) == (None, None, 30.0)


@pytest.mark.parametrize(
    ("place", "value", "column"),
    [(0, "丙矿", "organisation"), (0, "县应急管理局", "organisation"), (1, "乙矿露天采场", "site"), (2, "驾照", "kind"),
     (3, None, "number"), (4, "某人", "bearer"), (5, None, "issued_by"), (6, "去年", "valid_from"),
     (7, None, "valid_until"), (7, "2023-01-01", "valid_until"), (8, 30, "capacity")]
)  # fmt: skip
def test_what_is_wrong_is_said_in_its_cell(bring: Any, place: int, value: Any, column: str) -> None:  # noqa: F811
    row = list(PERMIT)
    row[place] = value
    found = bring("licences", workbook(HEAD, row))
    assert (found.job["wrong"], found.job["new"]) == (1, 0)
    assert column in {one["column"] for one in found.rows[0]["errors"]}
    assert not Licence.objects.exists()


def test_the_same_number_later_is_a_renewal_and_ends_the_duty(bring: Any, licence: Any) -> None:  # noqa: F811
    old = licence(5, number="A1")
    services.call_lapsing()
    found = bring("licences", workbook(HEAD, [*PERMIT[:6], str(timezone.localdate()), *PERMIT[7:]]))
    assert found.job["changed"] == 1, found.rows
    assert any("换证" in one["text"] for one in found.rows[0]["notes"])
    found.confirm()
    worked()
    old.refresh_from_db()
    new = Licence.objects.get(state="valid")
    assert (old.state, new.replaces_id) == ("renewed", old.pk)
    assert Duty.objects.get(kind=RENEW).state == "verified"


def test_an_empty_cell_changes_nothing_and_another_word_corrects(bring: Any, licence: Any) -> None:  # noqa: F811
    row = licence(500, number="A1")
    told_ = [*PERMIT[:5], "市应急管理局", None, None, None]
    found = bring("licences", workbook(HEAD, told_))
    found.confirm()
    before = (row.valid_from, row.valid_until)
    row.refresh_from_db()
    assert (row.issued_by, row.valid_from, row.valid_until) == ("市应急管理局", *before)
    assert Licence.objects.count() == 1


def test_a_row_corrected_or_renewed_leaves_what_stood_there(bring: Any, licence: Any) -> None:  # noqa: F811
    row, old = licence(500, number="A1"), licence(5, number="A2")
    renewed = [*PERMIT[:3], "A2", *PERMIT[4:6], str(timezone.localdate()), *PERMIT[7:]]
    person = licence(500, site=None, kind="special_operation", number="T1", bearer="张三丰", note="旧")
    named = ["甲矿", None, "特种作业操作证", "T1", "李四光", None, None, None, None]
    bring("licences", workbook(HEAD, [*PERMIT[:5], "市应急管理局", None, None, None], renewed, named)).confirm()
    entry = Entry.objects.get(verb="licence.corrected", subject_id=row.pk)
    assert entry.payload["before"] == {"issued_by": "省应急管理厅"}
    assert entry.payload["issued_by"] == "市应急管理局"
    assert "导入文件" in entry.payload["reason"]
    entry = Entry.objects.get(verb="licence.renewed", subject_id=old.pk)
    assert entry.payload["by"] == Licence.objects.get(replaces=old).pk
    kept = Personal.objects.filter(entry__verb="licence.corrected", entry__subject_id=person.pk)
    assert dict(kept.values_list("field", "value")).items() >= {"bearer": "李四光", "before_bearer": "张三丰"}.items()
    assert Entry.objects.filter(verb__in=["licence.corrected", "licence.renewed"]).count() == 3


def test_twice_in_the_file_is_said(bring: Any) -> None:  # noqa: F811
    found = bring("licences", workbook(HEAD, PERMIT, PERMIT))
    assert found.job["wrong"] == 1


def test_out_and_in_again_nothing_changes(bring: Any, licence: Any, login: Callable[[str], Client]) -> None:  # noqa: F811
    licence(5)
    licence(None, site=None, kind="business", number="B1")
    licence(800, site=None, kind="mining_right", number="C1", capacity=30.0)
    content = b"".join(login("administrator").get("/api/v1/tables/licences/export", {"format": "xlsx"}))
    found = bring("licences", content)
    assert (found.job["unchanged"], found.job["wrong"]) == (3, 0), [told(row) for row in found.rows]


def test_masked_numbers_are_not_taken_back(bring: Any, licence: Any, login: Callable[[str], Client]) -> None:  # noqa: F811
    licence(800, site=None, kind="special_operation", number="T141027199001010011", bearer="张三丰")
    content = b"".join(login("inspector").get("/api/v1/tables/licences/export", {"format": "xlsx"}))
    found = bring("licences", content)
    assert found.job["wrong"] == 1
    assert "T141027199001010011" not in str(found.rows)


def test_no_entry_of_an_import_names_a_person(bring: Any) -> None:  # noqa: F811
    row = [
        "甲矿",
        None,
        "特种作业操作证",
        "T141027199001010011",
        "张三丰",
        "省应急管理厅",
        "2024-01-01",
        "2090-01-01",
        None,
    ]
    bring("licences", workbook(HEAD, row)).confirm()
    worked()
    assert Licence.objects.get().bearer == "张三丰"
    for entry in Entry.objects.all():
        assert "张三丰" not in bytes(entry.canonical).decode()


def test_the_site_is_held_before_what_belongs_to_it(
    bring: Any,  # noqa: F811
    licence: Any,
    county: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As whoever renews by hand holds it: else the two wait for each other on PostgreSQL (0047)."""
    old = licence(5, number="A1")
    services.call_lapsing()
    order: list[Any] = []
    settle, held = importing.settle_lapse, importing.locked
    monkeypatch.setattr(importing, "lock_sites", lambda ids: order.append(("site", set(ids))))
    monkeypatch.setattr(importing, "locked", lambda *told: order.append("rows") or held(*told))
    monkeypatch.setattr(importing, "settle_lapse", lambda *told, **more: order.append("duty") or settle(*told, **more))
    whole = ["甲矿", None, "营业执照", "B1", None, "县行政审批局", "2020-05-06", "长期", None]
    bring("licences", workbook(HEAD, [*PERMIT[:6], str(timezone.localdate()), *PERMIT[7:]], whole)).confirm()
    worked()
    first = Site.objects.filter(organisation=old.organisation_id).order_by("id").first()
    assert first is not None
    assert order[:2] == [("site", {old.site_id, first.pk}), "rows"]
    assert order[2][0] == "site"
    assert set(order[3:]) == {"duty"}
