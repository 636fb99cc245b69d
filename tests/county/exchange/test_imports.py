"""A file from the upload to the ledger: looked at first, then all of it or nothing."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from shoutu.county.exchange import services
from shoutu.county.exchange.models import Import, ImportRow
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid
from shoutu.county.kit.models import CatalogItem
from shoutu.county.kit.sheets import tables
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places import services as places
from shoutu.county.places.models import Organisation, Site, SitePast, Territory
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Point
from tests.county.exchange.conftest import send, told, workbook, worked

pytestmark = pytest.mark.django_db

HEAD = ["单位名称", "类别", "统一社会信用代码", "所在行政区"]
CODE, CODE_B = "91110000600037341L", "913100006073378285"


def test_organisations_come_in_whole_with_one_entry_that_names_the_file(bring) -> None:
    content = workbook(
        HEAD, ["丙矿", "企业", CODE, "东乡"], ["甲矿", "企业", CODE_B, "东乡"], ["乙矿", "企业", None, None]
    )
    before = Entry.objects.count()
    found = bring("organisations", content)
    assert (found.job["new"], found.job["changed"], found.job["unchanged"], found.job["wrong"]) == (1, 1, 1, 0), str(
        found.job
    )
    assert [row["state"] for row in found.rows] == ["new", "changed", "unchanged"]
    assert found.rows[1]["changes"] == [{"column": "code", "title": "统一社会信用代码", "before": "", "after": CODE_B}]
    assert not Organisation.objects.filter(name="丙矿").exists()
    assert Entry.objects.count() == before, "looking changes nothing"
    assert found.confirm()["state"] == "done"
    made = Organisation.objects.get(name="丙矿")
    assert (made.kind, made.code, made.territory.name) == ("enterprise", CODE, "东乡")
    assert Organisation.objects.get(name="甲矿").code == CODE_B
    entry = Entry.objects.get(verb="import.done")
    assert Entry.objects.count() == before + 1
    payload = entry.payload
    assert payload["sha256"] == hashlib.sha256(content).hexdigest()
    assert (payload["new"], payload["changed"], payload["unchanged"], payload["rows"]) == (1, 1, 1, 3)
    assert str(made.pk) in payload["ids"]["organisation"].replace("-", ",").split(",")
    assert "表.xlsx" not in entry.canonical.decode(), "a file's name may name a person"


def test_the_same_file_again_changes_nothing(bring) -> None:
    content = workbook(HEAD, ["丙矿", "企业", CODE, "东乡"])
    bring("organisations", content).confirm()
    again = bring("organisations", content)
    assert (again.job["new"], again.job["changed"], again.job["unchanged"]) == (0, 0, 1)
    again.confirm()
    assert Organisation.objects.filter(name="丙矿").count() == 1


def test_a_known_code_renames(bring) -> None:
    bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"])).confirm()
    found = bring("organisations", workbook(HEAD, ["丙矿业公司", "企业", CODE, "东乡"]))
    assert [one["title"] for one in found.rows[0]["changes"]] == ["单位名称"]
    found.confirm()
    assert Organisation.objects.get(code=CODE).name == "丙矿业公司"


def test_one_wrong_row_and_nothing_is_imported(bring) -> None:
    content = workbook(
        HEAD,
        ["丙矿", "企业", "9111000060003734", "东乡"],
        ["丁矿", "矿山", None, "南乡"],
        [None, "企业", "911100006000373410", "东乡"],
        ["戊矿", "企业", 911100006000373410, "东乡"],
        ["好矿", "企业", CODE, "东乡"],
        ["好矿", "企业", None, "东乡"],
    )
    found = bring("organisations", content)
    assert found.job["wrong"] == 5
    assert told(found.rows[0]) == ["统一社会信用代码：应为 18 位，这里是 16 位"]
    assert told(found.rows[1])[0].startswith("类别：应为其中之一：党政机关、")
    assert "没有行政区“南乡”" in told(found.rows[1])[1]
    assert told(found.rows[2])[0] == "单位名称：必填"
    assert "校验位" in told(found.rows[2])[1]
    assert "文字格式" in told(found.rows[3])[0]
    assert told(found.rows[5]) == ["单位名称：单位名称在第 6 行已经有了，只留一行"]
    answer = found.client.post(f"{found.path}/confirm", {"plan": found.job["plan"]}, content_type="application/json")
    assert answer.status_code == 409
    assert "一行也不导入" in answer.json()["detail"]
    worked()
    assert not Organisation.objects.filter(name="好矿").exists()


def test_the_error_table_has_every_row_and_comes_in_again_when_put_right(bring) -> None:
    found = bring("organisations", workbook(HEAD, ["丙矿", "企业", "123", "东乡"], ["=1+1", "企业", CODE, "东乡"]))
    answer = found.client.get(f"{found.path}/errors")
    sheet = load_workbook(io.BytesIO(b"".join(answer))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [*HEAD, "错误"]
    assert "「统一社会信用代码」应为 18 位，这里是 3 位" in rows[1][4]
    assert len(rows) == 3
    sheet["C2"], sheet["A3"] = None, "丁矿"
    out = io.BytesIO()
    sheet.parent.save(out)
    again = bring("organisations", out.getvalue())
    assert again.job["wrong"] == 0
    assert again.job["notes"] == []
    assert again.confirm()["new"] == 2


def test_what_somebody_else_changed_meanwhile_is_looked_at_anew(bring, county: SimpleNamespace) -> None:
    found = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]))
    places.create_organisation(SYSTEM, "丙矿", "rescue", county.west)
    job = found.confirm()
    assert job["state"] == "checked"
    assert "重新核对" in job["message"]
    assert (job["new"], job["changed"]) == (0, 1)
    assert Organisation.objects.get(name="丙矿").kind == "rescue"
    stale = found.client.post(f"{found.path}/confirm", {"plan": found.job["plan"]}, content_type="application/json")
    assert stale.status_code == 409
    found.job = job
    assert found.confirm()["state"] == "done"
    assert Organisation.objects.get(name="丙矿").kind == "enterprise"


def test_rights_taken_away_before_the_worker_comes_are_missing(bring, county: SimpleNamespace) -> None:
    found = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]))
    found.client.post(f"{found.path}/confirm", {"plan": found.job["plan"]}, content_type="application/json")
    user = county.users["administrator"]
    user.role = "auditor"
    user.save()
    worked()
    assert Import.objects.get(pk=found.id).state == "refused"
    assert not Organisation.objects.filter(name="丙矿").exists()


def test_territories_in_any_order_and_a_circle_is_named(bring, county: SimpleNamespace) -> None:
    head = ["名称", "上级行政区", "行政区划代码"]
    good = bring("territories", workbook(head, ["甲村", "北乡", "141027300001"], ["北乡", "示范县", "141027300"]))
    assert good.job["wrong"] == 0, [told(row) for row in good.rows]
    good.confirm()
    village = Territory.objects.get(name="甲村")
    assert village.path == f"{village.parent.path}{village.pk}."
    assert village.parent.parent == county.territory
    bad = bring("territories", workbook(head, ["北乡", "甲村", "141027300"]))
    assert "上级成环：北乡 → 甲村 → 北乡" in told(bad.rows[0])[0]
    moved = bring("territories", workbook(head, ["甲村", "东乡", "141027300001"]))
    assert moved.rows[0]["changes"][0]["after"] == "东乡"
    moved.confirm()
    village.refresh_from_db()
    assert village.path == f"{county.east.path}{village.pk}."
    assert village.past.get().parent.name == "北乡"


def test_a_circle_inside_the_file_is_named(bring) -> None:
    head = ["名称", "上级行政区"]
    found = bring("territories", workbook(head, ["一村", "二村"], ["二村", "一村"]))
    assert found.job["wrong"] == 2
    assert "成环" in told(found.rows[0])[0]


def test_sites_are_made_moved_and_placed_but_their_grade_stays(bring, county: SimpleNamespace) -> None:
    head = ["单位", "场所名称", "类别", "等别", "所在行政区", "经度（°）", "纬度（°）", "坐标系"]
    found = bring(
        "sites",
        workbook(
            head,
            ["甲矿", "2 号尾矿库", "尾矿库", "四等", None, 111.85, 35.97, "GCJ-02"],
            ["甲矿", "甲矿尾矿库", "尾矿库", None, "西乡", 111.9, 35.9, None],
        ),
    )
    assert found.job["wrong"] == 0, [told(row) for row in found.rows]
    found.confirm()
    made = Site.objects.get(name="2 号尾矿库")
    assert made.territory == county.east
    assert made.longitude == pytest.approx(111.844, abs=0.003)
    site = Site.objects.get(name="甲矿尾矿库")
    assert (site.territory, site.longitude) == (county.west, 111.9)
    assert SitePast.objects.get(site=site).territory == county.east
    again = bring("sites", workbook(head, ["甲矿", "2 号尾矿库", "尾矿库", "三等", None, 111.85, None, "GCJ-02"]))
    said = told(again.rows[0])
    assert any("要两人复核，不能用表改" in one for one in said)
    assert any("要么都填" in one for one in said)


def test_what_decides_limits_may_be_left_empty_for_what_is_there(bring, county: SimpleNamespace) -> None:
    """The advice of a refused row, 这一格照旧或留空, must be one that is taken."""
    head = ["单位", "场所名称", "类别", "所在行政区"]
    found = bring("sites", workbook(head, ["甲矿", "甲矿尾矿库", None, "西乡"], ["甲矿", "新库", None, None]))
    assert [told(row) for row in found.rows] == [[], ["类别：新增的必填"]]
    assert found.rows[0]["state"] == "changed"
    assert bring("sites", workbook(["单位", "场所名称"], ["甲矿", "甲矿尾矿库"])).job["unchanged"] == 1
    source = sites.create_source(SYSTEM, "甲矿网关", county.site)
    sites.create_point(SYSTEM, county.site, source, "JR-1", item="phreatic_depth")
    head = ["场所", "数据源", "地址", "测点名称", "监测项"]
    rows = [["甲矿尾矿库", "甲矿网关", "JR-1", "主坝", None], ["甲矿尾矿库", "甲矿网关", "JR-2", None, None]]
    found = bring("points", workbook(head, *rows))
    assert [told(row) for row in found.rows] == [[], ["监测项：新增的必填"]]
    assert bring("points", workbook(head, rows[0])).confirm()["state"] == "done"
    assert Point.objects.get(address="JR-1").name == "主坝"


def test_an_item_is_known_by_its_title_and_one_no_pack_knows_is_said(bring, county: SimpleNamespace) -> None:
    sites.create_source(SYSTEM, "甲矿网关", county.site)
    head = ["场所", "数据源", "地址", "监测项"]
    at = ["甲矿尾矿库", "甲矿网关"]
    found = bring("points", workbook(head, [*at, "1", "浸润线埋深"], [*at, "2", "phreatic_dept"], [*at, "3", "co"]))
    notes = [[one["text"] for one in row["notes"]] for row in found.rows]
    assert notes == [[], ["没有规则看它：没有一个规则包认得监测项“phreatic_dept”"], []]
    assert found.job["noted"] == 1
    found.confirm()
    assert list(Point.objects.order_by("address").values_list("item", "item_title")) == [
        ("phreatic_depth", "浸润线埋深"), ("phreatic_dept", "phreatic_dept"), ("co", "一氧化碳"),
    ]  # fmt: skip
    assert bring("points", workbook(head, [*at, "1", "浸润线埋深"])).job["unchanged"] == 1


def test_a_site_outside_ones_sectors_is_told_and_not_made_twice(bring, county: SimpleNamespace) -> None:
    user = county.users["inspector"]
    user.sectors = ["open_pit"]
    user.save()
    places.create_site(SYSTEM, "甲矿采场", "open_pit", county.mine)
    head = ["单位", "场所名称", "类别"]
    content = workbook(
        head, ["甲矿", "甲矿尾矿库", "露天矿山"], ["甲矿", "新库", "尾矿库"], ["甲矿", "新采场", "露天矿山"]
    )
    found = bring("sites", content, who="inspector")
    assert told(found.rows[0]) == ["场所名称：已有，不在你的范围"]
    assert told(found.rows[1]) == ["类别：不在你的范围，你管的是：露天矿山"]
    assert told(found.rows[2]) == []
    assert bring("sites", workbook(head, ["甲矿", "新采场", "露天矿山"]), who="inspector").confirm()["state"] == "done"


def test_what_cannot_be_written_as_it_was_judged_is_refused_and_not_tried_for_ever(bring, monkeypatch) -> None:
    def collides(*_: Any) -> Any:
        raise IntegrityError("UNIQUE constraint failed")

    table = replace(tables.get("organisations"), apply=collides)
    monkeypatch.setitem(tables._tables, "organisations", table)
    job = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"])).confirm()
    assert job["state"] == "refused"
    assert "一行也没导入" in job["message"]


def test_points_are_watched_and_claimed_after_the_import(bring, county: SimpleNamespace) -> None:
    source = sites.create_source(SYSTEM, "甲矿网关", county.site)
    sites.receive_unclaimed(
        [
            {
                "source": source.pk,
                "address": "JR-09",
                "count": 3,
                "first_ts": 1,
                "last_ts": 2,
                "last_value": 1.0,
                "reason": "unknown",
            }
        ]
    )
    sites.bind(SYSTEM, county.site, "tailings-pond")
    head = [
        "场所",
        "数据源",
        "地址",
        "测点名称",
        "监测项",
        "计量单位",
        "采样间隔（秒）",
        "量程下限",
        "量程上限",
        "危险侧",
    ]
    rows = [
        ["甲矿尾矿库", "甲矿网关", f"JR-{n:02}", f"坝 {n}", "phreatic_depth", "m", 20, 0, 30, "低的一侧"]
        for n in range(8, 11)
    ]
    found = bring("points", workbook(head, *rows))
    assert found.job["wrong"] == 0, [told(row) for row in found.rows]
    assert found.confirm()["state"] == "done"
    point = Point.objects.get(address="JR-09")
    assert (point.danger, point.unit, point.item_title) == ("low", "m", "浸润线埋深")
    assert point.rules.filter(enabled=True).exists(), "the site's pack watches it"
    assert CatalogItem.objects.filter(section="points", key=str(point.pk)).exists()
    assert point.site.points.count() == 3
    rows[0][3], rows[1][6] = "主坝 8", 3600
    again = bring("points", workbook(head, *rows))
    assert again.rows[0]["state"] == "changed"
    assert "它决定读数怎么判" in told(again.rows[1])[0]


def test_what_cannot_be_followed_up_is_said_and_tried_again(
    bring, county: SimpleNamespace, tmp_path: Path, settings: Any
) -> None:
    source = sites.create_source(SYSTEM, "甲矿网关", county.site)
    assert source.pk
    sites.bind(SYSTEM, county.site, "tailings-pond")
    content = workbook(["场所", "数据源", "地址", "监测项"], ["甲矿尾矿库", "甲矿网关", "JR-1", "phreatic_depth"])
    found = bring("points", content)
    good = settings.CONFIG
    settings.CONFIG = replace(good, packs=tmp_path)  # the packs cannot be read for a while
    with pytest.raises(Invalid):
        found.confirm()
    job = found.client.get(found.path).json()
    assert job["state"] == "following"
    assert "还有 1 处没跟进完" in job["message"]
    point = Point.objects.get(address="JR-1")
    assert CatalogItem.objects.filter(section="points", key=str(point.pk)).exists(), "the rest is done"
    other = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]), settled=False)
    assert other.job["state"] == "checked", "no other file waits for it"
    settings.CONFIG = good
    worked()
    assert found.client.get(found.path).json()["state"] == "done"
    assert point.rules.filter(enabled=True).exists()


def test_a_file_that_cannot_be_followed_up_holds_no_later_one_up(
    bring, county: SimpleNamespace, tmp_path: Path, settings: Any
) -> None:
    """Its points would be in the list and watched by nothing, for as long as another's pack cannot be read."""
    sites.create_source(SYSTEM, "甲矿网关", county.site)
    sites.create_source(SYSTEM, "乙矿网关", county.site_b)
    sites.bind(SYSTEM, county.site, "tailings-pond")
    head = ["场所", "数据源", "地址", "监测项"]
    first = bring("points", workbook(head, ["甲矿尾矿库", "甲矿网关", "JR-1", "phreatic_depth"]))
    settings.CONFIG = replace(settings.CONFIG, packs=tmp_path)
    with pytest.raises(Invalid):
        first.confirm()
    second = bring("points", workbook(head, ["乙矿露天采场", "乙矿网关", "WY-1", "displacement"]), settled=False)
    assert second.job["wrong"] == 0, second.rows
    with pytest.raises(Invalid):
        second.confirm()
    assert first.client.get(first.path).json()["state"] == "following"
    assert second.client.get(second.path).json()["state"] == "done"
    point = Point.objects.get(address="WY-1")
    assert CatalogItem.objects.filter(section="points", key=str(point.pk)).exists()


def test_a_refused_file_stays_among_the_open_ones_until_seen_or_given_up(bring, login: Callable[[str], Client]) -> None:
    """Whoever closed the dialog while it was read would never learn that it was refused."""
    first, second = (bring("organisations", b"PK\x03\x04 torn") for _ in range(2))
    assert first.job["state"] == "refused"
    client = first.client

    def waiting() -> list[int]:
        return [one["id"] for one in client.get("/api/v1/imports", {"open": "true"}).json()["items"]]

    assert waiting() == [second.id, first.id]
    assert login("inspector").post(f"{first.path}/seen").status_code == 404
    for _ in range(2):
        assert client.post(f"{second.path}/seen").json()["state"] == "refused"
    assert waiting() == [first.id]
    assert client.post(f"{first.path}/discard").json()["state"] == "discarded"
    assert waiting() == []
    # What waits to be confirmed is not done by being seen.
    good = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]))
    client.post(f"{good.path}/seen")
    assert waiting() == [good.id]


def test_nobody_else_sees_a_file_and_many_at_once_are_refused(bring, login: Callable[[str], Client]) -> None:
    found = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]))
    assert login("inspector").get(found.path).status_code == 404
    assert login("leader").get(found.path).status_code == 403
    assert login("inspector").get("/api/v1/imports").json()["count"] == 0
    for _ in range(4):
        assert send(found.client, "organisations", b"x").status_code == 201
    full = send(found.client, "organisations", b"x")
    assert full.status_code == 409
    assert "还有 5 个文件没导完" in full.json()["detail"]
    assert found.client.post(f"{found.path}/discard").json()["state"] == "discarded"
    assert send(found.client, "organisations", b"x").status_code == 201


@pytest.mark.parametrize(("who", "table", "status"), [
    ("inspector", "organisations", 403), ("inspector", "sites", 201), ("duty_officer", "sites", 403),
    ("enterprise", "sites", 403), ("auditor", "organisations", 403), ("administrator", "nothing", 404),
])  # fmt: skip
def test_each_table_asks_for_the_rights_of_what_it_changes(
    login: Callable[[str], Client], who: str, table: str, status: int
) -> None:
    assert send(login(who), table, b"x").status_code == status


def test_rows_and_files_are_taken_away_in_time(bring, time_machine) -> None:
    found = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]))
    stored = Import.objects.get(pk=found.id).stored
    assert (services.folder() / stored).is_file()
    time_machine.move_to(timezone.now() + timedelta(days=31))
    services.clean()
    assert not ImportRow.objects.filter(job=found.id).exists()
    assert not (services.folder() / stored).exists()
    assert Import.objects.get(pk=found.id).state == "discarded"


def test_a_file_nothing_knows_is_taken_away_after_a_day(bring) -> None:
    """The process ended between the file and its row: it may hold personal values."""
    bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]))
    left, fresh = services.folder() / "left", services.folder() / "fresh"
    for path in (left, fresh):
        path.write_bytes(b"x")
    os.utime(left, (0, 0))
    waiting = services.folder() / Import.objects.get().stored
    os.utime(waiting, (0, 0))
    services.clean()
    assert (left.exists(), fresh.exists(), waiting.exists()) == (False, True, True)
    fresh.unlink()


def test_an_import_is_told_in_words_in_the_ledger(bring, login: Callable[[str], Client]) -> None:
    found = bring("organisations", workbook(HEAD, ["丙矿", "企业", CODE, "东乡"]))
    found.confirm()
    items = login("auditor").get("/api/v1/ledger", {"verb": "import.done"}).json()["items"]
    assert items[0]["subject"]["label"] == f"单位 #{found.id}"
    assert "新增 1" in items[0]["text"]
    assert items[0]["actor"] == actor(Import.objects.get(pk=found.id) and _user(found)).label


def _user(found: SimpleNamespace) -> object:
    from shoutu.county.people.models import User

    return User.objects.get(pk=Import.objects.get(pk=found.id).user_id)
