"""A rule's thresholds against what really happened: the pipeline's engine over what is kept, and the command."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from django.utils import timezone

from shoutu.backtesting import rules
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.sites import asking, backtesting, backtesting_many, services
from shoutu.sensing.backtest import BacktestAsked, backtest
from shoutu.sensing.store import Store
from shoutu.sensing.store.settings import StoreSettings

from .test_trying import HOUR, five_days, point, rule, warned  # noqa: F401

EXAMPLES = Path(__file__).parents[3] / "packs" / "examples"


@pytest.fixture
def kept(point, tmp_path, monkeypatch):  # noqa: F811
    """Five days, a reading a minute: shallow to 6.5 four days ago and to 5.8 two days ago, an hour each."""
    store = Store(tmp_path / "store", StoreSettings())
    yellow, red, end = five_days(store, point)
    monkeypatch.setattr(asking, "backtest", lambda body: backtest(store, msgspec.convert(body, BacktestAsked)))
    yield yellow, red, end
    store.close()


def ms(at):
    return round(at.timestamp() * 1000)


def test_given_events_tell_lead_and_false_alarms_for_each_threshold(county, rule, kept):  # noqa: F811
    _yellow, red, end = kept
    before = Entry.objects.count()
    slide = (ms(red + HOUR / 2), ms(red + HOUR), "slide")
    told = backtesting.backtest(
        actor(county.users["inspector"]), rule, end - timedelta(days=5), end, [slide], timedelta(hours=6)
    )
    now = told["now"]["at"]
    assert (now["2"]["lead"], now["2"]["false"], now["4"]["false"]) == ([0.5], 1, 0)
    assert told["levels"] == [2, 4]
    by = {row["factor"]: row["at"] for row in told["sweep"]}
    assert by[0.9]["2"]["false"] == 0
    assert by[0.9]["2"]["missed"] == 0
    assert by[0.8]["2"]["missed"] == 1
    assert by[1.3]["2"]["false"] >= 1
    assert Entry.objects.count() == before


def test_without_events_the_warnings_found_real_are_those(county, rule, kept):  # noqa: F811
    yellow, red, end = kept
    real = warned(rule, red, 4, "real")
    warned(rule, yellow, 2, "false_alarm")
    told = backtesting.backtest(actor(county.users["inspector"]), rule, end - timedelta(days=5), end)
    assert told["of_warnings"]
    assert [event[2] for event in told["events"]] == [real.number]


def test_the_face_gets_levels_in_rows_and_each_event_with_its_warning(county, login, rule, kept):  # noqa: F811
    yellow, red, end = kept
    real = warned(rule, red, 4, "real")
    warned(rule, yellow, 2, "real")  # too low for something that happened
    asked = {"start": (end - timedelta(days=5)).isoformat(), "end": end.isoformat(), "before_h": 6}
    path = f"/api/v1/rules/{rule.pk}/backtest"
    told = login("inspector").post(path, asked, content_type="application/json").json()
    assert [(one["name"], one["warning"]) for one in told["events"]] == [(real.number, real.pk)]
    assert [one["level"] for one in told["now"]["at"]] == [4, 2]
    assert told["now"]["at"][1]["false"] == 1
    assert {one["level"] for one in told["now"]["stood"]} == {2, 4}
    assert [one["value"] for one in told["sweep"][0]["levels"]] == [3.5, 3.0]
    given = {**asked, "events": [{"start": (red + HOUR / 2).isoformat(), "name": "溜坡"}]}
    told = login("inspector").post(path, given, content_type="application/json").json()
    assert [(one["name"], one["warning"]) for one in told["events"]] == [("溜坡", None)]
    assert told["now"]["at"][1]["lead"] == [0.5]
    backwards = {"start": red.isoformat(), "end": (red - HOUR).isoformat()}
    for wrong in ({**asked, "events": [backwards]}, {**asked, "start": "2020-01-01T00:00:00Z"}, {**asked, **backwards}):
        assert login("inspector").post(path, wrong, content_type="application/json").status_code == 422


def many(login, of, kept_, **more):
    asked = {"start": (kept_[2] - timedelta(days=5)).isoformat(), "end": kept_[2].isoformat(), "before_h": 6}
    return login("inspector").post("/api/v1/backtests", {**asked, **of, **more}, content_type="application/json")


def gone_through(told):
    return [one["id"] for one in told["items"]], told["left"]["later"], told["next"]


def test_a_site_is_backtested_rule_by_rule_and_what_is_left_out_is_counted(county, login, point, rule, kept):  # noqa: F811
    services.create_rule(SYSTEM, point, "stuck", {"window_s": 600}, "设备", title="卡死")
    off = services.create_rule(SYSTEM, point, "threshold", {"direction": "low", "levels": {"2": 5}}, "另一条")
    services.propose(SYSTEM, off, "不用", enabled=False, agreed=True)
    rate = {"direction": "low", "levels": {"2": -0.5}, "window_s": 3600, "interval_s": 300}
    second = services.create_rule(SYSTEM, point, "rate", rate, "降得快", title="下降过快")
    _yellow, red, _end = kept
    event = {"start": (red + HOUR / 2).isoformat(), "name": "溜坡"}
    told = many(login, {"site": county.site.pk}, kept, events=[event]).json()
    assert [one["id"] for one in told["items"]] == [rule.pk, second.pk]
    assert told["count"] == 2
    assert told["left"] == {"off": 1, "together": 0, "device": 1, "later": 0}
    assert told["next"] is None
    first = told["items"][0]
    assert (first["why"], first["events"], first["unread"], first["point"]["id"]) == (None, 1, 0, point.pk)
    single = backtesting.backtest(
        actor(county.users["inspector"]), rule, kept[2] - timedelta(days=5), kept[2],
        [(ms(red + HOUR / 2), ms(red + HOUR / 2), "溜坡")], timedelta(hours=6),
    )  # fmt: skip
    assert first["levels"] == backtesting_many.levels(single)
    assert [one["level"] for one in first["levels"]] == [4, 2]


def test_one_go_takes_only_so_many_and_the_next_goes_on(county, login, point, rule, kept, monkeypatch):  # noqa: F811
    second = services.create_rule(SYSTEM, point, "threshold", {"direction": "low", "levels": {"1": 8}}, "早些")
    for limit in ("MOST_RULES", "MOST_S"):
        with monkeypatch.context() as only:
            only.setattr(backtesting_many, limit, 1 if limit == "MOST_RULES" else 0)
            told = many(login, {"site": county.site.pk}, kept).json()
            assert ([one["id"] for one in told["items"]], told["left"]["later"], told["next"]) == (
                [rule.pk],
                1,
                rule.pk,
            )
            rest = many(login, {"site": county.site.pk}, kept, after=told["next"]).json()
            assert ([one["id"] for one in rest["items"]], rest["left"]["later"], rest["next"]) == ([second.pk], 0, None)
            assert rest["count"] == 2


def test_a_rule_the_pipeline_cannot_reckon_says_why_beside_the_others(county, login, rule, kept, monkeypatch):  # noqa: F811
    def refused(_body):
        raise Invalid("trial", "too much", "这次试算做不了：too much")

    monkeypatch.setattr(asking, "backtest", refused)
    (row,) = many(login, {"site": county.site.pk}, kept).json()["items"]
    assert (row["id"], row["readings"], row["levels"]) == (rule.pk, 0, [])
    assert "too much" in row["why"]


def test_a_pack_is_backtested_at_every_site_and_events_by_hand_need_one(county, login, point, rule, kept):  # noqa: F811
    type(rule).objects.filter(pk=rule.pk).update(origin="tailings-pond/phreatic_limit")
    services.create_rule(SYSTEM, point, "threshold", {"direction": "low", "levels": {"1": 8}}, "不是包里的")
    told = many(login, {"pack": "tailings-pond"}, kept).json()
    assert [one["id"] for one in told["items"]] == [rule.pk]
    assert told["title"] == "尾矿库监测预警"
    event = {"start": kept[1].isoformat()}
    for field, wrong in (
        ("events", {"pack": "tailings-pond", "events": [event]}), ("pack", {}), ("pack", {"pack": "no-such"}),
    ):  # fmt: skip
        answer = many(login, wrong, kept)
        assert answer.status_code == 422
        assert answer.json()["field"] == field
    assert many(login, {"site": 999_999}, kept).status_code == 404


def test_a_composite_and_a_fault_rule_are_refused(county, point, rule):  # noqa: F811
    fault = services.create_rule(SYSTEM, point, "stuck", {"window_s": 600}, "设备", title="卡死")
    now = timezone.now()
    with pytest.raises(Invalid):
        backtesting.backtest(actor(county.users["inspector"]), fault, now - HOUR, now)
    with pytest.raises(Invalid):
        backtesting.backtest(actor(county.users["inspector"]), rule, now, now - HOUR)


def test_the_command_over_what_is_kept(rule, kept, tmp_path):  # noqa: F811
    _yellow, red, _end = kept
    events = tmp_path / "events.csv"
    events.write_text(
        f"site,start,end,kind\n别处,{red.isoformat()},,\n,{(red + HOUR / 2).isoformat()},,slide\n", "utf-8"
    )
    asked = ["backtest", "--rule", str(rule.pk), "--events", str(events), "--before", "6"]
    answer = CliRunner().invoke(rules, [*asked, "--json"])
    assert answer.exit_code == 0, answer.output
    (told,) = json.loads(answer.output)["rules"]
    assert [event[2] for event in told["events"]] == ["slide"]
    assert told["now"]["at"]["2"]["lead"] == [0.5]
    table = CliRunner().invoke(rules, asked).output
    assert "黄\t现行\t7\t0.5\t0/1" in table


def test_the_command_over_a_whole_site_prints_a_line_a_level(county, rule, kept):  # noqa: F811
    asked = ["backtest", "--site", county.site.name, "--before", "6"]
    lines = CliRunner().invoke(rules, asked).output.splitlines()
    assert [line.split("\t")[5] for line in lines[:-1]] == ["等级", "红", "黄"]
    assert "没有算的" in lines[-1]
    (told,) = json.loads(CliRunner().invoke(rules, [*asked, "--json"]).output)["rules"]
    assert (told["rule"], told["sweep"]) == (rule.pk, [])


@pytest.mark.django_db
def test_the_command_over_a_file_by_a_pack(tmp_path):
    events = tmp_path / "events.yaml"
    events.write_text("- {start: '2026-11-20T08:49:00+08:00', kind: 起跳}\n", "utf-8")
    place = EXAMPLES / "boiler"
    arguments = ["backtest", "boiler", "--data", place / "readings.csv", "--design", place / "site.yaml"]
    answer = CliRunner().invoke(rules, [*map(str, arguments), "--events", str(events), "--json"])
    assert answer.exit_code == 0, answer.output
    found = {(one["place"], one["rule"]): one for one in json.loads(answer.output)["rules"]}
    pressure = found["GY-01", "steam_pressure_limit"]["now"]["at"]
    assert pressure["2"]["lead"][0] == pytest.approx(0.5, abs=0.05)
    assert pressure["3"]["lead"][0] == pytest.approx(0.25, abs=0.05)


def test_the_command_says_what_it_needs():
    for arguments in ([], ["boiler", "--data", str(EXAMPLES / "boiler" / "readings.csv")]):
        answer = CliRunner().invoke(rules, ["backtest", *arguments])
        assert answer.exit_code == 2
