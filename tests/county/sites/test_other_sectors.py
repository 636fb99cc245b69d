"""Sites beside mines: each kind has its pack, and the pack's example site is watched whole and lacks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shoutu.county.duties.models import Finding
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.subjects import SubjectRef
from shoutu.county.places.services import create_site
from shoutu.county.sites import packs, services
from shoutu.county.sites.gaps import packs_for, unwatched
from shoutu.county.sites.models import Rule

EXAMPLES = Path(__file__).resolve().parents[3] / "packs" / "examples"
KINDS = {
    "boiler": "boiler", "dust_gas": "dust-gas", "forest": "forest-fire", "fuel_station": "fuel-station",
    "geohazard": "geohazard",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_of_another_sector_has_a_pack_and_its_example_is_watched_whole(county, kind):
    name = KINDS[kind]
    told = yaml.safe_load((EXAMPLES / name / "site.yaml").read_text("utf-8"))
    site = create_site(SYSTEM, "某处", kind, county.site.organisation, county.site.territory, params=told["design"])
    assert list(packs_for(kind)) == [name]
    assert [gap.detail["packs"] for gap in unwatched(SubjectRef("site", site.pk))] == [[name]]
    source = services.create_source(SYSTEM, "某处网关", site)
    for one in told["points"]:
        unit = "" if one["unit"] == "1" else one["unit"]
        services.create_point(SYSTEM, site, source, one["address"], item=one["item"], unit=unit)
    standing = services.bind(SYSTEM, site, name)
    asked = {rule.id for rule in packs.load(name).rules}
    assert {rule.origin.removeprefix(f"{name}/") for rule in standing} == asked
    assert set(Rule.objects.filter(origin__startswith=f"{name}/", verified=True)) == set()
    open_ = Finding.objects.filter(site=site, cleared_at__isnull=True, optional=False)
    assert list(open_.values_list("key", flat=True)) == []


@pytest.mark.parametrize("name", KINDS.values())
def test_its_page_tells_every_item_with_its_bounds(county, login, name):
    body = login("leader").get(f"/api/v1/packs/{name}").json()
    assert {item["id"] for item in body["items"]} == {one.id for one in packs.load(name).indicators}
    bounds = [level["bound"] for item in body["items"] for rule in item["rules"] for level in rule["levels"]]
    assert bounds
    assert all(bounds)
