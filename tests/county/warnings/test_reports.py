"""信息上报: asked for by the level, sent word for word by channel or by hand, received, followed up, told as over."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.utils import timezone
from docx import Document

from shoutu.county.duties import services as duties
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Alarm, Duty
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, KeyReused, NotAllowed, NotFound
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.warnings import selectors, services
from shoutu.county.warnings.documents.report import paper
from shoutu.county.warnings.models import Dispatch, Group, Report, ReportPlan, Warning
from shoutu.county.warnings.selectors import drafting, reporting
from shoutu.county.warnings.services.reports_sending import Target
from shoutu.county.warnings.steps import ask_reports
from tests.county.duties.devices import http_gateway


@pytest.fixture
def offices(county):
    """The city by telephone, the province by telephone."""
    return [
        services.set_superior(SYSTEM, "市应急管理局指挥中心", "city", phone="0357-2090000"),
        services.set_superior(SYSTEM, "省应急管理厅指挥中心", "province", phone="0351-6819000"),
    ]


@pytest.fixture
def send(officer, offices):
    def by_hand(warning, kind="first", key="", text="情况", to=None):
        targets = [Target(one.pk, "phone", "值班室") for one in (to or offices)]
        key = key or f"{kind}{Report.objects.count()}"
        return services.send_report(officer, key, kind, "标题", text, targets, warning_id=warning.pk)

    return by_hand


def plan():
    return ReportPlan.objects.get()


def asked(state="called"):
    return Duty.objects.filter(kind="warning.report", state=state).order_by("id")


@pytest.mark.parametrize(("level", "to"), [(1, None), (2, None), (3, ["city"]), (4, ["city", "province"])])
def test_the_level_says_who_is_to_be_told(raise_to, level, to):
    raise_to(level)
    found = ReportPlan.objects.first()
    assert (found.to if found else None) == to


def test_it_is_asked_for_after_a_while_with_the_time_that_is_left(red, clock):
    ask_reports()
    assert not asked().exists()
    clock.shift(timedelta(minutes=10, seconds=1))
    ask_reports()
    ask_reports()
    duty = asked().get()
    assert "初报" in duty.title
    assert "报市、省" in duty.why
    due = duty.clocks.get(stage="report").due_at
    assert abs((due - plan().due_at).total_seconds()) < 1
    assert abs((due - red.opened_at).total_seconds() - 3600) < 1


def test_a_report_nobody_is_asked_for_any_more_is_an_alarm(red, clock):
    clock.shift(timedelta(minutes=11))
    ask_reports()
    clock.shift(timedelta(minutes=52))
    assert "report.uncalled" not in [found.kind for found in audit()]
    asked().update(state="cancelled")
    assert "report.uncalled" in [found.kind for found in audit()]


def test_answering_it_does_not_answer_the_warning(red, clock, officer):
    clock.shift(timedelta(minutes=11))
    ask_reports()
    duties.answer(officer, asked().get().pk)
    assert Warning.objects.get().answered_at is None


def test_a_false_alarm_nobody_heard_of_is_not_told(red, officer, clock):
    services.verify(officer, red.pk, "false_alarm", "calibration")
    assert plan().ended_at is not None
    clock.shift(timedelta(hours=3))
    ask_reports()
    assert not Duty.objects.filter(kind="warning.report").exists()


def test_a_false_alarm_that_was_told_is_taken_back(red, officer, send):
    send(red)
    services.verify(officer, red.pk, "false_alarm", "calibration")
    ask_reports()
    assert plan().next_kind == "final"
    assert "误报" in asked().get().why


def test_reported_by_hand_ends_the_duty_and_asks_for_a_follow_up_in_time(red, send, clock):
    clock.shift(timedelta(minutes=11))
    ask_reports()
    sent = send(red)
    assert (sent.number, sent.kind) == (f"{red.number}-R1", "first")
    assert not asked().exists()
    assert asked("done").count() == 1
    assert (plan().next_kind, plan().due_at - timezone.now()) == ("follow", timedelta(hours=2))
    clock.shift(timedelta(hours=1, minutes=29))
    ask_reports()
    assert not asked().exists()
    clock.shift(timedelta(minutes=2))
    ask_reports()
    assert "续报" in asked().get().title


def test_telling_only_the_city_leaves_the_province_to_be_told_in_time(red, send, offices, officer, clock):
    clock.shift(timedelta(minutes=11))
    ask_reports()
    due = plan().due_at
    send(red, to=offices[:1])
    found = plan()
    assert (found.next_kind, found.due_at, found.told, found.why) == ("first", due, ["city"], "还没有报省")
    assert asked().get().why == "还没有报省"
    told = drafting.of_warning(officer, red)
    assert (told["kind"], told["to"], told["kinds"]) == ("first", [offices[1].pk], ["first", "follow", "final"])
    send(red, to=offices[1:])
    found = plan()
    assert (found.next_kind, found.told, found.why) == ("follow", [], "")
    assert not asked().exists()


def test_told_before_it_is_asked_for_the_others_are_asked_for_in_time(red, send, offices, clock):
    send(red, to=offices[:1])
    clock.shift(timedelta(minutes=11))
    ask_reports()
    assert asked().get().why == "还没有报省"


def test_the_last_report_goes_to_all_even_after_closing(red, send, raise_to, watched, officer, offices):
    send(red)
    raise_to(0, 4)
    services.verify(officer, red.pk, "false_alarm", "calibration")
    services.close(actor(watched.users["leader"]), red.pk, "误报")
    send(red, "final", to=offices[:1])
    assert (plan().ended_at, plan().told) == (None, ["city"])
    send(red, "final", to=offices[1:])
    assert plan().ended_at is not None
    with pytest.raises(Conflict):
        send(red, "final", to=offices[1:])


def test_who_never_heard_of_it_need_not_be_told_that_it_is_false(red, send, officer, offices):
    send(red, to=offices[:1])
    services.verify(officer, red.pk, "false_alarm", "calibration")
    send(red, "final", to=offices[:1])
    assert plan().ended_at is not None


def test_a_rank_without_an_office_is_an_alarm_and_holds_up_no_other(red, officer, clock):
    city = services.set_superior(SYSTEM, "市应急管理局指挥中心", "city", phone="0357-2090000")
    assert "report.no_office" not in [found.kind for found in audit()]
    clock.shift(timedelta(minutes=11))
    ask_reports()
    assert [found.message for found in audit() if found.kind == "report.no_office"] == [
        f"{red.number}：要报省，却没有在用的省级上级单位，在上报页添上"
    ]
    target = [Target(city.pk, "phone", "值班室")]
    services.send_report(officer, "k", "first", "标题", "情况", target, warning_id=red.pk)
    assert plan().next_kind == "follow"


def test_sent_twice_is_one_report(red, send):
    assert send(red, key="a").pk == send(red, key="a").pk
    assert Report.objects.count() == 1
    assert Entry.objects.filter(verb="report.sent").count() == 1


def test_other_words_under_the_same_key_are_refused_and_name_the_report(red, send, offices):
    report = send(red, key="a")
    for changed in ({"text": "情况有变"}, {"kind": "final"}, {"to": offices[:1]}):
        with pytest.raises(KeyReused, match=report.number) as why:
            send(red, key="a", **changed)
        assert why.value.problem()["recorded"]["subject"] == {"type": "report", "id": report.pk}
    assert Report.objects.count() == 1


def test_kinds_come_in_their_order(red, send):
    with pytest.raises(Invalid, match="初报"):
        send(red, "follow")
    send(red)
    with pytest.raises(Invalid, match="续报"):
        send(red, "first")
    assert send(red, "follow").seq == 2


def test_worse_after_a_report_is_told_anew(raise_to, send, clock):
    warning = raise_to(3)
    send(warning)
    raise_to(4, 3)
    assert (plan().to, plan().next_kind) == (["city", "province"], "follow")
    assert plan().due_at - timezone.now() == timedelta(hours=1)


def test_closing_asks_for_the_last_report_and_it_ends_the_plan(raise_to, watched, red, officer, send, clock):
    send(red)
    stop = red.evacuations.get()
    services.set_head_count(officer, stop.pk, 0, "调度室", "in")
    raise_to(0, 4)
    services.verify(officer, red.pk, "real")
    services.dispose(officer, red.pk, "停")
    services.feedback(officer, red.pk, "好")
    services.close(officer, red.pk, "险情解除")
    ask_reports()
    assert "终报" in asked().get().title
    with pytest.raises(Conflict, match="还要上报"):
        duties.cancel(actor(watched.users["administrator"]), asked().get().pk, "不报了")
    send(red, "final")
    assert (plan().ended_at is None, asked().count()) == (False, 0)
    with pytest.raises(Conflict, match="终报已经报过"):
        send(red, "final")


def test_a_receipt_is_noted_once(red, send, officer):
    sent = send(red)
    one = sent.dispatches.earliest("id")
    services.note_receipt(officer, one.pk, "王值班长", "晋应急值〔2026〕88号")
    with pytest.raises(Conflict, match="已经签收"):
        services.note_receipt(officer, one.pk, "王值班长")
    entry = Entry.objects.get(verb="report.received")
    assert "王值班长" not in bytes(entry.canonical).decode()
    assert reporting.reports_for(officer, state="unconfirmed").count() == 1


@pytest.mark.parametrize("role", ["inspector", "township", "enterprise", "auditor", "administrator"])
def test_only_leader_and_duty_officer_send(red, offices, watched, role):
    with pytest.raises(NotAllowed):
        services.send_report(
            actor(watched.users[role]), "k", "first", "t", "x", [Target(offices[0].pk, "phone", "a")], warning_id=red.pk
        )


def test_bad_input_names_the_field(red, officer, offices):
    def wrong(**changes):
        told = {"kind": "first", "title": "t", "text": "x", "targets": [Target(offices[0].pk, "phone", "张")]} | changes
        with pytest.raises(Invalid) as caught:
            services.send_report(officer, "k", warning_id=red.pk, **told)
        return caught.value.field

    assert wrong(text=" ") == "text"
    assert wrong(title="") == "title"
    assert wrong(targets=[]) == "to"
    assert wrong(targets=[Target(offices[0].pk, "channel")]) == "to[0].way"
    assert wrong(targets=[Target(offices[0].pk, "phone")]) == "to[0].detail"
    assert wrong(targets=[Target(10_000, "phone", "张")]) == "to[0].superior"
    assert wrong(kind="reply") == "kind"
    with pytest.raises(NotFound):
        services.send_report(officer, "k", "first", "t", "x", [Target(offices[0].pk, "phone", "a")], warning_id=99_999)


def test_the_draft_says_what_the_house_knows(red, officer, offices):
    stop = red.evacuations.get()
    services.set_head_count(officer, stop.pk, 14, "调度室", "in")
    services.confirm_out(officer, stop.pk, "a", count=11)
    told = drafting.of_warning(officer, red)
    assert told["kind"] == "first"
    assert told["to"] == [one.pk for one in offices]
    for words in ("甲矿尾矿库", "红色预警", red.number, "还有3人未出", "真假尚在核实"):
        assert words in told["text"], told["text"]


def test_the_draft_of_what_proved_false_after_a_report_is_the_last_one(red, officer, send):
    send(red)
    services.verify(officer, red.pk, "false_alarm", "calibration")
    red.refresh_from_db()
    assert drafting.of_warning(officer, red)["kind"] == plan().next_kind == "final"


def test_a_follow_up_tells_only_what_is_new(red, officer, send, clock):
    services.set_head_count(officer, red.evacuations.get().pk, 14, "调度室", "in")
    send(red)
    clock.shift(timedelta(minutes=5))
    assert "没有新情况" in drafting.of_warning(officer, red)["text"]
    services.verify(officer, red.pk, "real", note="现场看了")
    text = drafting.of_warning(officer, Warning.objects.get())["text"]
    assert "现场看了" in text
    assert "人数定为" not in text


def test_the_paper_carries_the_words_and_the_receipt(red, send, officer):
    sent = send(red, text="第一行\n第二行")
    services.note_receipt(officer, sent.dispatches.earliest("id").pk, "王值班长", "88号")
    made = Document(io.BytesIO(paper(reporting.get_report(officer, sent.pk))))
    words = "\n".join(one.text for one in made.paragraphs)
    cells = "\n".join(cell.text for row in made.tables[0].rows for cell in row.cells)
    assert "第二行" in words
    assert sent.sha256 in words
    assert "88号" in cells


# --- by a channel


@pytest.fixture
def platform():
    with http_gateway() as server:
        yield server


@pytest.fixture
def city(county, platform):
    """The city's platform over HTTP."""
    duties.allow_endpoint(SYSTEM, "http", "127.0.0.1")
    line = duties.add_channel(SYSTEM, "市平台", "webhook", {"url": f"http://127.0.0.1:{platform.server_port}/reports"})
    return services.set_superior(SYSTEM, "市平台值班", "city", channel=line.pk, address="141034")


@pytest.fixture
def over_channel(officer, city, red):
    return services.send_report(
        officer, "k", "first", "初报标题", "正文", [Target(city.pk, "channel")], warning_id=red.pk
    )


def test_it_leaves_by_the_channel_with_its_title_and_comes_back_with_a_number(over_channel, platform):
    platform.answer = {"id": "CITY-7"}
    services.dispatch_due()
    body = platform.got[0][2]
    assert (body["to"], body["title"]) == ("141034", "初报标题")
    assert "正文" in body["text"]
    one = Dispatch.objects.get()
    assert (one.state, one.their_number) == ("handed_over", "CITY-7")


def test_a_broken_line_is_tried_again_and_then_told_by_hand(over_channel, platform, officer, clock, red):
    platform.status = 503
    for _ in range(5):
        services.dispatch_due()
        clock.shift(timedelta(minutes=11))
    one = Dispatch.objects.get()
    assert (one.state, one.tries) == ("failed", 5)
    ask_reports()
    assert "没有报到市平台值班" in asked().get().why
    services.tell_by_hand(officer, one.pk, "phone", "值班长")
    assert not asked().exists()
    assert (plan().next_kind, plan().why) == ("follow", "")


def test_told_by_hand_meanwhile_is_not_sent_as_well(over_channel, platform, officer):
    services.tell_by_hand(officer, Dispatch.objects.get().pk, "phone", "值班长")
    services.dispatch_due()
    assert platform.got == []


def test_nobody_asked_is_an_alarm(red, clock):
    clock.shift(timedelta(minutes=15))
    audit()
    assert Alarm.objects.filter(kind="report.uncalled", cleared_at__isnull=True).exists()
    ask_reports()
    audit()
    assert not Alarm.objects.filter(kind="report.uncalled", cleared_at__isnull=True).exists()


def test_over_http(red, login, offices):
    officer = login("duty_officer")
    draft = officer.get(f"/api/v1/warnings/{red.pk}/reports/draft").json()
    body = {"key": "k1", "kind": draft["kind"], "title": draft["title"], "text": draft["text"],
            "to": [{"superior": one, "way": "phone", "detail": "值班长"} for one in draft["to"]]}  # fmt: skip
    sent = officer.post(f"/api/v1/warnings/{red.pk}/reports", body, content_type="application/json")
    assert sent.status_code == 201, sent.content
    told = officer.get(f"/api/v1/warnings/{red.pk}/reports").json()
    assert (told["plan"]["next"], len(told["items"]), told["may_send"]) == ("follow", 1, True)
    made = officer.get(f"/api/v1/reports/{sent.json()['id']}/paper")
    assert made.content[:2] == b"PK"
    assert officer.get("/api/v1/reports/due").json()["count"] == 1


def test_it_stands_in_the_course_of_the_warning(red, send, officer):
    sent = send(red)
    assert any(sent.number in row["text"] for row in selectors.timeline(officer, red.pk))


def test_under_a_silence_it_is_asked_for_when_that_is_over(watched, raise_to, officer, clock):
    silence = services.ask_silence(
        officer, kind="silence", reason="检修", starts_at=None, ends_at=timezone.now() + timedelta(minutes=30),
        site=watched.site.pk, alone=True,
    )  # fmt: skip
    raise_to(3)
    assert plan().asks_at == silence.ends_at + timedelta(minutes=20)
    assert plan().due_at == silence.ends_at + timedelta(hours=2)


def test_in_a_storm_it_is_asked_for_in_the_message_of_the_others(red, clock):
    now = timezone.now()
    group = Group.objects.create(kind="storm", cause="source:1", title="同因", lead=red, begun_at=now, last_at=now)
    group.memberships.create(warning=red, joined_at=now)
    clock.shift(timedelta(minutes=11))
    ask_reports()
    assert asked().get().bundle == f"warning_group:{group.pk}"


@pytest.fixture
def broken(over_channel, platform, clock):
    """The city's platform took nothing: the dispatch has failed for good, and somebody is called to tell it."""
    platform.status = 503
    for _ in range(5):
        services.dispatch_due()
        clock.shift(timedelta(minutes=11))
    ask_reports()
    platform.status = 200
    return Dispatch.objects.get()


def test_sent_again_with_success_nobody_is_called_any_more_and_the_follow_up_is_asked_for(broken, officer, clock):
    assert asked().exists()
    services.send_again(officer, broken.pk)
    services.dispatch_due()
    assert Dispatch.objects.get().state == "handed_over"
    assert not asked().exists()
    assert plan().asks_at is not None
    clock.shift(timedelta(days=1))
    ask_reports()
    assert asked().exists()


def test_telling_an_old_report_by_hand_does_not_end_the_call_for_the_next(over_channel, officer, clock):
    clock.shift(timedelta(days=1))
    ask_reports()
    assert asked().exists()
    services.tell_by_hand(officer, Dispatch.objects.get().pk, "phone", "值班长")
    assert asked().exists()


def test_closing_does_not_end_the_call_to_tell_what_a_channel_did_not_take(
    red, city, officer, watched, raise_to, platform, clock
):
    targets = [Target(city.pk, "channel")]
    services.verify(officer, red.pk, "device_fault")
    raise_to(0, 4)
    services.send_report(officer, "f", "final", "终报", "正文", targets, warning_id=red.pk)
    platform.status = 503
    for _ in range(5):
        services.dispatch_due()
        clock.shift(timedelta(minutes=11))
    ask_reports()
    assert asked().exists()
    services.close(actor(watched.users["leader"]), red.pk)
    assert Warning.objects.get(pk=red.pk).closed_at is not None
    ask_reports()
    assert "没有报到" in asked().get().why
    services.tell_by_hand(officer, Dispatch.objects.get().pk, "phone", "值班长")
    assert not asked().exists()
    assert plan().ended_at is not None


def test_a_silence_ended_early_starts_the_time_to_report(watched, raise_to, officer):
    silence = services.ask_silence(
        officer, kind="silence", reason="检修", starts_at=None, ends_at=timezone.now() + timedelta(minutes=30),
        site=watched.site.pk, alone=True,
    )  # fmt: skip
    raise_to(3)
    services.revoke_silence(officer, silence.pk)
    assert plan().asks_at == timezone.now() + timedelta(minutes=20)
    assert plan().due_at == timezone.now() + timedelta(hours=2)


def test_a_false_alarm_that_is_real_after_all_calls_and_is_to_be_told(red, officer):
    services.verify(officer, red.pk, "false_alarm", "calibration")
    assert not Duty.objects.filter(kind="warning.dispose", state="called").exists()
    services.verify(officer, red.pk, "real")
    assert Duty.objects.filter(kind="warning.dispose", state="called", about_id=red.pk).count() == 1
    assert not Duty.objects.filter(kind="warning.verify", state="called").exists()
    assert (plan().next_kind, plan().ended_at) == ("first", None)
    assert plan().asks_at is not None


def test_one_plan_that_cannot_be_asked_holds_up_no_other(red, clock):
    poisoned = ReportPlan.objects.order_by("id").first()
    other = Warning.objects.create(
        number="W-X", key="x", category="risk", item="x", level=4, peak_level=4, current_level=4, title="另一起",
        started_at=timezone.now(), opened_at=timezone.now(), last_signal_at=timezone.now(),
    )  # fmt: skip
    later = timezone.now() + timedelta(seconds=1)
    ReportPlan.objects.create(warning=other, level=4, next_kind="first", due_at=later, asks_at=later)
    ReportPlan.objects.filter(pk=poisoned.pk).update(next_kind="no such", asks_at=timezone.now())
    clock.shift(timedelta(minutes=1))
    ask_reports()
    assert asked().filter(about_id=other.pk).exists()


def test_a_plan_that_cannot_be_made_keeps_nobody_from_being_called(raise_to, clock):
    raise_to(3)
    ReportPlan.objects.update(to=5)
    red = raise_to(4, 3)
    assert set(Duty.objects.filter(about_id=red.pk, kind="warning.dispose").values_list("level", "state")) == {
        (4, "called")
    }
    assert Alarm.objects.filter(kind="report.unplanned", cleared_at__isnull=True).exists()


# --- what no paper can hold; more than is listed


@pytest.mark.parametrize("field", ["title", "text", "signer"])
def test_a_control_character_is_refused_at_its_field(red, officer, offices, field):
    told = {"title": "初报", "text": "情况", "signer": "张"} | {field: "甲\x0b乙"}
    with pytest.raises(Invalid, match="第 2 个字是控制字符 U\\+000B") as caught:
        services.send_report(
            officer, "k", "first", told["title"], told["text"], [Target(offices[0].pk, "phone", "值班室")],
            warning_id=red.pk, signer=told["signer"],
        )  # fmt: skip
    assert caught.value.field == field
    assert not Report.objects.exists()


def test_lines_and_tabs_are_no_control_characters(red, officer, offices):
    to = [Target(offices[0].pk, "phone", "值班室")]
    services.send_report(officer, "k", "first", "初报", "甲\r\n乙\t丙", to, warning_id=red.pk)


def test_a_row_kept_before_they_were_refused_is_printed_without_them(red, send, officer):
    sent = send(red)
    Report.objects.filter(pk=sent.pk).update(title="初\x01报", text="甲\x0b乙\x01丙\ufffe")
    made = Document(io.BytesIO(paper(reporting.get_report(officer, sent.pk))))
    assert {"初报", "甲", "乙丙"} <= {one.text for one in made.paragraphs}


def test_of_more_than_are_listed_all_are_counted(red, login, monkeypatch):
    assert login("leader").get("/api/v1/reports/due").json()["count"] == 1
    monkeypatch.setattr(reporting, "PLANS", 0)
    told = login("leader").get("/api/v1/reports/due").json()
    assert (told["items"], told["count"]) == ([], 1)
