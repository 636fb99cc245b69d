"""停产撤人: ordered by the level, counted, confirmed out until nobody is missing, and work resumed by order."""

from __future__ import annotations

from random import Random

import pytest
from django.utils import timezone

from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotAllowed, NotFound
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.sites import services as sites
from shoutu.county.warnings import evacuations, services
from shoutu.county.warnings.models import Evacuation, HeadCount, Warning
from shoutu.county.warnings.services.evacuation_count import Reading


@pytest.fixture
def mine(watched):
    return actor(watched.users["enterprise"])


@pytest.fixture
def stop(red):
    return Evacuation.objects.get()


@pytest.fixture
def leader(watched):
    return actor(watched.users["leader"])


def resume_agreed(by):
    """The second person agrees to 复工."""
    proposals.agree(by, Proposal.objects.get(kind="site.state", state="waiting"))


def duty():
    return Duty.objects.filter(kind="warning.withdraw").latest("id")


def entries(verb="evacuation.counted"):
    return Entry.objects.filter(subject_type="evacuation", verb=verb).count()


@pytest.mark.parametrize(("level", "ordered"), [(1, 0), (2, 0), (3, 1), (4, 1)])
def test_orange_and_red_order_it_yellow_and_blue_do_not(raise_to, level, ordered):
    raise_to(level)
    assert Evacuation.objects.count() == ordered
    assert entries("evacuation.ordered") == ordered


def test_by_hand_at_yellow_once(raise_to, mine):
    yellow = raise_to(2)
    stop = services.order_withdrawal(mine, yellow.pk, "坝下有人")
    assert (stop.state, stop.total, duty().level) == ("going", None, 2)
    with pytest.raises(Conflict, match="已经下令"):
        services.order_withdrawal(mine, yellow.pk)


def test_unknown_is_not_zero(stop, mine):
    assert stop.missing is None
    assert duty().why == "人数未报，先报井下和危险区人数"
    with pytest.raises(Conflict, match="先报人数"):
        services.confirm_out(mine, stop.pk, "a", count=3)


def test_counted_out_one_by_one_until_zero_ends_the_duty(stop, mine, officer, red):
    services.set_head_count(mine, stop.pk, 14, "调度室", "in")
    assert duty().why == "还有 14 人未出（共 14 人）"
    services.confirm_out(mine, stop.pk, "a", names=["甲", "乙"])
    services.confirm_out(mine, stop.pk, "b", count=11, group="二班")
    assert (Evacuation.objects.get().missing, duty().state) == (1, "called")
    services.confirm_out(officer, stop.pk, "c", count=1)
    done = Evacuation.objects.get()
    assert (done.missing, done.state, duty().state) == (0, "out", "done")
    assert Warning.objects.get().withdrawn
    assert entries() == 4
    texts = [row["text"] for row in evacuations_timeline(officer, red)]
    assert "甲矿值班员 确认 11 人已出，还有 1 人未出：二班" in texts


def evacuations_timeline(who, warning):
    from shoutu.county.warnings import selectors

    return selectors.timeline(who, warning.pk)


def test_sent_twice_is_counted_once(stop, mine):
    for _ in range(2):
        services.set_head_count(mine, stop.pk, 5, "调度室", "in")
    for _ in range(3):
        services.confirm_out(mine, stop.pk, "a", count=2)
    assert (Evacuation.objects.get().missing, HeadCount.objects.count()) == (3, 2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("set_head_count", 30, "调度室"), ("set_head_count", 35, "调度室")),
        (("add_people", 2, "外协 2 人"), ("add_people", 3, "外协 2 人")),
        (("take_back", 1, "乙班"), ("take_back", 1, "丙班")),
        (("add_people", 1, "一人"), ("take_back", 1, "一人")),
    ],
)
def test_another_number_under_the_same_key_is_refused_and_never_lost(stop, mine, first, second):
    """35 told after 30 under the key of the 30 must not be answered as done: five people nobody would miss."""

    def step(name, *told):
        return getattr(services, name)(mine, stop.pk, *told, "k")

    if first[0] != "set_head_count":
        services.set_head_count(mine, stop.pk, 30, "调度室", "in")
        services.confirm_out(mine, stop.pk, "out", count=5)
    step(*first)
    before = HeadCount.objects.count()
    step(*first)
    with pytest.raises(KeyReused, match="记下，另报更正") as why:
        step(*second)
    problem = why.value.problem()
    assert (problem["status"], problem["code"]) == (409, "key.reused")
    assert problem["recorded"]["subject"] == {"type": "evacuation", "id": stop.pk}
    assert HeadCount.objects.count() == before


def test_others_confirmed_out_under_the_same_key_are_refused(stop, mine):
    services.set_head_count(mine, stop.pk, 30, "调度室", "in")
    services.confirm_out(mine, stop.pk, "a", names=["甲", "乙"])
    services.confirm_out(mine, stop.pk, "a", names=["甲", "乙"])
    for changed in ({"names": ["甲", "丙"]}, {"count": 2}, {"count": 3, "group": "乙班"}):
        with pytest.raises(KeyReused, match="确认已出 2 人"):
            services.confirm_out(mine, stop.pk, "a", **changed)
    assert Evacuation.objects.get().missing == 28


def test_one_person_is_not_counted_twice(stop, mine):
    services.set_head_count(mine, stop.pk, 5, "调度室", "in")
    services.confirm_out(mine, stop.pk, "a", names=["甲", "乙"])
    with pytest.raises(Conflict, match="甲 已经确认出来"):
        services.confirm_out(mine, stop.pk, "b", names=["丙", "甲"])
    with pytest.raises(Invalid):
        services.confirm_out(mine, stop.pk, "b", names=["丙", "丙"])
    assert Evacuation.objects.get().missing == 3


def test_names_stay_out_of_the_entries_body(stop, mine):
    services.set_head_count(mine, stop.pk, 5, "调度室", "in")
    services.confirm_out(mine, stop.pk, "a", names=["张某某"])
    entry = Entry.objects.filter(verb="evacuation.counted").latest("id")
    assert "张某某" not in bytes(entry.canonical).decode()
    assert "names" in entry.body["personal"]


def test_more_out_than_in_says_what_to_do(stop, mine):
    services.set_head_count(mine, stop.pk, 2, "调度室", "in")
    with pytest.raises(Conflict, match="多出 1 人：先“加人数”"):
        services.confirm_out(mine, stop.pk, "a", count=3)
    services.add_people(mine, stop.pk, 1, "外协 1 人未登记", "b")
    services.confirm_out(mine, stop.pk, "a", count=3)
    assert Evacuation.objects.get().state == "out"


def test_found_not_out_after_all_calls_people_anew(stop, mine):
    services.set_head_count(mine, stop.pk, 2, "调度室", "in")
    services.confirm_out(mine, stop.pk, "a", count=2)
    services.take_back(mine, stop.pk, 1, "乙班 1 人其实没上来", "b")
    again = Evacuation.objects.get()
    assert (again.state, again.missing, again.cleared_at) == ("going", 1, None)
    assert Duty.objects.filter(kind="warning.withdraw").count() == 2
    assert (duty().state, duty().why) == ("called", "还有 1 人未出（共 2 人）")


def test_fewer_needs_a_second_person(stop, mine, officer, watched):
    services.set_head_count(mine, stop.pk, 5, "调度室", "in")
    with pytest.raises(NotAllowed):
        services.propose_fewer(mine, stop.pk, 2, "多报了")
    proposal = services.propose_fewer(officer, stop.pk, 2, "多报了 2 人，考勤核对")
    assert Evacuation.objects.get().missing == 5
    with pytest.raises(NotAllowed):
        proposals.agree(officer, proposal)
    proposals.agree(actor(watched.users["leader"]), proposal)
    assert Evacuation.objects.get().missing == 3


def reading(value, doubtful=False):
    return Reading(point(), value, timezone.now(), doubtful)


def point():
    from shoutu.county.sites.models import Point

    return Point.objects.first().pk


def test_the_point_fixes_the_number_unless_a_person_did(stop, mine):
    services.fix_head_count(SYSTEM, stop.pk, [reading(13.0)])
    fixed = Evacuation.objects.get()
    assert (fixed.total, fixed.doubtful) == (13, False)
    assert "13" in fixed.source
    services.fix_head_count(SYSTEM, stop.pk, [reading(2.0)])
    assert Evacuation.objects.get().total == 13
    with pytest.raises(Conflict, match="人数已定为 13 人"):
        services.set_head_count(mine, stop.pk, 9, "调度室", "x")


def test_positioning_confirms_by_a_person_and_never_from_an_old_reading(stop, mine):
    services.set_head_count(mine, stop.pk, 10, "调度室", "in")
    services.confirm_by_positioning(mine, stop.pk, reading(4.0), "a")
    assert Evacuation.objects.get().missing == 4
    with pytest.raises(Conflict, match="没有新的人出来"):
        services.confirm_by_positioning(mine, stop.pk, reading(6.0), "b")
    with pytest.raises(Conflict, match="不能用来确认"):
        services.confirm_by_positioning(mine, stop.pk, reading(0.0, doubtful=True), "c")
    assert Evacuation.objects.get().missing == 4


def test_a_second_warning_of_the_site_joins(signal, watched, red, stop, officer):
    level = sites.create_point(
        SYSTEM, watched.site, watched.source, "KSW", name="库水位", item="pond_level", unit="m", low=0.0, high=900.0,
        danger="high",
    )  # fmt: skip
    told = {"levels": {"3": 812.0, "4": 813.0}, "direction": "high", "raise_for_s": 60}
    rule = sites.create_rule(SYSTEM, level, "threshold", told, "设计值")
    sites.receive([signal(3, point=0, rule=rule.pk, value=812.5, threshold=812.0) | {"point": level.pk}])
    services.take_in()
    assert Warning.objects.count() == 2
    assert Evacuation.objects.get().warnings.count() == 2
    assert Duty.objects.filter(kind="warning.withdraw").count() == 1
    assert entries("evacuation.joined") == 1


def test_orange_that_turns_red_raises_the_duty_and_stays_one(raise_to):
    raise_to(3)
    assert duty().level == 3
    raise_to(4, 3)
    assert Evacuation.objects.count() == 1
    assert (duty().level, Evacuation.objects.get().level) == (4, 4)


def test_resume_only_by_the_right_level_at_zero_and_with_the_cause_gone(stop, mine, officer, leader, red, raise_to):
    with pytest.raises(NotAllowed):
        services.resume_work(mine, stop.pk, "复工")
    with pytest.raises(Conflict, match="须先核实真假"):
        services.resume_work(officer, stop.pk, "复工")
    services.verify(officer, red.pk, "real")
    with pytest.raises(Conflict, match="险情还没有消除"):
        services.resume_work(officer, stop.pk, "复工")
    services.dispose(mine, red.pk, "降水")
    raise_to(0, 4)
    with pytest.raises(Conflict, match="人数未报"):
        services.resume_work(officer, stop.pk, "复工")
    services.set_head_count(mine, stop.pk, 1, "调度室", "in")
    with pytest.raises(Conflict, match="还有 1 人未出"):
        services.resume_work(officer, stop.pk, "复工")
    services.confirm_out(mine, stop.pk, "a", count=1)
    services.resume_work(officer, stop.pk, "验收合格")
    assert Evacuation.objects.get().state == "out"
    resume_agreed(leader)
    assert Evacuation.objects.get().state == "resumed"
    assert entries("evacuation.resumed") == 1


def test_an_order_to_resume_is_offered_to_nobody_who_can_never_give_it(stop, watched, officer):
    def verbs(one):
        return {action["verb"] for action in evacuations.actions(stop, one)}

    assert "resume" in verbs(officer)
    assert "resume" not in verbs(actor(watched.users["auditor"]))
    assert verbs(officer) - verbs(actor(watched.users["auditor"])) == {"resume"}


def test_others_see_nothing_of_it(stop, watched):
    foreign = actor(watched.users["enterprise_b"])
    with pytest.raises(NotFound):
        services.set_head_count(foreign, stop.pk, 1, "x", "k")
    assert evacuations.missing_first(foreign) == []


def test_missing_people_nobody_is_called_for_is_an_alarm(stop, clock):
    clock.shift(11)
    assert "evacuation.uncalled" not in [finding.kind for finding in audit()]
    Duty.objects.filter(kind="warning.withdraw").update(state="cancelled", climb_at=None)
    assert "evacuation.uncalled" in [finding.kind for finding in audit()]


def test_closing_by_the_level_the_policy_names(raise_to, mine, officer, watched):
    yellow = raise_to(2)
    services.verify(officer, yellow.pk, "false_alarm", "calibration")
    raise_to(0, 2)
    asked = services.close(mine, yellow.pk, "已标校")
    assert (asked.state, asked.close_asked_by) == ("closable", "甲矿值班员")
    assert Duty.objects.get(kind="warning.review").state == "called"
    with pytest.raises(Conflict, match="等乡镇安监站或县值班员或县领导复核"):
        services.close(mine, yellow.pk)
    services.send_back(officer, yellow.pk, "附标校记录")
    assert Duty.objects.get(kind="warning.review").state == "cancelled"
    services.close(mine, yellow.pk, "附了")
    assert services.close(actor(watched.users["township"]), yellow.pk).state == "closed"


def test_a_red_is_not_closed_by_the_township_even_when_fallen(red, raise_to, watched, officer):
    services.verify(officer, red.pk, "false_alarm", "calibration")
    raise_to(1, 4)
    with pytest.raises(Conflict, match="红色预警由县领导或县值班员关闭"):
        services.close(actor(watched.users["township"]), red.pk)
    assert services.close(officer, red.pk).state == "closed"


def test_any_course_adds_up_and_is_over_exactly_at_zero(stop, mine):
    """A walk of random steps through the real services: what is refused changes nothing, what is accepted adds up."""
    random = Random(7)
    total, out = 6, 0
    services.set_head_count(mine, stop.pk, total, "调度室", "in")
    for n in range(60):
        kind, amount = random.choice(["out", "out", "more", "back"]), random.randint(1, 4)
        try:
            if kind == "out":
                services.confirm_out(mine, stop.pk, f"{n}", count=amount)
                out += amount
            elif kind == "more":
                services.add_people(mine, stop.pk, amount, "漏报", f"{n}")
                total += amount
            else:
                services.take_back(mine, stop.pk, amount, "误认", f"{n}")
                out -= amount
        except (Conflict, Invalid):
            assert kind != "more"
        now = Evacuation.objects.get()
        assert (now.total, now.out, now.missing) == (total, out, total - out)
        assert 0 <= now.out <= now.total
        assert (now.state == "out") == (now.missing == 0)
        assert Duty.objects.filter(kind="warning.withdraw", state__in=["called", "answered"]).exists() == bool(
            now.missing
        )
