"""Persons, posts, responsibility and the roster from tables."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from shoutu.county.exchange.models import Import
from shoutu.county.exchange.services import judged
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.sheets import tables
from shoutu.county.ledger.models import Access, Entry, Personal
from shoutu.county.people import services as people
from shoutu.county.people.models import Holding, Person, Post, Responsibility, Shift
from shoutu.county.people.selectors import who_answers_for
from shoutu.county.people.testing import actor
from tests.county.exchange.conftest import told, workbook

pytestmark = pytest.mark.django_db

PERSON = ["单位", "姓名", "电话", "邮箱"]
POST = ["单位", "岗位名称", "值班岗", "任职人"]
ANSWERS = ["单位", "岗位", "责任类别", "叫应层级", "负责的行政区", "负责的单位", "负责的场所", "行业"]
SHIFT = ["单位", "岗位", "值班人", "上班时间", "下班时间"]


def noted(row: dict) -> list[str]:
    return [one["text"] for one in row["notes"]]


def test_persons_come_in_and_their_values_stay_out_of_the_ledger(bring) -> None:
    content = workbook(PERSON, ["甲矿", "某甲", 13900000001, "a@example.cn"], ["甲矿", "某乙", "0357-123", None])
    found = bring("persons", content)
    assert found.job["wrong"] == 0, [told(row) for row in found.rows]
    found.confirm()
    row = Person.objects.get(name="某甲")
    assert (row.phone, row.email, row.organisation.name) == ("13900000001", "a@example.cn", "甲矿")
    entry = Entry.objects.get(verb="import.done")
    assert "某甲" not in entry.canonical.decode()
    assert "13900000001" not in entry.canonical.decode()
    assert list(Personal.objects.filter(entry=entry).values_list("field", flat=True)) == ["file"]
    again = bring(
        "persons", workbook(PERSON, ["甲矿", "某甲", "13900000002", None], ["甲矿", "某乙", "0357-123", None])
    )
    assert [one["state"] for one in again.rows] == ["changed", "unchanged"]
    again.confirm()
    row.refresh_from_db()
    assert (row.phone, row.email) == ("13900000002", "a@example.cn"), "an empty cell changes nothing"


def test_bad_numbers_and_a_person_in_two_places(bring) -> None:
    found = bring(
        "persons",
        workbook(
            PERSON,
            ["甲矿", "某甲", "139x", "无"],
            ["甲矿", "某乙", "13900000003", None],
            ["乙矿", "某乙", "139-0000-0003", None],
            ["丙矿", "某丙", None, None],
            ["甲矿", "某丁", "0357-8000000", None],
        ),
    )
    assert "电话号码，5 到 15 位" in told(found.rows[0])[0]
    assert "邮箱地址" in told(found.rows[0])[1]
    assert found.rows[1]["state"] == found.rows[2]["state"] == "new"
    assert "第 3 行也是这个电话：一个人在两处" in noted(found.rows[2])[0]
    assert "没有单位“丙矿”" in told(found.rows[3])[0]
    assert "这个电话已登记在" in noted(found.rows[4])[0]


def test_two_of_one_name_are_told_apart_by_the_number_or_not_at_all(bring, county: SimpleNamespace) -> None:
    for phone in ("13900000004", "13900000005"):
        people.create_person(SYSTEM, "某甲", phone=phone, organisation=county.mine)
    found = bring(
        "persons", workbook(PERSON, ["甲矿", "某甲", "13900000005", "a@example.cn"], ["甲矿", "某甲", None, None])
    )
    assert found.rows[0]["state"] == "changed"
    assert "2 个同名的人" in told(found.rows[1])[0]


def test_posts_are_set_up_and_filled_but_nobody_is_unseated(bring, county: SimpleNamespace) -> None:
    people.create_person(SYSTEM, "某甲", organisation=county.mine)
    found = bring("posts", workbook(POST, ["甲矿", "安全科长", "否", "某甲"], ["甲矿", "调度室", "是", None]))
    assert found.job["wrong"] == 0, [told(row) for row in found.rows]
    found.confirm()
    post = Post.objects.get(title="安全科长")
    assert Holding.objects.get(post=post).person.name == "某甲"
    assert Post.objects.get(title="调度室").on_shift
    assert bring("posts", workbook(POST, ["甲矿", "安全科长", "否", "某甲"])).job["unchanged"] == 1
    other = bring("posts", workbook(POST, ["甲矿", "主要负责人", None, "某甲"], ["甲矿", "无人岗", None, "某戊"]))
    assert "先在页面上离任" in told(other.rows[0])[0]
    assert "没有登记“某戊”" in told(other.rows[1])[0]


def test_no_namesake_of_another_mine_is_seated_or_rostered(bring, county: SimpleNamespace) -> None:
    """He would be rung, at his own mine, for this one's alarms."""
    person = people.create_person(SYSTEM, "某甲", organisation=county.mine_b)
    post = people.create_post(SYSTEM, county.mine, "调度室", on_shift=True)
    found = bring("posts", workbook(POST, ["甲矿", "安全科长", "否", "某甲"], ["县应急管理局", "联络员", "否", "某甲"]))
    assert "“乙矿”有同名的人：企业的岗位只用本单位的人" in told(found.rows[0])[0]
    assert (found.rows[1]["state"], noted(found.rows[1])) == ("new", ["是“乙矿”的人"])
    day = (timezone.localtime() + timedelta(days=5)).replace(hour=8, minute=0, second=0, microsecond=0)
    shift = ["甲矿", "调度室", "某甲", day.strftime("%Y-%m-%d %H:%M"), day.strftime("%Y-%m-%d 16:00")]
    found = bring("shifts", workbook(SHIFT, shift))
    assert "“乙矿”有同名的人" in told(found.rows[0])[0]
    # One lent by the other mine, put there on the page, stays as he is.
    Shift.objects.create(post=post, person=person, starts_at=day, ends_at=day + timedelta(hours=8))
    assert bring("shifts", workbook(SHIFT, shift)).job["unchanged"] == 1


def test_responsibility_is_assigned_and_ended_but_the_past_stays(bring, county: SimpleNamespace) -> None:
    content = workbook(
        ANSWERS,
        ["县应急管理局", "分管领导", "行业监管", "监管部门", "示范县", None, None, "尾矿库、露天矿山"],
        ["甲矿", "主要负责人", "企业主体", "企业主要负责人", None, None, "甲矿尾矿库", None],
    )
    found = bring("responsibilities", content)
    assert found.job["wrong"] == 0, [told(row) for row in found.rows]
    found.confirm()
    assert any(one.kind == "sector" for one in who_answers_for(county.site.pk, "warning", timezone.now()))
    assert bring("responsibilities", content).job["unchanged"] == 2
    before = timezone.now()
    narrower = [["县应急管理局", "分管领导", "行业监管", "监管部门", "示范县", None, None, "露天矿山"]]
    changed = bring("responsibilities", workbook(ANSWERS, *narrower))
    assert changed.rows[0]["changes"] == [
        {"column": "sectors", "title": "行业", "before": "尾矿库、露天矿山", "after": "露天矿山"}
    ]
    changed.confirm()
    assert not any(one.kind == "sector" for one in who_answers_for(county.site.pk, "warning", timezone.now()))
    assert any(one.kind == "sector" for one in who_answers_for(county.site.pk, "warning", before)), "as it stood then"
    assert Responsibility.objects.filter(kind="sector").count() == 2


def test_responsibility_that_begins_later_is_not_assigned_twice(bring, county: SimpleNamespace) -> None:
    head = [*ANSWERS, "起始", "截止"]
    scope = ["县应急管理局", "分管领导", "行业监管", "监管部门", "示范县", None, None]
    later = (timezone.localtime() + timedelta(days=30)).strftime("%Y-%m-%d 08:00")
    sooner = (timezone.localtime() + timedelta(days=10)).strftime("%Y-%m-%d 08:00")
    content = workbook(head, [*scope, "尾矿库", later, None])
    bring("responsibilities", content).confirm()
    rows = Responsibility.objects.filter(kind="sector")
    first = rows.get()
    assert first.valid_from > timezone.now()
    again = bring("responsibilities", content)
    assert (again.job["new"], again.job["unchanged"]) == (0, 1)
    bare = bring("responsibilities", workbook(ANSWERS, [*scope, "尾矿库"]))
    assert (bare.job["unchanged"], noted(bare.rows[0])) == (1, [f"系统里这一条从 {later} 起"])
    other = bring("responsibilities", workbook(head, [*scope, "尾矿库", sooner, None]))
    assert f"系统里这一条从 {later} 起：照它写" in told(other.rows[0])[0]
    before = bring("responsibilities", workbook(head, [*scope, "尾矿库", None, sooner]))
    assert before.job["new"] == 1, "one that ends before it begins is another"
    wider = bring("responsibilities", workbook(head, [*scope, "尾矿库、露天矿山", later, None]))
    assert wider.confirm()["state"] == "done"
    first.refresh_from_db()
    assert first.valid_to == first.valid_from, "given up before it began"
    assert rows.exclude(pk=first.pk).get().valid_from == first.valid_from
    assert bring("responsibilities", workbook(head, [*scope, "尾矿库、露天矿山", later, None])).job["unchanged"] == 1


def test_responsibility_begun_later_by_another_meanwhile_is_looked_at_anew(bring, county: SimpleNamespace) -> None:
    scope = ["县应急管理局", "分管领导", "行业监管", "监管部门", "示范县", None, None, "尾矿库"]
    found = bring("responsibilities", workbook(ANSWERS, scope))
    table, admin = tables.get("responsibilities"), actor(county.users["administrator"])
    job = Import.objects.get(pk=found.id)
    lines = judged(table, admin, job.order, [{"r": 2, "v": scope}])
    post = Post.objects.get(organisation__name="县应急管理局", title="分管领导")
    soon = timezone.now() + timedelta(days=3)
    people.assign_responsibility(SYSTEM, post, "sector", 6, territory=county.territory, since=soon)
    with pytest.raises(tables.Stale):
        table.apply(admin, lines, "")
    assert found.confirm()["state"] == "checked"
    assert Responsibility.objects.filter(kind="sector").count() == 1


def test_responsibility_that_names_nothing_or_two_things_is_refused(bring) -> None:
    found = bring(
        "responsibilities",
        workbook(
            ANSWERS,
            ["甲矿", "主要负责人", "企业主体", "企业主要负责人", None, None, None, None],
            ["甲矿", "主要负责人", "企业主体", "企业主要负责人", "东乡", "甲矿", None, None],
            ["甲矿", "没有的岗", "企业", "8", "东乡", None, None, "煤矿"],
        ),
    )
    assert "范围只填一样" in told(found.rows[0])[0]
    assert "范围只填一样" in told(found.rows[1])[0]
    said = told(found.rows[2])
    assert any("没有岗位“没有的岗”" in one for one in said)
    assert sum("其中之一" in one for one in said) == 3


def test_a_roster_with_a_gap_is_told_and_taken_two_places_at_once_are_refused(bring, county: SimpleNamespace) -> None:
    post = people.create_post(SYSTEM, county.mine, "调度室", on_shift=True)
    people.create_post(SYSTEM, county.mine, "井口", on_shift=True)
    for name in ("某甲", "某乙"):
        people.create_person(SYSTEM, name, organisation=county.mine)
    day = (timezone.localtime() + timedelta(days=5)).strftime("%Y-%m-%d")
    after = (timezone.localtime() + timedelta(days=6)).strftime("%Y-%m-%d")
    head = ["甲矿", "调度室"]
    content = workbook(
        SHIFT,
        [*head, "某甲", f"{day} 08:00", f"{day} 16:00"],
        [*head, "某乙", f"{day} 20:00", f"{after} 08:00"],
    )
    found = bring("shifts", content, who="duty_officer")
    assert found.job["wrong"] == 0, [told(row) for row in found.rows]
    assert noted(found.rows[1]) == [f"{day} 16:00 到 {day} 20:00 没有人值班，排班有空档"]
    found.confirm()
    assert Shift.objects.filter(post=post).count() == 2
    assert bring("shifts", content, who="duty_officer").job["unchanged"] == 2
    twice = bring(
        "shifts",
        workbook(
            SHIFT,
            ["甲矿", "井口", "某甲", f"{day} 10:00", f"{day} 18:00"],
            ["甲矿", "井口", "某乙", f"{after} 09:00", f"{after} 17:00"],
            ["甲矿", "调度室", "某乙", f"{after} 16:00", f"{after} 22:00"],
            ["甲矿", "井口", "某乙", f"{day} 18:00", f"{day} 08:00"],
        ),
        who="duty_officer",
    )
    assert "一个人不能在两处" in told(twice.rows[0])[0]
    assert "已排的班" in told(twice.rows[0])[0]
    assert "第 3 行" in told(twice.rows[2])[0]
    assert "过夜的班写第二天" in told(twice.rows[3])[0]


def sheet(client: Client, path: str, **query: str) -> list[list]:
    answer = client.get(path, query)
    assert answer.status_code == 200, b"".join(answer).decode(errors="replace")
    return [[cell.value for cell in row] for row in load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows()][1:]


def test_numbers_go_out_masked_or_by_right_and_on_record(
    county: SimpleNamespace, login: Callable[[str], Client]
) -> None:
    path = "/api/v1/tables/persons/export"
    rows = sheet(login("inspector"), path)
    assert rows[0][:4] == ["单位", "姓名", "电话", "邮箱"]
    mine = next(row for row in rows if row[1].startswith("甲") and row[0] == "甲矿")
    assert "*" in mine[1]
    assert mine[2] == "035*****0000"
    assert login("inspector").get(path, {"whole": "true"}).status_code == 403
    before = Access.objects.count()
    assert "*" not in "".join(str(cell) for row in sheet(login("leader"), path) for cell in (row[1],))
    assert Access.objects.count() == before + 1, "a list of names goes out on record"
    rows = sheet(login("leader"), path, whole="true")
    assert all(row[2] == "0357-8000000" for row in rows[1:])
    seen = Access.objects.filter(actor=people_label(county), subject_type="person").order_by("id")
    assert seen.count() == len(rows) - 1
    assert seen.first().fields == "email,phone"


def people_label(county: SimpleNamespace) -> str:
    return actor(county.users["leader"]).label


def test_every_list_goes_out_by_its_own_filters_and_sight(login: Callable[[str], Client]) -> None:
    path = "/api/v1/tables/{}/export"
    assert {row[0] for row in sheet(login("enterprise"), path.format("sites"))[1:]} == {"甲矿"}
    assert len(sheet(login("leader"), path.format("sites"), q="乙矿")) == 2
    assert len(sheet(login("leader"), path.format("organisations"), kind="enterprise")) == 3
    assert login("leader").get(path.format("organisations"), {"territory": "x"}).status_code == 422
    for table in ("territories", "posts", "responsibilities", "shifts", "points", "warnings", "duties", "findings"):
        assert sheet(login("leader"), path.format(table))


def test_every_table_that_goes_out_has_its_button_in_the_face() -> None:
    face = Path(__file__).resolve().parents[3] / "web" / "src" / "rooms"
    shown = {
        name for file in face.rglob("*.tsx") for name in re.findall(r'<Exchange table="([\w-]+)"', file.read_text())
    }
    # These lists stand on no page of their own: a program takes them out.
    assert shown | {"leaves", "imports", "evacuations"} == {table.name for table in tables.tables()}


def test_what_goes_out_comes_in_again_unchanged(bring, login: Callable[[str], Client], county: SimpleNamespace) -> None:
    for table in ("territories", "organisations", "sites", "posts", "responsibilities"):
        answer = login("administrator").get(f"/api/v1/tables/{table}/export")
        found = bring(table, b"".join(answer))
        wrong = [told(row) for row in found.rows if row["errors"]]
        assert (wrong, found.job["new"], found.job["changed"]) == ([], 0, 0), (table, found.job, found.rows)
        assert found.job["unchanged"] == found.job["total"] > 0


def test_csv_cannot_become_a_formula(county: SimpleNamespace, login: Callable[[str], Client]) -> None:
    from shoutu.county.places import services as places

    places.create_organisation(SYSTEM, "=cmd|'/c calc'!A0", "enterprise", county.east)
    text = b"".join(login("leader").get("/api/v1/tables/organisations/export", {"format": "csv"})).decode("utf-8-sig")
    assert "'=cmd|" in text
    assert "\n=cmd" not in text
    rows = sheet(login("leader"), "/api/v1/tables/organisations/export")
    assert any(row[0] == "=cmd|'/c calc'!A0" for row in rows)
    answer = login("leader").get("/api/v1/tables/organisations/export")
    cells = load_workbook(io.BytesIO(b"".join(answer))).active["A"]
    assert {cell.data_type for cell in cells} == {"s"}
