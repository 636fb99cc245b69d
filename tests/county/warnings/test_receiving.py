"""From signals to warnings: one per site and item, counted, never closed by silence, never a storm."""

from __future__ import annotations

import dataclasses
import random
import shutil
from datetime import timedelta

import pytest
from django.db.models import JSONField, Value
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Alarm, Call, Duty
from shoutu.county.duties.services import policies as policy_texts
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Signal
from shoutu.county.warnings import selectors, services
from shoutu.county.warnings.models import Event, Member, Warning
from shoutu.county.warnings.services import receiving


def fault(watched, signal, to, frm=0, point=0, **changes):
    return signal(
        to if to == 0 else 1, frm, point=point, rule=watched.silences[point].pk, kind="no_data", category="fault",
        value=None, threshold=60.0, **changes,
    )  # fmt: skip


def take(*signals):
    sites.receive(signals)
    services.take_in()


def test_a_red_signal_opens_a_warning_and_calls_people(raise_to, watched):
    warning = raise_to(4)
    assert warning.number == "W-20260721-0001"
    assert (warning.level, warning.current_level, warning.state) == (4, 4, "calling")
    assert warning.title == "浸润线埋深 5.96 m，低于红色限值 6.00 m"
    assert warning.sentence == "浸润线埋深 5.96 m，低于控制值 6.00 m，持续 60 秒。"
    duties = Duty.objects.filter(about_type="warning", about_id=warning.pk).order_by("kind")
    assert [duty.kind for duty in duties] == [
        "warning.answer", "warning.dispose", "warning.standby", "warning.verify", "warning.withdraw",
    ]  # fmt: skip
    firsts = {call.duty.kind: call.who for call in Call.objects.select_related("duty").order_by("-rung")}
    assert firsts == {
        "warning.dispose": "enterprise_duty",
        "warning.verify": "county_duty",
        "warning.answer": "county_leader",
        "warning.standby": "rescue_lead",
        "warning.withdraw": "enterprise_principal",
    }
    assert Entry.objects.filter(subject_type="warning", verb="warning.opened").count() == 1


def test_one_warning_per_site_and_item_with_count(raise_to):
    raise_to(2)
    warning = raise_to(3, 2)
    raise_to(2, 0, point=1)
    warning.refresh_from_db()
    assert Warning.objects.count() == 1
    assert (warning.count, warning.level, warning.current_level) == (3, 3, 3)


def test_it_stands_at_its_highest_member(raise_to):
    raise_to(3)
    raise_to(2, 0, point=1)
    assert raise_to(0, 3).current_level == 2
    ended = raise_to(0, 2, point=1)
    assert ended.current_level == 0
    assert ended.ended_at is not None
    assert ended.closed_at is None


def test_a_rise_calls_anew_with_the_tighter_clock(raise_to, clock):
    warning = raise_to(2)
    clock.shift(60)
    raise_to(4, 2)
    duty = Duty.objects.get(about_id=warning.pk, kind="warning.dispose")
    assert (duty.level, duty.round) == (4, 2)
    assert Call.objects.get(duty=duty, round=2).due_at - Call.objects.get(duty=duty, round=2).called_at == timedelta(
        minutes=5
    )
    assert Duty.objects.filter(about_id=warning.pk, kind="warning.answer").exists()


def test_a_flapping_signal_makes_one_warning_and_calls_once(raise_to, clock):
    for _ in range(20):
        raise_to(3)
        clock.shift(5)
        raise_to(0, 3)
        clock.shift(5)
    assert Warning.objects.count() == 1
    assert Warning.objects.get().count == 40
    assert Call.objects.count() == 4
    assert Duty.objects.count() == 4


def test_back_after_a_long_calm_before_closure_is_the_same_warning_and_calls_again(raise_to, clock):
    warning = raise_to(3)
    raise_to(0, 3)
    clock.shift(11 * 60)
    assert raise_to(3).pk == warning.pk
    assert Duty.objects.filter(about_id=warning.pk, kind="warning.dispose").get().round == 2


@pytest.mark.parametrize("result", ["false_alarm", "device_fault"])
@pytest.mark.parametrize("fallen_first", [False, True])
def test_what_was_found_false_of_one_sensor_hides_no_other(watched, raise_to, clock, result, fallen_first):
    officer = actor(watched.users["duty_officer"])
    warning = raise_to(3)
    services.verify(officer, warning.pk, result, "calibration")
    if fallen_first:
        raise_to(0, 3)
    before = Call.objects.count()
    clock.shift(timedelta(minutes=1))
    warning = raise_to(3, point=1)
    assert (Warning.objects.count(), warning.level, warning.result, warning.state) == (1, 3, None, "calling")
    assert Call.objects.count() > before
    assert Duty.objects.filter(kind="warning.verify", state="called").exists()
    assert warning.point == watched.points[1]


def test_another_sensor_calls_by_its_own_level_and_rises_behind_the_false_one(watched, raise_to, clock):
    officer = actor(watched.users["duty_officer"])
    warning = raise_to(3)
    services.verify(officer, warning.pk, "false_alarm", "calibration")
    clock.shift(timedelta(minutes=1))
    warning = raise_to(2, point=1)
    assert (warning.level, warning.current_level, warning.state) == (2, 3, "calling")
    assert "7.1" in warning.title
    before = Call.objects.count()
    warning = raise_to(3, 2, point=1)
    assert warning.level == 3
    assert Call.objects.count() > before


def test_a_sensor_found_false_that_flaps_calls_nobody(watched, raise_to, clock):
    officer = actor(watched.users["duty_officer"])
    warning = raise_to(3)
    services.verify(officer, warning.pk, "false_alarm", "calibration")
    before = Call.objects.count()
    for _ in range(3):
        clock.shift(timedelta(minutes=1))
        raise_to(0, 3)
        clock.shift(timedelta(minutes=1))
        warning = raise_to(3)
    assert (warning.result, Call.objects.count()) == ("false_alarm", before)
    raise_to(0, 3)
    clock.shift(timedelta(minutes=11))
    assert raise_to(3).result is None
    assert Call.objects.count() > before


def test_silence_is_a_fault_of_its_own_and_never_clears_the_risk(raise_to, signal, watched):
    raise_to(3)
    take(fault(watched, signal, 1))
    risk = Warning.objects.get(category="risk")
    silence = Warning.objects.get(category="fault")
    assert silence.title == "JR-03 断面 没有数据"
    assert (risk.current_level, risk.unknown_now, risk.state) == (3, True, "calling")
    take(fault(watched, signal, 0, 1))
    risk.refresh_from_db()
    assert (risk.current_level, risk.unknown_now) == (3, False)


def test_a_source_gone_silent_makes_its_risks_unknown(raise_to, signal, watched):
    raise_to(3)
    take(signal(1, rule=None, rule_version=None, point=0, kind="source_silence", category="fault", value=None))
    silence = Warning.objects.get(category="fault")
    take(
        {
            **signal(1, kind="source_silence", category="fault", value=None),
            "point": None,
            "rule": None,
            "item": None,
        }
    )
    assert Warning.objects.filter(category="fault").count() == 2
    assert Warning.objects.get(category="risk").unknown_now
    assert silence.category == "fault"


def test_a_late_exceedance_opens_a_warning_that_does_not_claim_to_last(raise_to):
    warning = raise_to(4, 0, type="late_exceedance", flags=["late"])
    assert (warning.level, warning.current_level, warning.late) == (4, 0, True)
    assert "迟到" in warning.sentence
    called = Call.objects.exclude(state="nobody").values_list("duty__kind", flat=True)
    assert sorted(called) == ["warning.answer", "warning.dispose", "warning.standby", "warning.verify"]


def test_a_backfill_is_marked(raise_to):
    assert raise_to(2, flags=["backfill"]).backfill


def test_a_recovery_without_a_warning_changes_nothing(raise_to, signal):
    take(signal(0, 2))
    assert Warning.objects.count() == 0
    assert Signal.objects.get().state == "done"


def test_after_closure_the_next_one_has_a_new_number(raise_to, watched):
    officer = actor(watched.users["duty_officer"])
    first = raise_to(2)
    raise_to(0, 2)
    services.verify(officer, first.pk, "false_alarm", "calibration")
    services.close(officer, first.pk)
    second = raise_to(2)
    assert (first.pk, second.number) != (second.pk, first.number)
    assert second.number == "W-20260721-0002"


def test_a_signal_delivered_twice_counts_once(signal):
    told = signal(3)
    assert sites.receive([told]) == (1, 0)
    assert sites.receive([told, told]) == (0, 2)
    services.take_in()
    services.take_in()
    assert Warning.objects.get().count == 1
    assert Event.objects.count() == 1


@pytest.mark.parametrize("seed", range(5))
def test_reordered_and_repeated_delivery_ends_where_order_would(signal, seed):
    course = [1, 2, 4, 3, 0, 2]
    told = [signal(to, frm) for frm, to in zip([0, *course], course, strict=False)]
    mixed = told * 2
    random.Random(seed).shuffle(mixed)
    for start in range(0, len(mixed), 3):
        sites.receive(mixed[start : start + 3])
        services.take_in()
    warning = Warning.objects.get()
    assert (warning.current_level, warning.peak_level, warning.level) == (2, 4, 4)
    assert Event.objects.count() == len(told)


def test_a_poisonous_signal_is_set_aside_with_an_alarm_and_blocks_nobody(signal):
    poison = {**signal(3), "event_ts": "yesterday"}
    sites.receive([poison, signal(2)])
    services.take_in()
    assert Warning.objects.get().level == 2
    services.take_in()
    services.take_in()
    row = Signal.objects.get(uid=poison["id"])
    assert (row.state, row.tries) == ("aside", 3)
    assert Alarm.objects.get(kind="signal.aside").cleared_at is None
    services.take_in()
    assert Signal.objects.filter(state="new").count() == 0


@pytest.mark.parametrize("body", [[1, 2], "text", 7, None, {}])
def test_a_signal_of_no_form_is_set_aside_and_blocks_nobody(signal, body):
    broken = signal(3)
    sites.receive([broken, signal(2)])
    Signal.objects.filter(uid=broken["id"]).update(body=Value(body, JSONField()))
    for _ in range(3):
        services.take_in()
    assert Warning.objects.get().level == 2
    row = Signal.objects.get(uid=broken["id"])
    assert (row.state, row.tries) == ("aside", 3)
    assert Alarm.objects.get(kind="signal.aside").cleared_at is None
    told = receiving.sites_of(Signal.objects.all())
    assert told.get(row.pk, set()) == set(), "of any form it can be looked at beside others"
    assert [one for pk, one in told.items() if pk != row.pk] == [{Warning.objects.get().site_id}]


def test_an_unreadable_policy_of_the_county_stops_no_warning(raise_to, tmp_path, settings):
    """People are called by the policy agreed to meanwhile, and the auditor says so until it is mended."""
    folder = tmp_path / "response"
    shutil.copytree(settings.CONFIG.packs / "response", folder)
    settings.CONFIG = dataclasses.replace(settings.CONFIG, packs=tmp_path)
    policy_texts.look()
    (folder / "county.yaml").write_text("pack: [", "utf-8")
    warning = raise_to(3)
    assert Duty.objects.filter(about_type="warning", about_id=warning.pk).exists()
    assert [finding.kind for finding in audit()] == ["policy.fault"]
    (folder / "county.yaml").unlink()
    (folder / "default.yaml").rename(folder / "away.yaml")
    raise_to(4, 3)  # by the policy that was agreed to
    warning.refresh_from_db()
    assert warning.level == 4
    (folder / "away.yaml").rename(folder / "default.yaml")
    assert audit() == []


def test_a_signal_about_an_unknown_point_still_warns(signal):
    take(signal(4) | {"point": 99999, "rule": 99999, "site": 99999})
    warning = Warning.objects.get()
    assert (warning.level, warning.site, warning.point) == (4, None, None)
    assert Call.objects.filter(who="county_duty").exists()


def changed(watched, rule, **change):
    """A change of a rule by two persons."""
    version = sites.propose(actor(watched.users["inspector"]), rule, "误设", **change)
    sites.approve(actor(watched.users["administrator"]), version)


def test_a_changed_rule_keeps_its_members_until_its_own_readings_lower_them(raise_to, signal, watched):
    """The engine keeps the level of a rule that changes and signals only what moves it."""
    warning = raise_to(3)
    changed(watched, watched.rules[0], params={"levels": {"3": 6.55}, "direction": "low"})
    warning.refresh_from_db()
    assert (warning.current_level, warning.closed_at) == (3, None)
    take(signal(0, 3, rule_version=2))
    warning.refresh_from_db()
    assert warning.current_level == 0


def test_a_rule_switched_off_lets_its_members_go_but_the_warning_stays_open(raise_to, signal, watched):
    warning = raise_to(3)
    take(fault(watched, signal, 1))
    warning.refresh_from_db()
    assert warning.unknown_now
    changed(watched, watched.rules[0], enabled=False)
    warning.refresh_from_db()
    assert (warning.current_level, warning.unknown_now, warning.closed_at) == (0, False, None)
    assert warning.ended_at is not None


def test_a_silence_rule_switched_off_leaves_no_risk_unknown_for_ever(raise_to, signal, watched):
    warning = raise_to(3)
    take(fault(watched, signal, 1))
    changed(watched, watched.silences[0], enabled=False)
    warning.refresh_from_db()
    assert (warning.current_level, warning.unknown_now) == (3, False)


def test_a_signal_on_its_way_when_its_rule_is_switched_off_calls_but_claims_no_level(raise_to, watched):
    changed(watched, watched.rules[0], enabled=False)
    warning = raise_to(3)
    assert (warning.level, warning.current_level) == (3, 0)
    assert Duty.objects.filter(about_type="warning", about_id=warning.pk).exists()


@hypothesis(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=8))
def test_any_course_leaves_the_level_of_its_members(watched, signal, course):
    standing = {m.point_id: m.level for m in Member.objects.filter(warning__closed_at=None)}
    for level, point in course:
        key = watched.points[point].pk
        take(signal(level, standing.get(key, 0), point=point))
        if level or Warning.objects.filter(closed_at=None).exists():
            standing[key] = level
    open_ = Warning.objects.filter(closed_at=None)
    assert open_.count() <= 1
    for warning in open_:
        assert warning.current_level == max(standing.values())
        assert warning.peak_level >= warning.level >= warning.current_level


def test_a_sum_of_a_rate_is_told_without_the_hour(signal, watched):
    gauge = sites.create_point(SYSTEM, watched.site, watched.source, "YL-01", item="rain_hour", unit="mm/h")
    params = {"levels": {"2": 50.0}, "window_s": 86_400.0, "bucket_s": 1800.0, "form": "integral"}
    rule = sites.create_rule(SYSTEM, gauge, "accumulation", params, "设计值")
    told = {"rule": rule.pk, "point": gauge.pk, "item": "rain_hour", "kind": "accumulation"}
    take({**signal(2), **told, "value": 4.0, "aux": 53.5, "threshold": 50.0})
    warning = selectors.warnings_for(SYSTEM).get()
    assert warning.title == "小时雨量累计 53.50 mm，高于黄色限值 50.00 mm"
    assert "53.50 mm，" in warning.sentence
    assert (warning.value, warning.unit, gauge.unit) == (53.5, "mm", "mm/h")
    assert selectors.row(warning, [])["unit"] == "mm"


def test_what_is_unlike_before_is_told_with_its_value_and_no_limit(signal, watched):
    """Held against the levels is how rare it is: three thousand readings are no limit in metres."""
    rule = sites.create_rule(SYSTEM, watched.points[0], "anomaly", {"levels": {"1": 3000}}, "新情况早知道")
    told = {"rule": rule.pk, "kind": "anomaly", "value": 12.5, "aux": 3312.7, "threshold": 3000.0}
    take({**signal(1), **told, "low": 4.0, "high": 6.0, "flags": ["of_hour"]})
    warning = selectors.warnings_for(SYSTEM).get()
    assert warning.title.endswith("12.50 m，异于以往，约 3300 个读数一遇")
    assert warning.sentence.endswith(
        " 12.50 m，平常此时在 4.00 至 6.00 m：约 3300 个读数一遇，是新情况，不一定是险情。"
    )
    assert (warning.level, warning.value, warning.threshold, warning.direction) == (1, 12.5, None, None)
