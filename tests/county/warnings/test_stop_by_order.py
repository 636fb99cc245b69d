"""停产撤人 stops the site by order; 复工 takes two persons, and waits for whoever is missing."""

from __future__ import annotations

import pytest

from shoutu.county.duties.models import Finding
from shoutu.county.duties.services import check_findings
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, NotAllowed
from shoutu.county.kit.subjects import ref
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.sites import operation
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import Binding, OperatingState
from shoutu.county.sites.operation import PACK
from shoutu.county.sites.services.operation import set_state
from shoutu.county.sites.still import STILL
from shoutu.county.warnings import evacuations, services
from shoutu.county.warnings.models import Evacuation, Warning


@pytest.fixture
def mine(watched):
    return actor(watched.users["enterprise"])


@pytest.fixture
def leader(watched):
    return actor(watched.users["leader"])


@pytest.fixture
def stop(red):
    return Evacuation.objects.get()


def state(watched):
    return operation.state_at(watched.site.pk)


def asked():
    return Proposal.objects.get(kind="site.state", state="waiting")


@pytest.fixture
def over(stop, red, raise_to, mine, officer):
    """Real, disposed of, fallen, everybody out."""
    services.verify(officer, red.pk, "real")
    services.dispose(mine, red.pk, "降水")
    services.set_head_count(mine, stop.pk, 2, "调度室", "in")
    services.confirm_out(mine, stop.pk, "a", count=2)
    raise_to(0, 4)
    return stop


def test_the_order_stops_the_site_and_names_itself(stop, red, watched):
    row = OperatingState.objects.get()
    assert (row.state, row.order) == ("stopped", f"evacuation:{stop.pk}")
    assert red.number in row.reason


def test_watching_begins_when_all_are_out(stop, mine, watched):
    services.set_head_count(mine, stop.pk, 2, "调度室", "in")
    assert not Binding.objects.filter(site=watched.site, pack=PACK).exists()
    services.confirm_out(mine, stop.pk, "a", count=2)
    assert Binding.objects.filter(site=watched.site, pack=PACK).exists()


def test_work_is_resumed_by_two_and_ends_watching(over, officer, leader, watched):
    services.resume_work(officer, over.pk, "验收合格")
    assert (state(watched), Evacuation.objects.get().state) == ("stopped", "out")
    told = evacuations.detail(Evacuation.objects.get(), officer)
    assert told["resuming"] == asked().pk
    assert next(one["why"] for one in told["actions"] if one["verb"] == "resume") == "已提出复工，等第二人同意"
    with pytest.raises(NotAllowed):
        proposals.agree(officer, asked())
    proposals.agree(leader, asked())
    assert (state(watched), Evacuation.objects.get().state) == ("producing", "resumed")
    assert not Binding.objects.filter(site=watched.site, pack=PACK).exists()


def test_the_dossier_cannot_go_round_who_is_missing(stop, officer, watched):
    with pytest.raises(Conflict, match="须先核实真假"):
        set_state(officer, watched.site, "producing", "复工")
    assert state(watched) == "stopped"


def test_what_came_back_meanwhile_holds_the_agreement(over, officer, leader, watched, raise_to):
    services.resume_work(officer, over.pk, "验收合格")
    raise_to(4, 0)
    with pytest.raises(Conflict):
        proposals.agree(leader, asked())
    assert (state(watched), Evacuation.objects.get().resumed_at) == ("stopped", None)


def test_a_site_sealed_since_stays_sealed_when_the_withdrawal_ends(over, officer, watched):
    set_state(officer, watched.site, "sealed", "责令停产整顿")
    services.resume_work(officer, over.pk, "险情消除")
    assert (state(watched), Evacuation.objects.get().state) == ("sealed", "resumed")
    assert not Proposal.objects.filter(kind="site.state").exists()


def test_a_site_that_stood_still_is_not_stopped_again(watched, officer, raise_to):
    set_state(officer, watched.site, "sealed", "责令停产整顿")
    raise_to(4)
    assert [row.state for row in OperatingState.objects.all()] == ["sealed"]


def test_a_false_alarm_closed_ends_the_count_and_asks_for_the_return(stop, red, officer, leader, raise_to, watched):
    services.verify(officer, red.pk, "false_alarm", "calibration")
    raise_to(0, 4)
    services.close(officer, red.pk)
    assert Warning.objects.get(pk=red.pk).closed_at
    assert (state(watched), Evacuation.objects.get().state) == ("stopped", "resumed")
    proposals.agree(leader, asked())
    assert state(watched) == "producing"


def still(site):
    return {row.key for row in check_findings(SYSTEM, STILL, ref(site))}


def test_a_stopped_site_lacking_what_would_tell_of_work_is_a_finding_with_a_duty(watched, officer):
    assert still(watched.site) == set()
    set_state(officer, watched.site, "sealed", "责令停产整顿")
    assert still(watched.site) == {"power", "movement"}
    duty = Finding.objects.filter(kind=STILL).first().duty
    assert (duty.state, "用电" in duty.why) == ("called", True)
    sites.create_point(SYSTEM, watched.site, watched.source, "P-1", name="总电表", item="power", unit="kW")
    assert still(watched.site) == {"movement"}
    sites.create_point(SYSTEM, watched.site, watched.source, "D-1", name="红外", item="movement", unit="1")
    assert still(watched.site) == set()
    duty.refresh_from_db()
    assert duty.state not in ("called", "answered")


def test_an_underground_mine_lacks_who_is_down_and_a_stop_by_order_lacks_nothing(watched, officer, red):
    assert (state(watched), still(watched.site)) == ("stopped", set())
    other = watched.site_b
    other.kind = "underground_mine"
    other.save(update_fields=["kind"])
    set_state(officer, other, "stopped", "检修")
    assert still(other) == {"power", "movement", "people_underground"}
