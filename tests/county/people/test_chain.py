"""who_answers_for: from data, in order, as it stood at the time."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import NotFound
from shoutu.county.people import services
from shoutu.county.people.models import Holding, Responsibility, Rung, Shift
from shoutu.county.people.selectors import who_answers_for


def names(chain: list) -> list[str]:
    return [str(step.post) for step in chain]


def test_chain_from_enterprise_duty_to_county_leader(county: SimpleNamespace) -> None:
    chain = who_answers_for(county.site.pk, "warning", timezone.now())
    assert [step.rung_name for step in chain] == [
        "enterprise_duty", "enterprise_principal", "township_head", "county_duty", "county_leader"
    ]  # fmt: skip
    assert names(chain) == [
        "甲矿值班员",
        "甲矿主要负责人",
        "东乡安监站安监站长",
        "县应急管理局值班员",
        "县应急管理局分管领导",
    ]
    assert [step.person for step in chain] == [
        county.persons[n] for n in ("enterprise", "principal", "township", "duty_officer", "leader")
    ]


def test_chain_of_other_site_has_its_own_township_and_a_hole(county: SimpleNamespace) -> None:
    chain = who_answers_for(county.site_b.pk, "warning", timezone.now())
    assert names(chain)[:2] == ["乙矿值班员", "西乡安监站安监站长"]
    assert Rung.ENTERPRISE_PRINCIPAL not in [step.rung for step in chain]


def test_chain_as_it_stood_before_a_change(county: SimpleNamespace) -> None:
    before = timezone.now()
    holding = Holding.objects.get(post=county.posts["township"])
    services.leave_post(SYSTEM, holding, before + timedelta(minutes=1))
    services.hold_post(
        SYSTEM, county.posts["township"], county.persons["inspector"], since=before + timedelta(minutes=1)
    )
    then = {s.rung: s.person for s in who_answers_for(county.site.pk, "warning", before)}
    later = {s.rung: s.person for s in who_answers_for(county.site.pk, "warning", before + timedelta(hours=1))}
    assert then[Rung.TOWNSHIP_HEAD] == county.persons["township"]
    assert later[Rung.TOWNSHIP_HEAD] == county.persons["inspector"]


def test_shift_signed_in_beats_rostered_beats_holder(county: SimpleNamespace) -> None:
    now = timezone.now()
    post = county.posts["duty_officer"]
    relief = services.plan_shift(
        SYSTEM, post, county.persons["inspector"], now - timedelta(hours=1), now + timedelta(hours=8)
    )

    def on_duty(at):
        return next(s.person for s in who_answers_for(county.site.pk, "warning", at) if s.rung == Rung.COUNTY_DUTY)

    assert on_duty(now) == county.persons["duty_officer"]
    services.sign_in(SYSTEM, relief)
    assert on_duty(timezone.now()) == county.persons["inspector"]
    services.sign_out(SYSTEM, relief)
    assert on_duty(timezone.now()) == county.persons["duty_officer"]
    assert on_duty(now + timedelta(days=2)) == county.persons["duty_officer"]


def test_post_nobody_fills_stays_in_the_chain(county: SimpleNamespace) -> None:
    services.leave_post(SYSTEM, Holding.objects.get(post=county.posts["leader"]))
    chain = who_answers_for(county.site.pk, "warning", timezone.now())
    assert chain[-1].post == county.posts["leader"]
    assert chain[-1].person is None


@pytest.mark.parametrize(("sectors", "matters", "there"), [
    ([], [], True), (["tailings_pond"], ["warning"], True), (["open_pit"], [], False), ([], ["hazard"], False),
])  # fmt: skip
def test_sector_and_matter_narrow(county: SimpleNamespace, sectors, matters, there) -> None:
    post = services.create_post(SYSTEM, county.bureau, "非煤股股长")
    services.assign_responsibility(
        SYSTEM, post, "sector", Rung.COUNTY_DUTY, territory=county.territory, sectors=sectors, matters=matters,
        since=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    assert (post in [s.post for s in who_answers_for(county.site.pk, "warning", timezone.now())]) is there


def test_nearest_first_within_a_rung(county: SimpleNamespace) -> None:
    since = timezone.now() - timedelta(days=1)
    own = services.create_post(SYSTEM, county.station, "包保干部")
    services.assign_responsibility(SYSTEM, own, "linked", Rung.TOWNSHIP_HEAD, site=county.site, since=since)
    chain = [s.post for s in who_answers_for(county.site.pk, "warning", timezone.now()) if s.rung == Rung.TOWNSHIP_HEAD]
    assert chain == [own, county.posts["township"]]


def test_ended_responsibility_leaves_the_chain(county: SimpleNamespace) -> None:
    row = Responsibility.objects.get(post=county.posts["leader"])
    services.end_responsibility(SYSTEM, row)
    assert county.posts["leader"] not in [s.post for s in who_answers_for(county.site.pk, "warning", timezone.now())]


def test_unknown_site(county: SimpleNamespace) -> None:
    with pytest.raises(NotFound):
        who_answers_for(999_999, "warning", timezone.now())


def test_chain_query_count(county: SimpleNamespace, django_assert_num_queries) -> None:
    with django_assert_num_queries(7):
        chain = who_answers_for(county.site.pk, "warning", timezone.now())
        assert [str(step.post) for step in chain]
    assert Shift.objects.count() == 2
