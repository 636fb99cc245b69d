"""信息上报: who has not been told stays to be told, whoever else is told meanwhile; who cannot be holds up nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.ledger.models import Entry
from shoutu.county.warnings import register, services
from shoutu.county.warnings.models import Dispatch, Report, ReportPlan, Warning
from shoutu.county.warnings.selectors import drafting, reporting
from shoutu.county.warnings.services.reports_sending import Target
from shoutu.county.warnings.steps import ask_reports
from tests.county.duties.devices import http_gateway


@pytest.fixture
def platform():
    """The city's platform, which takes nothing until its status is 200."""
    with http_gateway() as server:
        server.status = 503
        yield server


@pytest.fixture
def city(county, platform):
    duties.allow_endpoint(SYSTEM, "http", "127.0.0.1")
    line = duties.add_channel(SYSTEM, "市平台", "webhook", {"url": f"http://127.0.0.1:{platform.server_port}/reports"})
    return services.set_superior(SYSTEM, "市平台值班", "city", channel=line.pk, address="141034", phone="0357-2090000")


@pytest.fixture
def province(county):
    return services.set_superior(SYSTEM, "省应急管理厅指挥中心", "province", phone="0351-6819000")


@pytest.fixture
def send(officer):
    def to(warning, *offices, kind="first", way="phone"):
        by_channel = [one.pk for one in offices if way == "channel" and one.channel]
        targets = [Target(one.pk, *(("channel",) if one.pk in by_channel else ("phone", "值班室"))) for one in offices]
        key = f"k{Report.objects.count()}"
        return services.send_report(officer, key, kind, "标题", "情况", targets, warning_id=warning.pk)

    return to


@pytest.fixture
def fails(clock):
    """Let what is on its way fail for good, and call people for it."""

    def over():
        for _ in range(5):
            services.dispatch_due()
            clock.shift(timedelta(minutes=11))
        ask_reports()

    return over


@pytest.fixture
def city_failed(red, city, province, send, fails):
    """The first report did not reach the city; the province has not been told yet."""
    send(red, city, way="channel")
    fails()
    assert "没有报到市平台值班" in asked().get().why
    return Dispatch.objects.get()


def plan():
    return ReportPlan.objects.get()


def asked():
    return Duty.objects.filter(kind="warning.report", state="called")


def disable(office):
    services.set_superior(
        SYSTEM, office.title, office.rank, id=office.pk, channel=office.channel_id, address=office.address,
        phone=office.phone, enabled=False,
    )  # fmt: skip


def test_what_did_not_reach_the_city_is_not_forgotten_when_the_province_is_told(
    red, province, officer, send, city_failed, city
):
    due = plan().due_at
    send(red, province)
    found = plan()
    assert (found.next_kind, found.due_at) == ("first", due)
    assert found.why.startswith("没有报到市平台值班：")
    assert asked().get().why == found.why
    assert drafting.of_warning(officer, red)["to"] == [city.pk]


def test_what_failed_first_told_by_hand_is_no_excuse_for_what_failed_after(
    red, city, province, officer, send, city_failed, fails
):
    newer = send(red, city, way="channel").dispatches.get()
    fails()
    services.tell_by_hand(officer, city_failed.pk, "phone", "值班长")
    assert asked().get().why.startswith("没有报到市平台值班：")
    services.tell_by_hand(officer, newer.pk, "phone", "值班长")
    assert asked().get().why == "还没有报省"


def test_told_by_hand_after_all_the_follow_up_has_its_time(red, province, officer, send, city_failed):
    send(red, province)
    services.tell_by_hand(officer, city_failed.pk, "phone", "值班长")
    assert not asked().exists()
    found = plan()
    assert (found.next_kind, found.why, found.due_at - timezone.now()) == ("follow", "", timedelta(hours=2))


def test_sent_again_with_success_the_follow_up_has_its_time(red, province, officer, send, city_failed, platform):
    send(red, province)
    platform.status = 200
    services.send_again(officer, city_failed.pk)
    ask_reports()
    assert asked().exists(), "on its way is not arrived"
    services.dispatch_due()
    assert not asked().exists()
    assert (plan().next_kind, plan().why) == ("follow", "")


def test_a_newer_report_to_the_city_puts_it_right_for_good(red, city, province, officer, send, city_failed, fails):
    send(red, city, province)
    assert not asked().exists()
    assert plan().next_kind == "follow"
    again = send(red, city, province, kind="follow", way="channel")
    fails()
    assert asked().exists()
    services.tell_by_hand(officer, again.dispatches.get(superior=city).pk, "phone", "值班长")
    assert not asked().exists(), "the first one that failed is no reason to call any more"


def test_a_rank_the_level_does_not_name_is_told_what_was_sent_to_it(raise_to, city, province, officer, send, fails):
    orange = raise_to(3)
    # The province is not asked for at this level, and was told all the same, by a line that took nothing.
    province.channel, province.address = city.channel, "14"
    province.save()
    send(orange, province, way="channel")
    fails()
    send(orange, city)
    assert asked().get().why.startswith("没有报到省应急管理厅指挥中心：")
    services.tell_by_hand(officer, Dispatch.objects.earliest("id").pk, "phone", "值班长")
    assert not asked().exists()
    assert plan().next_kind == "follow"


def test_without_a_plan_what_did_not_arrive_stays_asked_for(raise_to, city, province, send, fails):
    yellow = raise_to(2)
    assert not ReportPlan.objects.exists()
    send(yellow, city, way="channel")
    fails()
    send(yellow, province, kind="follow")
    assert "没有报到市平台值班" in asked().get().why
    send(yellow, city, kind="follow")
    assert not asked().exists()


def test_a_follow_up_to_another_does_not_end_the_call_for_a_last_report_that_failed(red, city, province, send, fails):
    send(red, city, kind="final", way="channel")
    fails()
    send(red, province, kind="follow")
    assert "没有报到市平台值班" in asked().get().why


# --- a rank that has no office any more


def test_a_rank_without_an_office_any_more_holds_up_nothing(red, city, province, send, clock):
    send(red, city)
    clock.shift(timedelta(minutes=11))
    ask_reports()
    assert asked().get().why == "还没有报省"
    disable(province)
    ask_reports()
    assert not asked().exists()
    duty = Duty.objects.get(kind="warning.report")
    assert (duty.state, duty.note) == ("done", "没有在用的省级上级单位，其余的都已报到")
    found = plan()
    assert (found.next_kind, found.told, found.due_at - timezone.now()) == ("follow", [], timedelta(hours=2))
    assert "report.no_office" in [one.kind for one in audit()], "that it cannot be told stays to be seen"
    assert reporting.plans_left_off() == []


def test_before_anybody_is_called_nobody_is_for_a_rank_without_an_office(red, city, province, send, clock):
    send(red, city)
    disable(province)
    clock.shift(timedelta(minutes=11))
    ask_reports()
    assert not Duty.objects.filter(kind="warning.report").exists()
    assert plan().next_kind == "follow"


def test_while_nobody_has_been_told_losing_an_office_ends_no_call(red, city, province, clock):
    clock.shift(timedelta(minutes=11))
    ask_reports()
    disable(province)
    disable(city)
    ask_reports()
    assert asked().exists()


def test_while_a_report_is_on_its_way_it_is_waited_for(red, city, province, send, platform, fails):
    send(red, city, way="channel")
    disable(province)
    ask_reports()
    assert plan().told == ["city"]
    fails()
    assert "没有报到市平台值班" in asked().get().why


def enable(office):
    services.set_superior(
        SYSTEM, office.title, office.rank, id=office.pk, channel=office.channel_id, address=office.address,
        phone=office.phone,
    )  # fmt: skip


@pytest.fixture
def passed_over(red, city, province, send, clock):
    """The city was told; the province lost its office by mistake, so that the first report went on without it."""
    send(red, city)
    disable(province)
    clock.shift(timedelta(minutes=11))
    ask_reports()
    assert (plan().next_kind, plan().missed) == ("follow", ["province"])
    return red


def test_a_rank_passed_over_is_on_the_record(passed_over):
    ask_reports()
    (entry,) = Entry.objects.filter(verb="report.passed_over", subject_id=passed_over.pk)
    assert entry.payload == {"ranks": ["province"], "kind": "first", "because": "no_office"}


def test_an_office_disabled_by_mistake_is_told_once_it_is_back_and_not_with_the_follow_up(
    passed_over, province, officer, send, clock
):
    enable(province)
    ask_reports()
    duty = asked().get()
    assert duty.why == "补报省：当时没有在用的上级单位"
    assert drafting.of_warning(officer, passed_over)["to"] == [province.pk]
    assert drafting.of_warning(officer, passed_over)["kind"] == "first"
    send(passed_over, province)
    assert not asked().exists()
    found = plan()
    assert (found.next_kind, found.told, found.missed) == ("follow", [], [])
    ask_reports()
    assert not asked().exists()


def running():
    found = plan()
    return found.due_at, found.asks_at


def test_what_one_rank_missed_does_not_put_off_the_follow_up_to_the_others(passed_over, province, send, clock):
    follow_up = running()
    for _ in range(2):
        clock.shift(timedelta(minutes=5))
        enable(province)
        ask_reports()
        assert plan().due_at < follow_up[0]
        disable(province)
        ask_reports()
        assert (plan().next_kind, running()) == ("follow", follow_up), "its office is gone again"
    enable(province)
    ask_reports()
    clock.shift(timedelta(minutes=40))
    send(passed_over, province)
    assert (plan().next_kind, running()) == ("follow", follow_up)


def test_untold_when_the_follow_up_is_asked_for_the_rank_is_told_that_with_the_others(
    passed_over, city, province, officer, send, clock
):
    due, asks = running()
    enable(province)
    ask_reports()
    clock.move_to(asks)
    ask_reports()
    assert asked().get().title.endswith("续报")
    assert asked().get().why.startswith("报市、省，")
    told = drafting.of_warning(officer, passed_over)
    assert (told["kind"], told["to"], told["due_at"]) == ("follow", [city.pk, province.pk], due)
    ask_reports()
    send(passed_over, city, province, kind="follow")
    assert not asked().exists()
    assert plan().due_at - timezone.now() == timedelta(hours=2)


def test_nobody_asked_for_the_follow_up_meanwhile_is_an_alarm(passed_over, province, clock):
    _due, asks = running()
    enable(province)
    ask_reports()
    clock.move_to(asks + timedelta(minutes=2))
    assert [one.about.id for one in audit() if one.kind == "report.uncalled"] == [passed_over.pk]


def test_told_to_all_meanwhile_the_next_follow_up_has_its_whole_time(passed_over, city, province, send, clock):
    enable(province)
    ask_reports()
    clock.shift(timedelta(minutes=20))
    send(passed_over, city, kind="follow")
    again = timezone.now() + timedelta(hours=2)
    clock.shift(timedelta(minutes=5))
    assert plan().told == ["city"]
    send(passed_over, province)
    assert plan().due_at == again


def test_over_meanwhile_the_last_report_is_all_that_is_asked_for(passed_over, province, officer, send, clock):
    _due, asks = running()
    enable(province)
    ask_reports()
    services.verify(officer, passed_over.pk, "false_alarm", "calibration")
    clock.move_to(asks + timedelta(minutes=2))
    ask_reports()
    assert (plan().next_kind, plan().then_due_at) == ("final", None)
    assert asked().get().title.endswith("终报")


def test_what_did_not_arrive_at_one_rank_does_not_put_off_the_follow_up_to_the_others(
    passed_over, city, province, officer, send, fails
):
    follow_up = running()
    province.channel, province.address = city.channel, "141000"
    enable(province)
    ask_reports()
    report = send(passed_over, province, way="channel")
    fails()
    assert asked().get().why.startswith("没有报到省应急管理厅指挥中心：")
    assert drafting.of_warning(officer, passed_over)["to"] == [province.pk]
    services.tell_by_hand(officer, report.dispatches.get().pk, "phone", "值班室")
    assert not asked().exists()
    assert (plan().next_kind, running()) == ("follow", follow_up)


@pytest.mark.parametrize("late", [timedelta(minutes=40), timedelta(hours=2, minutes=30)])
def test_sent_to_all_and_failed_at_one_the_follow_up_to_the_others_keeps_its_time(
    red, city, province, officer, send, fails, clock, late: timedelta
) -> None:
    ask_reports()
    report = send(red, city, province, way="channel")
    told, follow = timezone.now(), plan().due_at
    fails()
    clock.shift(late)
    ask_reports()
    services.tell_by_hand(officer, report.dispatches.get(superior=city).pk, "phone", "值班室")
    if told + late < follow:
        assert plan().due_at == follow
        return
    ask_reports()
    assert plan().next_kind == "follow"
    assert plan().due_at <= timezone.now() + timedelta(minutes=15), "the province does not wait once more"


def test_a_second_rank_back_meanwhile_is_told_with_the_first(red, city, province, officer, send, fails):
    send(red, city, way="channel")
    disable(province)
    fails()
    disable(city)
    ask_reports()
    assert plan().missed == ["city", "province"]
    enable(province)
    ask_reports()
    assert drafting.of_warning(officer, red)["to"] == [province.pk]
    enable(city)
    ask_reports()
    assert (plan().told, asked().get().why[:6]) == ([], "还没有报省；")
    assert drafting.of_warning(officer, red)["to"] == [city.pk, province.pk]


def test_with_the_follow_up_near_all_are_told_at_once(passed_over, city, province, officer, send, clock):
    clock.move_to(plan().asks_at - timedelta(minutes=1))
    enable(province)
    ask_reports()
    assert asked().exists()
    assert drafting.of_warning(officer, passed_over)["to"] == [city.pk, province.pk]
    send(passed_over, city, kind="follow")
    assert asked().get().why == "还没有报省"
    send(passed_over, province, kind="follow")
    assert not asked().exists()


def test_told_as_over_without_a_rank_it_is_asked_for_once_that_has_an_office(passed_over, city, province, send):
    send(passed_over, city, kind="final")
    assert plan().ended_at is not None
    (told,) = (one for one in audit() if one.kind == "report.no_office")
    assert told.message == f"{passed_over.number}：没有报到省，当时没有在用的省级上级单位；启用后催补报"
    enable(province)
    assert "report.no_office" not in [one.kind for one in audit()]
    ask_reports()
    assert asked().get().why == "补报省：当时没有在用的上级单位"
    send(passed_over, province, kind="final")
    assert not asked().exists()
    assert (plan().ended_at is not None, plan().missed) == (True, [])


def test_a_week_after_the_last_report_what_a_rank_missed_is_on_the_record_only(
    passed_over, city, province, send, clock
):
    send(passed_over, city, kind="final")
    clock.shift(timedelta(days=7, minutes=-1))
    assert "report.no_office" in [one.kind for one in audit()]
    clock.shift(timedelta(minutes=2))
    assert "report.no_office" not in [one.kind for one in audit()]
    enable(province)
    services.ask_missed(plan().pk)
    ask_reports()
    assert not asked().exists()
    assert (plan().ended_at is not None, plan().missed) == (True, ["province"])


def another(warning, n, **changes):
    """The same again, as another warning with its plan."""
    copy, its = Warning.objects.get(pk=warning.pk), ReportPlan.objects.get(warning=warning)
    copy.pk, copy.number, copy.key = None, f"W-{n}", f"{warning.key}/{n}"
    copy.save()
    its.pk, its.warning = None, copy
    for name, value in changes.items():
        setattr(its, name, value)
    its.save()
    return its


def test_what_is_still_to_be_told_is_not_crowded_out_by_what_was_missed_before(passed_over, city, send, monkeypatch):
    live = another(passed_over, 1, due_at=plan().due_at + timedelta(days=1))
    send(passed_over, city, kind="final")
    monkeypatch.setattr(register, "NO_OFFICE_MOST", 1)
    assert [one.about.id for one in audit() if one.kind == "report.no_office"] == [live.warning_id]


def test_of_many_that_missed_a_report_the_offices_are_asked_for_once_and_the_live_come_first(
    passed_over, city, province, send, django_assert_num_queries
):
    due = plan().due_at
    live = [another(passed_over, n, due_at=due + timedelta(days=n)).pk for n in range(100)]
    send(passed_over, city, kind="final")
    enable(province)
    with django_assert_num_queries(2):
        assert reporting.plans_missed() == live


def test_what_failed_and_lost_its_office_is_told_once_that_is_back(red, city, province, send, city_failed, officer):
    send(red, province)
    disable(city)
    ask_reports()
    assert not asked().exists()
    assert plan().missed == ["city"]
    enable(city)
    ask_reports()
    assert drafting.of_warning(officer, red)["to"] == [city.pk]
    send(red, city)
    assert not asked().exists()


def test_proved_false_a_rank_that_never_heard_of_it_is_not_asked_for(passed_over, city, province, officer, send):
    services.verify(officer, passed_over.pk, "false_alarm", "calibration")
    ask_reports()
    send(passed_over, city, kind="final")
    enable(province)
    ask_reports()
    assert not asked().exists()
    assert (plan().missed, "report.no_office" in [one.kind for one in audit()]) == ([], False)


def test_got_worse_while_a_rank_was_missing_all_are_told_when_it_is_back(
    raise_to, city, province, send, officer, clock
):
    orange = raise_to(3)
    plan_ = plan()
    ranks = set(plan_.to)
    send(orange, *(one for one in (city, province) if one.rank in ranks))
    disable(province)
    red = raise_to(4, 3)
    clock.shift(timedelta(minutes=11))
    ask_reports()
    enable(province)
    ask_reports()
    assert set(drafting.of_warning(officer, red)["to"]) == {city.pk, province.pk}
