"""Data loggers of a source (HJ 212), on whose clock they are, and who sends now."""

from __future__ import annotations

import pytest

from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Invalid, Unavailable
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.models import Entry
from shoutu.county.people import proposals
from shoutu.county.people.models import Proposal
from shoutu.county.people.testing import actor
from shoutu.county.sites import asking, deaf, services
from shoutu.county.sites.services.sources import station_hash
from shoutu.sensing import directory
from shoutu.sensing.catalog import Catalog, Delta
from tests.county.sites.test_sites import post

MN = "010000A8900016F000169DC0"


@pytest.fixture
def source(county):
    return services.create_source(SYSTEM, "甲矿数采仪", county.site)


@pytest.fixture
def watched(county, source):
    point = services.create_point(SYSTEM, county.site, source, f"{MN}/a-Rtd", item="phreatic_depth", unit="m")
    services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 6.0}, "direction": "low"}, "设计")
    return source


def door():
    """What the pipeline's doors know, out of what the county tells."""
    told = catalog.changes(0)
    return directory.CatalogDirectory(Catalog().merged(Delta(1, True, tuple(told["sources"]), tuple(told["points"]))))


def test_a_registered_logger_is_known_to_its_door_alone_and_its_password_kept_nowhere(source):
    token, password = services.create_station(SYSTEM, source, MN, "1 号数采仪")
    assert (token.mn, len(password)) == (MN, 6)
    found = door().station(MN, password)
    assert (found.id, found.zone) == (source.pk, "")
    assert door().station(MN, password + "x") is None
    assert door().authenticate(f"hj212\0{MN}\0{password}") is None
    assert not any(password.encode() in bytes(entry.canonical) for entry in Entry.objects.all())
    assert catalog.changes(0)["sources"][0]["token_hashes"] == []


def test_both_wings_compute_one_hash():
    assert station_hash(MN, "123456") == directory.station_hash(MN, "123456")


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"mn": ""}, "mn"),
        ({"mn": "a b"}, "mn"),
        ({"mn": "a;PW=1"}, "mn"),
        ({"mn": "A" * 41}, "mn"),
        ({"name": " "}, "name"),
        ({"password": "12345"}, "password"),
        ({"password": "12345;"}, "password"),
    ],
)
def test_what_no_logger_could_send_names_its_field(source, told, field):
    with pytest.raises(Invalid) as caught:
        services.create_station(SYSTEM, source, **{"mn": MN, "name": "数采仪", **told})
    assert caught.value.field == field


def test_an_mn_is_registered_once_until_it_is_revoked(county, source):
    token, _ = services.create_station(SYSTEM, source, MN, "数采仪", "123456")
    other = services.create_source(SYSTEM, "乙矿", None)
    with pytest.raises(Invalid, match="甲矿数采仪"):
        services.create_station(SYSTEM, other, MN, "数采仪")
    services.revoke_token(SYSTEM, token, "换了")
    services.create_station(SYSTEM, other, MN, "数采仪", "123456")
    assert door().station(MN, "123456").id == other.pk


def test_the_countys_own_source_has_no_loggers(county):
    with pytest.raises(Invalid):
        services.create_station(SYSTEM, services.county_source(SYSTEM), MN, "数采仪")


def test_a_logger_gets_a_new_password_in_one_step_and_its_source_is_heard_throughout(county, watched):
    token, old = services.create_station(SYSTEM, watched, MN, "数采仪")
    done = services.revoke_token(actor(county.users["administrator"]), token, "密码泄露", replacement="数采仪")
    assert done.proposal is None
    assert door().station(MN, old) is None
    assert door().station(MN, done.replacement).id == watched.pk
    assert deaf.deaf_of(ref(county.site)) == []


def test_the_last_logger_of_a_watched_source_is_revoked_by_two(county, watched):
    token, _ = services.create_station(SYSTEM, watched, MN, "数采仪")
    assert services.revoke_token(actor(county.users["administrator"]), token, "拆了").proposal is not None
    assert deaf.deaf_of(ref(county.site)) == []


def test_the_clock_holds_at_once_where_nothing_watches_and_by_two_where_rules_do(county, watched):
    free = services.create_source(SYSTEM, "乙矿")
    assert services.set_clock(SYSTEM, free, "Asia/Urumqi", True, "在新疆，按秒发") is None
    told = [(one.get("zone"), one.get("seconds")) for one in catalog.changes(0)["sources"]]
    assert told == [(None, None), ("Asia/Urumqi", True)]
    waits = services.set_clock(actor(county.users["administrator"]), watched, "UTC", False, "数采仪按 UTC 走")
    assert Proposal.objects.get(pk=waits.pk).payload["zone"] == "UTC"
    watched.refresh_from_db()
    assert watched.zone == ""
    proposals.agree(actor(county.users["inspector"]), waits)
    watched.refresh_from_db()
    assert (watched.zone, watched.seconds) == ("UTC", False)
    services.create_station(SYSTEM, watched, MN, "数采仪", "123456")
    assert door().station(MN, "123456").zone == "UTC"
    with pytest.raises(Invalid):
        services.set_clock(SYSTEM, free, "Mars/Base", False, "x")


def test_registering_and_the_clock_over_the_interface(source, login):
    admin = login("administrator")
    made = post(admin, f"/api/v1/sources/{source.pk}/stations", {"name": "1 号", "mn": f" {MN} ", "password": "123456"})
    assert (made.status_code, made.json()["token"]) == (201, "123456")
    changed = post(
        admin, f"/api/v1/sources/{source.pk}/clock", {"zone": "Asia/Shanghai", "seconds": True, "reason": "核对过"}
    ).json()
    told = changed["source"]
    assert (changed["proposal"], told["zone"], told["seconds"]) == (None, "Asia/Shanghai", True)
    assert [(one["name"], one["mn"]) for one in changed["source"]["tokens"]] == [("1 号", MN)]


def test_who_sends_is_asked_of_the_pipeline_for_visible_sources_alone(source, login, monkeypatch):
    asked = []
    told = {"door": "hj212", "device": MN, "peer": "10.0.0.7", "connections": 1, "since": 1_790_000_000_000,
            "heard": 1_790_000_001_500, "accepted": 7, "refused": 0}  # fmt: skip

    def senders(sources):
        asked.append(sorted(sources))
        return {source.pk: [told]}

    monkeypatch.setattr(asking, "senders", senders)
    answer = login("administrator").get(f"/api/v1/senders?source={source.pk}&source=99999").json()
    assert answer["items"] == [
        {
            **told,
            "reason": "",
            "detail": "",
            "source": source.pk,
            "since": "2026-09-21T14:13:20Z",
            "heard": "2026-09-21T14:13:21.500Z",
        }
    ]
    assert asked == [[source.pk]]
    assert login("principal").get(f"/api/v1/senders?source={source.pk}").status_code == 403


def test_where_the_pipeline_is_away_the_list_says_so(source, login, monkeypatch):
    def away(sources):
        raise Unavailable("管道问不到")

    monkeypatch.setattr(asking, "senders", away)
    assert login("administrator").get(f"/api/v1/senders?source={source.pk}").status_code == 503
