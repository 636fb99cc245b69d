"""A change tried on history before it is asked: what would be missed is named, first what was verified as real."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.sites import asking, services, trying
from shoutu.county.sites.models import RuleVersion
from shoutu.county.warnings.models import Member, Warning
from shoutu.sensing import trial as sensing_trial
from shoutu.sensing.store import Store
from shoutu.sensing.store.settings import StoreSettings
from shoutu.sensing.trial import Asked, Trial

LOW = {"levels": {"4": 6.0, "2": 7.0}, "direction": "low"}
WEAK = {"levels": {"4": 5.0, "2": 5.5}, "direction": "low"}
HOUR = timedelta(hours=1)


@pytest.fixture
def point(county):
    source = services.create_source(SYSTEM, "甲矿网关", county.site)
    return services.create_point(
        SYSTEM, county.site, source, "JR-03", item="phreatic_depth", unit="m", danger="low", interval_s=60
    )


@pytest.fixture
def rule(point):
    return services.create_rule(SYSTEM, point, "threshold", LOW, "设计", title="浸润线")


def five_days(store, point):
    """Fills a store: a reading a minute, shallow to 6.5 four days ago and to 5.8 two days ago, an hour each.

    Returns when the two began, and the end.
    """
    end = timezone.now().replace(second=0, microsecond=0)
    minutes = 5 * 1440
    ts = np.array([round((end - timedelta(minutes=minutes - i)).timestamp() * 1000) for i in range(minutes)], np.int64)
    value = np.full(minutes, 9.0)
    yellow, red = end - 4 * 24 * HOUR, end - 2 * 24 * HOUR
    for begin, low in ((yellow, 6.5), (red, 5.8)):
        first = minutes - round((end - begin).total_seconds() / 60)
        value[first : first + 60] = low
    store.add(1, np.full(minutes, point.pk, np.int32), ts, ts + 300, value, np.zeros(minutes, np.uint8))
    store.mark(minutes)
    return yellow, red, end


@pytest.fixture
def history(point, tmp_path, monkeypatch):
    """Five days, a reading a minute: shallow to 6.5 four days ago and to 5.8 two days ago, an hour each.

    The real trial over a real store; only the way between the two processes is left out.
    """
    store = Store(tmp_path / "store", StoreSettings())
    yellow, red, _end = five_days(store, point)
    monkeypatch.setattr(asking, "trial", lambda body: Trial(store).run(msgspec.convert(body, Asked)))
    yield yellow, red
    store.close()


def warned(rule, at, level, result, ended=None):
    warning = Warning.objects.create(
        number=f"W{at:%d%H%M}-{level}", key=f"k{at}", site=rule.site, category="risk", item="phreatic_depth",
        item_title="浸润线", point=rule.point, rule=rule, level=level, peak_level=level, current_level=0,
        title="浸润线埋深不足", started_at=at, opened_at=at, last_signal_at=at, result=result,
        ended_at=ended or at + HOUR, state="closed", closed_at=ended or at + HOUR,
    )  # fmt: skip
    Member.objects.create(warning=warning, point_id=rule.point_id, rule_id=rule.pk, kind="threshold", level=0, at=at)
    return warning


def of(side):
    return {one["level"]: one["n"] for one in side["counts"] if one["n"]}


def test_a_weaker_limit_shows_what_it_would_miss_real_first(county, rule, history):
    yellow, red = history
    real = warned(rule, red, 4, "real")
    false = warned(rule, yellow, 2, "false_alarm")
    before = Entry.objects.count()
    told = trying.trial(actor(county.users["inspector"]), rule, WEAK, enabled=True)
    assert told["effect"] == "second_person"
    assert told["readings"] == 5 * 1440
    assert of(told["now"]) == {4: 1, 2: 1}
    assert of(told["then"]) == {}
    assert [(one["id"], one["verdict"]) for one in told["warnings"]] == [(real.pk, "missed"), (false.pk, "missed")]
    assert told["now"]["episodes"][1]["start"] == red
    assert (Entry.objects.count(), RuleVersion.objects.count()) == (before, 1)


def test_a_limit_between_lowers_and_another_rule_still_catches(county, rule, point, history):
    _yellow, red = history
    warned(rule, red, 4, "real")
    inspector = actor(county.users["inspector"])
    lower = trying.trial(inspector, rule, {**LOW, "levels": {"4": 5.0, "2": 7.0}}, enabled=True)
    assert [one["verdict"] for one in lower["warnings"]] == ["lower"]
    later = trying.trial(inspector, rule, {**LOW, "raise_for_s": 600}, enabled=True)
    assert [(one["verdict"], one["delay_s"]) for one in later["warnings"]] == [("later", 600.0)]
    services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 5.9}, "direction": "low"}, "再加一条")
    caught = trying.trial(inspector, rule, WEAK, enabled=True)
    assert [one["verdict"] for one in caught["warnings"]] == ["same"]
    assert of(caught["then"]) == {}


def test_a_rule_switched_off_misses_all_and_a_stricter_one_comes_sooner_or_more(county, rule, history):
    yellow, _red = history
    warned(rule, yellow, 2, "real")
    inspector = actor(county.users["inspector"])
    off = trying.trial(inspector, rule, None, enabled=False)
    assert [one["verdict"] for one in off["warnings"]] == ["missed"]
    assert off["then"]["levels"] == []
    strict = trying.trial(inspector, rule, {**LOW, "levels": {"4": 6.6, "2": 7.0}}, enabled=True)
    assert of(strict["then"]) == {4: 2}
    assert strict["effect"] == "at_once"
    old = datetime(2020, 1, 1, tzinfo=UTC)
    warned(rule, old, 4, "real", ended=old + HOUR)
    assert len(trying.trial(inspector, rule, None, enabled=True)["warnings"]) == 1


def verdicts(told):
    return {one["id"]: one["verdict"] for one in told["warnings"]}


def test_a_warning_before_the_first_reading_is_not_said_to_be_raised_by_nothing(county, rule, history):
    yellow, _red = history
    first = timezone.now() - 5 * 24 * HOUR
    before = warned(rule, first - 48 * HOUR, 4, "real")
    # Yellow is all the trial sees of it: what it was before, nobody can say.
    across = warned(rule, first - HOUR, 4, "real", ended=yellow + HOUR)
    inspector = actor(county.users["inspector"])
    assert verdicts(trying.trial(inspector, rule, LOW, enabled=True)) == {before.pk: "untried", across.pk: "untried"}
    assert verdicts(trying.trial(inspector, rule, WEAK, enabled=True)) == {before.pk: "untried", across.pk: "missed"}


def test_a_warning_before_the_oldest_episode_told_of_many_is_not_said_to_be_missed(county, rule, history, monkeypatch):
    yellow, red = history
    old, new = warned(rule, yellow, 2, "real"), warned(rule, red, 4, "real")
    monkeypatch.setattr(sensing_trial, "MOST_EPISODES", 1)
    strict = {**LOW, "levels": {"4": 6.6, "2": 7.0}}
    told = trying.trial(actor(county.users["inspector"]), rule, strict, enabled=True)
    assert verdicts(told) == {new.pk: "same", old.pk: "untried"}


def test_over_http_who_may_change_may_try(county, rule, history, login):
    answer = login("inspector").post(
        f"/api/v1/rules/{rule.pk}/trial", {"params": WEAK}, content_type="application/json"
    )
    assert answer.status_code == 200
    assert of(answer.json()["now"]) == {4: 1, 2: 1}
    assert answer.json()["then"]["levels"][0]["value"] == 5.5
    wrong = login("inspector").post(f"/api/v1/rules/{rule.pk}/trial", {"params": {}}, content_type="application/json")
    assert wrong.status_code == 422


def test_a_composite_is_not_tried_on_one_point(county, rule):
    steps = [{"level": 2, "count": 2, "to": 3}]
    together = services.create_composite(
        SYSTEM, county.site, {"form": "k_of_n", "items": ["phreatic_depth"], "steps": steps}, "合看"
    )
    with pytest.raises(Invalid):
        trying.trial(actor(county.users["inspector"]), together, None, enabled=True)
