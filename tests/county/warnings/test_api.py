"""Warnings and duties over HTTP, as the face uses them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shoutu.county.duties import services as duties
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Duty, Notice
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.sites import services as sites
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Evacuation, Warning
from shoutu.county.warnings.states import TABLE


def post(client, path, **body):
    token = client.cookies["csrftoken"].value
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers={"x-csrftoken": token})


def get(client, path):
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def entries(warning, verb):
    return Entry.objects.filter(subject_type="warning", subject_id=warning.pk, verb=verb).count()


def test_the_whole_course_over_http(login, red, raise_to, clock):
    mine, officer = login("enterprise"), login("duty_officer")
    desk = get(mine, "/duties?view=mine")
    assert [(d["kind"], d["verb"], d["group"]) for d in desk["items"]] == [("warning.dispose", "应答", "now")]
    assert desk["items"][0]["subject"] == {
        "type": "warning", "id": red.pk, "label": red.number, "url": f"/warnings/{red.pk}",
    }  # fmt: skip
    clock.shift(60)
    duty = desk["items"][0]["id"]
    answered = post(mine, f"/duties/{duty}/answer", note="停止放矿").json()
    assert answered["state"] == "answered"
    assert [row["state"] for row in answered["chain"]] == ["answered"]
    assert get(officer, f"/warnings/{red.pk}")["state"] == "verifying"
    verify = post(officer, f"/warnings/{red.pk}/verify", result="real", note="视频可见渗水")
    assert verify.json()["state"] == "disposing"
    assert post(mine, f"/warnings/{red.pk}/dispose", note="撤出 14 人", withdraw=True).json()["state"] == "feedback"
    assert post(mine, f"/warnings/{red.pk}/feedback", note="已全部撤出").json()["state"] == "feedback"
    refused = post(officer, f"/warnings/{red.pk}/close", note="")
    assert (refused.status_code, refused.json()["detail"]) == (409, "等级还没有回落到黄色以下")
    raise_to(1, 4)
    refused = post(officer, f"/warnings/{red.pk}/close", note="已恢复")
    assert (refused.status_code, refused.json()["detail"]) == (409, "撤人人数未报，不能关闭")
    stop = get(mine, f"/warnings/{red.pk}")["evacuation"]["id"]
    post(mine, f"/evacuations/{stop}/count", amount=14, source="调度室", key="1")
    assert post(mine, f"/evacuations/{stop}/out", count=14, group="全部", key="2").json()["missing"] == 0
    closed = post(officer, f"/warnings/{red.pk}/close", note="已恢复")
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    for verb in ("opened", "verified", "disposed", "fed_back", "closed"):
        assert entries(red, f"warning.{verb}") == 1, verb
    assert set(Duty.objects.values_list("kind", "state")) == {
        ("warning.dispose", "verified"),
        ("warning.verify", "done"),
        ("warning.answer", "cancelled"),
        ("warning.withdraw", "verified"),
        ("warning.standby", "cancelled"),
    }
    text = [row["text"] for row in get(officer, f"/warnings/{red.pk}/timeline")["items"]]
    assert "甲矿值班员 应答（用时 1:00）：停止放矿" in text
    assert "县应急管理局值班员 核实：真警：视频可见渗水" in text
    # Whoever checks finds the same in the ledger, each with its proof: the calls and the withdrawal too.
    whole = [row["text"] for row in get(officer, f"/ledger?subject=warning:{red.pk}&limit=500")["items"]]
    assert len(whole) >= len(text)
    assert any("应答（用时 1:00）" in one for one in whole)
    assert any("人数定为 14" in one for one in whole)
    assert get(officer, f"/ledger?subject=warning:{red.pk + 1000}")["count"] == 0


def test_a_row_and_its_detail_say_what_the_face_needs(login, red):
    officer = login("duty_officer")
    row = get(officer, "/warnings")["items"][0]
    assert (row["called"], row["answered"], row["level"]) == (5, 0, 4)
    assert row["clock"]["kind"] == "answer"
    assert row["site"]["territory"] == "东乡"
    detail = get(officer, f"/warnings/{red.pk}")
    assert detail["axis"] == "down"
    assert detail["thresholds"] == [
        {"level": level, "value": value, "direction": "low"}
        for level, value in ((1, 8.0), (2, 7.2), (3, 6.6), (4, 6.0))
    ]
    dispose = [row for row in detail["chain"] if row["kind"] == "warning.dispose"]
    assert [(row["post"], row["state"]) for row in dispose] == [
        ("值班员", "calling"),
        ("主要负责人", "not_yet"),
        ("安监站长", "not_yet"),
        ("值班员", "not_yet"),
        ("分管领导", "not_yet"),
    ]
    assert dispose[0]["receipts"][0]["step"] == "handed_over"
    acts = {act["verb"]: act for act in detail["actions"]}
    assert list(acts) == ["withdraw", "verify", "dispose", "feedback", "close", "return", "recall"]
    assert acts["verify"]["primary"]
    assert (acts["close"]["allowed"], acts["close"]["why"]) == (False, "须先核实真假")


def test_what_was_here_before(login, raise_to, watched):
    officer = actor(watched.users["duty_officer"])
    first = raise_to(2)
    raise_to(0, 2)
    services.verify(officer, first.pk, "false_alarm", "calibration")
    services.close(officer, first.pk)
    second = raise_to(3)
    assert [(b["id"], b["reason"]) for b in get(login("leader"), f"/warnings/{second.pk}")["before"]] == [
        (first.pk, "标校")
    ]


COUNTY = ("leader", "duty_officer", "inspector", "township")


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("administrator", True),
        ("leader", True),
        ("duty_officer", True),
        ("inspector", True),
        ("township", True),
        ("enterprise", True),
        ("auditor", True),
        ("township_b", False),
        ("enterprise_b", False),
    ],
)
def test_list_under_each_role(login, red, name, sees):
    client = login(name)
    assert get(client, "/warnings")["count"] == int(sees)
    assert client.get(f"/api/v1/warnings/{red.pk}").status_code == (200 if sees else 404)
    verified = post(client, f"/warnings/{red.pk}/verify", result="real").status_code
    assert verified == (404 if not sees else 200 if name in COUNTY else 403)


def test_query_counts_do_not_grow_with_rows(login, watched, signal):
    officer = login("duty_officer")

    def count(path):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            get(officer, path)
        return len(captured)

    sites.receive([signal(4)])
    services.take_in()
    get(officer, "/duties?view=mine")
    one = count("/warnings"), count("/duties?view=called")
    for i in range(29):
        point = sites.create_point(SYSTEM, watched.site, watched.source, f"X-{i}", item=f"item_{i}", unit="m")
        rule = sites.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 1}}, "试")
        sites.receive([signal(4) | {"point": point.pk, "rule": rule.pk}])
    services.take_in()
    assert Warning.objects.count() == 30
    assert (count("/warnings"), count("/duties?view=called")) == one


def test_fetching_raises_the_receipt(login, red):
    mine = login("enterprise")
    get(mine, "/duties?view=mine")
    notice = Notice.objects.get(call__duty__kind="warning.dispose")
    assert notice.step == "delivered"
    get(mine, f"/duties/{notice.call.duty_id}")
    notice.refresh_from_db()
    assert (notice.step, notice.seen_at is not None) == ("seen", True)
    get(login("administrator"), f"/duties/{notice.call.duty_id}")
    assert Notice.objects.get(call__duty__kind="warning.verify").step == "handed_over"


def test_status_counts_levels_unanswered_and_mine(login, red, clock):
    officer = login("duty_officer")
    status = get(officer, "/status")
    assert status["levels"] == {"1": 0, "2": 0, "3": 0, "4": 1}
    assert status["unanswered"]["4"] == 1
    # To verify, and in place of the rescue team nobody has named.
    assert (status["my_open_duties"], status["my_overdue"]) == (2, 0)
    clock.shift(301)
    assert get(officer, "/status")["my_overdue"] == 1


def test_verify_says_what_is_wrong(login, red):
    officer = login("duty_officer")
    for body, field in (
        ({"result": "perhaps"}, "result"),
        ({"result": "false_alarm"}, "reason"),
        ({"result": "false_alarm", "reason": "other"}, "note"),
        ({"result": "false_alarm", "reason": "x" * 61}, "reason"),
    ):
        answer = post(officer, f"/warnings/{red.pk}/verify", **body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), body


def test_a_false_alarm_calls_everybody_off(login, red):
    officer = login("duty_officer")
    answer = post(officer, f"/warnings/{red.pk}/verify", result="false_alarm", reason="blasting")
    assert (answer.json()["state"], answer.json()["reason"]) == ("disposing", "放炮")
    # Who goes back in is decided by an order to resume, not by the one who verified.
    assert [duty.kind for duty in Duty.objects.filter(state__in=["called", "answered"])] == ["warning.withdraw"]


def test_feedback_before_disposal_is_refused(login, red):
    answer = post(login("enterprise"), f"/warnings/{red.pk}/feedback", note="好了")
    assert (answer.status_code, answer.json()["detail"]) == (409, "须先处置，再反馈")


def test_closed_refuses_everything(login, red, raise_to):
    Warning.objects.filter(pk=red.pk).update(state="closed", closed_at=red.opened_at)
    officer = login("duty_officer")
    assert TABLE.forbidden() == [("closed", verb) for verb in TABLE.verbs]
    bodies = {"verify": {"result": "real"}, "dispose": {"note": "x"}, "feedback": {"note": "x"}}
    bodies |= {verb: {"note": "x"} for verb in ("withdraw", "return", "close")}
    for verb in TABLE.verbs:
        answer = post(officer, f"/warnings/{red.pk}/{verb}", **bodies.get(verb, {}))
        assert answer.status_code == 409, verb


def test_unknown_never_closes(login, red, raise_to, signal, watched):
    officer = login("duty_officer")
    post(officer, f"/warnings/{red.pk}/verify", result="false_alarm", reason="transmission")
    raise_to(1, 4)
    silence = signal(1, rule=watched.silences[0].pk, kind="no_data", category="fault", value=None, threshold=60.0)
    sites.receive([silence])
    services.take_in()
    refused = post(officer, f"/warnings/{red.pk}/close")
    assert refused.status_code in (409, 422)
    refused = post(officer, f"/warnings/{red.pk}/close", note="")
    assert (refused.status_code, refused.json()["detail"]) == (409, "数据中断，不能当作恢复；恢复来数后再关闭")


def test_recall_calls_those_who_have_not_answered_but_not_at_once(login, red, clock):
    officer = login("duty_officer")
    early = post(officer, f"/warnings/{red.pk}/recall")
    assert early.status_code == 409
    clock.shift(31)
    assert post(officer, f"/warnings/{red.pk}/recall").status_code == 200
    chain = get(officer, f"/warnings/{red.pk}")["chain"]
    assert [row["times"] for row in chain if row["state"] == "calling"] == [2] * 5
    assert post(login("enterprise"), f"/warnings/{red.pk}/recall").status_code == 403


def test_names_are_masked_by_role_posts_never(login, red):
    def leader(name):
        chain = get(login(name), f"/warnings/{red.pk}")["chain"]
        return next(row["person"] for row in chain if row["post"] == "分管领导")

    assert leader("enterprise").startswith("县*")
    assert leader("leader") == "县应急管理局leader"


def test_a_called_duty_of_a_live_warning_cannot_be_cancelled(red, watched, raise_to, clock):
    admin, officer = actor(watched.users["administrator"]), actor(watched.users["duty_officer"])
    for duty in Duty.objects.filter(about_type="warning", about_id=red.pk):
        with pytest.raises(Conflict, match=r"还没有关闭|还没有了结"):
            duties.cancel(admin, duty.pk, "不用了")
    assert not Duty.objects.filter(state="cancelled").exists()
    services.verify(officer, red.pk, "false_alarm", "calibration")
    assert [duty.kind for duty in Duty.objects.filter(state="called")] == ["warning.withdraw"]
    raise_to(0, 4)
    services.close(officer, red.pk)
    assert Warning.objects.get(pk=red.pk).closed_at
    assert not Duty.objects.filter(state__in=["called", "answered"]).exists()


def test_nobody_called_is_asked_per_episode(red, watched, raise_to, clock):
    """Duties of an earlier episode, and a leader who knows, don't count as somebody called for this one."""
    officer = actor(watched.users["duty_officer"])
    services.verify(officer, red.pk, "false_alarm", "calibration")
    raise_to(0, 4)
    services.resume_work(officer, Evacuation.objects.get().pk, "误报")
    proposals.agree(actor(watched.users["leader"]), Proposal.objects.get(kind="site.state"))
    clock.shift(11 * 60)
    raise_to(4, 0)
    clock.shift(11)
    assert [finding.kind for finding in audit()] == []
    # The calling of this episode is lost, as by a mistake in the code that calls.
    latest = Duty.objects.filter(about_type="warning", key__endswith=":2").exclude(kind="warning.answer")
    assert latest.exists()
    latest.update(state="cancelled")
    assert [finding.kind for finding in audit()] == ["warning.uncalled"]
