"""Weather over HTTP: each door, each role, and lists."""

from __future__ import annotations

import json
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from shoutu.county.kit.actors import SYSTEM
from shoutu.county.people.services import create_api_token
from shoutu.county.people.testing import actor
from shoutu.county.weather import services
from shoutu.county.weather.models import Message, Weather
from tests.county.base import ListTests
from tests.county.weather.test_cap import ALERT, alert


def body(county, **changes):
    told = {
        "type": "rainstorm", "colour": "orange", "townships": [county.east.pk],
        "ends_at": (timezone.now() + timedelta(hours=6)).isoformat(), "text": "3 小时 50 毫米",
    }  # fmt: skip
    return json.dumps({**told, **changes})


def post(client, path, data, content_type="application/json"):
    return client.post(f"/api/v1{path}", data, content_type=content_type, headers={"x-csrftoken": csrf(client)})


def csrf(client):
    client.get("/api/v1/session")
    return client.cookies["csrftoken"].value


def test_entering_by_hand_calls_and_shows_who_has_not_answered(county, login):
    officer = login("duty_officer")
    answer = post(officer, "/weather", body(county))
    assert answer.status_code == 201, answer.content.decode()
    services.call_due()
    detail = officer.get(f"/api/v1/weather/{answer.json()['id']}").json()
    assert detail["title"] == "暴雨橙色预警：东乡"
    assert detail["townships_waiting"] == ["东乡"]
    assert {one["lane"] for one in detail["called"]} == {"withdraw", "township", "county"}
    assert {one["verb"]: one["allowed"] for one in detail["actions"]} == {"recall": True, "update": True, "lift": True}
    assert officer.get(f"/api/v1/weather/{detail['id']}/timeline").json()["count"] > 3
    assert officer.get(f"/api/v1/sites/{county.site.pk}/weather").json()["count"] == 1
    assert officer.get(f"/api/v1/sites/{county.site_b.pk}/weather").json()["count"] == 0


def test_an_enterprise_sees_the_weather_and_only_its_own_call(county, login):
    post(login("duty_officer"), "/weather", body(county, townships=[county.east.pk, county.west.pk]))
    services.call_due()
    mine = login("enterprise")
    row = mine.get("/api/v1/weather").json()["items"][0]
    assert (row["enterprises"], row["enterprises_waiting"]) == (1, ["甲矿（东乡）"])
    detail = mine.get(f"/api/v1/weather/{row['id']}").json()
    assert [one["organisation"] for one in detail["called"] if one["lane"] != "township"] == ["甲矿"]
    assert not any(action["allowed"] for action in detail["actions"])


def test_the_same_form_sent_twice_is_one_warning(county, login):
    officer = login("duty_officer")
    told = body(county, key="form-1")
    for _ in range(2):
        assert post(officer, "/weather", told).status_code == 201
    assert Message.objects.count() == 1


def test_a_worse_warning_under_the_key_of_another_is_refused(county, login):
    officer = login("duty_officer")
    told = body(county, key="form-1")
    assert post(officer, "/weather", told).status_code == 201
    answer = post(officer, "/weather", json.dumps({**json.loads(told), "colour": "red"}))
    assert (answer.status_code, answer.json()["code"]) == (409, "key.reused")
    assert Message.objects.get().level < 4


def test_another_message_under_a_known_identifier_is_shown_as_not_taken(county, login):
    who = county.users["duty_officer"]
    token = create_api_token(actor(who), who, "气象台")[1]
    client = Client(headers={"authorization": f"Bearer {token}"})
    for _ in range(2):
        assert client.post("/api/v1/weather/cap", alert(), content_type="application/xml").status_code == 201
    assert Message.objects.count() == 1
    worse = alert(headline="暴雨红色预警")
    for _ in range(2):
        answer = client.post("/api/v1/weather/cap", worse, content_type="application/xml")
        assert (answer.status_code, answer.json()["code"]) == (409, "key.reused")
    refused = Message.objects.get(standing="refused")
    assert "另报更正" in refused.because
    assert "暴雨红色预警" in refused.raw


def test_beside_a_part_that_was_changed_a_new_one_is_taken_and_calls(county, login):
    who = county.users["duty_officer"]
    token = create_api_token(actor(who), who, "气象台")[1]
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert client.post("/api/v1/weather/cap", alert(), content_type="application/xml").status_code == 201
    worse = alert(headline="暴雨红色预警").decode()
    second = worse[worse.rindex("  <info>") : worse.index("</alert>")]
    second = second.replace("<event>暴雨</event>", "<event>大风</event>").replace("11B03", "11B06")
    both = worse.replace("</alert>", f"{second}</alert>").encode()
    answer = client.post("/api/v1/weather/cap", both, content_type="application/xml")
    assert (answer.status_code, answer.json()["code"]) == (409, "key.reused")
    assert Message.objects.filter(standing="refused").count() == 1
    assert Weather.objects.filter(type=Weather.objects.latest("id").type).count() == 1
    assert Weather.objects.count() == 2


def test_bad_forms_name_the_field(county, login):
    officer = login("duty_officer")
    for changes, field in [
        ({"townships": []}, "townships"), ({"townships": [999]}, "townships"), ({"colour": "pink"}, "colour"),
        ({"type": "dragon"}, "type"), ({"ends_at": "2020-01-01T00:00:00+08:00"}, "ends_at"),
        ({"ends_at": "2026-07-21T20:00:00"}, "ends_at"),
    ]:  # fmt: skip
        answer = post(officer, "/weather", body(county, **changes))
        assert answer.status_code == 422, changes
        assert answer.json()["field"].endswith(field)
    assert not Weather.objects.exists()
    assert post(login("enterprise"), "/weather", body(county)).status_code == 403


def test_cap_update_and_cancel_by_an_api_token(county, login):
    county.east.code = "141027100"
    county.east.save()
    who = county.users["duty_officer"]
    token = create_api_token(actor(who), who, "气象台")[1]
    client = Client(headers={"authorization": f"Bearer {token}"})
    answer = client.post("/api/v1/weather/cap", alert(), content_type="application/xml")
    assert answer.status_code == 201, answer.content.decode()
    (message,) = answer.json()["messages"]
    assert (message["standing"], message["townships"], message["level"]) == ("standing", ["东乡"], 3)
    cancel = ALERT.format(encoding="UTF-8", severity="", headline="解除").replace(">Alert<", ">Cancel<")
    cancel = cancel.replace("<scope>", "<references>示范县气象台,14102741600000_20260721140000,x</references><scope>")
    cancel = cancel.replace("<identifier>14102741600000_20260721140000<", "<identifier>c1<")
    answer = client.post("/api/v1/weather/cap", cancel.encode(), content_type="application/xml")
    assert answer.json()["messages"][0]["standing"] == "cancelled"
    assert Weather.objects.get().state == "ended"


def test_a_pasted_cancellation_waits_for_a_second_person(county, login):
    officer = login("duty_officer")
    paste = {"xml": ALERT.format(encoding="GBK", severity="", headline="暴雨橙色预警")}
    assert post(officer, "/weather/paste", json.dumps(paste)).json()["messages"][0]["standing"] == "standing"
    cancel = paste["xml"].replace(">Alert<", ">Cancel<").replace("_20260721140000<", "_c<")
    cancel = cancel.replace("<scope>", "<references>示范县气象台,14102741600000_20260721140000,x</references><scope>")
    answer = post(officer, "/weather/paste", json.dumps({"xml": cancel}))
    assert answer.json()["messages"][0]["standing"] == "waiting"
    assert Weather.objects.get().state == "active"
    assert officer.get(f"/api/v1/weather/{Weather.objects.get().pk}").json()["lifting"]


def test_what_cannot_be_read_is_told_and_kept(county, login):
    officer = login("duty_officer")
    answer = post(officer, "/weather/paste", json.dumps({"xml": "<alert><oops>"}))
    assert (answer.status_code, answer.json()["field"]) == (422, "body")
    (kept,) = officer.get("/api/v1/weather/messages", {"standing": "refused"}).json()["items"]
    assert kept["because"]


def test_a_webhook_by_names(county, login):
    officer = login("duty_officer")
    told = {"id": "w1", "type": "暴雨", "colour": "yellow", "areas": ["东乡", "无名乡"], "text": "暴雨"}
    answer = post(officer, "/weather/webhook", json.dumps(told))
    assert answer.status_code == 201, answer.content.decode()
    (message,) = answer.json()["messages"]
    assert (message["type"], message["townships"], message["unmatched"]) == ("rainstorm", ["东乡"], ["无名乡"])
    assert message["end_assumed"]


class TestWeatherList(ListTests):
    path = "/api/v1/weather"
    queries = 6
    sees = {"leader": True, "enterprise": True, "auditor": True, "township": True}

    def make(self, county, n):
        rows = []
        for _ in range(n):
            number = Weather.objects.count() + 1
            now = timezone.now()
            rows.append(
                Weather.objects.create(
                    number=f"Q-{number}", type="gale", type_title="大风", level=2, peak_level=2, title="大风黄色预警",
                    opened_at=now, ends_at=now + timedelta(hours=2),
                )
            )  # fmt: skip
        return rows


class TestMessageList(ListTests):
    path = "/api/v1/weather/messages"
    queries = 6
    sees = {"leader": True, "auditor": True}

    def make(self, county, n):
        return [services.note_refused(SYSTEM, "cap", f"<x{Message.objects.count() + i}>", "不是 CAP") for i in range(n)]
