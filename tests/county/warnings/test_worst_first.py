"""The lists of sites and points begin with the worst, and miss nobody though levels change while somebody pages."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.places import services as places
from shoutu.county.sites import services as sites
from shoutu.county.warnings import services
from shoutu.county.warnings.models import Warning

NUMBERS = itertools.count(1)


@pytest.fixture
def many(county):
    """Eight more sites with a watched point each, named 01 to 08, by one gateway each."""
    made = []
    for n in range(1, 9):
        site = places.create_site(SYSTEM, f"{n:02d} 号库", "tailings_pond", county.site.organisation, grade="五")
        source = sites.create_source(SYSTEM, f"{n:02d} 号网关", site)
        point = sites.create_point(
            SYSTEM, site, source, "P-1", name=f"{n:02d} 号浸润线", item="phreatic_depth", unit="m", danger="low",
        )  # fmt: skip
        rule = sites.create_rule(
            SYSTEM, point, "threshold", {"levels": {"1": 8.0, "4": 6.0}, "direction": "low"}, "设计"
        )
        made.append((site, source, point, rule))
    return made


def tell(row, to, frm=0, **changes):
    """A signal of the threshold rule of a site's point, taken in."""
    site, source, point, rule = row
    n, now = next(NUMBERS), round(timezone.now().timestamp() * 1000)
    body = {
        "id": f"{n:032x}", "shard": 0, "seq": n, "ordinal": 0, "rule": rule.pk, "rule_version": 1,
        "point": point.pk, "source": source.pk, "site": site.pk, "item": "phreatic_depth", "kind": "threshold",
        "category": "risk", "type": "level", "from": frm, "to": to, "event_ts": now, "received_ts": now,
        "value": 5.5, "threshold": 6.0, "window_start": now, "aux": None, "flags": [],
    }  # fmt: skip
    sites.receive([{**body, **changes}])
    while services.take_in():
        pass


def fault(row, **changes):
    """The point is silent, a fault of the device and no danger."""
    told = {"category": "fault", "kind": "no_data", "rule": None, "item": "no_data", "value": None, "threshold": None}
    tell(row, 1, **{**told, **changes})


def names(client, path, **query):
    return [row["name"][:2] for row in client.get(path, query).json()["items"] if row["name"][:2].isdigit()]


def test_sites_begin_with_the_worst(many, login):
    tell(many[5], 2)
    tell(many[7], 4)
    tell(many[2], 4)
    tell(many[4], 3)
    tell(many[4], 0, 3)
    fault(many[6])
    sites.propose(SYSTEM, many[3][3], "拆除", enabled=False, agreed=True)
    rows = login("leader").get("/api/v1/sites").json()["items"]
    stood = [(row["name"][:2], row["standing"], row["level"]) for row in rows]
    assert stood[:6] == [
        ("03", "raised", 4), ("08", "raised", 4), ("06", "raised", 2), ("05", "fallen", 0), ("07", "faulty", 0),
        ("04", "unwatched", 0),
    ]  # fmt: skip
    rest = [row for row in stood[6:] if row[1] == "normal"]
    assert [name for name, _standing, _level in rest] == ["01", "02"]
    # The site's own page says the same.
    site = login("leader").get(f"/api/v1/sites/{many[6][0].pk}").json()
    assert (site["standing"], site["level"]) == ("faulty", 0)


def test_points_begin_with_the_worst(many, login):
    tell(many[5], 3)
    tell(many[1], 4)
    fault(many[4])
    client = login("leader")
    assert names(client, "/api/v1/points") == ["02", "06", "05", "01", "03", "04", "07", "08"]
    assert names(client, "/api/v1/points", sort="name")[:3] == ["01", "02", "03"]
    assert names(client, "/api/v1/points", sort="-worst") == ["08", "07", "04", "03", "01", "05", "06", "02"]


def test_a_silent_source_puts_its_points_and_its_site_before_what_is_normal(many, login):
    fault(many[6], kind="source_silence", point=None, site=None, item="source_silence")
    client = login("leader")
    assert names(client, "/api/v1/points")[0] == "07"
    assert client.get("/api/v1/sites").json()["items"][0]["standing"] == "faulty"
    assert names(client, "/api/v1/sites")[0] == "07"


def test_what_has_fallen_back_stands_with_the_rest(many, login):
    tell(many[4], 4)
    tell(many[4], 0, 4)
    assert Warning.objects.filter(closed_at__isnull=True).count() == 1
    assert names(login("leader"), "/api/v1/points")[0] == "01"


@pytest.mark.parametrize("path", ["/api/v1/sites", "/api/v1/points"])
def test_who_rises_between_two_pages_is_met_all_the_same(many, login, path):
    tell(many[6], 1)
    client = login("leader")
    first = client.get(path, {"limit": 3}).json()
    assert next(row["name"][:2] for row in first["items"]) == "07"
    tell(many[7], 4)  # far behind the cursor before, far ahead of it now
    seen, cursor = [], first["next"]
    while cursor:
        page = client.get(path, {"limit": 3, "cursor": cursor}).json()
        seen += [row["name"][:2] for row in page["items"]]
        cursor = page["next"]
    assert "08" in seen


def test_a_site_nothing_watches_any_more_is_met_all_the_same(many, login):
    client = login("leader")
    first = client.get("/api/v1/sites", {"limit": 5}).json()
    sites.propose(SYSTEM, many[7][3], "拆除", enabled=False, agreed=True)
    seen, cursor = [], first["next"]
    while cursor:
        page = client.get("/api/v1/sites", {"limit": 5, "cursor": cursor}).json()
        seen += [row["name"][:2] for row in page["items"]]
        cursor = page["next"]
    assert "08" in seen


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("path", ["/api/v1/sites", "/api/v1/points"])
def test_every_row_is_met_and_one_that_stays_exactly_once(many, login, path, seed):
    chance = random.Random(seed)
    level = dict.fromkeys(range(len(many)), 0)
    moved = set()

    def move():
        n, to = chance.randrange(len(many)), chance.randrange(5)
        if to != level[n]:
            tell(many[n], to, level[n])
            level[n] = to
            moved.add(many[n][0 if path.endswith("sites") else 2].pk)

    for _ in range(4):
        move()
    moved.clear()
    client, met, cursor = login("leader"), Counter(), None
    while True:
        page = client.get(path, {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        ids = [row["id"] for row in page["items"]]
        assert len(set(ids)) == len(ids)
        met.update(ids)
        cursor = page["next"]
        if cursor is None:
            break
        for _ in range(chance.randrange(3)):
            move()
    everyone = {row["id"] for row in client.get(path, {"limit": 500, "sort": "id"}).json()["items"]}
    assert set(met) == everyone
    assert {id for id, times in met.items() if times != 1} <= moved


@pytest.mark.parametrize("cursor", ["WyJ3b3JzdCJd", "WyJ3b3JzdCIsIHRydWUsIFtdXQ", "WyJ3b3JzdCIsIDEsIDIsIDNd", "zzz"])
def test_a_foreign_cursor_is_refused(county, login, cursor):
    answer = login("leader").get("/api/v1/sites", {"cursor": cursor})
    assert (answer.status_code, answer.json()["field"]) == (422, "cursor")
