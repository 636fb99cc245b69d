"""What the command screen answers: each role's part of the county, nothing unknown drawn as normal, doors that open."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.models import Beat
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.places import services as places
from shoutu.county.places.boundaries import import_boundaries
from shoutu.county.places.models import Site
from shoutu.county.screen.selectors import happening
from shoutu.county.sites import services as sites
from shoutu.county.sites.models import OperatingState
from shoutu.county.warnings import services as warnings
from shoutu.county.warnings.models import Warning
from tests.county.places.test_boundaries import file, square
from tests.county.warnings.test_grouping import storm

SEES = {
    "administrator": {"甲矿尾矿库", "乙矿露天采场"}, "leader": {"甲矿尾矿库", "乙矿露天采场"},
    "duty_officer": {"甲矿尾矿库", "乙矿露天采场"}, "inspector": {"甲矿尾矿库", "乙矿露天采场"},
    "auditor": {"甲矿尾矿库", "乙矿露天采场"}, "township": {"甲矿尾矿库"}, "township_b": {"乙矿露天采场"},
}  # fmt: skip


def read(client: Client, path: str) -> Any:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def mark(client: Client, name: str = "甲矿尾矿库") -> dict[str, Any]:
    return next(row for row in read(client, "/screen/sites")["items"] if row["name"] == name)


def figure(client: Client, key: str) -> dict[str, Any]:
    return next(one for one in read(client, "/screen/now")["figures"] if one["key"] == key)


@pytest.mark.parametrize("path", ["/screen/sites", "/screen/now", "/screen/trend"])
def test_who_may_look(county: SimpleNamespace, login, path: str) -> None:
    assert Client().get(f"/api/v1{path}").status_code == 401
    assert login("enterprise").get(f"/api/v1{path}").status_code == 403
    for role in SEES:
        assert login(role).get(f"/api/v1{path}").status_code == 200, role


def test_each_role_sees_its_part(county: SimpleNamespace, login) -> None:
    for role, names in SEES.items():
        assert {row["name"] for row in read(login(role), "/screen/sites")["items"]} == names, role


def test_another_townships_case_is_not_told(watched, raise_to, login) -> None:
    raise_to(4)
    assert read(login("township_b"), "/screen/now")["rows"] == []
    assert read(login("township_b"), "/screen/now")["worst"] is None
    assert read(login("township"), "/screen/now")["worst"]["level"] == 4


def test_a_site_nobody_watches_is_not_normal(watched, login) -> None:
    client = login("leader")
    assert mark(client)["state"] == "normal"
    assert mark(client, "乙矿露天采场")["state"] == "unwatched"


def test_a_site_is_drawn_by_what_stands_and_who_answered(watched, raise_to, login, clock) -> None:
    client = login("leader")
    raise_to(3)
    now = mark(client)
    assert (now["state"], now["level"], now["standing"], now["item"], now["value"], now["unit"]) == (
        "raised", 3, "unanswered", "浸润线埋深", 6.5, "m"
    )  # fmt: skip
    raise_to(0, 3)
    assert mark(client)["standing"] == "unanswered", "fallen back, and still nobody has answered"


def test_silence_of_every_point_is_no_normal(watched, signal, login) -> None:
    client = login("leader")
    for number, rule in enumerate(watched.silences):
        told = signal(1, point=number, rule=rule.pk, kind="no_data", category="fault", value=None, threshold=None)
        sites.receive([told])
        while warnings.take_in():
            pass
        assert (mark(client)["state"], mark(client)["blind"]) == (["normal", "silent"][number], number + 1)
    silent = signal(1, point=0, rule=None, kind="source_silence", category="fault", value=None)
    sites.receive([{**silent, "point": None}])
    while warnings.take_in():
        pass
    assert mark(client)["blind"] == 2, "a point is blind once, for whatever reason"


def test_the_worst_unanswered_is_the_one_whose_clock_runs_out_first(watched, raise_to, login) -> None:
    raise_to(4)
    told = read(login("leader"), "/screen/now")
    assert told["worst"]["level"] == 4
    assert told["worst"]["clock"]["who"]
    assert told["asked"]["id"] == told["worst"]["id"]
    assert told["counts"] == {"1": 0, "2": 0, "3": 0, "4": 1}
    assert {row["state"] for row in told["chain"]} >= {"calling", "not_yet"}
    assert [row["state"] for row in told["roster"]["items"]].count("on_duty") == 2


def test_blue_is_listed_and_heads_nothing(watched, raise_to, login) -> None:
    raise_to(1)
    told = read(login("leader"), "/screen/now")
    assert (told["worst"], len(told["rows"]), told["alarms"]) == (None, 1, [])


def test_a_quiet_county_has_no_worst_and_no_chain(county: SimpleNamespace) -> None:
    told = happening(actor(county.users["leader"]))
    assert (told["worst"], told["asked"], told["chain"], told["rows"]) == (None, None, [], [])


def test_points_online_cannot_be_told_while_nobody_watches(watched, login) -> None:
    client = login("leader")
    assert figure(client, "points_online")["value"] is None
    Beat.objects.create(name="pipeline", at=timezone.now(), tick_at=timezone.now())
    told = figure(client, "points_online")
    assert (told["value"], told["of"]) == (2, 2)


def test_every_figure_opens_a_list_of_what_it_counts(watched, raise_to, login, clock) -> None:
    raise_to(4)
    clock.shift(timedelta(hours=3))
    client = login("duty_officer")
    told = {one["key"]: one for one in read(client, "/screen/now")["figures"]}
    assert len(told) == 7
    assert told["duties_late"]["value"] > 0
    assert told["duties_late"]["facts"]["longest_s"] > 2 * 3600
    for one in told.values():
        assert one["listed"] == behind(client, one["url"]) or one["key"] == "points_online", one
    assert told["points_online"]["listed"] is None, "nobody watches"
    left = told["sites_watched"]["of"] - told["sites_watched"]["value"]
    assert (told["sites_watched"]["url"], told["sites_watched"]["listed"]) == ("/sites?watched=no", left)


def behind(client: Client, url: str) -> int:
    """How many the list at an address of the face holds."""
    path, _, asked = url.partition("?")
    query = dict(part.split("=") for part in asked.split("&") if part)
    if path == "/warnings":
        query["state"] = query.pop("tab", "open")
    flags = {"yes": "true", "no": "false"}
    told = "&".join(f"{name}={flags.get(value, value)}" for name, value in query.items())
    return read(client, f"{'/duties' if path == '/' else path}?{told}")["count"]


@pytest.fixture
def of_every_kind(watched, raise_to, signal) -> SimpleNamespace:
    """Beside 乙矿露天采场, which nobody watches: a raised site with a blind point, a normal, a silent, a sealed one."""
    raise_to(3)
    silences = {}
    for name in ("静库", "哑库", "封库"):
        site = places.create_site(SYSTEM, name, "tailings_pond", watched.mine, latitude=35.9, longitude=111.8)
        source = sites.create_source(SYSTEM, f"{name}网关", site)
        point = sites.create_point(SYSTEM, site, source, "JR-01", name="JR-01", item="phreatic_depth", unit="m")
        silences[name] = (site, source, point, sites.create_rule(SYSTEM, point, "no_data", {"intervals": 3}, "断传"))
    site, source, point, rule = silences["哑库"]
    fault = {"kind": "no_data", "category": "fault", "value": None, "threshold": None}
    sites.receive([
        signal(1, point=1, rule=watched.silences[1].pk, **fault),
        signal(1, rule=rule.pk, **fault) | {"site": site.pk, "source": source.pk, "point": point.pk},
    ])  # fmt: skip
    while warnings.take_in():
        pass
    OperatingState.objects.create(
        site=silences["封库"][0],
        state="sealed",
        from_at=timezone.now(),
        reason="停产",
        set_by="县应急局",
        recorded_at=timezone.now(),
    )
    Beat.objects.create(name="pipeline", at=timezone.now(), tick_at=timezone.now())
    return watched


def test_each_figure_of_the_map_is_the_count_of_its_list(of_every_kind, login) -> None:
    for role in ("leader", "township"):
        client = login(role)
        told = read(client, "/screen/sites")
        if role == "leader":
            held = [row["name"] for row in told["items"] if row["operating"] != "producing"]
            assert told["legend"] == {
                "raised": 1,
                "normal": 1,
                "silent": 1,
                "unwatched": 1,
                "stopped": len(held),
                "care": 0,
            }
            assert "封库" in held
        for state in ("raised", "normal", "silent", "unwatched"):
            assert told["legend"][state] == behind(client, f"/sites?state={state}"), (role, state)
        assert told["legend"]["stopped"] == behind(client, "/sites?stopped=yes")
        assert told["count"] == behind(client, "/sites")
        for place in {row["territory_id"] for row in told["items"]}:
            rows = [row for row in told["items"] if row["territory_id"] == place]
            assert len(rows) == behind(client, f"/sites?territory={place}")
            silent = [row for row in rows if row["state"] == "silent"]
            assert len(silent) == behind(client, f"/sites?territory={place}&state=silent")
            for level in range(1, 5):
                there = [row for row in rows if row["level"] == level]
                assert len(there) == behind(client, f"/sites?territory={place}&level={level}")
            watched, blind = (sum(row[name] for row in rows) for name in ("points", "blind"))
            assert blind == behind(client, f"/points?territory={place}&online=no")
            assert watched - blind == behind(client, f"/points?territory={place}&online=yes")


def test_the_points_behind_the_online_share_are_those_it_counts(of_every_kind, login) -> None:
    client = login("leader")
    told = figure(client, "points_online")
    assert (told["value"], told["of"], told["listed"], told["url"]) == (3, 5, 2, "/points?online=no")
    assert behind(client, told["url"]) == 2
    assert behind(client, "/points?online=yes") == 3


def test_each_figure_of_the_trend_is_the_count_of_its_list(watched, raise_to, login, clock) -> None:
    client = login("duty_officer")
    first = raise_to(2)
    warnings.verify(actor(watched.users["duty_officer"]), first.pk, "false_alarm", "blasting", "")
    clock.shift(timedelta(days=2))
    raise_to(4)
    told = read(client, "/screen/trend")
    since = told["days"][0]["day"]
    door = "/warnings?tab=all&category=risk"
    for day in told["days"]:
        assert sum(day["levels"].values()) == behind(client, f"{door}&since={day['day']}&until={day['day']}"), day
    for level in "1234":
        n = sum(day["levels"][level] for day in told["days"])
        assert n == behind(client, f"{door}&since={since}&level={level}")
    assert told["results"]["unjudged"] + told["results"]["false_alarm"] > 0
    for result, n in told["results"].items():
        assert n == behind(client, f"{door}&since={since}&result={result}"), result


def test_false_alarms_are_a_share_of_what_was_judged(watched, raise_to, login) -> None:
    client = login("leader")
    assert figure(client, "false_alarms")["value"] is None
    warning = raise_to(2)
    warnings.verify(actor(watched.users["duty_officer"]), warning.pk, "false_alarm", "blasting", "")
    told = figure(client, "false_alarms")
    assert (told["value"], told["unit"], told["facts"]["judged"]) == (100.0, "%", 1)


def alarms(client: Client) -> list[int]:
    return [alarm["id"] for alarm in read(client, "/screen/now")["alarms"]]


def acknowledge(client: Client, *ids: int) -> Any:
    return client.post("/api/v1/screen/acknowledge", {"warnings": list(ids)}, content_type="application/json")


def test_an_alarm_sounds_until_it_is_heard_and_again_when_it_rises(watched, raise_to, login) -> None:
    client = login("duty_officer")
    warning = raise_to(3)
    assert alarms(client) == [warning.pk]
    assert acknowledge(client, warning.pk).json() == {"warnings": [warning.pk]}
    assert alarms(client) == []
    assert acknowledge(client, warning.pk).json() == {"warnings": []}
    assert Entry.objects.filter(verb="screen.sound_acknowledged").count() == 1
    raise_to(4, 3)
    assert alarms(client) == [warning.pk]
    assert Warning.objects.get().state == "calling", "hearing is not answering"


def test_who_may_switch_the_sound_off(watched, raise_to, login) -> None:
    warning = raise_to(4)
    for role in ("administrator", "inspector", "township", "auditor", "enterprise"):
        assert acknowledge(login(role), warning.pk).status_code == 403, role
    assert acknowledge(login("leader"), warning.pk).status_code == 200


@pytest.mark.parametrize("ids", [[], ["x"], [1] * 501, None])
def test_a_bad_acknowledgement_names_the_field(county, login, ids) -> None:
    answer = login("leader").post("/api/v1/screen/acknowledge", {"warnings": ids}, content_type="application/json")
    assert (answer.status_code, answer.json()["field"].split(".")[0]) == (422, "warnings")


def test_the_map_is_geojson_with_labels(county: SimpleNamespace, login) -> None:
    content = file(square("示范县", 111), square("东乡", 111), square("邻县", 112))
    import_boundaries(SYSTEM, content, "审图号 X", others="neighbours", schematic=True)
    told = read(login("enterprise"), "/screen/map")
    assert (told["type"], told["schematic"], told["sources"]) == ("FeatureCollection", True, ["审图号 X"])
    kinds = [(f["properties"]["name"], f["properties"]["kind"]) for f in told["features"]]
    assert kinds == [("示范县", "county"), ("东乡", "territory"), ("邻县", "neighbour")]
    assert all(f["geometry"]["type"] == "MultiPolygon" for f in told["features"])


# Session, user, and those of the screen itself; the same however many there are.
QUERIES = {"/screen/map": 4, "/screen/sites": 10, "/screen/now": 39}


@pytest.mark.parametrize("path", QUERIES)
def test_the_number_of_queries_does_not_grow(watched, raise_to, login, path: str) -> None:
    client, counts = login("leader"), []
    raise_to(3)
    read(client, path)
    for more in (0, 30):
        for n in range(more):
            places.create_site(SYSTEM, f"库{n}", "tailings_pond", watched.mine, latitude=35.9, longitude=111.8)
        with CaptureQueriesContext(connection) as captured:
            read(client, path)
        counts.append(len(captured))
    assert counts == [QUERIES[path]] * 2


@pytest.mark.full
def test_5000_sites_are_answered_within_150_ms(watched, raise_to, login) -> None:
    import statistics
    import time

    raise_to(3)
    Site.objects.bulk_create(
        Site(name=f"场{n}", kind="open_pit", organisation=watched.mine, territory=watched.east, latitude=35.9,
             longitude=111.8)
        for n in range(5000)
    )  # fmt: skip
    client, taken = login("leader"), []
    for path in ("/screen/sites", "/screen/now"):
        read(client, path)
        for _ in range(9):
            began = time.perf_counter()
            assert client.get(f"/api/v1{path}").status_code == 200
            taken.append(time.perf_counter() - began)
        assert statistics.median(taken[-9:]) < 0.150, (path, taken[-9:])


def test_a_storm_pushes_nobody_elses_danger_off_the_wall(county: SimpleNamespace) -> None:
    officer = actor(county.users["duty_officer"])
    other = Site.objects.exclude(pk=county.site.pk).first()
    (alone,) = storm(county, [1], site=other)
    members = storm(county, [2] * 13 + [4])
    told = happening(officer)
    # The storm's own line tells of what is below red; a red stands by itself.
    assert told["folded"] == 13
    assert [row["id"] for row in told["rows"]] == [members[-1].pk, alone.pk]
    assert sum(told["counts"].values()) == 15
    warnings.split(officer, members[0].pk, "另一件事")
    told = happening(officer)
    assert told["folded"] == 12
    assert members[0].pk in {row["id"] for row in told["rows"]}


def test_the_trend_counts_each_day_once_and_leaves_no_day_out(watched, raise_to, login, clock) -> None:
    raise_to(2)
    raise_to(4, 2)
    told = read(login("leader"), "/screen/trend")
    assert len(told["days"]) == 30
    assert told["days"][-1] == {
        "day": f"{timezone.localdate():%Y-%m-%d}", "levels": {"1": 0, "2": 0, "3": 0, "4": 1}
    }  # fmt: skip
    assert sum(sum(one["levels"].values()) for one in told["days"]) == 1
    assert told["results"] == {"real": 0, "false_alarm": 0, "device_fault": 0, "unjudged": 1}
    assert read(login("township_b"), "/screen/trend")["results"]["unjudged"] == 0
    clock.shift(timedelta(days=29))
    assert read(login("leader"), "/screen/trend")["days"][0]["levels"]["4"] == 1
    clock.shift(timedelta(days=1))
    assert read(login("leader"), "/screen/trend")["results"]["unjudged"] == 0
