"""Which response policy people are called by: what two persons agreed to last, whatever is written to its file."""

from __future__ import annotations

import dataclasses
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Call, PolicyText
from shoutu.county.duties.policy import PolicyError
from shoutu.county.duties.selectors import policies as selectors
from shoutu.county.duties.services import policies as texts
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed, NotFound
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.warnings import policies
from shoutu.county.weather import policies as weather

pytestmark = pytest.mark.django_db
PACKS = Path(__file__).resolve().parents[3] / "packs/response"
RED = "{who: enterprise_duty, answer: 5 min}"


@pytest.fixture
def folder(settings, tmp_path):
    """A response folder of this test alone."""
    settings.CONFIG = dataclasses.replace(settings.CONFIG, packs=tmp_path / "packs", data=tmp_path / "var")
    shutil.copytree(PACKS, tmp_path / "packs/response")
    return tmp_path / "packs/response"


@pytest.fixture
def agreed(folder):
    """The same, taken down as agreed to."""
    texts.look()
    selectors.forget()
    return folder


def own(folder: Path, title: str) -> None:
    text = (PACKS / "default.yaml").read_text("utf-8").replace("预警响应时限（默认）", title)
    (folder / policies.OWN).write_text(text, "utf-8")


def slower(folder: Path, answer: str = "50 min") -> None:
    """The mine's own duty officer has so long to answer a red."""
    file = folder / policies.DEFAULT
    text = (PACKS / "default.yaml").read_text("utf-8")
    head, red = text.split("\n  red:\n    withdraw", 1)
    file.write_text(f"{head}\n  red:\n    withdraw{red.replace(RED, RED.replace('5 min', answer), 1)}", "utf-8")


def red_answer() -> timedelta:
    selectors.forget()  # as another process, a few seconds later
    return policies.in_force().levels[4].lanes[0].chain[0].answer


def waiting() -> Proposal:
    return Proposal.objects.get(state="waiting")


def test_the_countys_own_policy_goes_before_the_default(folder):
    assert policies.in_force().title == "预警响应时限（默认）"
    own(folder, "本县")
    assert policies.in_force().title == "本县"
    assert policies.fault() == ""


def test_before_anything_is_agreed_the_default_serves_while_the_countys_own_is_unreadable(folder):
    (folder / policies.OWN).write_text("levels: [", "utf-8")
    assert policies.in_force().title == "预警响应时限（默认）"
    assert policies.OWN in policies.fault()


def test_the_one_agreed_to_serves_while_neither_is_readable(folder):
    own(folder, "本县")
    texts.look()
    selectors.forget()
    (folder / policies.OWN).write_bytes(b"\xff\xfe broken")
    (folder / policies.DEFAULT).unlink()
    texts.look()
    assert policies.in_force().title == "本县"
    assert policies.fault()
    assert not Proposal.objects.exists(), "a file that cannot be read asks nothing"


def test_with_nothing_ever_readable_it_says_so(folder):
    (folder / policies.DEFAULT).unlink()
    texts.look()
    assert not PolicyText.objects.filter(kind="response").exists()
    with pytest.raises(PolicyError, match=r"default\.yaml"):
        policies.in_force()


def test_what_is_found_first_is_taken_down_as_agreed(agreed):
    for kind in ("response", "weather"):
        text = PolicyText.objects.get(kind=kind)
        assert (text.number, text.was) == (1, "")
        entry = Entry.objects.get(verb="policy.taken", subject_id=text.pk)
        assert entry.payload["digest"] == text.digest
    texts.look()
    assert PolicyText.objects.count() == 2
    assert not Proposal.objects.exists()


def test_a_longer_limit_in_the_file_delays_no_call_until_two_persons_agreed(agreed, raise_to, watched):
    slower(agreed)
    texts.look()
    assert red_answer() == timedelta(minutes=5)
    raise_to(4)
    call = Call.objects.filter(duty__kind="warning.dispose").earliest("id")
    assert call.due_at - call.called_at == timedelta(minutes=5)
    assert [finding.kind for finding in audit()] == ["policy.waits"]
    proposal = waiting()
    assert proposal.title == "响应方案文件改了 1 处"
    changed = {line["what"]: (line["before"], line["after"]) for line in proposal.changes}
    assert changed == {"红色 · 处置反馈 · 企业值班员应答": ("5 分钟", "50 分钟")}

    admin, leader = (actor(watched.users[name]) for name in ("administrator", "leader"))
    with pytest.raises(NotAllowed):
        proposals.agree(admin, proposal)
    with pytest.raises(Invalid):
        proposals.take_up(admin, proposal)
    proposals.take_up(admin, proposal, "县里新文件")
    with pytest.raises(NotAllowed, match="第二人"):
        proposals.agree(admin, proposal)
    assert red_answer() == timedelta(minutes=5)
    proposals.agree(leader, proposal)
    assert red_answer() == timedelta(minutes=50)

    told = Entry.objects.get(verb="policy.changed").payload
    assert (told["number"], told["reason"], told["proposed_by"]) == (2, "县里新文件", admin.user_id)
    assert told["changes"] == proposal.changes
    entries = Entry.objects.filter(subject_type="proposal").order_by("id")
    assert list(entries.values_list("verb", flat=True)) == ["proposal.made", "proposal.taken_up", "proposal.agreed"]
    texts.look()
    assert audit() == []
    assert Proposal.objects.count() == 1


def test_a_shorter_limit_needs_two_persons_too(agreed):
    slower(agreed, "1 min")
    texts.look()
    assert red_answer() == timedelta(minutes=5)
    assert waiting().kind == "policy.change"


def test_a_file_of_the_county_that_appears_or_goes_waits_too(agreed, county):
    own(agreed, "本县")
    texts.look()
    selectors.forget()
    assert policies.in_force().title == "预警响应时限（默认）"
    proposals.take_up(actor(county.users["administrator"]), waiting(), "县里定了")
    proposals.agree(actor(county.users["duty_officer"]), waiting())
    selectors.forget()
    assert policies.in_force().title == "本县"
    (agreed / policies.OWN).unlink()
    texts.look()
    selectors.forget()
    assert policies.in_force().title == "本县"
    version = policies.in_force().version
    assert waiting().changes == [proposals.change("方案名称", f"本县 v{version}", f"预警响应时限（默认） v{version}")]


def test_a_county_of_the_version_before_has_no_team_stand_by_until_two_agreed(folder, raise_to, watched, clock):
    """The pack of before called no rescue team; the new one that comes with an upgrade is offered, not slipped in."""
    file = folder / policies.DEFAULT
    new = file.read_text("utf-8")
    before = re.sub(r"      # 救援待命.*?(?=\n  orange:)", "", new, flags=re.S).replace("version: 3", "version: 1", 1)
    file.write_text(before, "utf-8")
    texts.look()
    file.write_text(new, "utf-8")
    texts.look()
    selectors.forget()
    assert "rescue_lead" not in policies.places()
    raise_to(4)
    assert not Call.objects.filter(duty__kind="warning.standby").exists()
    lines = {line["what"]: (line["before"], line["after"]) for line in waiting().changes}
    assert lines["红色 · 救援待命 · 依次叫"] == ("", "救援队负责人 → 县值班员 → 县分管领导")
    assert lines["红色 · 救援待命 · 到位时限"] == ("", "30 分钟")
    proposals.take_up(actor(watched.users["administrator"]), waiting(), "新版本")
    proposals.agree(actor(watched.users["leader"]), waiting())
    selectors.forget()
    raise_to(0, 4)
    clock.shift(11 * 60)
    raise_to(4)
    assert Call.objects.filter(duty__kind="warning.standby").exists()


def test_a_change_that_says_nothing_new_still_waits_and_says_so(agreed):
    file = agreed / policies.DEFAULT
    file.write_text("# 说明\n" + file.read_text("utf-8"), "utf-8")
    texts.look()
    assert [line["before"] for line in waiting().changes] == ["不变"]


def test_a_file_changed_again_is_asked_for_anew(agreed, county):
    slower(agreed)
    texts.look()
    first = waiting()
    proposals.take_up(actor(county.users["administrator"]), first, "县里新文件")
    slower(agreed, "40 min")
    texts.look()
    first.refresh_from_db()
    assert first.state == "rejected"
    assert waiting().changes[0]["after"] == "40 分钟"
    slower(agreed)
    texts.look()
    assert waiting().changes[0]["after"] == "50 分钟", "what the county itself set aside may be asked for again"
    slower(agreed, "5 min")
    texts.look()
    assert not Proposal.objects.filter(state="waiting").exists()


def test_what_a_person_refused_is_not_asked_for_again_but_stays_told(agreed, county):
    slower(agreed)
    texts.look()
    proposals.reject(actor(county.users["leader"]), waiting(), "不能放宽")
    texts.look()
    assert not Proposal.objects.filter(state="waiting").exists()
    (finding,) = audit()
    assert (finding.kind, "没有获得同意" in finding.message) == ("policy.waits", True)
    assert red_answer() == timedelta(minutes=5)


def test_what_no_longer_fits_is_not_carried_out(agreed, county):
    slower(agreed)
    texts.look()
    proposal = waiting()
    proposals.take_up(actor(county.users["administrator"]), proposal, "县里新文件")
    PolicyText.objects.filter(number=1, kind="response").update(digest="0" * 64)
    with pytest.raises(Conflict):
        proposals.agree(actor(county.users["leader"]), proposal)
    assert red_answer() == timedelta(minutes=5)


def test_nobody_else_may_agree(agreed, county):
    slower(agreed)
    texts.look()
    for name, refused in (("inspector", NotFound), ("auditor", NotAllowed)):
        with pytest.raises(refused):
            proposals.take_up(actor(county.users[name]), waiting(), "试试")
    with pytest.raises(NotAllowed):
        proposals.agree(SYSTEM, waiting())


def test_the_reason_is_asked_over_http(agreed, login):
    slower(agreed)
    texts.look()
    client = login("administrator")
    (row,) = client.get("/api/v1/proposals").json()["items"]
    assert (row["ownerless"], row["ask_why"], row["kind"]) == (True, True, "policy.change")
    where = f"/api/v1/proposals/{row['id']}"
    assert client.post(f"{where}/take-up").status_code == 422
    taken = client.post(f"{where}/take-up", {"reason": "县里新文件"}, content_type="application/json")
    assert taken.status_code == 200
    assert taken.json()["reason"] == "县里新文件"
    assert login("leader").post(f"{where}/agree").status_code == 200
    assert red_answer() == timedelta(minutes=50)


def test_the_weather_pack_waits_as_well(agreed):
    file = agreed / "weather.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("lasts: 24 h", "lasts: 12 h").replace("answer: 5 min", "answer: 45 min", 1), "utf-8")
    texts.look()
    selectors.forget()
    assert weather.in_force().lasts == timedelta(hours=24)
    lines = waiting().changes
    assert lines[0] == proposals.change("没有写截止时间的，有效多久", "1 天", "12 小时")
    assert (lines[1]["what"].endswith("撤人的企业 · 企业值班员应答"), lines[1]["after"]) == (True, "45 分钟")


def test_what_this_version_cannot_read_gives_way_to_the_disk_and_says_so(agreed):
    """Calling nobody would be worse."""
    PolicyText.objects.filter(kind="response").update(default="levels: [", digest="0" * 64)
    slower(agreed)
    texts.look()
    assert red_answer() == timedelta(minutes=50)
    assert ["读不了" in finding.message for finding in audit()] == [True]


def test_the_countys_own_that_this_version_cannot_read_does_not_give_way_to_the_default(agreed):
    """The default may leave people more time; what was mended on disk is nearer to what was agreed to."""
    default = PolicyText.objects.get(kind="response").default
    PolicyText.objects.filter(kind="response").update(own="levels: [", digest="0" * 64)
    own(agreed, "本县，改好了")
    texts.look()
    selectors.forget()
    assert policies.in_force().title == "本县，改好了"
    assert ["读不了" in finding.message for finding in audit()] == [True]
    (agreed / policies.OWN).write_text("levels: [", "utf-8")
    selectors.forget()
    assert policies.in_force() == policies.SOURCE.parsed(policies.DEFAULT, default)


def test_a_half_written_file_is_not_taken_down_as_agreed(folder):
    (folder / policies.OWN).write_text("levels: [", "utf-8")
    texts.look()
    assert not PolicyText.objects.filter(kind="response").exists()
    own(folder, "本县")
    texts.look()
    assert PolicyText.objects.get(kind="response").title == "本县"


def test_a_county_of_the_version_before_goes_on_by_what_that_could_read_last(folder, settings):
    kept = settings.CONFIG.run / "response-last.yaml"
    kept.parent.mkdir(parents=True)
    kept.write_text((PACKS / "default.yaml").read_text("utf-8").replace("预警响应时限（默认）", "上次的"), "utf-8")
    for name in (policies.OWN, policies.DEFAULT):
        (folder / name).write_text("levels: [", "utf-8")
    texts.look()
    assert policies.in_force().title == "上次的"
    assert not PolicyText.objects.filter(kind="response").exists()


@pytest.mark.parametrize("text", ["[" * 5000, "version: ²\n", "recall_after: " + "9" * 30 + " d\n"])
def test_what_no_reader_foresaw_is_an_unreadable_file_and_silences_nobody(agreed, text):
    (agreed / "weather-county.yaml").write_text(text, "utf-8")
    slower(agreed)
    texts.look()
    assert "weather-county.yaml" in weather.fault()
    assert waiting().payload["policy"] == "response"
    assert {"policy.waits", "policy.fault"} <= {finding.kind for finding in audit()}


def test_what_was_taken_up_and_withdrawn_is_asked_for_again(agreed, county):
    slower(agreed)
    texts.look()
    admin = actor(county.users["administrator"])
    proposals.reject(admin, proposals.take_up(admin, waiting(), "冬季"), "写错了原因")
    texts.look()
    assert waiting().proposed_by is None


def test_a_lane_that_asks_for_less_is_told(agreed):
    file = agreed / "weather.yaml"
    text = file.read_text("utf-8")
    assert "duty: weather.withdraw" in text
    file.write_text(text.replace("duty: weather.withdraw", "duty: weather.answer", 1), "utf-8")
    texts.look()
    assert any(line["what"].endswith("要做到") for line in waiting().changes)


def test_health_says_that_a_changed_pack_waits(agreed, login):
    def line():
        lines = login("administrator").get("/api/v1/health").json()["lines"]
        return next(one for one in lines if one["key"] == "policies")

    assert line()["state"] == "well"
    slower(agreed)
    texts.look()
    assert (line()["state"], "响应方案" in line()["words"]) == ("watch", True)
    (agreed / policies.DEFAULT).write_text("levels: [", "utf-8")
    assert line()["state"] == "wrong"
