"""Silences: two persons or half an hour alone; red goes through; nothing outlasts its end; what was held counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from shoutu.county.duties import services as duties
from shoutu.county.duties.auditor import audit
from shoutu.county.duties.models import Call, Duty, Notice
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.sites import services as sites
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Evacuation, HeldBack, Silence, Warning
from shoutu.county.warnings.silences import RED, Cover, covering, until
from shoutu.county.warnings.steps import ask_reports

pytestmark = pytest.mark.django_db


def alone(county, who="duty_officer", minutes=30, **where):
    ends = timezone.now() + timedelta(minutes=minutes)
    where = where or {"site": county.site.pk}
    return services.ask_silence(
        actor(county.users[who]), kind="silence", reason="更换电池", starts_at=None, ends_at=ends, alone=True, **where
    )


def agreed(county, hours=2.0, starts=None, kind="calibration", **where):
    where = where or {"site": county.site.pk}
    ends = (starts or timezone.now()) + timedelta(hours=hours)
    asked = services.ask_silence(
        actor(county.users["enterprise"]), kind=kind, reason="年度标校", starts_at=starts, ends_at=ends, **where
    )
    assert isinstance(asked, Proposal)
    proposals.agree(actor(county.users["inspector"]), asked)
    return Silence.objects.latest("id")


def calls(warning):
    """Those that seek somebody for the warning; a withdrawal calls beside them."""
    rows = Call.objects.filter(duty__about_type="warning", duty__about_id=warning.pk)
    return rows.exclude(duty__kind="warning.withdraw")


def take(*signals):
    sites.receive(signals)
    services.take_in()


def work(clock, **ahead):
    """Let time pass, then everything the worker does."""
    clock.shift(timedelta(**ahead))
    services.keep_silences()
    duties.climb_due()


def test_a_silenced_site_records_the_level_but_calls_nobody(watched, raise_to):
    silence = alone(watched)
    warning = raise_to(3)
    assert (warning.level, warning.current_level, warning.state) == (3, 3, "calling")
    assert not calls(warning).exists()
    assert Duty.objects.filter(about_id=warning.pk, held_until=silence.ends_at).count() == 3
    assert HeldBack.objects.get().level == 3
    assert audit() == []


def test_when_it_ends_people_are_called_at_once_and_told_what_was_held(watched, raise_to, clock):
    silence = alone(watched)
    warning = raise_to(3)
    work(clock, minutes=29)
    assert not calls(warning).exists()
    work(clock, minutes=1, seconds=1)
    assert set(calls(warning).values_list("who", flat=True)) == {"enterprise_duty", "county_duty", "county_leader"}
    silence.refresh_from_db()
    assert silence.ended_at == silence.ends_at
    assert silence.state(timezone.now()) == "ended"
    told = Duty.objects.get(kind="silence.ended", about_id=silence.pk)
    assert "压下 1 起" in told.title
    assert HeldBack.objects.get().outcome == "called"
    clock.shift(timedelta(seconds=11))
    assert audit() == []


def test_calls_go_out_at_its_end_even_when_nothing_ends_it(watched, raise_to, clock):
    alone(watched)
    warning = raise_to(3)
    clock.shift(timedelta(minutes=30))
    duties.climb_due()
    assert calls(warning).count() == 3


def test_a_red_breaks_a_silence(watched, raise_to):
    silence = alone(watched)
    orange = raise_to(3)
    assert not calls(orange).exists()
    red = raise_to(4, 3)
    assert red.pk == orange.pk
    assert set(calls(red).values_list("who", flat=True)) >= {"enterprise_duty", "county_duty", "county_leader"}
    assert not Duty.objects.filter(about_id=red.pk, held_until__gt=timezone.now()).exists()
    silence.refresh_from_db()
    assert silence.broken == 1
    assert HeldBack.objects.get().outcome == "broken"
    assert Entry.objects.filter(verb="silence.broken").count() == 1


def test_a_withdrawal_waits_with_the_calls_and_is_never_held_once_ordered(watched, raise_to, clock):
    alone(watched)
    warning = raise_to(3)
    withdraw = Duty.objects.filter(kind="warning.withdraw", about_id=warning.pk)
    assert not withdraw.exists()
    work(clock, minutes=30)
    assert withdraw.get().held_until is None
    agreed(watched)
    assert withdraw.get().held_until is None
    assert Duty.objects.filter(kind="warning.dispose", held_until__gt=timezone.now()).exists()


def test_a_silence_elsewhere_orders_no_withdrawal_that_was_ended(watched, raise_to):
    warning = raise_to(3)
    services.verify(actor(watched.users["duty_officer"]), warning.pk, "device_fault", "")
    evacuation = Evacuation.objects.get()
    services.resume_work(actor(watched.users["leader"]), evacuation.pk, "设备故障")
    for proposal in Proposal.objects.filter(state="waiting"):
        proposals.agree(actor(watched.users["duty_officer"]), proposal)
    evacuation.refresh_from_db()
    assert evacuation.resumed_at is not None
    silence = alone(watched, point=watched.points[1].pk)
    services.revoke_silence(actor(watched.users["leader"]), silence.pk)
    assert Evacuation.objects.count() == 1


def test_what_a_silence_held_back_and_was_found_false_orders_no_withdrawal(watched, raise_to, clock):
    alone(watched)
    warning = raise_to(3)
    services.verify(actor(watched.users["duty_officer"]), warning.pk, "device_fault", "")
    work(clock, minutes=31)
    assert not Evacuation.objects.exists()


def test_the_duty_to_report_outlasts_a_silence_it_was_asked_before(watched, raise_to, clock):
    raise_to(3)
    clock.shift(timedelta(minutes=21))
    ask_reports()
    duty = Duty.objects.get(kind="warning.report")
    alone(watched)
    duty.refresh_from_db()
    assert duty.held_until is None
    raise_to(0, 3)
    work(clock, minutes=31)
    duty.refresh_from_db()
    assert duty.state in ("called", "answered")


def test_a_red_warning_cannot_be_silenced(watched, raise_to):
    warning = raise_to(4)
    with pytest.raises(Invalid):
        alone(watched, warning=warning.pk)
    before = calls(warning).count()
    alone(watched)
    assert not Duty.objects.filter(about_id=warning.pk, held_until__isnull=False).exists()
    assert calls(warning).count() == before


def test_what_is_called_already_stops_climbing_and_goes_on_after(watched, raise_to, clock):
    warning = raise_to(2)
    first = calls(warning).count()
    alone(watched, minutes=30, warning=warning.pk)
    work(clock, minutes=20)
    assert calls(warning).count() == first
    assert [finding.kind for finding in audit()] == []
    work(clock, minutes=10, seconds=1)
    assert calls(warning).count() > first


def test_a_silent_point_does_not_silence_its_neighbour(watched, signal, raise_to):
    alone(watched, point=watched.points[0].pk)
    warning = raise_to(2)
    assert not calls(warning).exists()
    take(signal(2, 0, point=1))
    duties.climb_due()
    assert calls(warning).exists()


def test_revoked_early_calls_go_out_at_once(watched, raise_to, clock):
    silence = alone(watched)
    warning = raise_to(3)
    clock.shift(timedelta(minutes=5))
    services.revoke_silence(actor(watched.users["leader"]), silence.pk)
    duties.climb_due()
    assert calls(warning).count() == 3
    assert audit() == []
    with pytest.raises(Conflict):
        services.revoke_silence(actor(watched.users["leader"]), silence.pk)


def test_what_rose_and_fell_under_silence_is_only_verified_and_calls_when_it_is_back(watched, raise_to, clock):
    alone(watched)
    raise_to(3)
    clock.shift(timedelta(minutes=10))
    warning = raise_to(0, 3)
    work(clock, minutes=20, seconds=1)
    assert set(calls(warning).values_list("who", flat=True)) == {"county_duty"}
    assert HeldBack.objects.get().outcome == "fallen"
    raise_to(3, 0)
    assert "enterprise_duty" in set(calls(warning).values_list("who", flat=True))


@pytest.mark.parametrize("who", ["enterprise", "township", "auditor", "administrator"])
def test_who_may_not_grant_may_not_silence_alone(watched, who):
    with pytest.raises(NotAllowed):
        alone(watched, who)


def test_alone_half_an_hour_at_most_and_not_again_in_a_row(watched, clock):
    with pytest.raises(Invalid) as told:
        alone(watched, minutes=31)
    assert told.value.field == "ends_at"
    alone(watched)
    clock.shift(timedelta(minutes=31))
    for who in ("duty_officer", "leader"):
        with pytest.raises(Conflict):
            alone(watched, who)
    with pytest.raises(Conflict):
        alone(watched, point=watched.points[0].pk)
    clock.shift(timedelta(hours=8))
    assert alone(watched).alone


def test_two_persons_are_needed_and_enterprises_only_propose(watched, raise_to):
    ends = timezone.now() + timedelta(hours=2)
    asked = services.ask_silence(
        actor(watched.users["enterprise"]), kind="maintenance", reason="换泵", starts_at=None, ends_at=ends,
        site=watched.site.pk,
    )  # fmt: skip
    assert not Silence.objects.exists()
    for who in ("enterprise", "township"):
        with pytest.raises(NotAllowed):
            proposals.agree(actor(watched.users[who]), asked)
    proposals.agree(actor(watched.users["duty_officer"]), asked)
    silence = Silence.objects.get()
    assert (silence.alone, silence.kind, silence.reason) == (False, "maintenance", "换泵")
    assert not calls(raise_to(3)).exists()


def test_who_proposed_may_not_agree(watched):
    officer, ends = actor(watched.users["duty_officer"]), timezone.now() + timedelta(hours=2)
    asked = services.ask_silence(
        officer, kind="silence", reason="检修", starts_at=None, ends_at=ends, site=watched.site.pk
    )
    with pytest.raises(NotAllowed):
        proposals.agree(officer, asked)


def test_agreed_after_its_end_is_refused(watched, clock):
    asked = services.ask_silence(
        actor(watched.users["enterprise"]), kind="silence", reason="检修", starts_at=None,
        ends_at=timezone.now() + timedelta(hours=1), site=watched.site.pk,
    )  # fmt: skip
    clock.shift(timedelta(hours=1))
    with pytest.raises(Conflict):
        proposals.agree(actor(watched.users["inspector"]), asked)


def test_a_window_begins_at_its_time_and_tells_those_concerned(watched, raise_to, clock):
    silence = agreed(watched, starts=timezone.now() + timedelta(hours=1))
    assert silence.begun_at is None
    clock.shift(timedelta(minutes=59))
    services.keep_silences()
    assert not Duty.objects.filter(kind="silence.begun").exists()
    clock.shift(timedelta(minutes=1))
    services.keep_silences()
    services.keep_silences()
    told = Duty.objects.get(kind="silence.begun")
    assert set(told.calls.values_list("who", flat=True)) == {
        "enterprise_duty", "enterprise_principal", "township_head", "county_duty",
    }  # fmt: skip
    assert Notice.objects.filter(call__duty=told, step="handed_over").count() == 4
    clock.shift(timedelta(hours=20))
    duties.climb_due()
    assert [finding for finding in audit() if finding.about.id == told.pk] == []
    clock.shift(timedelta(hours=5))
    duties.end_informed()
    told.refresh_from_db()
    assert told.state == "cancelled"


def test_a_duty_held_without_a_silence_is_an_alarm(watched, raise_to):
    warning = raise_to(3)
    duty = Duty.objects.filter(about_id=warning.pk).first()
    Duty.objects.filter(pk=duty.pk).update(held_until=timezone.now() + timedelta(hours=1))
    assert [finding.kind for finding in audit()] == ["duty.held"]


def test_the_api_orders_lists_and_revokes(watched, login, raise_to):
    client = login("duty_officer")
    ends = (timezone.now() + timedelta(minutes=30)).isoformat()
    body = {"kind": "silence", "site": watched.site.pk, "ends_at": ends, "reason": "更换电池", "alone": True}
    answer = client.post("/api/v1/silences", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    id = answer.json()["silence"]["id"]
    warning = raise_to(3)
    row = client.get("/api/v1/warnings").json()["items"][0]
    assert (row["silence"]["id"], row["id"]) == (id, warning.pk)
    assert client.get("/api/v1/silences").json()["items"][0]["held"] == 1
    detail = client.get(f"/api/v1/silences/{id}").json()
    assert detail["held_back"][0]["number"] == warning.number
    assert len(detail["told"]) == 4
    over = client.post(f"/api/v1/silences/{id}/revoke", {}, content_type="application/json").json()
    assert (over["state"], over["held_back"][0]["outcome"]) == ("revoked", "called")
    assert client.get("/api/v1/warnings").json()["items"][0]["silence"] is None
    assert login("enterprise_b").get(f"/api/v1/silences/{id}").status_code == 404


covers = st.lists(
    st.builds(
        lambda id, end, point, warning: Cover(id, timezone.now() + timedelta(minutes=end), point, warning),
        st.integers(1, 9), st.integers(1, 99), st.none() | st.integers(1, 4), st.none(),
    ),
    max_size=6, unique_by=lambda one: one.id,
)  # fmt: skip


@given(level=st.integers(0, 4), points=st.sets(st.integers(1, 4), max_size=4), told=covers)
def test_covered_means_every_point_is_silent_and_never_red(level, points, told):
    found = covering(1, level, points, told)
    if found:
        assert level < RED
        whole = any(one.point is None for one in found)
        assert whole or points <= {one.point for one in found}
        assert until(found) == min(one.ends_at for one in found)


def test_the_warning_of_another_site_is_not_touched(watched, signal):
    alone(watched, site=watched.site_b.pk)
    take(signal(3))
    assert calls(Warning.objects.get()).count() == 3
