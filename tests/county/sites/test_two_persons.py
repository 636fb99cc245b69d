"""Whatever can delay or lower a warning needs two persons: rules, design values, sources, tokens; one list of all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.models import Call, Duty, Finding
from shoutu.county.duties.services.findings import look
from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.sites import services
from shoutu.county.sites.models import IngestToken, Rule
from tests.county.base import ListTests
from tests.county.sites.test_binding import DESIGN, PACK, limits


@pytest.fixture
def source(county):
    return services.create_source(SYSTEM, "甲矿网关", county.site)


@pytest.fixture
def token(source):
    return services.create_token(SYSTEM, source, "网关")[0]


@pytest.fixture
def point(county, source):
    return services.create_point(SYSTEM, county.site, source, "JR-03", item="phreatic_depth", unit="m", danger="low")


@pytest.fixture
def rule(point, token):
    return services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 6.0}, "direction": "low"}, "设计")


@pytest.fixture
def admin(county):
    return actor(county.users["administrator"])


@pytest.fixture
def inspector(county):
    return actor(county.users["inspector"])


WEAK = {"levels": {"4": 5.0}, "direction": "low"}


def published(source):
    return next(one for one in catalog.changes(0)["sources"] if one["id"] == source.pk)


def verbs(proposal):
    told = Entry.objects.filter(subject_type="proposal", subject_id=proposal.pk).order_by("id")
    return list(told.values_list("verb", flat=True))


# the mechanism


def test_what_nobody_known_proposed_needs_two_known_persons_still(rule, admin, inspector):
    version = services.propose(SYSTEM, rule, "放宽", WEAK)
    proposal = Proposal.objects.get()
    for one in (admin, inspector, SYSTEM):
        with pytest.raises(NotAllowed):
            services.approve(one, version)
    with pytest.raises(NotAllowed):
        proposals.take_up(SYSTEM, proposal)
    proposals.take_up(inspector, proposal)
    with pytest.raises(NotAllowed, match="第二人"):
        services.approve(inspector, version)
    services.approve(admin, version)
    version.refresh_from_db()
    assert (version.state, version.proposed_by_id, version.decided_by_id) == (
        "in_force", inspector.user_id, admin.user_id,
    )  # fmt: skip
    assert verbs(proposal) == ["proposal.made", "proposal.taken_up", "proposal.agreed"]


def test_asking_again_for_what_nobody_known_asked_for_takes_it_up(rule, admin, inspector):
    version = services.propose(SYSTEM, rule, "放宽", WEAK)
    assert services.propose(inspector, rule, "放宽", WEAK).pk == version.pk
    assert Proposal.objects.get().proposed_by_id == inspector.user_id
    with pytest.raises(Conflict):
        proposals.take_up(admin, Proposal.objects.get())
    services.approve(admin, version)


def test_the_first_may_withdraw_but_not_agree(rule, admin, inspector):
    version = services.propose(inspector, rule, "放宽", WEAK)
    proposal = proposals.reject(inspector, Proposal.objects.get(), "写错了")
    assert (proposal.state, verbs(proposal)) == ("withdrawn", ["proposal.made", "proposal.withdrawn"])
    version.refresh_from_db()
    assert version.state == "rejected"
    with pytest.raises(Conflict):
        services.approve(admin, version)
    with pytest.raises(Invalid):
        proposals.reject(admin, Proposal.objects.get(pk=services_again(rule, inspector)), " ")


def services_again(rule, inspector):
    services.propose(inspector, rule, "再放宽", {"levels": {"4": 4.0}, "direction": "low"})
    return Proposal.objects.get(state="waiting").pk


def test_who_may_not_edit_may_not_agree(rule, county, inspector):
    services.propose(inspector, rule, "放宽", WEAK)
    for name in ("leader", "enterprise", "auditor"):
        with pytest.raises(NotAllowed):
            proposals.agree(actor(county.users[name]), Proposal.objects.get())


# sources and tokens


def test_one_person_cannot_stop_a_source_that_is_watched(source, rule, admin, inspector):
    proposal = services.set_disabled(admin, source, True, "检修")
    assert proposal is not None
    assert services.set_disabled(admin, source, True, "检修").pk == proposal.pk
    assert published(source)["disabled"] is False
    with pytest.raises(NotAllowed):
        proposals.agree(admin, proposal)
    proposals.agree(inspector, proposal)
    assert published(source)["disabled"] is True
    finding = Finding.objects.get(kind="source.deaf", cleared_at=None)
    assert "已停用" in finding.message
    duty = Duty.objects.get(kind="source.deaf")
    assert Call.objects.get(duty=duty).who == "enterprise_duty"
    with pytest.raises(Conflict, match="缺项还在"):
        duties.cancel(admin, duty.pk, "不用了")
    assert services.set_disabled(admin, source, False, "修好") is None
    duty.refresh_from_db()
    assert (published(source)["disabled"], duty.state) == (False, "cancelled")
    assert not Finding.objects.filter(kind="source.deaf", cleared_at=None).exists()


def test_a_source_nobody_watches_stops_at_once(source, point, admin):
    assert services.set_disabled(admin, source, True, "拆除") is None
    assert published(source)["disabled"] is True
    assert not Duty.objects.exists()


def test_a_rule_made_for_a_stopped_source_is_at_once_a_finding(source, token, point, admin):
    services.set_disabled(admin, source, True, "拆除")
    services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 6.0}, "direction": "low"}, "设计")
    while look():
        pass
    assert Finding.objects.get(kind="source.deaf", cleared_at=None).key == f"source:{source.pk}"


def test_a_stop_with_an_end_ends_by_itself(source, rule, admin, inspector):
    now = datetime(2026, 7, 21, 6, tzinfo=UTC)
    with time_machine.travel(now, tick=False) as clock:
        with pytest.raises(Invalid):
            services.set_disabled(admin, source, True, "检修", now - timedelta(seconds=1))
        proposal = services.set_disabled(admin, source, True, "检修", now + timedelta(hours=2))
        proposals.agree(inspector, proposal)
        services.resume_due()
        assert published(source)["disabled"] is True
        clock.shift(7200)
        services.resume_due()
        assert published(source)["disabled"] is False
        source.refresh_from_db()
        assert source.disabled_until is None
        late = services.set_disabled(admin, source, True, "检修", now + timedelta(hours=3))
        clock.shift(7200)
        with pytest.raises(Conflict):
            proposals.agree(inspector, late)
        late.refresh_from_db()
        assert late.state == "waiting"


def test_the_last_token_of_a_watched_source_ends_by_two_persons_and_is_at_once_a_duty(
    source, token, rule, admin, inspector
):
    done = services.revoke_token(admin, token, "换网关")
    assert (done.proposal is not None, len(published(source)["token_hashes"])) == (True, 1)
    proposals.agree(inspector, done.proposal)
    assert published(source)["token_hashes"] == []
    finding = Finding.objects.get(kind="source.deaf", cleared_at=None)
    assert "没有有效的令牌" in finding.message
    assert Duty.objects.get(kind="source.deaf").state == "called"
    services.create_token(admin, source, "新网关")
    finding.refresh_from_db()
    assert finding.cleared_at is not None
    with pytest.raises(Conflict):
        services.revoke_token(admin, token, "再撤")


def test_a_token_that_got_about_ends_at_once_with_a_replacement_or_beside_another(source, token, rule, admin):
    done = services.revoke_token(admin, token, "泄露", replacement="网关二")
    assert (done.proposal, done.replacement[:4], len(published(source)["token_hashes"])) == (None, "shi_", 1)
    second = IngestToken.objects.get(name="网关二")
    services.create_token(admin, source, "网关三")
    assert services.revoke_token(admin, second, "泄露").proposal is None
    second.refresh_from_db()
    assert second.revoked_at is not None
    assert not Finding.objects.filter(kind="source.deaf", cleared_at=None).exists()


def test_the_command_line_is_one_person_too(source, token, rule):
    done = services.revoke_token(SYSTEM, token, "命令行撤销")
    assert done.proposal.proposed_by_id is None
    token.refresh_from_db()
    assert token.revoked_at is None


# design values


@pytest.fixture
def pond(county, source, token):
    for address in ("JR-01", "JR-02"):
        services.create_point(SYSTEM, county.site, source, address, item="phreatic_depth", unit="m", danger="low")
    services.change_design(actor(county.users["inspector"]), county.site, DESIGN, "设计文件")
    services.bind(SYSTEM, county.site, PACK)
    return county


def threshold(pond):
    return Rule.objects.filter(kind="threshold", origin__startswith=PACK).order_by("id").first()


def test_a_missing_value_is_entered_by_one_person(pond):
    pond.site.refresh_from_db()
    assert pond.site.params["phreatic_control_depth"] == 6.0
    assert limits(threshold(pond))["4"] == 6.0
    assert not Proposal.objects.exists()


def test_a_stricter_value_holds_at_once(pond, inspector):
    assert services.change_design(inspector, pond.site, {"phreatic_control_depth": 6.2}, "复核") is None
    assert limits(threshold(pond))["4"] == 6.2


def test_a_weaker_value_waits_and_then_holds_with_the_rules_that_follow(pond, admin, inspector):
    proposal = services.change_design(inspector, pond.site, {"phreatic_control_depth": 5.0}, "扩容")
    pond.site.refresh_from_db()
    assert (pond.site.params["phreatic_control_depth"], limits(threshold(pond))["4"]) == (6.0, 6.0)
    assert proposal.changes[0]["before"] == "6.00"
    assert any("6.00 m 红" in line["before"] and "5.00 m 红" in line["after"] for line in proposal.changes)
    with pytest.raises(NotAllowed):
        proposals.agree(inspector, proposal)
    proposals.agree(admin, proposal)
    pond.site.refresh_from_db()
    assert (pond.site.params["phreatic_control_depth"], limits(threshold(pond))["4"]) == (5.0, 5.0)
    assert not Proposal.objects.filter(state="waiting").exists()


def test_taking_a_value_away_or_changing_one_no_pack_knows_is_weaker(pond, inspector):
    assert services.change_design(inspector, pond.site, {"phreatic_control_depth": None}, "不要了") is not None
    assert services.change_design(inspector, pond.site, {"crest": 3.0}, "录入") is None
    assert services.change_design(inspector, pond.site, {"crest": 4.0}, "改") is not None
    pond.site.refresh_from_db()
    assert pond.site.params["crest"] == 3.0


def test_an_agreement_covers_only_the_values_and_not_another_change_that_waits(pond, admin, inspector):
    """A rule tightened by hand since does not follow from the value: loosening it waits for its own second person."""
    rule = threshold(pond)
    told = rule.versions.get(number=rule.version).params
    services.propose(inspector, rule, "收紧", {**told, "levels": {**told["levels"], "4": 6.5}})
    proposal = services.change_design(inspector, pond.site, {"phreatic_control_depth": 5.0}, "扩容")
    proposals.agree(admin, proposal)
    rule.refresh_from_db()
    assert limits(rule)["4"] == 6.5
    assert Proposal.objects.get(state="waiting").kind == "rule.change"


def test_a_value_changed_meanwhile_is_not_changed_by_an_old_proposal(pond, admin, inspector):
    proposal = services.change_design(inspector, pond.site, {"phreatic_control_depth": 5.0}, "扩容")
    services.change_design(inspector, pond.site, {"phreatic_control_depth": 6.1}, "收紧")
    with pytest.raises(Conflict, match="又变过"):
        proposals.agree(admin, proposal)
    pond.site.refresh_from_db()
    assert pond.site.params["phreatic_control_depth"] == 6.1


@pytest.mark.parametrize("values", [{"phreatic_control_depth": float("nan")}, {"a": [1]}, {" ": 1}])
def test_a_wrong_value_names_itself(pond, inspector, values):
    with pytest.raises(Invalid) as caught:
        services.change_design(inspector, pond.site, values, "试")
    assert caught.value.field.startswith("values")


def test_a_value_the_pack_cannot_use_is_refused(pond, inspector):
    with pytest.raises(Invalid):
        services.change_design(inspector, pond.site, {"phreatic_control_depth": 9.5}, "试")


# over HTTP


def post(client, path, body):
    token = client.cookies["csrftoken"].value
    return client.post(f"/api/v1{path}", body, content_type="application/json", headers={"x-csrftoken": token})


def test_the_second_person_finds_it_in_one_list_and_agrees(login, source, token, rule):
    admin, inspector = login("administrator"), login("inspector")
    asked = post(admin, f"/sources/{source.pk}/stop", {"reason": "检修"}).json()
    assert asked["source"]["disabled"] is False
    assert inspector.get("/api/v1/status").json()["proposals"] == 1
    assert admin.get("/api/v1/status").json()["proposals"] == 0
    row = inspector.get("/api/v1/proposals").json()["items"][0]
    assert (row["id"], row["what"], row["agree"], row["mine"]) == (asked["proposal"], "停用数据源", None, False)
    mine = admin.get("/api/v1/proposals").json()["items"][0]
    assert (mine["mine"], "第二人" in mine["agree"]) == (True, True)
    assert post(admin, f"/proposals/{row['id']}/agree", {}).status_code == 403
    assert post(inspector, f"/proposals/{row['id']}/agree", {}).json()["state"] == "agreed"
    assert post(inspector, f"/proposals/{row['id']}/agree", {}).status_code == 409
    assert inspector.get("/api/v1/proposals").json()["count"] == 0
    assert inspector.get("/api/v1/proposals?state=agreed").json()["count"] == 1
    assert inspector.get("/api/v1/proposals?state=strange").status_code == 422
    assert post(admin, f"/sources/{source.pk}/resume", {"reason": "修好"}).json()["source"]["disabled"] is False


def test_tokens_and_design_values_over_http(login, source, token, rule, county):
    admin, inspector = login("administrator"), login("inspector")
    revoke = f"/sources/{source.pk}/tokens/{token.pk}/revoke"
    waits = post(admin, revoke, {"reason": "换"}).json()
    assert (waits["proposal"] is not None, waits["token"]) == (True, None)
    replaced = post(admin, revoke, {"reason": "泄露", "replacement": "新"}).json()
    assert (replaced["proposal"], replaced["token"][:4]) == (None, "shi_")
    assert post(admin, f"/sources/{source.pk}/tokens/999/revoke", {"reason": "换"}).status_code == 404
    assert post(inspector, revoke, {"reason": "换"}).status_code == 403
    told = post(inspector, f"/sites/{county.site.pk}/design", {"values": {"x": 1.5}, "reason": "录入"}).json()
    assert (told["params"]["x"], told["proposal"]) == (1.5, None)
    told = post(inspector, f"/sites/{county.site.pk}/design", {"values": {"x": 2}, "reason": "改"}).json()
    assert (told["params"]["x"], told["proposal"] is None) == (1.5, False)


class TestProposalList(ListTests):
    path = "/api/v1/proposals"
    queries = 6
    sees = {"leader": True, "inspector": True, "enterprise": True, "enterprise_b": False, "township_b": False}

    def make(self, county, n):
        first = Proposal.objects.count()
        return [
            Proposal.objects.create(
                kind="rule.change", subject_kind="rule", subject_id=i, site=county.site, title=f"第 {i} 件",
                reason="试", key=f"k{i}", proposed_by=county.users["inspector"], proposed_label="监管人员",
                proposed_at=timezone.now(),
            )
            for i in range(first + 1, first + n + 1)
        ]  # fmt: skip
