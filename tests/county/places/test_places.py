"""Territories, organisations, sites and what each role sees of them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotFound
from shoutu.county.kit.models import OutboxEvent
from shoutu.county.kit.scope import Scope
from shoutu.county.kit.subjects import SubjectRef, visible
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places import services
from shoutu.county.places.models import Organisation, Site
from shoutu.county.places.selectors import get_site, sites, territories_under, territory_rows
from tests.county.base import ListTests


class TestOrganisationList(ListTests):
    path = "/api/v1/organisations"
    queries = 5
    sees = {"leader": True, "township": True, "enterprise": False, "township_b": False, "auditor": True}

    def make(self, county, n):
        start = Organisation.objects.count()
        return [services.create_organisation(SYSTEM, f"丙矿{start + i}", "enterprise", county.east) for i in range(n)]


@pytest.mark.parametrize(("role", "seen"), [
    ("administrator", {"a", "b"}), ("leader", {"a", "b"}), ("duty_officer", {"a", "b"}), ("auditor", {"a", "b"}),
    ("inspector", {"a", "b"}), ("township", {"a"}), ("township_b", {"b"}), ("enterprise", {"a"}),
    ("enterprise_b", {"b"}),
])  # fmt: skip
def test_sites_each_role_sees(county: SimpleNamespace, role: str, seen: set[str]) -> None:
    who = actor(county.users[role])
    names = {"a": county.site.pk, "b": county.site_b.pk}
    assert set(sites().visible_to(who).values_list("pk", flat=True)) == {names[s] for s in seen}
    both = {SubjectRef("site", pk) for pk in names.values()}
    assert visible(who, both) == {SubjectRef("site", names[s]) for s in seen}
    for name, pk in names.items():
        if name in seen:
            assert get_site(who, pk).pk == pk
        else:
            with pytest.raises(NotFound):
                get_site(who, pk)


def test_a_township_sees_whose_site_lies_in_it(county: SimpleNamespace) -> None:
    """A mine seated elsewhere has a site here: who looks after the site opens the enterprise behind it."""
    who, other = actor(county.users["township_b"]), county.site.organisation
    assert not Organisation.objects.visible_to(who).filter(pk=other.pk).exists()
    services.create_site(SYSTEM, "甲矿二号坑", "open_pit", other, county.west)
    assert Organisation.objects.visible_to(who).filter(pk=other.pk).exists()
    assert not Organisation.objects.visible_to(actor(county.users["enterprise_b"])).filter(pk=other.pk).exists()


def test_scope_narrowed_to_sectors(county: SimpleNamespace) -> None:
    both = Scope(territories=(county.territory.path,), sectors=("open_pit",))
    assert list(Site.objects.filter(both.sites())) == [county.site_b]
    assert list(Site.objects.filter(Scope().sites())) == []


def test_a_path_is_not_mistaken_for_a_longer_id(county: SimpleNamespace) -> None:
    """Territory 1.2. must not contain 1.23."""
    made = [services.create_territory(SYSTEM, f"乡{n}", county.territory) for n in range(12)]
    for place in made:
        assert territories_under(place) == [place]
    assert len(territories_under(county.territory)) == 15


def test_one_county_only(county: SimpleNamespace) -> None:
    with pytest.raises(Conflict):
        services.create_territory(SYSTEM, "另一个县")


@pytest.mark.parametrize(("change", "field"), [
    ({"name": " "}, "name"), ({"name": "甲矿尾矿库"}, "name"), ({"kind": "castle"}, "kind"),
    ({"latitude": 91.0}, "latitude"), ({"longitude": float("nan")}, "longitude"),
])  # fmt: skip
def test_bad_site_names_the_field(county: SimpleNamespace, change, field) -> None:
    arguments = {"name": "新库", "kind": "tailings_pond", **change}
    with pytest.raises(Invalid) as caught:
        services.create_site(SYSTEM, organisation=county.mine, **arguments)
    assert caught.value.field == field
    assert Site.objects.count() == 2


def test_params_change_is_recorded_with_before_after_and_reason(county: SimpleNamespace) -> None:
    services.set_site_params(SYSTEM, county.site, {"free_height_m": 0.7}, "设计变更")
    entry = Entry.objects.get(verb="site.params_set")
    assert entry.payload == {
        "before": {"free_height_m": 0.5}, "after": {"free_height_m": 0.7}, "reason": "设计变更",
    }  # fmt: skip
    assert OutboxEvent.objects.filter(topic="site.params_set").count() == 1
    with pytest.raises(Invalid):
        services.set_site_params(SYSTEM, county.site, {}, "")


def test_organisations_and_sites_of_a_territory_are_counted_apart(county: SimpleNamespace) -> None:
    """Joined together, 500 of each would be 250,000 rows to count for one township."""
    for n in range(3):
        services.create_organisation(SYSTEM, f"丙{n}", "enterprise", county.east)
        services.create_site(SYSTEM, f"库{n}", "tailings_pond", county.mine)
    rows = territory_rows(SYSTEM)
    assert " JOIN " not in str(rows.query)
    told = {row.name: (row.bodies, row.places) for row in rows}
    assert told == {"示范县": (1, 0), "东乡": (5, 4), "西乡": (2, 1)}
    mine = {row.name: (row.bodies, row.places) for row in territory_rows(actor(county.users["enterprise_b"]))}
    assert (mine["东乡"][0] < 5, mine["东乡"][1], mine["西乡"][1]) == (True, 0, 1)
