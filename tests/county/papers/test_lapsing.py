"""Before a licence lapses somebody is called; past its end, while the site produces, those above are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from shoutu.county.duties import services as duties
from shoutu.county.duties.channels.operator import SMS
from shoutu.county.duties.models import Call, Channel, Duty, Finding, Notice
from shoutu.county.duties.services import delivering, links
from shoutu.county.duties.services.findings import check_findings
from shoutu.county.kit import findings
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid
from shoutu.county.kit.models import Touched
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.papers import expired, importing, services
from shoutu.county.papers.expired import EXPIRED, expired_of
from shoutu.county.papers.models import Licence
from shoutu.county.papers.services.lapsing import RENEW
from shoutu.county.people import services as people
from shoutu.county.people.models import Rung
from shoutu.county.people.testing import actor
from shoutu.county.places import services as places
from shoutu.county.sites.services.operation import set_state
from tests.county.papers.conftest import content

Make = Callable[..., Licence]


def asked(row: Licence) -> list[Duty]:
    return list(Duty.objects.filter(kind=RENEW, about_id=row.pk).order_by("id"))


def test_within_its_lead_the_principal_is_called_once(county: SimpleNamespace, licence: Make) -> None:
    row, far = licence(90), licence(91, number="远")
    assert services.call_lapsing() is False
    services.call_lapsing()
    (duty,) = asked(row)
    assert not asked(far)
    assert duty.site_id == county.site.pk
    assert Call.objects.get(duty=duty).post == county.posts["principal"]
    end = duty.clocks.get(stage="dispose").due_at
    assert timezone.localtime(end).date() == timezone.localdate() + timedelta(days=91)
    assert "来源待核" in duty.why


def test_unanswered_it_climbs_to_the_department_of_the_trade(county: SimpleNamespace, licence: Make) -> None:
    post = people.create_post(SYSTEM, county.bureau, "非煤矿山监管科长")
    people.hold_post(SYSTEM, post, county.persons["inspector"])
    people.assign_responsibility(SYSTEM, post, "sector", Rung.OVERSIGHT, territory=county.territory)
    row = licence(80)
    services.call_lapsing()
    (duty,) = asked(row)
    for _ in range(2):
        Duty.objects.filter(pk=duty.pk).update(climb_at=timezone.now())
        duties.climb_due()
    called = list(Call.objects.filter(duty=duty).order_by("rung").values_list("post", flat=True))
    assert called == [county.posts["principal"].pk, post.pk, county.posts["township"].pk]


def test_late_the_next_one_up_learns_of_it(county: SimpleNamespace, licence: Make) -> None:
    row = licence(80)
    services.call_lapsing()
    (duty,) = asked(row)
    duties.answer(actor(county.users["principal"]), duty.pk)
    assert Call.objects.filter(duty=duty).count() == 1
    duties.overdue_due(timezone.now() + timedelta(days=82))
    posts = set(Call.objects.filter(duty=duty).values_list("post", flat=True))
    assert county.posts["township"].pk in posts


def test_renewed_it_is_done_and_withdrawn_it_is_over(licence: Make) -> None:
    one, two = licence(10), licence(10, number="乙")
    services.call_lapsing()
    services.renew_licence(SYSTEM, one.pk, content(900))
    services.withdraw_licence(SYSTEM, two.pk, "cancelled", "关闭")
    assert [duty.state for duty in asked(one)] == ["verified"]
    assert [duty.state for duty in asked(two)] == ["cancelled"]
    services.call_lapsing()
    assert Duty.objects.filter(kind=RENEW).count() == 2


def test_an_end_told_anew_is_called_for_anew(licence: Make) -> None:
    row = licence(10)
    services.call_lapsing()
    services.correct_licence(SYSTEM, row.pk, content(20), "看错")
    services.call_lapsing()
    assert [duty.state for duty in asked(row)] == ["cancelled", "called"]
    services.correct_licence(SYSTEM, row.pk, content(400), "又看错")
    services.call_lapsing()
    assert [duty.state for duty in asked(row)] == ["cancelled", "cancelled"]


def test_a_day_corrected_away_and_back_is_called_for_again(licence: Make) -> None:
    row = licence(10)
    services.call_lapsing()
    for days in (400, 10):
        services.correct_licence(SYSTEM, row.pk, content(days), "看错")
        services.call_lapsing()
    assert [duty.state for duty in asked(row)] == ["cancelled", "called"]
    for days in (20, 10):
        services.correct_licence(SYSTEM, row.pk, content(days), "看错")
        services.call_lapsing()
    assert [duty.state for duty in asked(row)] == ["cancelled", "cancelled", "cancelled", "called"]


def test_a_day_changed_under_a_call_ends_it_before_the_next(licence: Make) -> None:
    row = licence(10)
    services.call_lapsing()
    # An import has committed, and what follows it is still to come.
    Licence.objects.filter(pk=row.pk).update(valid_until=timezone.localdate() + timedelta(days=20))
    services.call_lapsing()
    importing.follow("licence", [row.pk])
    assert [duty.state for duty in asked(row)] == ["cancelled", "called"]
    row.refresh_from_db()
    assert row.called_for == row.valid_until


def test_a_correction_of_other_words_leaves_the_duty(licence: Make) -> None:
    row = licence(10)
    services.call_lapsing()
    services.correct_licence(SYSTEM, row.pk, content(10, note="副本"), "补注")
    assert [duty.state for duty in asked(row)] == ["called"]


def test_nobody_cancels_it_while_the_licence_still_ends(county: SimpleNamespace, licence: Make) -> None:
    row = licence(10)
    services.call_lapsing()
    with pytest.raises(Conflict):
        duties.cancel(actor(county.users["administrator"]), asked(row)[0].pk, "不办")


def test_what_lapses_of_one_enterprise_is_told_in_one_message_and_answered_at_once(
    county: SimpleNamespace, licence: Make
) -> None:
    channel = Channel.objects.create(title="短信网关", kind=SMS.kind, settings={"url": "https://sms.example/"})
    duties.allow_endpoint(SYSTEM, "json", "127.0.0.1")
    contact = duties.set_contact(SYSTEM, county.persons["principal"], "手机", "json://127.0.0.1:9/call")
    contact.channel, contact.address, contact.url = channel, "13800000001", ""
    contact.save()
    rows = [licence(10 + n, number=f"证{n}", site=None) for n in range(5)]
    services.call_lapsing()
    (head,) = delivering._claim()
    assert "同类共 5 件，一次全部应答" in links.words(head)
    assert Notice.objects.filter(carried_by=head).count() == 4
    delivering._book([delivering.Outcome(head, None, False)])
    assert delivering._claim() == []
    duties.answer_by(head, "answer")
    assert {duty.state for row in rows for duty in asked(row)} == {"answered"}


def test_an_enterprise_without_a_site_is_the_countys_to_ask(county: SimpleNamespace) -> None:
    body = places.create_organisation(SYSTEM, "丙爆破公司", "enterprise", county.territory)
    row = services.enter_licence(SYSTEM, body.pk, "blasting", content(5))
    services.call_lapsing()
    (duty,) = asked(row)
    assert duty.site_id is None
    assert Call.objects.get(duty=duty).post == county.posts["duty_officer"]


def test_entered_when_it_has_expired_already_it_is_late_at_once(licence: Make) -> None:
    row = licence(-3)
    services.call_lapsing()
    (duty,) = asked(row)
    assert "已过期" in duty.title
    assert duty.clocks.get(stage="dispose").due_at <= timezone.now()


def look(site: Any) -> list[Finding]:
    kind = findings.get(EXPIRED)
    assert kind is not None
    subject = SubjectRef("site", site.pk)
    check_findings(SYSTEM, EXPIRED, subject, list(kind.check(subject)))
    return list(Finding.objects.filter(kind=EXPIRED, cleared_at__isnull=True))


def test_expired_while_it_produces_is_found_and_the_township_is_called(county: SimpleNamespace, licence: Make) -> None:
    licence(0, number="今天还有效")
    assert look(county.site) == []
    row = licence(-1)
    (finding,) = look(county.site)
    assert finding.detail["licence"] == row.pk
    assert finding.duty is not None
    assert Call.objects.get(duty=finding.duty).post == county.posts["township"]
    services.renew_licence(SYSTEM, row.pk, content(900))
    assert look(county.site) == []
    finding.duty.refresh_from_db()
    assert finding.duty.state == "cancelled"


def test_renewed_after_its_end_it_is_lacking_until_the_new_one_begins(
    county: SimpleNamespace, licence: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = timezone.localdate()
    row = licence(-1)
    (before,) = look(county.site)
    new = services.renew_licence(SYSTEM, row.pk, content(900, valid_from=today + timedelta(days=5)))
    (after,) = look(county.site)
    assert after.pk == before.pk
    assert after.duty_id == before.duty_id
    assert "才起效" in after.message
    # Renewed once more before it has begun, nothing holds all the same.
    services.renew_licence(SYSTEM, new.pk, content(950, valid_from=today + timedelta(days=9)))
    assert len(look(county.site)) == 1
    monkeypatch.setattr(expired.timezone, "localdate", lambda *_: today + timedelta(days=5))
    assert look(county.site) == []


def test_renewed_early_the_old_one_holds_to_its_end(county: SimpleNamespace, licence: Make) -> None:
    row = licence(3)
    services.renew_licence(SYSTEM, row.pk, content(900, valid_from=timezone.localdate() + timedelta(days=4)))
    assert look(county.site) == []


def test_revoked_while_it_produces_is_found_until_another_holds(county: SimpleNamespace, licence: Make) -> None:
    row = licence(100)
    services.withdraw_licence(SYSTEM, row.pk, "revoked", "违法")
    (finding,) = look(county.site)
    assert "吊销" in finding.message
    assert finding.duty is not None
    licence(100, number="将来", valid_from=timezone.localdate() + timedelta(days=1))
    assert len(look(county.site)) == 1
    other = licence(100, number="新")
    assert look(county.site) == []
    # What the enterprise gave back itself is nobody's to ask for.
    services.withdraw_licence(SYSTEM, other.pk, "cancelled", "企业申请")
    assert look(county.site) == []


def test_a_colleagues_certificate_stands_in_no_revoked_ones_place(county: SimpleNamespace, licence: Make) -> None:
    def certificate(bearer: str, number: str) -> Licence:
        return licence(100, kind="manager_certificate", bearer=bearer, number=number)

    row = certificate("甲", "T1")
    services.withdraw_licence(SYSTEM, row.pk, "revoked", "违法")
    certificate("乙", "T2")
    assert len(look(county.site)) == 1, "the one whose certificate was revoked still works there"
    own = certificate("甲", "T3")
    assert look(county.site) == []
    services.withdraw_licence(SYSTEM, own.pk, "revoked", "再犯")
    assert len(look(county.site)) == 1
    with pytest.raises(Invalid):
        services.withdraw_licence(SYSTEM, own.pk, "revoked", "再犯")
    services.withdraw_licence(SYSTEM, own.pk, "cancelled", "已离岗")
    assert look(county.site) == []
    # Of an enterprise's own there is no such word: it is asked for while it produces.
    permit = licence(100)
    services.withdraw_licence(SYSTEM, permit.pk, "revoked", "违法")
    with pytest.raises(Conflict):
        services.withdraw_licence(SYSTEM, permit.pk, "cancelled", "不想办了")
    assert len(look(county.site)) == 1


def test_stopped_it_is_not_found_and_a_stop_has_it_looked_at(county: SimpleNamespace, licence: Make) -> None:
    licence(-1)
    assert len(look(county.site)) == 1
    Touched.objects.all().delete()
    set_state(SYSTEM, county.site, "stopped", "证照过期")
    assert Touched.objects.filter(kind=EXPIRED, subject_id=county.site.pk).exists()
    assert look(county.site) == []


def test_a_licence_of_the_whole_enterprise_is_found_once(county: SimpleNamespace, licence: Make) -> None:
    second = places.create_site(SYSTEM, "甲矿选矿厂", "plant", county.mine)
    licence(-1, site=None)
    found = [gap for site in (county.site, second) for gap in expired_of(SubjectRef("site", site.pk))]
    assert len(found) == 1
    set_state(SYSTEM, county.site, "stopped", "停产")
    assert expired_of(SubjectRef("site", county.site.pk)) == []
    assert len(expired_of(SubjectRef("site", second.pk))) == 1


def test_a_stop_has_the_other_sites_of_its_enterprise_looked_at(county: SimpleNamespace, licence: Make) -> None:
    second = places.create_site(SYSTEM, "甲矿选矿厂", "plant", county.mine)
    licence(-1)
    for whole, stopped in ((False, second), (True, county.site)):
        if whole:
            licence(-1, site=None)
        Touched.objects.all().delete()
        set_state(SYSTEM, stopped, "stopped", "停产")
        touched = set(Touched.objects.filter(kind=EXPIRED).values_list("subject_id", flat=True))
        assert touched == ({county.site.pk, second.pk} if whole else {second.pk})


def test_a_change_has_the_sites_looked_at(county: SimpleNamespace, licence: Make) -> None:
    Touched.objects.all().delete()
    licence(-1, site=None)
    assert Touched.objects.filter(kind=EXPIRED, subject_id=county.site.pk).exists()
