"""Sources, tokens, points, rules with two persons, the catalog, the inbox: services and HTTP."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client
from django.utils import timezone, translation

from shoutu.county.kit import catalog
from shoutu.county.kit.actors import SYSTEM
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.ledger.models import Entry
from shoutu.county.people.testing import actor
from shoutu.county.sites import selectors, services
from shoutu.county.sites.models import RuleState, Signal, Unclaimed


@pytest.fixture
def source(county):
    return services.create_source(SYSTEM, "甲矿网关", county.site)


@pytest.fixture
def point(county, source):
    return services.create_point(
        SYSTEM, county.site, source, "JR-03", item="phreatic_depth", unit="m", low=0.0, high=30.0, danger="low"
    )


@pytest.fixture
def rule(point):
    return services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 6.0}, "direction": "low"}, "设计")


@pytest.fixture
def wing(db, settings):
    return Client(headers={"authorization": f"Bearer {settings.CONFIG.secret('wing.token')}"})


def post(client, path, body):
    token = client.cookies["csrftoken"].value if "csrftoken" in client.cookies else ""
    return client.post(path, body, content_type="application/json", headers={"x-csrftoken": token})


def test_the_catalog_has_the_shapes_of_the_architecture(source, point, rule):
    _token, text = services.create_token(SYSTEM, source, "网关")
    told = catalog.changes(0)
    assert told["sources"] == [
        {
            "id": source.pk,
            "name": "甲矿网关",
            "trusted": False,
            "disabled": False,
            "token_hashes": [hashlib.sha256(text.encode()).hexdigest()],
        }
    ]
    assert told["points"] == [
        {
            "id": point.pk, "source": source.pk, "address": "JR-03", "site": point.site_id, "item": "phreatic_depth",
            "unit": "m", "interval_s": 20.0, "low": 0.0, "high": 30.0, "danger": "low",
        }
    ]  # fmt: skip
    assert [(r["id"], r["version"], r["point"], r["kind"]) for r in told["rules"]] == [
        (rule.pk, 1, point.pk, "threshold")
    ]


def test_what_the_county_publishes_the_engine_takes(point, rule):
    from shoutu.engine.params import parse

    told = catalog.changes(0)["rules"][0]
    assert parse(told["kind"], told["params"]).levels == {4: 6.0}


def test_a_revoked_token_leaves_the_catalog(source):
    token, _text = services.create_token(SYSTEM, source, "网关")
    services.revoke_token(SYSTEM, token, "换网关")
    assert catalog.changes(0)["sources"][0]["token_hashes"] == []
    with pytest.raises(Conflict):
        services.revoke_token(SYSTEM, token, "换网关")


def test_the_text_of_a_token_is_kept_nowhere(source):
    _token, text = services.create_token(SYSTEM, source, "网关")
    assert not any(text.encode() in bytes(entry.canonical) for entry in Entry.objects.all())


def test_the_countys_own_source_is_one_and_trusted(county):
    first = services.county_source(SYSTEM)
    assert first.trusted
    assert services.county_source(SYSTEM).pk == first.pk


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"address": " "}, "address"),
        ({"item": ""}, "item"),
        ({"low": 3.0, "high": 3.0}, "high"),
        ({"low": float("nan")}, "low"),
        ({"interval_s": 0.001}, "interval_s"),
        ({"danger": "sideways"}, "danger"),
        ({"address": "JR-03"}, "address"),
    ],
)
def test_a_wrong_point_names_its_field(county, source, point, fields, field):
    told = {"address": "JR-09", "item": "phreatic_depth", **fields}
    with pytest.raises(Invalid) as caught:
        services.create_point(SYSTEM, county.site, source, **told)
    assert caught.value.field == field


def test_a_wrong_rule_names_its_field(point):
    with pytest.raises(Invalid) as caught:
        services.create_rule(SYSTEM, point, "threshold", {"levels": {"5": 1}}, "x")
    assert "levels" in caught.value.field
    with pytest.raises(Invalid):
        services.create_rule(SYSTEM, point, "threshold", {"levels": {"4": 1}}, " ")


@pytest.mark.parametrize("side", ["high", "none"])
def test_a_plausible_range_may_not_call_the_dangerous_side_a_fault(point, rule, side):
    with pytest.raises(Invalid) as caught:
        services.create_rule(SYSTEM, point, "implausible", {"low": 10.0, "danger": side}, "量程")
    assert caught.value.field == "danger"
    assert "low" in caught.value.expected


@pytest.mark.parametrize("side", ["low", "both"])
def test_a_plausible_range_that_keeps_the_dangerous_side_is_taken_and_a_second_one_is_not(point, rule, side):
    """The engine watches a point by one range: another would stand in force and be judged by nobody."""
    assert services.create_rule(SYSTEM, point, "implausible", {"low": 0.0, "danger": side}, "量程").pk
    with pytest.raises(Invalid) as caught:
        services.create_rule(SYSTEM, point, "implausible", {"low": 1.0}, "量程")
    assert (caught.value.field, "已有一条合理范围" in caught.value.expected) == ("kind", True)


@pytest.mark.parametrize(
    ("kind", "params", "allowed"),
    [
        ("rate", {"levels": {"4": 1.0}}, "both"),
        ("anomaly", {"levels": {"1": 3000}}, "both"),
        ("accumulation", {"levels": {"4": 50}, "window_s": 3600, "bucket_s": 600}, "high"),
        (
            "forecast",
            {"levels": {"4": 6}, "target": 1.0, "window_s": 86400, "interval_s": 3600, "direction": "low"},
            "low",
        ),
    ],
)
def test_no_rule_of_danger_is_masked_by_a_range_made_by_hand(point, kind, params, allowed):
    services.create_rule(SYSTEM, point, kind, params, "设计")
    with pytest.raises(Invalid) as caught:
        services.create_rule(SYSTEM, point, "implausible", {"low": 0.0, "high": 0.1, "danger": "none"}, "量程")
    assert (caught.value.field, allowed in caught.value.expected) == ("danger", True)
    assert services.create_rule(SYSTEM, point, "implausible", {"low": 0.0, "danger": allowed}, "量程").pk


def test_a_range_that_is_none_together_with_the_point_s_own_is_refused(county, source):
    point = services.create_point(SYSTEM, county.site, source, "T1/flow", item="flow", unit="m", low=5.0)
    with pytest.raises(Invalid) as caught:
        services.create_rule(SYSTEM, point, "implausible", {"high": 5.0}, "量程")
    assert caught.value.field == "params.low"


WRONG = [
    ("threshold", {"levels": {}}, "params.levels", "至少一级有限值"),
    ("threshold", {"levels": {"5": 1}}, "params.levels.5", "1 蓝、2 黄、3 橙、4 红"),
    ("threshold", {"levels": {"4": [1, 2]}}, "params.levels.4", "一个数"),
    ("threshold", {"levels": {"3": 9, "4": 8}}, "params.levels", "红色的限值比橙色的更严重"),
    ("threshold", {"levels": {"4": "高"}}, "params.levels", "数或一列值"),
    ("threshold", {"levels": {"4": 1}, "direction": "up"}, "params.direction", "其中之一：high、low、band"),
    ("threshold", {"levels": {"4": 1}, "raise_for_s": -1}, "params.raise_for_s", "不小于 0、不大于 316224000 的数"),
    ("threshold", {"levels": {"4": 1}, "hold": 1}, "params.hold", "没有这一项；有的是 levels"),
    ("stuck", {}, "params.window_s", "必填"),
    ("stuck", {"window_s": 0}, "params.window_s", "大于 0、不大于"),
    ("rate", {"levels": {"4": 1}, "window_s": 86400}, "params.interval_s", "时间窗最多分成 62 段"),
    ("no_data", {"level": 9}, "params.level", "其中之一：1、2、3、4"),
    ("quota", {"levels": {"4": 1}}, "params.period", "日、月、年之一"),
    ("flood", {}, "kind", "其中之一：threshold"),
]


@pytest.mark.parametrize(("kind", "params", "field", "expected"), WRONG)
def test_a_refused_rule_says_what_was_expected_in_the_words_of_who_asks(point, kind, params, field, expected):
    with pytest.raises(Invalid) as caught:
        services.create_rule(SYSTEM, point, kind, params, "设计")
    assert (caught.value.field.startswith(field), expected in caught.value.expected) == (True, True)
    with translation.override("en"), pytest.raises(Invalid) as caught:
        services.create_rule(SYSTEM, point, kind, params, "设计")
    assert caught.value.expected.isascii()


def test_a_stricter_version_holds_at_once_a_weaker_one_waits_for_a_second_person(county, rule):
    first, second = actor(county.users["inspector"]), actor(county.users["administrator"])
    strict = services.propose(first, rule, "收紧", {"levels": {"4": 6.5}, "direction": "low"})
    assert strict.state == RuleState.IN_FORCE
    weak = services.propose(first, rule, "放宽", {"levels": {"4": 5.0}, "direction": "low"})
    assert weak.state == RuleState.PROPOSED
    assert catalog.changes(0)["rules"][0]["version"] == 2
    with pytest.raises(NotAllowed, match="第二人"):
        services.approve(first, weak)
    with pytest.raises(NotAllowed):
        services.approve(SYSTEM, weak)
    with pytest.raises(NotAllowed):
        services.approve(actor(county.users["enterprise"]), weak)
    services.approve(second, weak)
    told = catalog.changes(0)["rules"][0]
    assert (told["version"], told["params"]["levels"]) == (3, {"4": 5.0})
    with pytest.raises(Conflict):
        services.approve(second, weak)
    assert [v.state for v in rule.versions.order_by("number")] == ["replaced", "replaced", "in_force"]


def test_switching_a_rule_off_needs_two_and_takes_it_from_the_catalog(county, rule):
    first, second = actor(county.users["inspector"]), actor(county.users["administrator"])
    off = services.propose(first, rule, "停用", enabled=False)
    assert off.state == RuleState.PROPOSED
    assert services.propose(first, rule, "停用", enabled=False).pk == off.pk
    services.approve(second, off)
    assert catalog.changes(0)["rules"] == []
    on = services.propose(first, rule, "启用", enabled=True)
    assert on.state == RuleState.IN_FORCE
    assert len(catalog.changes(0)["rules"]) == 1


def test_a_rejected_proposal_changes_nothing(county, rule):
    weak = services.propose(actor(county.users["inspector"]), rule, "放宽", {"levels": {"4": 1.0}, "direction": "low"})
    services.reject(actor(county.users["administrator"]), weak, "没有依据")
    assert catalog.changes(0)["rules"][0]["version"] == 1


def test_unclaimed_addresses_add_up_and_are_adopted(county, source, wing, login):
    item = {"source": source.pk, "address": "X-9", "count": 17, "first_ts": 1, "last_ts": 1_790_000_000_000,
            "last_value": 1.2, "reason": "unknown"}  # fmt: skip
    for _ in range(2):
        assert post(wing, "/internal/v1/unclaimed", {"items": [item, {**item, "source": 999}]}).status_code == 204
    row = Unclaimed.objects.get()
    assert (row.count, row.last_value) == (34, 1.2)
    admin = login("administrator")
    listed = admin.get("/api/v1/unclaimed").json()["items"]
    assert [(one["address"], one["count"]) for one in listed] == [("X-9", 34)]
    body = {"site": county.site.pk, "item": "beach_length", "unit": "m"}
    made = post(admin, f"/api/v1/unclaimed/{row.pk}/adopt", body)
    assert (made.status_code, made.json()["address"]) == (201, "X-9")
    assert admin.get("/api/v1/unclaimed").json()["count"] == 0
    assert post(admin, f"/api/v1/unclaimed/{row.pk}/adopt", body).status_code == 409


def test_the_inbox_takes_everything_once_and_in_order(wing):
    told = [{"id": f"{n:032x}", "to": 1} for n in range(5)]
    assert post(wing, "/internal/v1/signals", {"signals": told[:3]}).json() == {"received": 3, "known": 0}
    assert post(wing, "/internal/v1/signals", {"signals": told}).json() == {"received": 2, "known": 3}
    assert list(Signal.objects.order_by("id").values_list("uid", flat=True)) == [one["id"] for one in told]


def test_a_signal_without_an_id_is_kept_too(wing):
    for _ in range(2):
        assert post(wing, "/internal/v1/signals", {"signals": [{"strange": True}]}).status_code == 200
    assert Signal.objects.count() == 1


def test_the_inbox_is_for_wings_alone(county, login):
    assert Client().post("/internal/v1/signals", {"signals": []}, content_type="application/json").status_code == 401
    assert post(login("administrator"), "/internal/v1/signals", {"signals": []}).status_code == 401


@pytest.mark.parametrize(
    ("name", "sees"), [("administrator", 1), ("township", 1), ("enterprise", 1), ("enterprise_b", 0), ("township_b", 0)]
)
def test_points_under_each_role(login, point, name, sees):
    client = login(name)
    assert client.get("/api/v1/points").json()["count"] == sees
    assert client.get(f"/api/v1/points/{point.pk}").status_code == (200 if sees else 404)


def test_history_is_503_while_the_pipeline_cannot_be_asked_and_lists_still_work(login, point, settings):
    settings.CONFIG = type(settings.CONFIG)(**{**settings.CONFIG.__dict__, "ingest_port": _closed_port()})
    client = login("duty_officer")
    answer = client.get(f"/api/v1/readings?point={point.pk}")
    assert (answer.status_code, answer["content-type"].split(";")[0]) == (503, "application/problem+json")
    assert client.get("/api/v1/points").json()["items"][0]["latest"] is None


def _closed_port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.server_close()
    return server.server_port


@pytest.fixture
def pipeline(settings, point):
    """A real HTTP server that answers as the pipeline's local API does, by the shapes of docs/architecture.md."""
    now = int(timezone.now().timestamp() * 1000)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append((self.path, self.headers["Authorization"]))
            rows = [[now - 400_000, 6.4, 0], [now - 380_000, 6.3, 0], [now - 20_000, 6.1, 0]]
            if "step=" in self.path:
                rows = [[now - 60_000, 6.0, 6.4, 6.2, 3]]
            if self.server.coarse:
                assert "fill=1" in self.path
                rows[0] = [now - 400_000, 6.0, 6.4, 6.2, 3]
            self._send({"items": rows, "next": None, "coarse": self.server.coarse})

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["points"]
            told = {
                "ts": now,
                "received": now - self.server.age_ms,
                "value": 6.1,
                "quality": 0,
                "level": 3,
                "state": "live",
            }
            self._send({"items": {str(one): told for one in asked}})

        def _send(self, body):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.age_ms, server.coarse = [], 0, []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CONFIG = type(settings.CONFIG)(**{**settings.CONFIG.__dict__, "ingest_port": server.server_port})
    yield server
    server.shutdown()
    server.server_close()


def test_readings_with_gaps_and_steps(login, point, pipeline, settings):
    client = login("duty_officer")
    answer = client.get(f"/api/v1/readings?point={point.pk}").json()
    assert [item["value"] for item in answer["items"]] == [6.4, 6.3, 6.1]
    assert answer["next"] is None
    assert len(answer["gaps"]) == 1
    assert pipeline.asked[0][1] == f"Bearer {settings.CONFIG.secret('wing.token')}"
    step = client.get(f"/api/v1/readings?point={point.pk}&step=60").json()["items"][0]
    assert (step["min"], step["max"], step["mean"], step["n"]) == (6.0, 6.4, 6.2, 3)
    assert "step=60000" in pipeline.asked[1][0]


def test_where_raw_readings_are_gone_figures_stand_for_them_and_it_is_said_how_far_apart(login, point, pipeline):
    now = int(timezone.now().timestamp() * 1000)
    pipeline.coarse = [[now - 500_000, now - 390_000, 60_000]]
    answer = login("duty_officer").get(f"/api/v1/readings?point={point.pk}").json()
    assert [(item.get("value"), item.get("mean"), item.get("n")) for item in answer["items"]] == [
        (None, 6.2, 3), (6.3, None, None), (6.1, None, None),
    ]  # fmt: skip
    assert [one["step"] for one in answer["coarse"]] == [60.0]
    assert len(answer["gaps"]) == 1, "figures a minute apart are no gap"


def test_an_old_reading_is_stale_not_live(login, point, pipeline):
    client = login("duty_officer")
    assert client.get("/api/v1/points").json()["items"][0]["latest"]["state"] == "live"
    pipeline.age_ms = 61_000
    assert client.get("/api/v1/points").json()["items"][0]["latest"]["state"] == "stale"


def test_gaps_are_spans_between_and_after():
    at = [datetime(2026, 7, 21, 6, minute, tzinfo=UTC) for minute in (0, 1, 45)]
    until = datetime(2026, 7, 21, 6, 50, tzinfo=UTC)
    assert selectors.gaps(at, until, 120) == [{"start": at[1], "end": at[2]}, {"start": at[2], "end": until}]
    assert selectors.gaps([], until, 120) == []


def test_point_detail_says_its_rules(login, rule, point):
    detail = login("enterprise").get(f"/api/v1/points/{point.pk}").json()
    assert detail["axis"] == "down"
    assert [(r["kind"], r["sentence"], r["levels"]) for r in detail["rules"]] == [
        ("threshold", "≤ 6.00 m 红", [{"level": 4, "value": 6.0, "direction": "low"}])
    ]


def test_making_things_over_http(login, county):
    admin = login("administrator")
    site = {"name": "新库", "kind": "tailings_pond", "organisation": county.mine.pk}
    site = post(admin, "/api/v1/sites", site).json()["id"]
    source = post(admin, "/api/v1/sources", {"name": "新网关", "site": site}).json()["id"]
    token = post(admin, f"/api/v1/sources/{source}/tokens", {"name": "一"}).json()["token"]
    assert token.startswith("shi_")
    point = {"site": site, "source": source, "address": "A", "item": "pond_level", "unit": "m"}
    point = post(admin, "/api/v1/points", point).json()["id"]
    body = {"point": point, "kind": "threshold", "params": {"levels": {"4": 3}}, "reason": "设计"}
    made = post(admin, "/api/v1/rules", body)
    assert made.status_code == 201, made.content.decode()
    rule = made.json()["rules"][0]["id"]
    weaker = {"params": {"levels": {"4": 4}}, "reason": "放宽"}
    proposed = post(admin, f"/api/v1/rules/{rule}/changes", weaker).json()
    assert [p["version"] for p in proposed["proposals"]] == [2]
    assert post(admin, f"/api/v1/rules/{rule}/changes/2/approve", {}).status_code == 403
    assert post(login("inspector"), f"/api/v1/rules/{rule}/changes/2/approve", {}).json()["version"] == 2
    assert post(login("enterprise"), "/api/v1/sources", {"name": "假"}).status_code == 403


def test_a_site_is_placed_over_http_from_the_offset_grid(county, login):
    client = login("inspector")
    body = {"longitude": 111.856, "latitude": 35.971, "crs": "gcj02"}
    answer = client.put(f"/api/v1/sites/{county.site.pk}/place", body, content_type="application/json")
    assert answer.status_code == 200, answer.content.decode()
    told = answer.json()
    assert 111.849 < told["longitude"] < 111.851
    assert told["outside"] is None
    unplaced = client.get("/api/v1/sites?placed=false").json()["items"]
    assert [row["id"] for row in unplaced] == [county.site_b.pk]
    assert login("enterprise").put(
        f"/api/v1/sites/{county.site.pk}/place", body, content_type="application/json"
    ).status_code == 403  # fmt: skip
    assert login("township_b").put(
        f"/api/v1/sites/{county.site.pk}/place", body, content_type="application/json"
    ).status_code == 404  # fmt: skip


def test_who_answers_for_a_site_with_names_by_role(county, login):
    path = f"/api/v1/sites/{county.site.pk}/responsible"
    told = login("leader").get(path).json()
    assert [row["rung"] for row in told["items"]] == [1, 2, 3, 4, 5]
    assert told["items"][0]["person"] == "甲矿enterprise"
    masked = login("auditor").get(path).json()["items"][0]["person"]
    assert masked.startswith("甲*")
    assert login("enterprise_b").get(path).status_code == 404
